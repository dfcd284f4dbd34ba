"""The configurations that the server is given: at the start, and whenever it reads them again."""

import random
from dataclasses import dataclass
from pathlib import Path

from tests.support.certificates import Certificates

TEMPORARY = tuple(f"temporary{number}" for number in range(4))
ROOMY = 5000
_MEBIBYTE = 1 << 20
_BROKEN = (
    "accounts: {",
    "no_such_option: 1\n",
    "max_payload: many\n",
    "logfile: /dev/null/no/such/file\n",
    "port: 1\n",
    "max_pending: 12345678\n",
    "lame_duck_duration: 45s\n",
    "authorization: { users: [ { user: healthy } ] }\n",
)


@dataclass
class Settings:
    """What of the configuration differs: the first ones by phase, the others by reload."""

    folder: Path
    certificates: Certificates
    pending_bytes_max: int = _MEBIBYTE
    generation: int = 0
    write_deadline_s: int = 0
    connections_max: int = 0
    payload_bytes_max: int = 0
    ping_interval_s: int = 0
    log: str = ""
    temporary: tuple[str, ...] = ()
    third_account: bool = True
    limited: str = ""

    @property
    def path(self) -> Path:
        return self.folder / "server.conf"

    @property
    def log_file(self) -> Path:
        return self.folder / "log" / "server.log"

    def begin_phase(self, rng: random.Random) -> None:
        """Choose what only a start can change."""
        self.pending_bytes_max = rng.choice([_MEBIBYTE, 2 * _MEBIBYTE, 24 * _MEBIBYTE])
        self.roomy()
        self.write()

    def roomy(self) -> None:
        """Let in whoever comes; the same but for its generation whenever it is asked for."""
        self.generation += 1
        self.write_deadline_s = self.ping_interval_s = 2
        self.connections_max = ROOMY
        self.payload_bytes_max = _MEBIBYTE
        self.log = ""
        self.temporary = TEMPORARY
        self.third_account = True
        self.limited = 'publish: "free.>", subscribe: { allow: "free.>", deny: "free.b" }'

    def change(self, rng: random.Random, *, connections_max: int) -> None:
        """Choose what a running server may be told."""
        self.generation += 1
        self.connections_max = connections_max
        self.write_deadline_s = rng.choice([1, 2, 3])
        self.payload_bytes_max = rng.choice([_MEBIBYTE, _MEBIBYTE // 2, _MEBIBYTE - 1])
        self.ping_interval_s = rng.choice([1, 2])
        levels = [
            "",
            "",
            "",
            "debug: true\n",
            "trace: true\n",
            "debug: true\ntrace_headers: true\n",
        ]
        self.log = rng.choice(levels)
        self.temporary = tuple(name for name in TEMPORARY if rng.random() < 0.5)
        self.third_account = rng.random() < 0.5
        open_subject = rng.choice(["free.>", "free.*", "free.a"])
        self.limited = (
            f'publish: "{open_subject}", subscribe: {{ allow: "free.>", deny: "free.b" }}'
        )

    def write(self, more: str = "") -> None:
        """Write the configuration, and ``more`` behind it."""
        self.path.write_text(self._text() + more)

    def write_broken(self, rng: random.Random) -> str:
        """Write one that the server cannot take; return what is wrong with it."""
        wrong = rng.choice(_BROKEN)
        self.write(wrong)
        return wrong

    def _text(self) -> str:
        return (
            'host: 127.0.0.1\nport: -1\nhttp: "127.0.0.1:-1"\n'
            f'ports_file_dir: "{self.folder}"\nlogfile: "{self.log_file}"\n'
            f"logfile_size_limit: 8mb\nlogfile_max_num: 5\n{self.log}max_traced_msg_len: 100\n"
            f"max_pending: {self.pending_bytes_max}\nmax_payload: {self.payload_bytes_max}\n"
            f"max_connections: {self.connections_max}\nmax_closed_clients: 200\n"
            f"write_deadline: {self.write_deadline_s}s\n"
            f"ping_interval: {self.ping_interval_s}s\nping_max: 2\n"
            "lame_duck_duration: 30s\nlame_duck_grace_period: 4s\n"
            f"server_tags: [ generation{self.generation} ]\n"
            f'tls: {{ cert_file: "{self.certificates.cert_file}", '
            f'key_file: "{self.certificates.key_file}" }}\nallow_non_tls: true\n'
            f"authorization: {{ timeout: 3 }}\n{self._accounts()}"
        )

    def _accounts(self) -> str:
        users = [_user("healthy"), _user("visitor"), _user("limited", self.limited)]
        accounts = {"MAIN": users, "OTHER": [_user("other")], "$SYS": [_user("system")]}
        temporary = [_user(name) for name in self.temporary]
        if self.third_account:
            accounts["THIRD"] = temporary
        else:
            users += temporary
        entries = [f'"{name}": {{ users: [ {" ".join(of)} ] }}' for name, of in accounts.items()]
        return f"accounts: {{ {', '.join(entries)} }}\n"


def _user(name: str, permissions: str = "") -> str:
    rules = f", permissions: {{ {permissions} }}" if permissions else ""
    return f"{{ user: {name}, password: p{rules} }},"
