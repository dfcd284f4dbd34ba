"""Fixtures of the benchmark's tests."""

import pytest

from bench import loadgen, servers
from bench.errors import HarnessError


@pytest.fixture(autouse=True)
def stores(monkeypatch, tmp_path):
    """Keep stores apart from those of a benchmark that may be running."""
    monkeypatch.setattr(servers, "OUT", tmp_path / "out")


@pytest.fixture
def load_generator() -> None:
    """Compile the load generator; the test is skipped on a machine without a compiler."""
    try:
        loadgen.compiler()
    except HarnessError as error:
        pytest.skip(str(error))
    loadgen.executable()
