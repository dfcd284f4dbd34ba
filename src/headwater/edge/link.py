"""One connection to the node: makes the stream, publishes, and looks up what has been stored."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import nats.errors
from nats.aio.client import Client
from nats.js import api
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from headwater.edge.errors import EdgeError
from headwater.edge.ids import Cursor, cursor_of

MSG_ID = "Nats-Msg-Id"
FAILURES = (OSError, nats.errors.Error, APIError, asyncio.TimeoutError)  # all worth another try
_ANSWER_S = 5.0  # how long an answer of the node may take before we ask again
_STREAM_NAME_IN_USE = 10058  # with another configuration

log = logging.getLogger("headwater.edge")


@dataclass(frozen=True)
class StreamSettings:
    """The stream in which the node keeps events until the hub has them, and after.

    When ``quota_bytes`` are full the oldest events go first, whether the hub has them or not.
    """

    name: str = "EDGE"
    subjects: tuple[str, ...] = ("edge.>",)
    quota_bytes: int = 1 << 30
    duplicate_window_s: float = 120.0


@dataclass(frozen=True)
class Ack:
    """The node's word that an event is on its disk; ``duplicate`` when it had been there before."""

    event_id: str
    sequence: int
    duplicate: bool = False


@dataclass
class Entry:
    """An event that is to be stored."""

    event_id: str
    subject: str
    payload: bytes
    after_sequence: int = -1  # the stream's last sequence known before the first attempt


class Link:
    """One connection to the node; never reconnects by itself, ``lost`` tells that it is over."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()
        self.last_sequence = 0
        self._client = Client()
        self._js: JetStreamContext | None = None
        self._settings = StreamSettings()

    async def open(self, url: str, settings: StreamSettings) -> None:
        """Connect and make sure that the stream stands as wanted."""
        self._settings = settings
        await self._client.connect(
            url,
            name="headwater.edge",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0.02,  # type: ignore[arg-type]  # we try again ourselves
            connect_timeout=int(_ANSWER_S),
            ping_interval=10,
            error_cb=_swallow,
            closed_cb=self._on_lost,
            disconnected_cb=self._on_lost,
        )
        self._js = self._client.jetstream(timeout=_ANSWER_S)
        info = await self._ensure_stream()
        self.last_sequence = info.state.last_seq

    async def close(self) -> None:
        self.lost.set()
        try:
            await self._client.close()
        except FAILURES:
            pass  # closing a connection whose other end was killed

    async def _on_lost(self) -> None:
        self.lost.set()

    async def _ensure_stream(self) -> api.StreamInfo:
        config = api.StreamConfig(
            name=self._settings.name,
            subjects=list(self._settings.subjects),
            storage=api.StorageType.FILE,
            discard=api.DiscardPolicy.OLD,
            max_bytes=self._settings.quota_bytes,
            duplicate_window=self._settings.duplicate_window_s,
            allow_direct=True,
        )
        try:
            return await self._stream.add_stream(config)
        except APIError as error:
            if error.err_code != _STREAM_NAME_IN_USE:
                raise
            return await self._stream.update_stream(config)

    @property
    def _stream(self) -> JetStreamContext:
        if self._js is None:
            raise EdgeError("the connection has not been opened")
        return self._js

    async def publish(self, entry: Entry) -> Ack:
        """Send the event; return the node's acknowledgement, raise as soon as the link is lost."""
        ack = await self._unless_lost(
            self._stream.publish(
                entry.subject,
                entry.payload,
                timeout=_ANSWER_S,
                headers={MSG_ID: entry.event_id, "Nats-Expected-Stream": self._settings.name},
            )
        )
        self.last_sequence = max(self.last_sequence, ack.seq)
        return Ack(entry.event_id, ack.seq, bool(ack.duplicate))

    async def find(self, entry: Entry) -> Ack | None:
        """Return the acknowledgement of an event that the stream already holds."""
        info = await self._unless_lost(self._stream.stream_info(self._settings.name))
        first = max(entry.after_sequence + 1, info.state.first_seq)
        for sequence in range(first, info.state.last_seq + 1):
            message = await self._message(sequence)
            if message is not None and (message.headers or {}).get(MSG_ID) == entry.event_id:
                return Ack(entry.event_id, sequence, duplicate=True)
        return None

    async def _message(self, sequence: int) -> api.RawStreamMsg | None:
        try:
            return await self._unless_lost(self._stream.get_msg(self._settings.name, sequence))
        except NotFoundError:
            return None

    async def cursor(self, subject: str) -> Cursor | None:
        """Return the Cursor of the last event stored under ``subject``."""
        try:
            message = await self._unless_lost(
                self._stream.get_last_msg(self._settings.name, subject)
            )
        except NotFoundError:
            return None
        return cursor_of((message.headers or {}).get(MSG_ID, ""))

    async def _unless_lost(self, work: Coroutine[Any, Any, Any]) -> Any:
        # A request on a connection that died would wait for its whole time-out.
        task = asyncio.ensure_future(work)
        lost = asyncio.ensure_future(self.lost.wait())
        try:
            await asyncio.wait({task, lost}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise nats.errors.ConnectionClosedError
        finally:
            for future in (task, lost):
                future.cancel()
            await asyncio.gather(task, lost, return_exceptions=True)


async def _swallow(error: Exception) -> None:
    log.debug("connection to the node: %s", error)
