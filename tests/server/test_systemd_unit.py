"""The unit file for systemd: what it runs and sends is what the server understands."""

import configparser
import os
import shlex
import subprocess
from pathlib import Path

from headwater.cli import server_flags
from tests.server.processes import LOCAL, ServerProcess
from tests.support.raw_client import RawClient

UNIT = Path(__file__).resolve().parents[2] / "examples" / "headwater.service"


def service() -> dict[str, str]:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str
    unit.read(UNIT)
    return dict(unit["Service"])


def run(line: str, pid: int) -> None:
    """Run a line of the unit as systemd does."""
    program, *words = shlex.split(line.replace("$MAINPID", str(pid)))
    subprocess.run([os.path.basename(program), *words], check=True, timeout=10)


def test_the_unit_starts_reloads_and_stops_a_server(tmp_path):
    unit = service()
    program, command, *flags = shlex.split(unit["ExecStart"])
    assert (Path(program).name, command) == ("headwater", "server")
    path = tmp_path / "server.conf"
    path.write_text("max_payload: 5000\n")
    flags[flags.index("-c") + 1] = str(path)
    assert server_flags.parse(flags, {}).options.payload_bytes_max == 5000
    with ServerProcess(tmp_path, *flags, *LOCAL) as server:
        with RawClient(server.wait_ready()) as client:
            client.connect(protocol=1)
            run(unit["ExecReload"], server.pid)
            server.wait_log('Trapped "hangup" signal')
            assert client.flush() is not None
            run(unit["ExecStop"], server.pid)
            client.read_match(rb'"ldm":true')
        assert server.wait() == 0
    assert unit["Type"] == "simple"
    assert int(unit["TimeoutStopSec"]) > 120
