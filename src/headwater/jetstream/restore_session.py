"""Receiving a snapshot: chunks that are acknowledged once what they hold is on the disk."""

from collections import deque

from headwater.base import ids
from headwater.base.clock import SECOND
from headwater.base.errors import FormatError
from headwater.broker.subscription import InternalSubscription
from headwater.jetstream import api_errors, responses
from headwater.jetstream.api_error import JetStreamError
from headwater.jetstream.archive_restore import ArchiveRestore, Taken
from headwater.jetstream.responses import Kind, moment
from headwater.jetstream.stream_restore import StreamRestore
from headwater.jetstream.tar_restore import TarRestore
from headwater.natsstore.archive import MAGIC
from headwater.wire import s2_stream

_IDLE_NS = 5 * SECOND
_STRETCH_BYTES = 256 * 1024  # decoded before others have their turn
# Of chunks that came and were not yet taken in: clients wait for each one's acknowledgement.
_WAITING_BYTES_MAX = 64 * 1024 * 1024


class RestoreSession:
    """One stream that comes in chunks to a subject of its own."""

    def __init__(self, request, config):
        streams = request.streams
        self._streams = streams
        self._client = request.client()
        self._config = config
        unique = ids.unique_id(streams.rng).decode()
        self.deliver_subject = f"$JS.SNAPSHOT.RESTORE.{config.name}.{unique}"
        self._subscription = InternalSubscription(self.deliver_subject.encode(), self._received)
        self._restore = StreamRestore(streams, config, streams.clock.now())
        self._reader = s2_stream.StreamReader()
        self._head = bytearray()  # what came before it was known what it is
        self._archive = None  # what takes in the content of the snapshot, by its kind
        self._chunks = deque()  # what came and was not fed to the reader
        self._waiting_bytes = 0
        self._replies = []  # of chunks whose content is not on the disk yet
        self._end_reply = None  # once the last chunk has come
        self._busy = True
        self._over = False
        self._answer = b""  # to what still comes after it has failed
        self._bytes = 0
        self._started_ns = 0
        self._timer = None

    def start(self, begun):
        """Be ready for chunks; ``begun(error)`` once they may come."""
        streams = self._streams
        self._started_ns = streams.clock.now()
        streams.log.info(f"Starting restore for stream '{self._label()}'")
        self._advise("RESTORE_CREATE", "restore_create", {})

        def ready(error):
            self._busy = False
            if error is None:
                streams.account.subscribe(self._subscription)
                self._restart_timer()
            begun(error)

        self._restore.begin(ready, self._abandoned)

    # Chunks

    def _received(self, message, _origin):
        reply = message.reply()
        data = message.payload()
        if self._over:
            self._refuse(reply, last=not data)
            return
        if not reply:
            self._fail(
                f"restore for stream '{self._label()}' requires reply subject for each chunk", b""
            )
            return
        self._restart_timer()
        if not data:
            self._end_reply = reply
        else:
            self._bytes += len(data)
            self._waiting_bytes += len(data)
            self._chunks.append(data)
            self._replies.append(reply)
        if self._waiting_bytes > _WAITING_BYTES_MAX:
            self._fail("too much was sent before it was acknowledged", self._take_replies())
        elif not self._busy:
            self._take_in()

    def _take_in(self):
        """Take in what has come, a stretch at a time."""
        self._busy = False
        if self._over:
            return
        try:
            taken = self._stretch()
        except FormatError as error:
            self._fail(str(error), self._take_replies())
        except JetStreamError as error:
            self._fail(error.error, self._take_replies())
        else:
            self._go_on(taken)

    def _stretch(self):
        """Take in some of what there is; return how far it is Taken."""
        size = 0
        while size < _STRETCH_BYTES:
            if self._archive is not None and (taken := self._archive.take()) != Taken.ALL:
                return taken
            data = self._reader.next()
            if data is not None:
                size += len(data)
                self._feed(data)
            elif self._chunks:
                chunk = self._chunks.popleft()
                self._waiting_bytes -= len(chunk)
                self._reader.feed(chunk)
            else:
                return Taken.ALL
        return Taken.SOME

    def _feed(self, data):
        """Pass on what a snapshot holds, to the one who takes in what begins like this."""
        if self._archive is None:
            self._head += data
            if len(self._head) < len(MAGIC):
                return
            if self._head.startswith(MAGIC):
                self._archive = ArchiveRestore(self._restore)
                del self._head[: len(MAGIC)]
            else:
                self._archive = TarRestore(self._streams, self._restore)
            data = self._head
        self._archive.feed(data)

    def _go_on(self, taken):
        if taken == Taken.SOME:
            self._wait_turn()
            return
        if self._archive is None:
            self._acknowledge(len(self._replies))
        elif taken == Taken.FULL or self._replies:
            self._busy = True
            covered = len(self._replies) if taken == Taken.ALL else 0
            self._archive.commit(lambda error: self._written(error, covered))
            return
        if self._end_reply is not None:
            self._end()

    def _written(self, error, covered):
        """What was taken in before a commit is written, the first so many chunks with it."""
        self._restart_timer()
        if error is not None:
            self._fail(str(error), self._take_replies())
            return
        self._acknowledge(covered)
        self._wait_turn()

    def _wait_turn(self):
        self._busy = True
        self._streams.timers.after(0, self._take_in)

    def _acknowledge(self, count):
        replies, self._replies = self._replies[:count], self._replies[count:]
        for reply in replies:
            self._streams.router.publish(self._streams.account, reply, b"")

    def _end(self):
        """Everything has come: let the stream live, if it is whole."""
        if self._archive is None:
            self._fail("unexpected EOF" if self._head or self._reader.waiting else "EOF", [])
            return
        try:
            self._reader.finish()
            self._archive.end()
        except FormatError as error:
            self._fail(str(error), [])
            return
        self._busy = True
        self._archive.finish(self._filled)

    def _filled(self, error):
        if self._over:
            return
        if isinstance(error, JetStreamError):
            self._fail(error.error, [])
        elif error is not None:
            self._fail(str(error), [])
        else:
            self._restore.finish(self._finished)

    def _finished(self, stream, error):
        if error is not None:
            self._fail(str(error), [])
            return
        streams = self._streams
        reply = self._end_reply
        self._close()
        streams.advise(
            f"STREAM.CREATED.{stream.name}",
            "stream_action",
            {"stream": stream.name, "action": "create"},
        )
        self._advise_complete()
        streams.log.info(f"Completed restore of {self._bytes:,} B for stream '{self._label()}'")

        def described(state):
            info = responses.stream_info(
                stream.config, stream.created_ns, state, streams.clock.now()
            )
            streams.router.publish(streams.account, reply, responses.stream_restored(info))

        stream.describe(described)

    # Failure

    def _take_replies(self):
        replies, self._replies = self._replies, []
        return replies

    def _fail(self, reason, replies):
        """Leave nothing of the stream, and tell whoever waits why."""
        if self._over:
            return
        if isinstance(reason, str):
            reason = api_errors.STREAM_RESTORE.filled(err=reason)
        self._over = True
        self._chunks.clear()
        self._restore.abandon()
        self._put_away()
        self._answer = responses.error(Kind.STREAM_CREATE, reason)
        self._restart_timer()
        for reply in replies:
            self._refuse(reply, last=False)
        if self._end_reply is not None:
            self._refuse(self._end_reply, last=True)
        self._advise_complete()
        self._streams.log.warn(f"Restore failed for stream '{self._label()}': {reason.description}")

    def _refuse(self, reply, *, last):
        """Answer a chunk of a stream that could not be restored."""
        if reply:
            self._streams.router.publish(self._streams.account, reply, self._answer)
        if last:
            self._close()

    def _abandoned(self, error):
        self._fail(str(error), self._take_replies())

    def _close(self):
        self._over = True
        self._put_away()
        self._streams.account.unsubscribe(self._subscription)
        if self._timer is not None:
            self._timer.cancel()

    def _put_away(self):
        archive, self._archive = self._archive, None
        if archive is not None:
            archive.close()

    def _restart_timer(self):
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._streams.timers.after(_IDLE_NS, self._idle)

    def _idle(self):
        """Nothing has come for a while."""
        if self._over:
            self._close()
        elif self._busy:
            self._restart_timer()
        else:
            self._fail(f"restore for stream '{self._label()}' is stalled", self._take_replies())
            self._close()

    def _advise_complete(self):
        fields = {
            "start": moment(self._started_ns),
            "end": moment(self._streams.clock.now()),
            "bytes": self._bytes,
        }
        self._advise("RESTORE_COMPLETE", "restore_complete", fields)

    def _advise(self, event, kind, fields):
        name = self._config.name
        told = {"stream": name, **fields, **self._client}
        self._streams.advise(f"STREAM.{event}.{name}", kind, told)

    def _label(self):
        return f"{self._streams.account_name} > {self._config.name}"
