"""Two servers with a system account and two others, and requests to them by way of NATS."""

import json
import re
from itertools import count
from typing import Any, NamedTuple

from tests.support.raw_client import RawClient

CONFIG = """
server_name: same
server_tags: ["Region:eu", "edge"]
server_metadata: {a: b}
authorization { timeout: 1 }
accounts {
  $SYS { users: [ {user: sys, password: pw} ] }
  A {
    users: [
      {user: alice, password: pw}
      {user: limited, password: pw, permissions: {
        publish: {allow: ["$SYS.>", "a.*"], deny: "a.x"}, subscribe: ["_INBOX.>"] } }
    ]
  }
  B { users: [ {user: bob, password: pw} ] }
}
"""
_HEAD = re.compile(rb"(H?)MSG _INBOX\.\w+\.(\d+) 9 +(?:(\d+) )?(\d+)\r\n")
_EVENT = re.compile(rb"MSG (\S+) [12] +(\d+)\r\n")


class Answer(NamedTuple):
    """What came back: the header block (empty when there was none) and the body."""

    headers: bytes
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def login(port: int, user: str, **options: Any) -> RawClient:
    """Return a client that is in."""
    client = RawClient(port)
    client.connect(**{"user": user, "pass": "pw", "no_responders": True, **options})
    return client


class Ear:
    """Hears the events of a server, but for what comes from time to time.

    Those of the system account are left out: nats-server may tell an ear of its own coming.
    """

    def __init__(self, port: int) -> None:
        self.client = login(port, "sys", name="ear")
        self.client.send(b"SUB $SYS.ACCOUNT.> 1\r\nSUB $SYS.SERVER.> 2\r\n")
        self.client.flush()
        self.server_id = self.client.info["server_id"]

    def events(self, count: int) -> list[tuple[str, Any]]:
        """Return the next events: subject and JSON; ``<id>`` stands for the id of the server."""
        found: list[tuple[str, Any]] = []
        while len(found) < count:
            match = self.client.read_match(_EVENT)
            body = json.loads(self.client.read_exactly(int(match[2])))
            subject = match[1].decode().replace(self.server_id, "<id>")
            if not subject.endswith(".STATSZ") and ".$SYS." not in subject:
                found.append((subject, body))
        return found

    def close(self) -> None:
        self.client.close()


class Asker:
    """Sends requests as one user; ``<id>`` in a subject stands for the id of the server."""

    def __init__(self, port: int, user: str) -> None:
        self._user = user
        self.client = login(port, user, name=user, lang="py", version="1")
        self.client.send(b"SUB _INBOX.%b.* 9\r\n" % user.encode())
        self.client.flush()
        self.server_id = self.client.info["server_id"]
        self.late: list[Answer] = []  # to requests that were taken for unanswered
        self._numbers = count(1)

    def send(self, subject: str, body: str = "", headers: str = "") -> int:
        """Send a request; return its number."""
        number = next(self._numbers)
        subject = subject.replace("<id>", self.server_id)
        address = f"{subject} _INBOX.{self._user}.{number} ".encode()
        data = body.encode()
        if headers:
            block = f"NATS/1.0\r\n{headers}\r\n\r\n".encode()
            sizes = b"%d %d" % (len(block), len(block) + len(data))
            self.client.send(b"HPUB %b%b\r\n%b%b\r\n" % (address, sizes, block, data))
        else:
            self.client.send(b"PUB %b%d\r\n%b\r\n" % (address, len(data), data))
        return number

    def ask(self, subject: str, body: str = "", headers: str = "") -> Answer:
        """Return the answer to a request."""
        number = self.send(subject, body, headers)
        found, answer = self._receive()
        while found != number:
            self.late.append(answer)
            found, answer = self._receive()
        return answer

    def is_silent(self, subject: str, body: str = "") -> bool:
        """Tell whether a request gets no answer before one that is made after it."""
        self.send(subject, body)
        # nats-server has a queue of its own for requests to all servers.
        to_all = subject.startswith("$SYS.REQ.SERVER.PING") and self._user == "sys"
        later = self.send("$SYS.REQ.SERVER.PING.IDZ" if to_all else "$SYS.REQ.USER.INFO")
        return self._receive()[0] == later

    def close(self) -> None:
        self.client.close()

    def _receive(self) -> tuple[int, Answer]:
        """Return the next answer, and the number of the request that it is for."""
        match = self.client.read_match(_HEAD)
        header_size, size = int(match[3] or 0), int(match[4])
        data = self.client.read_exactly(size + 2)[:size]
        return int(match[2]), Answer(data[:header_size], data[header_size:])
