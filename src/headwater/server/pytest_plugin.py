"""Fixtures for the tests of programs that use NATS; pytest finds them by itself.

They start servers on threads of the test's process, which takes a few milliseconds each.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from headwater.server.embedded import Server


@pytest.fixture
def start_headwater() -> "Iterator[Callable[..., Server]]":
    """A function that starts a server; it takes the arguments of ``headwater.Server``.

    The servers run in process unless told otherwise, and are stopped after the test.
    """
    # Not before it is wanted: every run of pytest imports this module.
    from headwater.server.embedded import Server  # noqa: PLC0415

    servers = []

    def start(*arguments: Any, **options: Any) -> Server:
        server = Server(*arguments, **{"in_process": True, **options})
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def headwater_server(start_headwater: "Callable[..., Server]") -> "Server":
    """A running server with JetStream, whose store is temporary."""
    return start_headwater(jetstream=True)
