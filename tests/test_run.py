"""The command that runs the suite: which forms it runs, and that a failure is its failure."""

import subprocess
import sys

import pytest

from headwater import _build
from tests import run

ROOT = run.ROOT


def test_compiled_modules_are_tested_in_both_forms(monkeypatch):
    monkeypatch.delenv("HEADWATER_PURE", raising=False)
    if _build.compiled():
        assert run.forms(once=False) == [("compiled", False), ("pure Python", True)]
        assert run.forms(once=True) == [("compiled", False)]
    else:
        assert run.forms(once=False) == [("pure Python", True)]


@pytest.mark.parametrize("once", [False, True])
def test_who_asks_for_the_plain_form_gets_only_that(once, monkeypatch):
    monkeypatch.setenv("HEADWATER_PURE", "1")
    assert run.forms(once=once) == [("pure Python", True)]
    assert run.stale_modules() == []


@pytest.mark.parametrize(
    ("condition", "code", "verdict"), [(True, 0, "passed"), (False, 1, "FAILED")]
)
def test_arguments_reach_pytest_and_its_answer_comes_back(condition, code, verdict, tmp_path):
    file = tmp_path / "test_one.py"
    file.write_text(f"def test_wanted(): assert {condition}\ndef test_other(): assert False\n")
    line = [sys.executable, "-m", "tests.run", "--once", "-q", "-k", "wanted", str(file)]
    result = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == code, result.stdout + result.stderr
    assert verdict in result.stdout.partition("Summary")[2]
    assert "1 deselected" in result.stdout


@pytest.mark.parametrize("together", [True, False])
def test_both_forms_are_told_in_order_and_one_failure_is_enough(together, tmp_path, capfd):
    file = tmp_path / "test_one.py"
    file.write_text("import os\ndef test_form(): assert os.environ['HEADWATER_PURE'] == '1'\n")
    wanted = [("first", False), ("second", True)]
    results = run.run_forms(wanted, ["-q", str(file)], together=together)
    assert [(name, code) for name, code, _ in results] == [("first", 1), ("second", 0)]
    printed = capfd.readouterr().out
    assert printed.index("== first ==") < printed.index("1 failed")
    assert printed.index("1 failed") < printed.index("== second ==") < printed.index("1 passed")
