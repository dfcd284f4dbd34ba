"""``headwater demo`` as its user calls it."""

import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from headwater.cli.demo import demo, inputs

RUN = "from headwater.cli.demo import demo; demo()"
LAST = r"emitted (\d+) acked (\d+) at_hub (\d+) missing 0 duplicated 0 cuts (\d+) kills (\d+)"


def test_what_is_synthetic_is_said():
    assert "SYNTHETIC" in inputs("", "")[1]
    assert "SYNTHETIC" not in inputs("film.mp4", "")[1]
    assert "model.onnx" in inputs("film.mp4", "model.onnx")[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--source", "none.mp4"], "no such file"),
        (["--model", "none.onnx"], "no such file"),
        (["--seconds", "1"], "--seconds"),
    ],
)
def test_bad_options_are_refused_before_anything_is_started(arguments, said):
    result = CliRunner().invoke(demo, arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_a_folder_that_holds_something_is_not_used(tmp_path):
    (tmp_path / "mine").write_text("dear")
    result = CliRunner().invoke(demo, ["--keep", str(tmp_path)])
    assert result.exit_code == 2
    assert "expected a new or empty folder" in result.output
    assert (tmp_path / "mine").read_text() == "dear"


@pytest.mark.hub
@pytest.mark.slow
@pytest.mark.usefixtures("nats_server_path")
def test_events_survive_cuts_and_kills():
    done = subprocess.run(
        [sys.executable, "-c", RUN, "--seconds", "15", "--plain"],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.fullmatch(LAST, done.stdout.splitlines()[-1])
    assert found is not None, done.stdout
    emitted, acked, at_hub, cuts, kills = map(int, found.groups())
    assert 50 < acked <= at_hub <= emitted
    assert cuts >= 3
    assert kills >= 4
