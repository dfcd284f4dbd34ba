"""The kinds of errors, and the check that stays under ``python -O``."""

import subprocess
import sys

import pytest

from headwater.base import errors


@pytest.mark.parametrize("name", ["ProtocolError", "ConfigError", "StoreError", "InvariantError"])
def test_every_error_is_one_of_ours(name):
    kind = getattr(errors, name)
    assert issubclass(kind, errors.HeadwaterError)
    assert str(kind("what was wrong")) == "what was wrong"


def test_a_protocol_error_may_have_a_text_for_the_peer():
    assert errors.ProtocolError("why").wire_text == ""
    assert errors.ProtocolError("why", "Stale Connection").wire_text == "Stale Connection"


def test_invariant():
    errors.invariant(True, "fine")
    with pytest.raises(errors.InvariantError, match="gap in block"):
        errors.invariant(0, "gap in block")


def test_invariant_is_checked_under_optimisation():
    code = "from headwater.base.errors import invariant; invariant(False, 'still checked')"
    line = [sys.executable, "-O", "-c", code]
    result = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert "InvariantError: still checked" in result.stderr
