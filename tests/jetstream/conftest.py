"""Both servers for the comparisons of this folder, started once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jetstream.duel import Duel


@pytest.fixture(scope="session")
def duel(nats_server_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Duel]:
    """Our server and the real one, with JetStream and nothing else."""
    both = Duel(nats_server_path, tmp_path_factory.mktemp("duel"))
    yield both
    both.stop()
