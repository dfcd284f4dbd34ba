"""Models for pictures that need no weights: OpenCV's marker detector and background model."""

from dataclasses import dataclass
from typing import Any

from headwater.edge.camera import opencv
from headwater.edge.frames import Frame


@dataclass(frozen=True)
class Found:
    """Something in a picture: its name, and its box (left, top, width, height) in pixels."""

    label: str
    box: tuple[int, int, int, int]
    score: float = 1.0


class MarkerModel:
    """Finds ArUco markers (4x4, 50 of them) with OpenCV's own detector."""

    def load(self) -> None:
        aruco = opencv().aruco
        dictionary = aruco.getPredefinedDictionary(aruco.DICT_4X4_50)
        self._detector = aruco.ArucoDetector(dictionary, aruco.DetectorParameters())

    def predict(self, frames: list[Frame]) -> list[list[Found]]:
        """Return what was found in each frame (BGR or grey pictures)."""
        return [self._find(frame.data) for frame in frames]

    def _find(self, picture: Any) -> list[Found]:
        corners, ids, _rejected = self._detector.detectMarkers(picture)
        if ids is None:
            return []
        return [
            Found(f"marker-{int(marker)}", _box(corner.reshape(-1, 2)))
            for marker, corner in zip(ids.flatten(), corners, strict=True)
        ]


class MotionModel:
    """Finds what moves: OpenCV's Gaussian mixture model of the background, learnt as it runs."""

    def __init__(self, *, area_min: int = 150) -> None:
        self._area_min = area_min

    def load(self) -> None:
        self._background = opencv().createBackgroundSubtractorMOG2(
            history=200, varThreshold=25, detectShadows=False
        )

    def predict(self, frames: list[Frame]) -> list[list[Found]]:
        """Return the moving regions of at least ``area_min`` pixels in each frame."""
        return [self._find(frame.data) for frame in frames]

    def _find(self, picture: Any) -> list[Found]:
        cv2 = opencv()
        mask = cv2.medianBlur(self._background.apply(picture), 5)
        outlines, _hierarchy = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        found = []
        for outline in outlines:
            if cv2.contourArea(outline) >= self._area_min:
                left, top, width, height = cv2.boundingRect(outline)
                found.append(Found("motion", (int(left), int(top), int(width), int(height))))
        return found


def _box(points: Any) -> tuple[int, int, int, int]:
    left, top = points.min(axis=0)
    right, bottom = points.max(axis=0)
    return int(left), int(top), int(right - left), int(bottom - top)
