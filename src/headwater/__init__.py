"""Headwater: a NATS and JetStream compatible server, and an SDK for applications at the edge."""

from typing import TYPE_CHECKING

from headwater import _build

if TYPE_CHECKING:
    from headwater.server.embedded import Server
    from headwater.server.errors import ReloadError, StartError

__version__ = "0.1.0"
__all__ = ["ReloadError", "Server", "StartError", "__version__"]

_build.honour_environment()


def __getattr__(name: str) -> object:
    # Imported when asked for: the command ``headwater server`` needs neither.
    if name == "Server":
        from headwater.server.embedded import Server  # noqa: PLC0415

        return Server
    if name in ("ReloadError", "StartError"):
        from headwater.server import errors  # noqa: PLC0415

        return getattr(errors, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
