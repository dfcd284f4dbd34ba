"""What ``headwater auth`` makes: accepted by us and by nats-server alike."""

import asyncio
import stat
import time
from pathlib import Path
from typing import Any

import nats
import pytest

from headwater.base.errors import ConfigError
from headwater.server.auth_store import AuthStore
from tests.server.twins import Twin, Twins


@pytest.fixture
def store(tmp_path: Path) -> AuthStore:
    found = AuthStore(tmp_path / "auth", int(time.time()))
    found.add_operator("op")
    return found


def test_nothing_is_made_twice_or_without_what_is_above(store: AuthStore, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is there already"):
        store.add_operator("op")
    store.add_account("a", jetstream=False)
    with pytest.raises(ConfigError, match="is there already"):
        store.add_account("a", jetstream=False)
    with pytest.raises(ConfigError, match="cannot read"):
        store.add_user("b", "u")
    with pytest.raises(ConfigError, match="cannot read"):
        AuthStore(tmp_path / "other", 0).server_config()


@pytest.mark.parametrize("name", ["", "a/b", "..", ".a", "ä", "a b", "x" * 101])
def test_names(store: AuthStore, name: str) -> None:
    with pytest.raises(ConfigError, match="is no name"):
        store.add_account(name, jetstream=False)
    with pytest.raises(ConfigError, match="is no name"):
        store.add_user(name, "u")


def test_a_name_that_is_none_leaves_nothing(tmp_path: Path) -> None:
    store = AuthStore(tmp_path / "auth", 0)
    with pytest.raises(ConfigError, match="is no name"):
        store.add_operator("a b")
    assert store.add_operator("a")


def test_secrets_are_for_nobody_else(store: AuthStore, tmp_path: Path) -> None:
    store.add_account("a", jetstream=False)
    path = store.add_user("a", "u")
    files = [path, *(tmp_path / "auth").glob("**/*.nk")]
    assert len(files) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


async def _talk(url: str, ann: str, bob: str, stream: str) -> list[Any]:
    """Return what two users of two accounts come to see."""
    errors: list[str] = []

    async def note(error: Exception) -> None:
        errors.append(str(error))

    first = await nats.connect(url, user_credentials=ann, error_cb=note)
    second = await nats.connect(url, user_credentials=bob)
    there = await second.subscribe(">")
    here = await first.subscribe("a.>")
    await second.flush()
    await first.publish("a.b", b"hello")
    await first.publish("b", b"no")
    message = await here.next_msg(2)
    await first.flush()
    added = await first.jetstream().add_stream(name=stream, subjects=["s"])
    seen = [message.data, errors, added.state.messages, there.pending_msgs]
    await first.close()
    await second.close()
    return seen


@pytest.mark.hub
def test_official_clients_come_with_it(
    store: AuthStore, tmp_path: Path, nats_server_path: Path
) -> None:
    store.add_account("dev", jetstream=True)
    store.add_account("other", jetstream=False)
    ann = store.add_user("dev", "ann", publish=("a.>", "_INBOX.>", "$JS.API.>"))
    bob = store.add_user("other", "bob", valid_s=3600)

    def play(twin: Twin) -> list[Any]:
        url = f"nats://127.0.0.1:{twin.port}"
        return asyncio.run(_talk(url, str(ann), str(bob), f"S{twin.port}"))

    folder = tmp_path / "servers"
    folder.mkdir()
    config = store.server_config() + f'jetstream {{ store_dir: "{folder / "js"}" }}\n'
    with Twins(nats_server_path, folder, config) as twins:
        ours, theirs = twins.each(play)
    assert ours == theirs
    assert ours[1]
