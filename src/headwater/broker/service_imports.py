"""Services that an account imports: requests go to the exporting account, answers come back.

In the exporting account a request carries a reply subject that the server has made up.  What is
published there is passed on to where the asker listens: once, or until no answer has come for long.
"""

from headwater.base import gojson, ids
from headwater.broker.client_info import requestor
from headwater.broker.service_latency import Measurement, is_sampled
from headwater.broker.session import CLIENT
from headwater.broker.subscription import InternalSubscription
from headwater.broker.trace import DESTINATION, DISABLED
from headwater.wire import headers
from headwater.wire.message import Message

_ACK_PREFIX = b"$JS.ACK."
_ID_CHARACTERS = 6
_INFO = b"Nats-Request-Info"
# How many accounts one message may pass through: accounts that import from one another in a way
# that only wildcards show must not send it round for ever.
_DEPTH_MAX = 16
_MAPPED_MAX = 1024
_MEASURED = b".%b.T"  # with the server's hash: the answer ends a measurement
SINGLETON = "singleton"


class ServiceImport(InternalSubscription):
    """One import of ``account``: ``rewriting`` makes its subjects those of ``exporter``."""

    __slots__ = ("_cache", "account", "export", "exporter", "node", "pending", "rewriting", "share")

    def __init__(self, node, account, exporter, rewriting, export, *, share):
        super().__init__(rewriting.source, None)
        self.node = node
        self.account = account
        self.exporter = exporter
        self.rewriting = rewriting
        self.export = export
        self.share = share
        self.pending = PendingAnswers(node, export.threshold_ns)
        self._cache = {}

    def deliver(self, message, origin):
        return self._pass_on(message, origin, None)

    def _pass_on(self, message, origin, trace):
        node = self.node
        if node.imports_passed >= _DEPTH_MAX:
            return False
        asker = None
        if origin is not None and origin.kind == CLIENT:
            asker = self._asker(origin)
        node.imports_passed += 1
        try:
            return self._forward(message, origin, asker, trace)
        finally:
            node.imports_passed -= 1

    def traced(self, message, origin, trace):
        trace.requested(self, message.subject, self._target(message.subject))
        if trace.only and not self.export.allow_trace:
            return False
        return self._pass_on(message, origin, trace)

    def _asker(self, session):
        """Return what is told of a client; the account that asks for it as well, if several do."""
        through = self.account if self.node.imports_passed else None
        return requestor(session, through, whole=self.share)

    def _forward(self, message, origin, asker, trace):
        reply = message.reply()
        measurement = None
        latency = self.export.latency
        acknowledges = reply.startswith(_ACK_PREFIX)
        if (
            latency is not None
            and not acknowledges
            and is_sampled(latency, message, self.node.router)
        ):
            measurement = Measurement(self, message, origin, asker)
        answers = None
        if reply and not acknowledges:
            tail = (
                b"" if measurement is None else _MEASURED % ids.name_hash(self.node.name.encode())
            )
            answers = expect(self.exporter, self.account, reply, self.pending, tail)
            answers.repeats = self.export.response != SINGLETON
            answers.measurement = measurement
            reply = answers.subject
        request = Message()
        subject = self._target(message.subject)
        request.compose(subject, reply, _told(message.headers(), asker), message.payload())
        request.mapped = True
        taken = self._route(request, origin, trace) > 0
        if answers is not None and not taken:
            answers.nobody_there()
        elif answers is None and measurement is not None:
            measurement.failed(400)
        return taken

    def _route(self, request, origin, trace):
        if trace is None:
            return self.node.router.route(self.exporter, request, origin)
        followed = self.export.allow_trace and trace.destination
        destination = DISABLED
        if followed:
            notes = expect(self.exporter, self.account, trace.destination, self.pending)
            notes.repeats = True
            destination = notes.subject
        request.replace_headers(headers.replaced(request.headers(), DESTINATION, destination))
        if followed:
            return trace.route(request, origin, self.exporter)
        return self.node.router.route(self.exporter, request, origin)

    def _target(self, subject):
        """Return where in the exporting account a request goes, by that one's mappings as well."""
        target = self._cache.get(subject)
        if target is None:
            if len(self._cache) >= _MAPPED_MAX:
                self._cache = {}
            target = self._cache[subject] = self.rewriting.apply(subject)
        mappings = self.exporter.mappings
        return target if mappings is None else mappings.map(target)


