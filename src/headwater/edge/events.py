"""Events on their way into the node's stream: encoding, publishing, retrying until acknowledged.

**Why nothing is stored twice.**  The node's stream drops an id that it has seen within its
duplicate window.  That covers a resend right after a broken connection.  An acknowledgement may
however be lost for longer than any window (the node is down for an hour); so before sending
anything a second time, the outbox reads what the stream got since the event was first tried, and
settles the event if it is there.  A hub that sources this stream goes by sequence and does not look
at ids: the stream itself must be free of duplicates, and this is where that is made sure.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, Protocol

import msgspec
import nats.errors
from nats.js.errors import APIError

from headwater.edge.errors import EventRejectedError, StoppedError
from headwater.edge.ids import Cursor
from headwater.edge.link import FAILURES, Ack, Entry, Link, StreamSettings

_RETRY_FIRST_S = 0.05
_RETRY_LAST_S = 2.0
_CANCEL_AGAIN_S = 0.2
# Error codes of the JetStream API by which the node refuses an event for good.
_MESSAGE_TOO_LARGE = frozenset({10054, 10097})

log = logging.getLogger("headwater.edge")


class Observer(Protocol):
    """Hears of every event; called on the outbox's thread, so it must be quick."""

    def emitting(self, event_id: str) -> None:
        """Told before the first attempt to store the event."""

    def acknowledged(self, ack: Ack) -> None:
        """Told when the event is on the node's disk."""


def encode(body: Any) -> bytes:
    """Return an event's JSON: dict, dataclass, msgspec Struct, or bytes as they are."""
    if isinstance(body, bytes):
        return body
    try:
        return msgspec.json.encode(body, enc_hook=_plain)
    except (TypeError, ValueError) as error:
        raise EventRejectedError(f"event of type {type(body).__name__}: {error}") from error


def _plain(value: Any) -> Any:
    # Scalars and arrays of numpy, without importing it.
    if callable(convert := getattr(value, "tolist", None)):
        return convert()
    raise TypeError(f"cannot be written as JSON: {type(value).__name__}")


class Outbox:
    """Publishes to the node on a thread and loop of its own; ``publish`` blocks the caller.

    ``url`` is asked anew for every connection, as a node that was restarted may have moved.
    """

    def __init__(
        self, url: Callable[[], str], stream: StreamSettings, observer: Observer | None = None
    ) -> None:
        self._url = url
        self._stream = stream
        self._observer = observer
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._link: Link | None = None
        self._linked = asyncio.Event()
        self._stopping = False
        self._submitting = threading.Lock()
        self.emitted = 0
        self.acked = 0
        self.resent = 0
        self.connections = 0

    def start(self) -> None:
        """Start the thread; it connects as soon as the node answers."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._run, args=(self._loop,), name="edge-outbox", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End it; callers that still wait get StoppedError."""
        if self._loop is None or self._thread is None or self._stopping:
            return
        with self._submitting:  # whatever was submitted before is cancelled with the rest
            self._stopping = True
            asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        self._thread.join()

    @property
    def connected(self) -> bool:
        """Whether the node answers at the moment."""
        return self._link is not None

    def publish(self, subject: str, body: Any, event_id: str) -> Ack:
        """Return once the event is on the node's disk, however long that takes.

        Raises EventRejectedError for an event that can never be stored, StoppedError on ``stop``.
        """
        entry = Entry(event_id, subject, encode(body))
        return self._wait(self._submit(self._store(entry)))

    def cursor(self, subject: str) -> Cursor | None:
        """Return how far the events of ``subject`` have been stored; waits for the node."""
        return self._wait(self._submit(self._read_cursor(subject)))

    def wait_connected(self, timeout_s: float) -> bool:
        """Return whether the node answered (and its stream stood) within ``timeout_s``."""
        future = self._submit(self._connection())
        try:
            future.result(timeout_s)
        except (FutureTimeoutError, CancelledError, StoppedError):
            future.cancel()
            return False
        return True

    # ---- thread and loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.create_task(self._keep_connected())
        try:
            loop.run_forever()
        finally:
            loop.close()

    async def _end(self) -> None:
        # Again and again: a cancellation can be lost in code that waits with a time-out.
        me = asyncio.current_task()
        while others := asyncio.all_tasks() - {me}:
            for task in others:
                task.cancel()
            await asyncio.wait(others, timeout=_CANCEL_AGAIN_S)
        asyncio.get_running_loop().stop()

    def _submit(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        with self._submitting:
            if self._stopping or self._loop is None:
                work.close()
                raise StoppedError("the application is not running")
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _wait(self, future: Future[Any]) -> Any:
        try:
            return future.result()
        except CancelledError:
            raise StoppedError("the application is stopping") from None

    # ---- connection

    async def _keep_connected(self) -> None:
        delay = _RETRY_FIRST_S
        while True:
            link = Link()
            try:
                await link.open(self._url(), self._stream)
                delay = _RETRY_FIRST_S
                self.connections += 1
                self._link = link
                self._linked.set()
                await link.lost.wait()
            except FAILURES as error:
                log.debug("the node does not answer: %s", error)
            finally:
                self._linked.clear()
                self._link = None
                await link.close()
            await asyncio.sleep(delay)
            delay = min(delay * 2, _RETRY_LAST_S / 4)

    async def _connection(self) -> Link:
        while self._link is None:
            await self._linked.wait()
        return self._link

    # ---- work

    async def _store(self, entry: Entry) -> Ack:
        self.emitted += 1
        if self._observer is not None:
            self._observer.emitting(entry.event_id)
        delay = _RETRY_FIRST_S
        while True:
            link = await self._connection()
            try:
                ack = await self._attempt(link, entry)
                break
            except FAILURES as error:
                _raise_if_final(error, entry)
                log.debug("event %s is not stored yet: %s", entry.event_id, error)
                await asyncio.sleep(delay)
                delay = min(delay * 2, _RETRY_LAST_S)
        self.acked += 1
        if self._observer is not None:
            self._observer.acknowledged(ack)
        return ack

    async def _attempt(self, link: Link, entry: Entry) -> Ack:
        if entry.after_sequence < 0:
            entry.after_sequence = max(link.last_sequence, 0)
        else:
            self.resent += 1
            found = await link.find(entry)
            if found is not None:
                return found
        return await link.publish(entry)

    async def _read_cursor(self, subject: str) -> Cursor | None:
        while True:
            link = await self._connection()
            try:
                return await link.cursor(subject)
            except FAILURES as error:
                log.debug("the cursor of %s cannot be read yet: %s", subject, error)
                await asyncio.sleep(_RETRY_FIRST_S)


def _raise_if_final(error: BaseException, entry: Entry) -> None:
    if isinstance(error, nats.errors.MaxPayloadError) or (
        isinstance(error, APIError) and error.err_code in _MESSAGE_TOO_LARGE
    ):
        raise EventRejectedError(
            f"event {entry.event_id} of {len(entry.payload)} bytes is too large for the node"
        ) from error
