"""Headwater: a NATS and JetStream compatible server, and an SDK for applications at the edge."""

from typing import TYPE_CHECKING

from headwater import _build

if TYPE_CHECKING:
    from headwater.server.embedded import Server
    from headwater.server.errors import StartError

__version__ = "0.1.0"
__all__ = ["Server", "StartError", "__version__"]

_build.honour_environment()


def __getattr__(name: str) -> object:
    # Imported when asked for: the command ``headwater server`` needs neither.
    if name == "Server":
        from headwater.server.embedded import Server  # noqa: PLC0415

        return Server
    if name == "StartError":
        from headwater.server.errors import StartError  # noqa: PLC0415

        return StartError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
