"""``/healthz``: whether the server, or one account, stream or consumer, is as it should be."""

from typing import Any, NamedTuple

import msgspec

from headwater.monitor.about import About
from headwater.monitor.parameters import Parameters


class HealthzOptions(msgspec.Struct, frozen=True, rename="kebab"):
    """What is asked for; the names are those of a request by way of NATS."""

    js_enabled: bool = False
    js_enabled_only: bool = False
    js_server_only: bool = False
    js_meta_only: bool = False
    account: str = ""
    stream: str = ""
    consumer: str = ""
    details: bool = False

    @classmethod
    def from_url(cls, parameters: Parameters) -> "HealthzOptions":
        """Return what the parameters of a URL ask for.

        Raises:
            BadRequestError: one of them makes no sense.
        """
        return cls(
            js_enabled=parameters.boolean("js-enabled"),
            js_enabled_only=parameters.boolean("js-enabled-only"),
            js_server_only=parameters.boolean("js-server-only"),
            js_meta_only=parameters.boolean("js-meta-only"),
            account=parameters.text("account"),
            stream=parameters.text("stream"),
            consumer=parameters.text("consumer"),
            details=parameters.boolean("details"),
        )


class Health(NamedTuple):
    """The finding: a status of HTTP, and what is said with it."""

    status: int
    body: dict[str, object]


class _Problem(NamedTuple):
    """What is wrong: the ``status`` of HTTP, a word for it, its kind, where, and a text."""

    status: int
    word: str
    kind: str
    text: str
    account: str = ""
    stream: str = ""
    consumer: str = ""


def healthz(about: About, asked: HealthzOptions) -> Health:
    """Return whether what is asked about is well."""
    problem = _find_problem(about, asked)
    if problem is None:
        body: dict[str, object] = {"status": "ok"}
        if asked.details and (damaged := _damaged(about)):
            body["damaged"] = damaged
        return Health(200, body)
    if not asked.details:
        return Health(problem.status, {"status": problem.word, "error": problem.text})
    error = {"type": problem.kind}
    for name in ("account", "stream", "consumer"):
        if value := getattr(problem, name):
            error[name] = value
    error["error"] = problem.text
    return Health(problem.status, {"status": "error", "errors": [error]})


def _find_problem(about: About, asked: HealthzOptions) -> _Problem | None:
    if asked.stream and not asked.account:
        return _bad_request('"account" must not be empty when checking stream health')
    if asked.consumer and not asked.stream:
        return _bad_request('"stream" must not be empty when checking consumer health')
    if not about.node.listening:
        text = "failed to be ready for connections after 1ms: server"
        return _Problem(500, "error", "CONNECTION", text)
    only_the_server = asked.js_server_only or asked.js_enabled_only or asked.js_enabled
    if about.node.jetstream is None or only_the_server:
        return None
    if about.node.jetstream.space.full:
        text = "JetStream has no room on the disk: no messages are stored"
        return _Problem(503, "unavailable", "JETSTREAM", text)
    if not asked.account:
        return None
    return _missing(about, asked)


def _damaged(about: About) -> list[dict[str, object]]:
    """Return what of the store is damaged; it is confined, so that the rest is well."""
    jetstream = about.node.jetstream
    found: list[dict[str, object]] = []
    if jetstream is not None and jetstream.damage:
        found.append({"journal": True, "findings": jetstream.damage})
    return found + [
        {"account": streams.account_name, "stream": stream.name, "findings": stream.damage}
        for streams in (() if jetstream is None else jetstream.accounts)
        for stream in streams.streams.values()
        if stream.damage
    ]


def _missing(about: About, asked: HealthzOptions) -> _Problem | None:
    """Return what of account, stream and consumer is not there."""
    account = about.node.accounts.find(asked.account.encode())
    if account is None or account.jetstream is None:
        text = f'JetStream account "{asked.account}" not found'
        return _not_found("ACCOUNT", text, asked.account)
    if not asked.stream:
        return None
    stream = account.jetstream.streams.get(asked.stream)
    if stream is None:
        text = f'JetStream stream "{asked.stream}" not found on account "{asked.account}"'
        return _not_found("STREAM", text, asked.account, asked.stream)
    if asked.consumer and asked.consumer not in stream.consumers:
        text = (
            f'JetStream consumer "{asked.consumer}" not found for stream "{asked.stream}" '
            f'on account "{asked.account}"'
        )
        return _not_found("CONSUMER", text, asked.account, asked.stream, asked.consumer)
    return None


def _bad_request(text: str) -> _Problem:
    return _Problem(400, "error", "BAD_REQUEST", text)


def _not_found(kind: str, text: str, *place: Any) -> _Problem:
    return _Problem(404, "unavailable", kind, text, *place)
