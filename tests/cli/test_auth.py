"""``headwater auth``."""

from pathlib import Path

import pytest

from headwater.cli.main import main


def test_what_a_server_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = ["auth", "--dir", str(tmp_path / "keys")]
    for words in (
        ["operator", "op"],
        ["account", "dev", "--jetstream"],
        ["user", "dev", "ann", "--pub", "a.>", "--sub", "b", "--days", "1"],
    ):
        assert main([*base, *words]) == 0
    operator, account, path = capsys.readouterr().out.split()
    assert (operator[0], account[0]) == ("O", "A")
    assert Path(path).read_text().count("BEGIN") == 2
    assert main([*base, "config"]) == 0
    config = tmp_path / "server.conf"
    config.write_text(capsys.readouterr().out)
    assert main(["server", "-t", "-c", str(config)]) == 0


def test_what_went_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["auth", "--dir", str(tmp_path), "account", "dev"]) == 1
    assert "cannot read" in capsys.readouterr().err
