"""The JetStream API of one account: which request goes to which handler, and how it is answered."""

from headwater.broker.client_info import whole_info
from headwater.broker.client_session import ClientSession
from headwater.jetstream import (
    api_consumers,
    api_errors,
    api_messages,
    api_snapshots,
    api_streams,
    responses,
)
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.requests import required_level
from headwater.jetstream.responses import AccountInfo, ApiStats, Kind
from headwater.jetstream.stream_config import API_LEVEL, Storage

_PREFIX_BYTES = len(b"$JS.API.")
_AUDIT = "API"
_PURGE_TOKENS = 3


class Request:
    """One request: the tokens of its subject behind ``$JS.API``, what it holds, and who asks."""

    __slots__ = (
        "__weakref__",
        "api",
        "body",
        "found",
        "headers",
        "kind",
        "origin",
        "reply",
        "streams",
        "tokens",
    )

    def __init__(self, api, tokens, message, kind, origin):
        self.api = api
        self.streams = api.streams
        self.tokens = tokens
        self.body = message.payload()
        self.headers = message.headers()
        self.reply = message.reply()
        self.kind = kind
        self.origin = origin  # the session that it came from
        self.found = True  # whether it is answered with what it asked for

    @property
    def strict(self):
        """Whether a field that is not known refuses the request."""
        return self.streams.options.strict

    def answer(self, body, headers=b""):
        """Send the response; ``headers`` is a whole block."""
        streams = self.streams
        self.api.total += 1  # with the next request: what this one is told does not count it
        self.api.guard.end(self)
        streams.router.publish(streams.account, self.reply, body, b"", headers)
        if streams.hears(_AUDIT) and not (self.kind == Kind.MESSAGE_GET and self.found):
            self._audit(body)

    def _audit(self, response):
        """Tell in an advisory what was asked and answered."""
        asked = {"request": self.body.decode("utf-8", "replace")} if self.body else {}
        fields = {
            "server": self.streams.node.name,
            **self.client(),
            "subject": f"$JS.API.{'.'.join(self.tokens)}",
            **asked,
            "response": response.decode("utf-8", "replace"),
        }
        self.streams.advise(_AUDIT, "api_audit", fields)

    def refuse(self, error):
        """Send an ApiError as the response."""
        self.api.errors += 1
        self.found = False
        self.answer(responses.error(self.kind, error))

    def answer_with(self, call):
        """Run ``call()``, which answers; what it raises is the answer otherwise."""
        try:
            call()
        except JetStreamError as error:
            self.refuse(error.error)

    def client(self):
        """Return what advisories tell of the client that asks: no field at all if it is none."""
        session = self.origin
        if not isinstance(session, ClientSession):
            return {}
        return {"client": whole_info(session)}

    def stream(self, name):
        """Return the stream ``name``.

        Raises:
            JetStreamError: there is none, or it is offline.
        """
        stream = self.stream_or_files(name)
        if stream.offline:
            raise JetStreamError(api_errors.STREAM_OFFLINE_REASON, err=stream.offline)
        return stream

    def stream_or_files(self, name):
        """Return the stream ``name``, which may be offline.

        Raises:
            JetStreamError: there is none.
        """
        stream = self.streams.streams.get(name)
        if stream is None:
            raise JetStreamError(api_errors.STREAM_NOT_FOUND)
        return stream


def _account_info(request):
    streams = request.streams
    api = request.api
    info = AccountInfo(
        memory=streams.used_bytes(Storage.MEMORY),
        storage=streams.used_bytes(Storage.FILE),
        reserved_memory=streams.quota(Storage.MEMORY).reserved,
        reserved_storage=streams.quota(Storage.FILE).reserved,
        streams=len(streams.streams),
        consumers=sum(len(stream.consumers) for stream in streams.streams.values()),
        limits=responses.account_limits(streams.limits),
        domain=streams.domain,
        api=ApiStats(total=api.total, errors=api.errors),
    )
    request.answer(responses.account_info(info))


def _needs_cluster(_request):
    """Refuse what servers of a cluster do with one another."""
    raise JetStreamError(api_errors.CLUSTER_REQUIRED)


