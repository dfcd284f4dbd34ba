"""Frames on their way from sources to models, and the slot that keeps the newest of them.

A source is faster than a model sooner or later.  A queue would grow and make every answer late; the
slot throws the oldest frame away instead, and counts it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from headwater.edge.ids import identity_of


@dataclass(slots=True)
class Frame:
    """One reading of a source: an image, a sample, whatever a model takes.

    ``position`` is the frame's place in a source that can be read again (a frame number, a time
    stamp in a file): the same frame has the same position on every reading, and positions
    grow.  Sources whose frames never come back leave it None.  ``size_bytes`` is what sending the
    raw frame would have cost.
    """

    data: Any
    position: int | None = None
    size_bytes: int = 0
    captured_ns: int = field(default_factory=time.time_ns)  # wall clock
    source: str = ""  # these two are set by the application
    identity: str = ""


def frame_of(item: Any, source: str, run: str, count: int) -> Frame:
    """Return what a source yielded as a Frame; plain values become the frame's data.

    ``run`` (this start of the application) and ``count`` identify frames without a position.
    """
    frame = item if isinstance(item, Frame) else Frame(item)
    frame.source = source
    frame.identity = identity_of(frame.position, run, count)
    if not frame.size_bytes:
        frame.size_bytes = size_of(frame.data)
    return frame


def size_of(data: Any) -> int:
    """Return the bytes of ``data`` where it knows them (arrays, bytes, str), else 0."""
    size = getattr(data, "nbytes", None)
    if isinstance(size, int):
        return size
    return len(data) if isinstance(data, bytes | bytearray | str) else 0


class Slot:
    """At most ``capacity`` frames between sources and one model; thread-safe.

    ``put`` never waits and drops the oldest frame; ``put_wait`` waits instead.
    """

    def __init__(self, capacity: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._frames: deque[Frame] = deque()
        self._capacity = max(1, capacity)
        self._clock = clock
        self._closed = False
        self._changed = threading.Condition()
        self.dropped = 0

    def put(self, frame: Frame) -> None:
        """Add ``frame``; what it displaces is counted in ``dropped``."""
        with self._changed:
            if self._closed:
                return
            if len(self._frames) >= self._capacity:
                self._frames.popleft()
                self.dropped += 1
            self._frames.append(frame)
            self._changed.notify_all()

    def put_wait(self, frame: Frame) -> None:
        """Add ``frame`` once there is room; used by sources that must not lose any."""
        with self._changed:
            while len(self._frames) >= self._capacity and not self._closed:
                self._changed.wait()
            if not self._closed:
                self._frames.append(frame)
                self._changed.notify_all()

    def take(self, batch: int, max_wait_s: float = 0.0) -> list[Frame]:
        """Wait for a frame, then up to ``max_wait_s`` for ``batch`` of them; [] after the last."""
        with self._changed:
            while not self._frames and not self._closed:
                self._changed.wait()
            deadline = self._clock() + max_wait_s
            while len(self._frames) < batch and not self._closed:
                left = deadline - self._clock()
                if left <= 0:
                    break
                self._changed.wait(left)
            taken = [self._frames.popleft() for _ in range(min(batch, len(self._frames)))]
            self._changed.notify_all()
            return taken

    def close(self, *, discard: bool = False) -> None:
        """Let no more frames in; ``discard`` also forgets (and counts) those that wait."""
        with self._changed:
            self._closed = True
            if discard:
                self.dropped += len(self._frames)
                self._frames.clear()
            self._changed.notify_all()
