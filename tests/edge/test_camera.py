"""Pictures from a file; addresses of what is no file."""

import pytest

cv2 = pytest.importorskip("cv2")
np = pytest.importorskip("numpy")

from headwater.edge.camera import Camera  # noqa: E402
from headwater.edge.errors import EdgeError  # noqa: E402

FRAMES = 12


@pytest.fixture
def film(tmp_path):
    """A film of 12 grey pictures, 64 by 48, each brighter than the one before."""
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 30.0, (64, 48))
    if not writer.isOpened():
        pytest.skip("this OpenCV writes no MJPG")
    for number in range(FRAMES):
        writer.write(np.full((48, 64, 3), 10 + 20 * number, np.uint8))
    writer.release()
    return path


def brightness(frame) -> int:
    return round((float(frame.data.mean()) - 10) / 20)


def test_a_film_is_read_with_positions(film):
    frames = list(Camera(str(film), paced=False).frames())
    assert [frame.position for frame in frames] == list(range(FRAMES))
    assert [brightness(frame) for frame in frames] == list(range(FRAMES))
    assert frames[0].data.shape == (48, 64, 3)


def test_reading_resumes_at_a_position(film):
    frames = list(Camera(str(film), paced=False).frames(resume=7))
    assert [frame.position for frame in frames] == list(range(7, FRAMES))
    assert [brightness(frame) for frame in frames] == list(range(7, FRAMES))


def test_a_film_that_loops_goes_on_counting(film):
    frames = Camera(str(film), paced=False, loop=True).frames(resume=FRAMES + 10)
    some = [next(frames) for _ in range(5)]
    frames.close()
    assert [frame.position for frame in some] == list(range(22, 27))
    assert [brightness(frame) for frame in some] == [10, 11, 0, 1, 2]


def test_what_is_no_film_cannot_be_opened(tmp_path):
    path = tmp_path / "film.avi"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(EdgeError, match="cannot be opened"):
        next(Camera(str(path)).frames())


def test_a_missing_file_is_said_at_once(tmp_path):
    with pytest.raises(EdgeError, match="no such file"):
        Camera(str(tmp_path / "none.mp4"))


@pytest.mark.parametrize(
    "address", ["rtsp://cam/1", "http://cam/x.mjpg", "/dev/video0", "v4l2:2", "0"]
)
def test_live_addresses_are_recognised(address):
    assert Camera(address).live


def test_a_device_that_is_not_there_cannot_be_opened():
    with pytest.raises(EdgeError, match="cannot be opened"):
        next(Camera("v4l2:63").frames())
