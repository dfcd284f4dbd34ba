"""The models that need no weights, on pictures that are drawn."""

import pytest

cv2 = pytest.importorskip("cv2")
np = pytest.importorskip("numpy")

from headwater.edge.frames import Frame  # noqa: E402
from headwater.edge.vision import MarkerModel, MotionModel  # noqa: E402


def marked(*markers: tuple[int, int]) -> Frame:
    """Return a picture with markers (number, left)."""
    picture = np.full((240, 320), 200, np.uint8)
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    for number, left in markers:
        picture[60:108, left : left + 48] = cv2.aruco.generateImageMarker(dictionary, number, 48)
    return Frame(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))


def test_markers_are_found_where_they_are():
    model = MarkerModel()
    model.load()
    both, none = model.predict([marked((3, 40), (17, 200)), marked()])
    assert {found.label for found in both} == {"marker-3", "marker-17"}
    boxes = {found.label: found.box for found in both}
    assert boxes["marker-3"] == pytest.approx((40, 60, 48, 48), abs=2)
    assert none == []


def test_only_what_moves_is_motion():
    model = MotionModel()
    model.load()
    still = np.full((120, 160, 3), 90, np.uint8)
    moved = still.copy()
    moved[40:80, 60:100] = 250
    quiet = model.predict([Frame(still)] * 30)[-1]
    [found] = model.predict([Frame(moved)])[0]
    assert quiet == []
    assert found.box == pytest.approx((60, 40, 40, 40), abs=4)
