"""The key files of a store: which secrets open it, what a crash leaves, and what is refused."""

import random

import msgspec
import pytest

from headwater.base.errors import StoreError
from headwater.store import keys
from headwater.store.keys import StoreKeys
from headwater.store.secrets import KEY_FILES, NO_SECRETS, Secrets, open_keys
from tests.sim.power import State, all_states
from tests.sim.simdisk import SimDisk


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a secret be stretched in no time."""
    monkeypatch.setattr(keys, "_PASSES", 1)
    monkeypatch.setattr(keys, "_MEMORY_BYTES", 8192)


def opened(disk: SimDisk, current: str = "", previous: str = "") -> bytes:
    """Open a store and write what is due; return which key it has."""
    found = open_keys(disk, Secrets(current, previous))
    assert found is not None
    found.write()
    return found.keys.id


def encrypted(secret: str = "one") -> SimDisk:
    disk = SimDisk()
    opened(disk, secret)
    return disk


def refused(disk: SimDisk, text: str, *secrets: str) -> None:
    before = disk.files()
    with pytest.raises(StoreError, match=text):
        open_keys(disk, Secrets(*secrets))
    assert disk.files() == before


def test_without_a_key_there_is_none():
    disk = SimDisk()
    assert open_keys(disk, NO_SECRETS) is None
    assert open_keys(disk, Secrets("", "before")) is None
    assert disk.files() == {}


def test_nothing_is_written_before_it_is_asked_for():
    disk = SimDisk()
    found = open_keys(disk, Secrets("one"))
    assert found is not None
    assert disk.files() == {}
    assert "encrypted" in found.note


def test_the_same_secret_opens_it_again():
    disk = encrypted()
    before = disk.files()
    assert set(before) == set(KEY_FILES)
    assert opened(disk, "one") == opened(disk, "one", "other")
    assert disk.files() == before


def test_stores_have_different_keys():
    assert opened(SimDisk(), "one") != opened(SimDisk(), "one")


def test_other_secrets_are_refused_and_nothing_is_touched():
    disk = encrypted()
    refused(disk, "no key is given")
    refused(disk, "no key is given", "", "one")
    refused(disk, "another key", "two")
    refused(disk, "another key", "two", "three")


def test_a_secret_is_replaced():
    disk = encrypted()
    key = opened(disk, "one")
    found = open_keys(disk, Secrets("two", "one"))
    assert found is not None
    assert "new key" in found.note
    assert opened(disk, "two", "one") == opened(disk, "two") == key
    refused(disk, "another key", "one")
    before = disk.files()
    assert opened(disk, "two", "one") == key
    assert disk.files() == before


def test_a_crash_while_it_is_replaced_leaves_what_one_of_both_opens():
    disk = encrypted()
    key = opened(disk, "one")
    before = State(0, "", disk.files(), set())
    after = before.disk()
    opened(after, "two", "one")
    by_old = by_new = 0
    for _, state in all_states([(before, after.trace)], random.Random(1)):
        assert opened(state.disk(), "two", "one") == key
        found = [_opens(state.disk(), secret) for secret in ("one", "two")]
        by_old += found[0]
        by_new += found[1]
        assert any(found)
    assert by_old
    assert by_new


def _opens(disk: SimDisk, secret: str) -> bool:
    try:
        return bool(opened(disk, secret))
    except StoreError:
        return False


def test_every_file_is_enough():
    disk = encrypted()
    key = opened(disk, "one")
    for name in KEY_FILES:
        for damage in (None, b"", b"{}", b"\\0" * 300, disk.files()[name][:-20]):
            copy = disk.copy()
            if damage is None:
                copy.remove(name)
            else:
                copy.overwrite(name, damage)
            assert opened(copy, "one") == key
            assert copy.files() == disk.files()


def test_a_rotation_that_was_half_done_is_finished():
    disk = encrypted()
    key = opened(disk, "one")
    rotated = disk.copy()
    opened(rotated, "two", "one")
    for name in KEY_FILES:
        half = disk.copy()
        half.overwrite(name, rotated.files()[name])
        assert opened(half.copy(), "two", "one") == key
        assert opened(half.copy(), "two") == key
        assert opened(half.copy(), "one") == key
        opened(half, "two")
        refused(half, "another key", "one")


def test_without_any_file_that_is_whole_nothing_can_be_read():
    disk = encrypted()
    for name in KEY_FILES:
        disk.overwrite(name, b"{}")
    refused(disk, "KEYS and KEYS.copy cannot be read", "one")


def test_every_flip_is_found():
    disk = encrypted()
    key = opened(disk, "one")
    data = disk.files()["KEYS"]
    for at in range(len(data)):
        copy = disk.copy()
        copy.overwrite("KEYS", data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        assert opened(copy, "one") == key


def changed(disk: SimDisk, **fields: object) -> SimDisk:
    """Return a disk whose key files say something else, with the right checksum."""
    for name in KEY_FILES:
        file = msgspec.json.decode(disk.files()[name], type=keys._KeyFile)
        for field, value in fields.items():
            setattr(file, field, value)
        file.check = file.checksum()
        disk.overwrite(name, msgspec.json.encode(file))
    return disk


def test_a_newer_version_is_refused():
    refused(changed(encrypted(), version=2), "version 2; this server reads version 1", "one")


@pytest.mark.parametrize(
    "fields",
    [{"passes": 0}, {"passes": 99}, {"memory_bytes": 1}, {"memory_bytes": 1 << 40}, {"salt": b""}],
)
def test_files_cannot_ask_for_much(fields):
    refused(changed(encrypted(), **fields), "cannot be read", "one")


def test_keys_of_streams():
    store = StoreKeys(bytes(32))
    one, other = store.of_stream(b"12345678"), store.of_stream(b"12345679")
    assert one.unseal(one.seal(b"x", b""), b"") == b"x"
    assert other.unseal(one.seal(b"x", b""), b"") is None
    assert one.id == other.id == store.id


def test_secrets_are_not_shown():
    assert "one" not in repr(Secrets("one", "one"))
    assert repr(StoreKeys(bytes(32))).count("0") < 32
