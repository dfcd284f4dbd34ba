"""What a server says of itself when it starts, and the same of nats-server."""

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.config.keys import ACCOUNT_KEY
from tests.server.processes import LOCAL, ServerProcess

CONFIG = """
server_name: edge-1
max_payload: 9MB
http: "127.0.0.1:-1"
jetstream { domain: d, max_mem: 1GB, max_file: 2GB, store_dir: "STORE" }
authorization { user: u, password: p }
tls { cert_file: "CERT", key_file: "KEY" }
allow_non_tls: true
"""
# What is of Go, of what is not done here, or an address of theirs.
_THEIR_OWN = ("Git", "Strict", "https")


def told(log: str) -> list[str]:
    """Return what each line is about: its level and words up to what differs from run to run."""
    found = []
    for line in log.splitlines():
        level, text = re.fullmatch(r"\[\d+\] (?:\S+ \S+ )?\[([A-Z]{3})\] ?(.*)", line).groups()
        what = re.match(r"[A-Za-z][A-Za-z' -]*|-* JETSTREAM -*", text.strip())
        if what:
            found.append(
                f"{level} {re.sub(r'(nats-server|headwater)$', 'server', what[0]).strip()}"
            )
    return found


def configured(folder: Path, certificates) -> str:
    text = CONFIG.replace("CERT", str(certificates.cert_file))
    return text.replace("KEY", str(certificates.key_file)).replace("STORE", str(folder / "store"))


@pytest.mark.hub
def test_the_lines_of_nats_server(nats_server, tmp_path, certificates):
    theirs = nats_server(config=configured(tmp_path / "theirs", certificates))
    path = tmp_path / "server.conf"
    path.write_text(configured(tmp_path / "ours", certificates))
    with ServerProcess(tmp_path, *LOCAL, "-c", str(path)) as server:
        server.wait_ready()
        ours = told(server.log())
    words = ("Maximum payloads over", "Plaintext passwords detected")
    expected = [line for line in told(theirs.log()) if not line.endswith(_THEIR_OWN)]
    for position, lines in enumerate((expected, ours)):
        assert len(lines) > 12, (position, lines)
        for index, line in enumerate(lines):
            lines[index] = next((f"WRN {word}" for word in words if word in line), line)
    assert ours == expected


def test_what_is_without_effect_is_said(tmp_path):
    path = tmp_path / "server.conf"
    path.write_text(
        f"prof_port: 5\nping_interval: 5\naccounts {{ A: {{ nkey: {ACCOUNT_KEY} }} }}\n"
    )
    with ServerProcess(tmp_path, *LOCAL, "-c", str(path), "--profile", "5") as server:
        server.wait_ready()
        log = server.log()
    warnings = [line.partition("[WRN] ")[2] for line in log.splitlines() if "[WRN]" in line]
    assert warnings == [
        f"{path}:2:1: ping_interval should be a duration such as 5s",
        f"Not supported yet, and without effect: prof_port ({path}:1)",
        "Not supported yet, and without effect: -profile (command line)",
        "Not supported yet, and without effect: accounts: A: nkey",
    ]


def test_a_folder_that_does_not_last_is_said(tmp_path):
    with ServerProcess(tmp_path, *LOCAL, "-js", TMPDIR=str(tmp_path)) as server:
        server.wait_ready()
        assert "[WRN] Temporary storage directory used" in server.log()


@pytest.mark.hub
def test_the_digest_of_a_configuration_is_the_same_everywhere(nats_server_path, tmp_path):
    path = tmp_path / "server.conf"
    path.write_text("server_name: edge-1\nhttp: '127.0.0.1:-1'\nmax_payload: 2MB\n")
    digests = set()
    for program in ([str(nats_server_path)], [sys.executable, "-m", "headwater", "server"]):
        line = [*program, "-t", "-c", str(path)]
        done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True)
        digests |= set(re.findall(rf" {path} is valid \((sha256:\S+)\)", done.stderr))
    with ServerProcess(tmp_path, *LOCAL, "-c", str(path)) as server:
        server.wait_ready()
        digests |= set(re.findall(rf"Using configuration file: {path} \((\S+)\)", server.log()))
        port = re.findall(r"http monitor on 127\.0\.0\.1:(\d+)", server.log())[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/varz", timeout=10) as answer:
            digests.add(json.load(answer)["config_digest"])
    assert len(digests) == 1
