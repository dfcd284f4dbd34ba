"""A node without sockets that has a system account, and clients that ask it."""

import json
import re
from typing import Any

from headwater.base.clock import SECOND
from headwater.broker.node import Node
from headwater.config.options import Options
from headwater.monitor.about import About
from headwater.server.system_account import SystemAccount
from tests.broker.fakes import Client, new_node

_MESSAGE = re.compile(rb"(?:H?)MSG (\S+) \S+ (?:(\d+) )?(\d+)\r\n")


class SystemNode:
    """The node, whose clock stands still; ``problem`` is what a reload ends with."""

    def __init__(self, options: Options | None = None) -> None:
        self.logged: list[tuple[str, str]] = []
        self.node: Node = new_node(logged=self.logged)
        self.node.name = "one"
        self.node.first_ping_ns = self.node.ping_interval_ns = 1000 * SECOND
        self.problem: str | None = None
        self.reloads = 0
        about = About(self.node, options or Options())
        self.system_account = SystemAccount(self.node, lambda: about, self._reload)
        self.system_account.start()

    def client(self, account: str = "$SYS") -> Client:
        """Return a client of an account, which listens to ``inbox``."""
        client = Client(self.node, greeting=True)
        self.node.bind(client.session, account.encode())
        self.system_account.follow_accounts()
        client.say(b'CONNECT {"verbose":false,"headers":true,"no_responders":true}\r\n')
        client.say(b"SUB inbox 1\r\n")
        return client

    def pass_time(self, seconds: float) -> None:
        self.node.clock.advance(round(seconds * SECOND))
        self.node.timers.run_due()

    def _reload(self) -> str | None:
        self.reloads += 1
        return self.problem


def asked(client: Client, subject: str, body: str = "") -> list[Any]:
    """Return the answers to a request, as JSON; the one without a responder is None."""
    address = subject.replace("<id>", client.session.node.server_id)
    sent = client.say(f"PUB {address} inbox {len(body)}\r\n{body}\r\n".encode())
    while client.session.node.timers.run_due():
        sent += client.take()
    return [answer for _, answer in messages(sent)]


def messages(data: bytes) -> list[tuple[str, Any]]:
    """Return subject and JSON of the messages that a client was sent."""
    found: list[tuple[str, Any]] = []
    at = 0
    while match := _MESSAGE.search(data, at):
        at = match.end() + int(match[3])
        body = data[match.end() + int(match[2] or 0) : at]
        found.append((match[1].decode(), json.loads(body) if body else None))
    return found
