"""The synthetic camera of the demonstration: a conveyor belt with marked boxes.

The pictures are drawn; what looks for the boxes in them is OpenCV's real marker detector.  The
scene is a function of the time since the demonstration began, so that the belt goes on while the
application is being restarted.
"""

import time
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from headwater.edge.camera import opencv
from headwater.edge.frames import Frame

WIDTH, HEIGHT = 320, 240
_MARKERS = 50
_MARKER_PX = 48
_BOX_PX = 72
_SPEED_PX = 160.0  # per second
_SPACING_S = 0.6
_NOISE = 6.0  # standard deviation, grey levels


class Belt:
    """Draws the belt; box ``k`` enters at ``k * 0.6`` seconds and carries marker ``k % 50``."""

    def __init__(self) -> None:
        cv2 = opencv()
        numpy = import_module("numpy")
        dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
        self._markers = [
            cv2.aruco.generateImageMarker(dictionary, number, _MARKER_PX)
            for number in range(_MARKERS)
        ]
        self._random = numpy.random.default_rng(7)
        self._numpy = numpy

    def picture(self, seconds: float) -> Any:
        """Return what the camera sees after ``seconds``: an array (240, 320, 3) of BGR bytes."""
        grey = self._numpy.full((HEIGHT, WIDTH + 2 * _BOX_PX), 90, self._numpy.uint8)
        newest = int(seconds / _SPACING_S)
        for box in range(max(0, newest - 6), newest + 1):
            left = int((seconds - box * _SPACING_S) * _SPEED_PX)
            if left < WIDTH + _BOX_PX:
                self._draw(grey, box, left)
        grey = grey[:, _BOX_PX : _BOX_PX + WIDTH]
        noise = self._random.normal(0.0, _NOISE, grey.shape)
        grey = (grey + noise).clip(0, 255).astype(self._numpy.uint8)
        return opencv().cvtColor(grey, opencv().COLOR_GRAY2BGR)

    def _draw(self, grey: Any, box: int, left: int) -> None:
        top = 40 + (box * 37) % 90
        inset = (_BOX_PX - _MARKER_PX) // 2
        grey[top : top + _BOX_PX, left : left + _BOX_PX] = 210
        inner = slice(left + inset, left + inset + _MARKER_PX)
        grey[top + inset : top + inset + _MARKER_PX, inner] = self._markers[box % _MARKERS]


def belt_frames(begun_ns: int, fps: float = 15.0) -> Iterator[Frame]:
    """Yield the camera's pictures for ever; ``begun_ns`` is the wall clock's time of the start."""
    belt = Belt()
    due_s = time.monotonic()
    while True:
        yield Frame(belt.picture(max(0.0, (time.time_ns() - begun_ns) / 1e9)))
        due_s = max(due_s + 1 / fps, time.monotonic())
        time.sleep(max(0.0, due_s - time.monotonic()))
