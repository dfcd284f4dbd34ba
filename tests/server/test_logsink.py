"""The log's format and files."""

import os
import re
from pathlib import Path

import pytest

from headwater.config.options import LogOptions
from headwater.server.logsink import LogSink


def _sink(path: Path, **options) -> LogSink:
    return LogSink(LogOptions(file=str(path), **options))


def test_format_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    sink = _sink(path)
    sink("WRN", "something")
    sink.close()
    pattern = rf"\[{os.getpid()}\] \d{{4}}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{{6}} \[WRN\] something\n"
    assert re.fullmatch(pattern, path.read_text())


def test_without_time(tmp_path: Path) -> None:
    path = tmp_path / "log"
    sink = _sink(path, time=False)
    sink("INF", "x")
    sink.close()
    assert path.read_text() == f"[{os.getpid()}] [INF] x\n"


def test_a_file_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for word in ("one", "two"):
        sink = _sink(path, time=False)
        sink("INF", word)
        sink.close()
    assert [line.split()[-1] for line in path.read_text().splitlines()] == ["one", "two"]


def test_text_that_is_no_unicode_is_written_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "log"
    sink = _sink(path)
    sink("ERR", "bad \udcff byte")
    sink.close()
    assert "bad ? byte" in path.read_text()


def test_rotation_keeps_every_line_and_so_many_files(tmp_path: Path) -> None:
    path = tmp_path / "log"
    sink = _sink(path, size_limit=1000, files_max=3, time=False)
    for number in range(100):
        sink("INF", f"line {number:03d}")
    sink.close()
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    assert all(file.stat().st_size <= 1000 + 40 for file in files)
    text = "".join(file.read_text() for file in [*files[1:], files[0]])
    lines = [line for line in text.splitlines() if "Rotated log" not in line]
    numbers = [int(line.split()[-1]) for line in lines]
    assert text.count('[INF] Rotated log, backup saved as "') >= 2
    assert numbers == list(range(numbers[0], 100))


def test_a_new_file_names_the_old_one(tmp_path: Path) -> None:
    sink = _sink(tmp_path / "log", size_limit=10, time=False)
    sink("INF", "the first file is full by that")
    sink.close()
    new, old = sorted(tmp_path.iterdir())
    assert re.fullmatch(r"log\.\d{4}(\.\d\d){5}\.\d{9}", old.name)
    assert new.read_text() == f'[{os.getpid()}] [INF] Rotated log, backup saved as "{old}"\n'


@pytest.mark.parametrize(
    ("level", "code"),
    [("FTL", "31"), ("ERR", "31"), ("WRN", "0;93"), ("INF", "32"), ("DBG", "36"), ("TRC", "33")],
)
def test_levels_have_colours_on_a_terminal(level: str, code: str) -> None:
    master, terminal = os.openpty()
    stderr = os.dup(2)
    os.dup2(terminal, 2)
    try:
        LogSink(LogOptions(time=False))(level, "hello")
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(terminal)
    said = os.read(master, 1000)
    os.close(master)
    assert said == f"[{os.getpid()}] [\x1b[{code}m{level}\x1b[0m] hello\r\n".encode()


def test_no_limit_no_rotation(tmp_path: Path) -> None:
    path = tmp_path / "log"
    sink = _sink(path)
    for _ in range(200):
        sink("INF", "x" * 100)
    sink.close()
    assert list(tmp_path.iterdir()) == [path]


def test_reopen_after_a_move(tmp_path: Path) -> None:
    path = tmp_path / "log"
    sink = _sink(path)
    sink("INF", "before")
    path.rename(tmp_path / "moved")
    sink("INF", "still in the old one")
    sink.reopen()
    sink("INF", "after")
    sink.close()
    assert "still" in (tmp_path / "moved").read_text()
    assert path.read_text().endswith("after\n")


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        _sink(tmp_path / "none" / "log")


def test_standard_error_is_the_default(capfd: pytest.CaptureFixture[str]) -> None:
    sink = LogSink(LogOptions(time=False))
    sink("INF", "hello")
    sink.close()
    assert not sink.to_file
    assert capfd.readouterr().err == f"[{os.getpid()}] [INF] hello\n"
