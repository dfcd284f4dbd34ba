"""Fixtures of the benchmark's tests."""

import pytest

from bench import loadgen
from bench.errors import HarnessError


@pytest.fixture
def load_generator() -> None:
    """Compile the load generator; the test is skipped on a machine without a compiler."""
    try:
        loadgen.compiler()
    except HarnessError as error:
        pytest.skip(str(error))
    loadgen.executable()
