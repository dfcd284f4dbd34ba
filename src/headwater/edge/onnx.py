"""Runs an ONNX file on pictures: with onnxruntime when it is installed, else with OpenCV."""

from importlib import import_module
from pathlib import Path
from typing import Any

from headwater.edge.camera import opencv
from headwater.edge.errors import EdgeError
from headwater.edge.frames import Frame

_SIZE_DEFAULT = 224  # where the model leaves height or width open


class OnnxModel:
    """A network with one picture as its first input, shaped (batch, 3, height, width).

    Pictures are resized, turned to RGB and scaled to 0..1.  ``predict`` returns each frame's
    outputs, a list of arrays without the batch axis.  ``runtime`` says what runs it.
    """

    def __init__(self, path: str | Path, *, size: tuple[int, int] | None = None) -> None:
        self.path = Path(path)
        self.runtime = ""
        self._size = size  # width, height
        self._run: Any = None
        if not self.path.is_file():
            raise EdgeError(f"model {str(path)!r}: no such file")

    def load(self) -> None:
        try:
            runtime = import_module("onnxruntime")
        except ImportError:
            self._load_opencv()
        else:
            self._load_runtime(runtime)

    def predict(self, frames: list[Frame]) -> list[list[Any]]:
        """Return the outputs for each frame."""
        return [self._run(self._blob(frame.data)) for frame in frames]

    def _blob(self, picture: Any) -> Any:
        size = self._size or (_SIZE_DEFAULT, _SIZE_DEFAULT)
        return opencv().dnn.blobFromImage(picture, 1 / 255, size, swapRB=True)

    def _load_runtime(self, runtime: Any) -> None:
        session = runtime.InferenceSession(str(self.path), providers=["CPUExecutionProvider"])
        first = session.get_inputs()[0]
        if self._size is None and len(first.shape) == 4:
            height, width = first.shape[2:]
            self._size = (_known(width), _known(height))
        self.runtime = f"onnxruntime {runtime.__version__}"
        self._run = lambda blob: [out[0] for out in session.run(None, {first.name: blob})]

    def _load_opencv(self) -> None:
        cv2 = opencv()
        try:
            network = cv2.dnn.readNetFromONNX(str(self.path))
        except cv2.error as error:
            raise EdgeError(f"model {str(self.path)!r}: OpenCV cannot read it: {error}") from error
        outputs = network.getUnconnectedOutLayersNames()
        self.runtime = f"OpenCV {cv2.__version__} dnn"

        def run(blob: Any) -> list[Any]:
            network.setInput(blob)
            return [out[0] for out in network.forward(outputs)]

        self._run = run


def top_class(outputs: list[Any]) -> tuple[int, float]:
    """Return the index and value of the largest figure of the first output: a class, as a rule."""
    flat = outputs[0].reshape(-1)
    best = int(flat.argmax())
    return best, float(flat[best])


def _known(size: Any) -> int:
    return size if isinstance(size, int) and size > 0 else _SIZE_DEFAULT
