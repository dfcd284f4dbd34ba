"""Where a nats-server keeps its streams on this disk."""

from contextlib import suppress
from pathlib import Path

NATS_FOLDER = "jetstream"
_STREAMS = "streams"


def find_streams(store_dir: Path) -> list[tuple[str, str]]:
    """Return account and name of every stream that a nats-server has in ``store_dir``."""
    found: list[tuple[str, str]] = []
    with suppress(OSError):
        found.extend(
            (path.parent.parent.parent.name, path.parent.name)
            for path in sorted((store_dir / NATS_FOLDER).glob(f"*/{_STREAMS}/*/meta.inf"))
        )
    return found


def stream_path(account: str, name: str) -> str:
    """Return where the files of a stream are below the ``store_dir``."""
    return f"{NATS_FOLDER}/{account}/{_STREAMS}/{name}"
