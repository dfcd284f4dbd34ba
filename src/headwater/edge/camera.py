"""A source: pictures from a file, a network stream, or a camera of this machine, by OpenCV."""

import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from headwater.edge.errors import EdgeError
from headwater.edge.frames import Frame

_NETWORK = ("rtsp://", "rtsps://", "http://", "https://", "rtmp://", "udp://")
_FPS_DEFAULT = 25.0


def opencv() -> Any:
    """Return OpenCV's module; EdgeError saying what to install when it is missing."""
    try:
        return import_module("cv2")
    except ImportError as error:
        raise EdgeError("pictures need OpenCV: pip install 'headwater[vision]'") from error


class Camera:
    """``address``: a file's path, an rtsp:// or http:// URL, /dev/videoN, v4l2:N or just N.

    A file is played at its own speed (``paced``), again from its start when ``loop`` is set; its
    frames have positions, so that reading resumes where the stored events end.  The frames of a
    live camera have none.
    """

    def __init__(self, address: str, *, paced: bool = True, loop: bool = False) -> None:
        self.address = address
        self._paced = paced
        self._loop = loop
        self.live = _is_live(address)
        if not self.live and not Path(address).is_file():
            raise EdgeError(f"camera {address!r}: no such file; URLs start with rtsp:// or http://")

    def frames(self, resume: int | None = None) -> Iterator[Frame]:
        """Yield the pictures (arrays of shape (height, width, 3), BGR), from ``resume`` on.

        Raises EdgeError when the address cannot be opened, or a live camera ends.
        """
        capture = self._open()
        try:
            if self.live:
                yield from self._live_frames(capture)
            else:
                yield from self._file_frames(capture, resume or 0)
        finally:
            capture.release()

    def _open(self) -> Any:
        cv2 = opencv()
        number = _device_number(self.address)
        if number is None:
            capture = cv2.VideoCapture(self.address)
        else:
            capture = cv2.VideoCapture(number, cv2.CAP_V4L2)
        if not capture.isOpened():
            capture.release()
            raise EdgeError(f"camera {self.address!r} cannot be opened")
        return capture

    def _live_frames(self, capture: Any) -> Iterator[Frame]:
        while True:
            good, picture = capture.read()
            if not good:
                raise EdgeError(f"camera {self.address!r} gives no more pictures")
            yield Frame(picture)

    def _file_frames(self, capture: Any, first: int) -> Iterator[Frame]:
        cv2 = opencv()
        total = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        pace = _Pace(capture.get(cv2.CAP_PROP_FPS) or _FPS_DEFAULT, on=self._paced)
        lap, index = divmod(first, total) if self._loop and total > 0 else (0, first)
        if index:
            capture.set(cv2.CAP_PROP_POS_FRAMES, index)
        while True:
            good, picture = capture.read()
            if good:
                pace.wait()
                yield Frame(picture, position=lap * total + index)
                index += 1
            elif self._loop and index > 0 and total > 0:
                lap, index = lap + 1, 0
                capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            else:
                return


class _Pace:
    """Lets ``fps`` frames a second through."""

    def __init__(self, fps: float, *, on: bool) -> None:
        self._period_s = 1.0 / fps if on else 0.0
        self._due_s = time.monotonic()

    def wait(self) -> None:
        now = time.monotonic()
        if self._due_s > now:
            time.sleep(self._due_s - now)
        self._due_s = max(self._due_s, now) + self._period_s


def _is_live(address: str) -> bool:
    return address.startswith(_NETWORK) or _device_number(address) is not None


def _device_number(address: str) -> int | None:
    for prefix in ("v4l2:", "/dev/video", ""):
        rest = address.removeprefix(prefix)
        if address.startswith(prefix) and rest.isdigit():
            return int(rest)
    return None
