"""The command: its options, its exit codes, and one run of it."""

import json

import pytest

from bench import __main__, servers
from bench.rows import ROWS


def test_list_shows_every_row(capsys):
    assert __main__.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(ROWS)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["core.nothing"], "no such row: core.nothing"),
        (["--pairs", "4"], "--pairs is 4; at least 5 are needed"),
        (["--quick", "--pairs", "0"], "--pairs is 0; at least 1 are needed"),
    ],
)
def test_a_wrong_call_is_told_apart_and_writes_nothing(capsys, tmp_path, arguments, reason):
    output = tmp_path / "results.json"
    assert __main__.main([*arguments, "--output", str(output)]) == 2
    assert reason in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.hub
@pytest.mark.usefixtures("load_generator")
def test_a_server_that_does_not_start_makes_the_run_fail(
    nats_server_path, monkeypatch, capsys, tmp_path
):
    monkeypatch.setenv(servers.OURS_VARIABLE, "/no/such/server")
    output = tmp_path / "results.json"
    line = ["core.pub_16", "--quick", "--pairs", "1", "--output", str(output)]
    assert __main__.main(line) == 1
    assert "core.pub_16 could not be measured: ours: cannot start" in capsys.readouterr().out
    (entry,) = json.loads(output.read_text())
    assert entry["ratio"] is None
    assert "/no/such/server" in entry["error"]


@pytest.mark.hub
@pytest.mark.slow
@pytest.mark.usefixtures("load_generator")
def test_a_run_prints_the_table_and_writes_the_file(
    nats_server_path, monkeypatch, capsys, tmp_path
):
    monkeypatch.setenv(servers.OURS_VARIABLE, str(nats_server_path))
    output = tmp_path / "results.json"
    rows = ["core.1to1_128", "js.pub_async_128"]
    assert __main__.main([*rows, "--quick", "--pairs", "2", "--output", str(output)]) == 0
    printed = capsys.readouterr().out
    entries = json.loads(output.read_text())
    assert [entry["row"] for entry in entries] == rows
    for entry in entries:
        assert f"\n{entry['row']} " in printed
        assert entry["pairs"] == 2
        assert 0 < entry["min_ratio"] <= entry["ratio"] <= entry["max_ratio"]
        assert entry["environment"]["theirs"].startswith("nats-server: v")
