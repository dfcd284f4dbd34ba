"""The drawn camera, seen by the real marker detector."""

import pytest

cv2 = pytest.importorskip("cv2")

from headwater.cli.demo_scene import HEIGHT, WIDTH, Belt  # noqa: E402
from headwater.edge.frames import Frame  # noqa: E402
from headwater.edge.vision import MarkerModel  # noqa: E402


def test_every_box_of_the_belt_is_seen():
    belt, model = Belt(), MarkerModel()
    model.load()
    seen = set()
    for number in range(90):  # six seconds
        picture = belt.picture(10 + number / 15)
        assert picture.shape == (HEIGHT, WIDTH, 3)
        [found] = model.predict([Frame(picture)])
        seen |= {thing.label for thing in found}
    assert seen >= {f"marker-{box}" for box in range(16, 25)}
    assert seen <= {f"marker-{box}" for box in range(12, 28)}