# By the tokens of the subject; ``*`` stands for a name.
_HANDLERS = {
    ("INFO",): (Kind.ACCOUNT_INFO, _account_info),
    ("STREAM", "CREATE", "*"): (Kind.STREAM_CREATE, api_streams.create),
    ("STREAM", "UPDATE", "*"): (Kind.STREAM_UPDATE, api_streams.update),
    ("STREAM", "INFO", "*"): (Kind.STREAM_INFO, api_streams.info),
    ("STREAM", "DELETE", "*"): (Kind.STREAM_DELETE, api_streams.delete),
    ("STREAM", "PURGE", "*"): (Kind.STREAM_PURGE, api_streams.purge),
    ("STREAM", "SNAPSHOT", "*"): (Kind.STREAM_SNAPSHOT, api_snapshots.snapshot),
    ("STREAM", "RESTORE", "*"): (Kind.STREAM_RESTORE, api_snapshots.restore),
    ("STREAM", "NAMES"): (Kind.STREAM_NAMES, api_streams.names),
    ("STREAM", "LIST"): (Kind.STREAM_LIST, api_streams.listing),
    ("STREAM", "MSG", "GET", "*"): (Kind.MESSAGE_GET, api_messages.get),
    ("STREAM", "MSG", "DELETE", "*"): (Kind.MESSAGE_DELETE, api_messages.delete),
    ("CONSUMER", "CREATE", "*"): (Kind.CONSUMER_CREATE, api_consumers.create),
    ("CONSUMER", "CREATE", "*", "*"): (Kind.CONSUMER_CREATE, api_consumers.create),
    ("CONSUMER", "DURABLE", "CREATE", "*", "*"): (Kind.CONSUMER_CREATE, api_consumers.create),
    ("CONSUMER", "INFO", "*", "*"): (Kind.CONSUMER_INFO, api_consumers.info),
    ("CONSUMER", "DELETE", "*", "*"): (Kind.CONSUMER_DELETE, api_consumers.delete),
    ("CONSUMER", "NAMES", "*"): (Kind.CONSUMER_NAMES, api_consumers.names),
    ("CONSUMER", "LIST", "*"): (Kind.CONSUMER_LIST, api_consumers.listing),
    ("CONSUMER", "PAUSE", "*", "*"): (Kind.CONSUMER_PAUSE, api_consumers.pause),
    ("CONSUMER", "RESET", "*", "*"): (Kind.CONSUMER_RESET, api_consumers.reset),
    ("CONSUMER", "UNPIN", "*", "*"): (Kind.CONSUMER_UNPIN, api_consumers.unpin),
    ("STREAM", "LEADER", "STEPDOWN", "*"): (Kind.STREAM_STEP_DOWN, _needs_cluster),
    ("STREAM", "PEER", "REMOVE", "*"): (Kind.STREAM_REMOVE_PEER, _needs_cluster),
    ("STREAM", "PEER", "EVACUATE", "*"): (Kind.STREAM_EVACUATE_PEER, _needs_cluster),
    ("STREAM", "CANCEL_MOVE", "*"): (Kind.STREAM_CANCEL_MOVE, _needs_cluster),
    ("CONSUMER", "LEADER", "STEPDOWN", "*", "*"): (Kind.CONSUMER_STEP_DOWN, _needs_cluster),
    ("CONSUMER", "PEER", "REMOVE", "*", "*"): (Kind.CONSUMER_REMOVE_PEER, _needs_cluster),
    ("CONSUMER", "PEER", "EVACUATE", "*", "*"): (Kind.CONSUMER_EVACUATE_PEER, _needs_cluster),
}
_PATTERN_TOKENS_MAX = max(len(pattern) for pattern in _HANDLERS)


class NoApi:
    """Takes the requests of an account that has no JetStream, and says so."""

    def __init__(self, router, account):
        self._router = router
        self._account = account

    def request(self, message, origin):
        """Refuse one request."""
        tokens = _tokens_of(message)
        handler = _find_handler(tokens)
        reply = message.reply()
        if handler is not None and reply:
            self._router.publish(self._account, reply, self.refusal(*handler))

    def refusal(self, kind, call):
        """Return the answer to a request of ``kind`` that ``call`` would take elsewhere."""
        needs_cluster = call is _needs_cluster
        return responses.error(
            kind,
            api_errors.CLUSTER_REQUIRED if needs_cluster else api_errors.NOT_ENABLED_FOR_ACCOUNT,
        )


class SystemApi(NoApi):
    """Takes the requests of the system account, which may end what other accounts have.

    ``purge(name)`` deletes all streams of the account ``name``.
    """

    def __init__(self, router, account, purge):
        super().__init__(router, account)
        self._purge = purge

    def request(self, message, origin):
        """Take one request."""
        tokens = _tokens_of(message)
        reply = message.reply()
        if tokens[:2] != ["ACCOUNT", "PURGE"] or len(tokens) != _PURGE_TOKENS or not reply:
            super().request(message, origin)
            return
        self._purge(tokens[2])
        self._router.publish(self._account, reply, responses.purge_initiated())

    def refusal(self, kind, call):
        """Return the answer to what the system account asks of streams, of which it has none."""
        kind = kind if kind == Kind.ACCOUNT_INFO else Kind.SYSTEM
        return responses.error(kind, api_errors.NOT_ENABLED_FOR_ACCOUNT)


class Api:
    """Takes the requests of an account."""

    def __init__(self, streams, guard):
        self.streams = streams
        self.guard = guard  # of all accounts
        self.total = 0
        self.errors = 0

    def request(self, message, origin):
        """Take one request."""
        tokens = _tokens_of(message)
        handler = _find_handler(tokens)
        reply = message.reply()
        if handler is None or not reply:
            return
        kind, call = handler
        if self.guard.is_full(kind):
            return
        request = Request(self, tokens, message, kind, origin)
        level = required_level(message)
        if level > API_LEVEL:
            request.refuse(api_errors.REQUIRED_API_LEVEL)
        else:
            self.guard.begin(request)
            request.answer_with(lambda: call(request))


def _tokens_of(message):
    return message.subject[_PREFIX_BYTES:].decode("utf-8", "replace").split(".")


def _find_handler(tokens):
    """Return (kind, function) for the tokens of a subject, None when there is none."""
    if tokens[:2] == ["CONSUMER", "CREATE"] and len(tokens) > 4:
        tokens = tokens[:4]  # the filter follows
    if not 0 < len(tokens) <= _PATTERN_TOKENS_MAX:
        return None
    for pattern, handler in _HANDLERS.items():
        if len(pattern) == len(tokens) and all(
            wanted in ("*", token) for wanted, token in zip(pattern, tokens, strict=True)
        ):
            return handler
    return None
