"""A sample of what ``make fuzz`` does, and proof that the fuzzing finds what it looks for."""

import random
import time

import pytest

from headwater import _build
from tests.fuzz import __main__ as fuzz
from tests.fuzz import campaign, cuts, play
from tests.fuzz.dice import Dice
from tests.fuzz.mutate import BYTES_MAX, mutate
from tests.fuzz.shrink import shrunk
from tests.fuzz.target import Failure, Target, require
from tests.fuzz.targets import TARGETS
from tests.fuzz.targets.client import check_stream

# Twenty seconds for all of them; as many inputs as that gives.
_SECONDS = 1.8
_BATCH_INPUTS = 50


@pytest.mark.parametrize("name", TARGETS)
def test_sample(name):
    seed = random.randrange(1 << 30)
    target = TARGETS[name]()
    tally = play.Tally()
    play.play_batch(target, seed, 0, tally, _BATCH_INPUTS)
    before = play.resident_bytes()
    until = time.monotonic() + _SECONDS
    batch = 1
    while time.monotonic() < until and not tally.failed:
        play.play_batch(target, seed, batch, tally, _BATCH_INPUTS)
        batch += 1
    assert not tally.failed, str(tally.failed[0])
    assert tally.inputs >= _BATCH_INPUTS
    assert play.resident_bytes() - before < play.GROWTH_BYTES_MAX


@pytest.mark.skipif(not _build.compiled(), reason="compared in the compiled run")
@pytest.mark.parametrize("name", TARGETS)
def test_both_forms_agree(name):
    figures = campaign.Figures(name)
    campaign.compare(figures, random.randrange(1 << 30), batches=1, seconds=60, count=100)
    assert figures.failures == []
    assert figures.compared == 100


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_come_again_with_their_seed(name):
    target = TARGETS[name]()
    first = list(play.inputs_of(target, 3, 4, 20))
    assert list(play.inputs_of(target, 3, 4, 20)) == first
    assert list(play.inputs_of(target, 3, 5, 20)) != first
    assert len(set(first)) > 10


class _Planted(Target):
    """Fails as told by the bytes of an input."""

    name = "planted"

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def make(self, dice: Dice) -> bytes:
        return bytes(dice.below(256) for _ in range(30))

    def play(self, data: bytes) -> object:
        require(b"\x07" not in data, f"seven in {data!r}")
        if 0 in data:
            raise IndexError("nought")
        return len(data)


@pytest.mark.parametrize(("needle", "text"), [(7, "Failure: seven in"), (0, "IndexError: nought")])
def test_what_fails_is_found_and_made_small(needle, text):
    target = _Planted()
    tally = play.Tally()
    batch = 0
    while not any(failed.small == bytes([needle]) for failed in tally.failed):
        play.play_batch(target, 1, batch, tally)
        batch += 1
        assert batch < 50
    found = next(failed for failed in tally.failed if failed.small == bytes([needle]))
    assert found.error.startswith(text)
    assert f"--input {found.small.hex()}" in str(found)
    assert list(play.inputs_of(target, 1, found.batch, found.number + 1))[-1] == found.data


def test_what_hangs_is_found(monkeypatch):
    class Hanging(Target):
        name = "hanging"

        def make(self, dice):
            return b"x"

        def play(self, data):
            while True:
                try:
                    data += b""
                except Exception:  # noqa: BLE001 (the watch gets through all the same)
                    pass

    monkeypatch.setattr(play, "HANG_SECONDS", 0.05)
    tally = play.Tally()
    play.play_batch(Hanging(), 1, 0, tally)
    assert "takes longer" in tally.failed[0].error


def test_what_depends_on_the_batch_is_told():
    class Growing(_Planted):
        def begin(self):
            self.kept = []

        def play(self, data):
            self.kept.append(data)
            require(len(self.kept) < 5, "the fifth")

    tally = play.Tally()
    play.play_batch(Growing(), 1, 0, tally)
    assert tally.failed[0].small == b""
    assert "what the batch did before matters" in str(tally.failed[0])


def test_shrinking_keeps_what_matters():
    small = shrunk(b"some words, then PUB and \xff more of it", lambda part: b"PUB" in part)
    assert small == b"PUB"


def test_a_cut_shows_nothing_behind_it():
    class Peeking:
        open = True
        wanted = 0

        def receive(self, view, start, end):
            return end if view[end] else start

    with pytest.raises(IndexError):
        cuts.feed(Peeking(), memoryview(b"abc"), 0, [1, 3], waits=False)


@pytest.mark.parametrize("size", [1, 2, 3, 50, 3000])
def test_cuts_end_at_the_end_and_go_up(size):
    for number in range(50):
        ends, _ = cuts.ways(b"%d" % number * size, 1)
        length = len(b"%d" % number * size)
        assert ends[-1] == length
        assert ends == sorted(set(ends))


@pytest.mark.parametrize(
    "sent",
    [
        b"+OK\r\nPING\r\nPONG\r\n",
        b"-ERR 'x'\r\nMSG a 1 2\r\nhi\r\nHMSG a 1 r 3 5\r\nabcde\r\n",
        b'INFO {"a":1} \r\n',
    ],
)
def test_the_protocol_is_recognised(sent):
    check_stream(sent)


@pytest.mark.parametrize(
    "sent", [b"-ERR 'x\r\nPING\r\n'\r\n", b"MSG a 1 3\r\nhi\r\n", b"+OKAY\r\n", b"PING", b"x"]
)
def test_what_is_not_the_protocol_is_noticed(sent):
    with pytest.raises(Failure):
        check_stream(sent)


def test_damage_is_bounded():
    dice = Dice("damage")
    data = b"abc 12"
    for _ in range(3000):
        assert len(mutate(dice, data, [b"word"], [b"other" * 20])) <= BYTES_MAX


def test_command_line(capsys):
    assert fuzz.main(["headers", "--input", "00"]) == 0
    assert fuzz.main(["headers", "--seed", "1", "--batch", "0"]) == 0
    assert "no failure" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        fuzz.main(["nothing"])


def test_a_campaign_counts(capsys):
    line = ["headers", "--inputs", "1000", "--processes", "2", "--seed", "9"]
    assert fuzz.main(line) == 0
    assert "1000 inputs" in capsys.readouterr().out
