"""A log that goes elsewhere while the server runs."""

from pathlib import Path

import pytest

from headwater.config.options import LogOptions
from headwater.server.errors import StartError
from headwater.server.log_output import LogOutput


def _words(path: Path) -> list[str]:
    return [line.split()[-1] for line in path.read_text().splitlines()]


def test_lines_go_to_the_new_place_from_then_on(tmp_path: Path) -> None:
    old, new = tmp_path / "old.log", tmp_path / "new.log"
    output = LogOutput(LogOptions(file=str(old)))
    output.log.info("one")
    apply = output.prepared(LogOptions(file=str(new)))
    output.log.info("two")
    apply()
    output.log.info("three")
    output.close()
    assert _words(old) == ["one", "two"]
    assert _words(new) == ["three"]


def test_a_place_that_cannot_be_had_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "old.log"
    output = LogOutput(LogOptions(file=str(path)))
    with pytest.raises(StartError, match="error opening logfile"):
        output.prepared(LogOptions(file=str(tmp_path / "none" / "x.log")))
    output.log.info("still here")
    output.close()
    assert "still here" in path.read_text()


def test_a_file_that_was_moved_away_is_opened_anew(tmp_path: Path) -> None:
    path, moved = tmp_path / "x.log", tmp_path / "moved.log"
    output = LogOutput(LogOptions(file=str(path)))
    path.rename(moved)
    output.log.info("before")
    output.reopen()
    output.close()
    assert "before" in moved.read_text()
    assert "File log re-opened" in path.read_text()


def test_there_is_no_file_to_open_anew(capfd: pytest.CaptureFixture[str]) -> None:
    output = LogOutput(LogOptions())
    output.reopen()
    output.close()
    assert "File log re-open ignored, not a file logger" in capfd.readouterr().err
