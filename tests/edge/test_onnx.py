"""An ONNX file of one operation, written here byte by byte."""

import pytest

cv2 = pytest.importorskip("cv2")
np = pytest.importorskip("numpy")

from headwater.edge.errors import EdgeError  # noqa: E402
from headwater.edge.frames import Frame  # noqa: E402
from headwater.edge.onnx import OnnxModel, top_class  # noqa: E402


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def block(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def value_info(name: bytes, *shape: int) -> bytes:
    dimensions = b"".join(block(1, number(1, size)) for size in shape)
    tensor = number(1, 1) + block(2, dimensions)  # of floats
    return block(1, name) + block(2, block(1, tensor))


def average_network() -> bytes:
    """Return a network that gives the mean of each colour: (1, 3, 8, 8) to (1, 3, 1, 1)."""
    node = block(1, b"x") + block(2, b"y") + block(3, b"mean") + block(4, b"GlobalAveragePool")
    graph = block(1, node) + block(2, b"colours")
    graph += block(11, value_info(b"x", 1, 3, 8, 8)) + block(12, value_info(b"y", 1, 3, 1, 1))
    return number(1, 8) + block(7, graph) + block(8, number(2, 13))


@pytest.fixture
def network(tmp_path):
    path = tmp_path / "mean.onnx"
    path.write_bytes(average_network())
    return path


def test_pictures_go_through_the_network_as_rgb(network):
    model = OnnxModel(network, size=(8, 8))
    model.load()
    blue = np.zeros((20, 30, 3), np.uint8)
    blue[:, :, 0] = 255
    [outputs] = model.predict([Frame(blue)])
    assert outputs[0].reshape(-1).tolist() == pytest.approx([0.0, 0.0, 1.0])
    assert top_class(outputs) == (2, pytest.approx(1.0))
    assert model.runtime


def test_a_missing_file_is_said_at_once(tmp_path):
    with pytest.raises(EdgeError, match="no such file"):
        OnnxModel(tmp_path / "none.onnx")
