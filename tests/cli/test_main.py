"""The command line."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import headwater
from headwater import _build
from headwater.cli.main import main
from tests.server.processes import LOCAL, ServerProcess


def _run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "headwater", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


def test_version_says_what_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"]) == 0
    text = capsys.readouterr().out
    assert headwater.__version__ in text
    assert _build.description() in text
    assert "nats-server 2.15" in text


def test_pure_mode_is_told() -> None:
    assert "pure Python" in _run("version", HEADWATER_PURE="1").stdout


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for command in ("demo", "server", "version"):
        assert f"\n  {command} " in text


def test_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


def test_server_version_is_the_one_scripts_look_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["server", "--version"]) == 0
    assert capsys.readouterr().out.startswith("nats-server: v2.15.")


def test_server_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["server", "-h"]) == 0
    assert "--store_dir" in capsys.readouterr().out


def test_a_flag_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["server", "--bogus"]) == 2
    assert "flag provided but not defined: -bogus" in capsys.readouterr().err


def test_a_configuration_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "server.conf"
    path.write_text("port: 4222\n")
    assert main(["server", "-t", "-c", str(path)]) == 0
    error = capsys.readouterr().err
    assert error.startswith(f"headwater: configuration file {path} is valid (sha256:")
    path.write_text("port: 4222\nnonsense: 1\n")
    assert main(["server", "-t", "-c", str(path)]) == 1
    assert f"headwater: {path}:2:1: " in capsys.readouterr().err


def test_a_bad_configuration_is_one_clear_line_and_exit_code_1(tmp_path: Path) -> None:
    path = tmp_path / "server.conf"
    path.write_text("port: [\n")
    result = _run("server", "-c", str(path))
    assert result.returncode == 1
    assert result.stderr.startswith(f"headwater: {path}:1:")
    assert "Traceback" not in result.stderr


def test_a_server_is_signalled_by_pid_file(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with ServerProcess(tmp_path, *LOCAL, "-P", str(pid_file)) as server:
        server.wait_ready()
        assert main(["server", "-sl", f"term={pid_file}"]) == 0
        assert server.wait() == 0


def test_a_server_is_signalled_by_number(tmp_path: Path) -> None:
    with ServerProcess(tmp_path, *LOCAL) as server:
        server.wait_ready()
        assert main(["server", "--signal", f"stop={server.pid}"]) == 0
        assert server.wait() == -signal.SIGKILL


def test_the_server_imports_no_more_than_it_needs() -> None:
    program = (
        "import sys\n"
        "from headwater.cli.main import main\n"
        "main(['server', '--version'])\n"
        "import headwater.server.process\n"
        "names = ('click', 'rich', 'nats', 'h11', 'numpy', 'cv2', 'headwater.edge')\n"
        "print(sorted(name for name in names if name in sys.modules))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"