def _told(block, asker):
    """Return the headers of a request with what is told of who asks, if anything is."""
    if asker is None:
        return block
    value = gojson.encode(asker)
    return headers.replaced(block, _INFO, value) if block else headers.block([(_INFO, value)])


def expect(exporter, importer, reply, pending, tail=b""):
    """Return the Answers that ``exporter`` takes from now on for ``reply`` of ``importer``.

    Their subject ends in ``tail``.
    """
    name = ids.random_id(pending.node.rng, _ID_CHARACTERS) + tail
    answers = Answers(exporter.sharing.reply_prefix + name, exporter, importer, reply, pending)
    # Links know the whole prefix: a single answer is nothing to tell them of.
    exporter.interest.insert(answers)
    importer.sharing.replies.setdefault(reply, {})[answers] = None
    pending.add(answers)
    return answers


class Answers(InternalSubscription):
    """Where answers to one request arrive in the exporting account."""

    __slots__ = ("account", "importer", "measurement", "open", "pending", "repeats", "reply")

    def __init__(self, subject, account, importer, reply, pending):
        super().__init__(subject, None)
        self.account = account
        self.importer = importer
        self.reply = reply
        self.pending = pending
        self.repeats = False  # whether there may be several
        self.open = True
        self.measurement = None

    def deliver(self, message, origin):
        if not self.open:
            return False
        if self.repeats:
            self.pending.add(self)
        else:
            self.remove()
        if self.measurement is not None:
            self.measurement.answered(origin)
            self.measurement = None
        router = self.pending.node.router
        return router.route(self.importer, self._answer(message), origin) > 0

    def nobody_there(self):
        """Nobody has got the request."""
        if self.open:
            self.remove()
            self._measure(503)

    def asker_gone(self):
        """Nobody listens for the answer any more."""
        self.remove()
        self._measure(408)

    def late(self):
        """No answer has come in time."""
        self.remove()
        self._measure(504)

    def remove(self):
        """Take no more answers."""
        if not self.open:
            return
        self.open = False
        self.account.interest.remove(self)
        self.pending.drop(self)
        replies = self.importer.sharing.replies
        same = replies.get(self.reply)
        if same is not None:
            same.pop(self, None)
            if not same:
                del replies[self.reply]
        # Somebody further on may wait for an answer to this one.
        self.account.sharing.ceased(self.subject)

    def _measure(self, status):
        measurement, self.measurement = self.measurement, None
        if measurement is not None:
            measurement.failed(status)

    def _answer(self, message):
        reply = message.reply()
        if reply and not reply.startswith(_ACK_PREFIX):
            reply = expect(self.importer, self.account, reply, self.pending).subject
        answer = Message()
        answer.compose(self.reply, reply, message.headers(), message.payload())
        answer.mapped = True
        if message.rewritten:
            shown = message.shown_subject()
            answer.rename(shown)
            answer.subject = self.reply
            answer.rewritten = True
        return answer


class PendingAnswers:
    """The Answers of one import in the order in which their time is over."""

    def __init__(self, node, threshold_ns):
        self.node = node
        self._threshold_ns = threshold_ns
        self._deadlines = {}  # Answers -> monotonic ns
        self._timer = None

    def add(self, answers):
        """Begin to wait, or wait anew."""
        self._deadlines.pop(answers, None)
        self._deadlines[answers] = self.node.clock.monotonic() + self._threshold_ns
        if self._timer is None:
            self._timer = self.node.timers.after(self._threshold_ns, self._due)

    def drop(self, answers):
        """Wait no more."""
        self._deadlines.pop(answers, None)

    def close(self):
        """Take none of the answers any more."""
        for answers in list(self._deadlines):
            answers.remove()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self):
        self._timer = None
        router = self.node.router
        router.begin()
        now_ns = self.node.clock.monotonic()
        while self._deadlines:
            answers, deadline_ns = next(iter(self._deadlines.items()))
            if deadline_ns > now_ns:
                self._timer = self.node.timers.after(deadline_ns - now_ns, self._due)
                break
            answers.late()
        router.flush()
