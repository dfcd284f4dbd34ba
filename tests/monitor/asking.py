"""Requests to a Monitor without sockets, whose node stands on a manual clock."""

import json
from typing import Any

from headwater.broker.node import Node
from headwater.config.options import Options
from headwater.monitor.about import About
from headwater.monitor.http_session import Answer
from headwater.monitor.server import Monitor


def ask(monitor: Monitor, target: str, method: str = "GET") -> Answer:
    """Return the answer to a request, which may take its time."""
    answers: list[Answer] = []
    monitor.respond(method, target, answers.append)
    while not answers:
        assert monitor.about.node.timers.run_due(), "it waits for nothing"
    assert len(answers) == 1
    return answers[0]


def page(node: Node, target: str, options: Options | None = None) -> Any:
    """Return the JSON that a target leads to."""
    answer = ask(Monitor(About(node, options or Options())), target)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def refusal(node: Node, target: str) -> str:
    """Return the text by which a request is refused as senseless."""
    answer = ask(Monitor(About(node, Options())), target)
    assert answer.status == 400, answer.body
    return answer.body.decode()
