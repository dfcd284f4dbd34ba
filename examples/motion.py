"""Store an event for everything that moves before a camera (needs ``headwater[vision]``).

    python examples/motion.py film.mp4 | rtsp://camera/1 | /dev/video0

A film is read without loss, and a second run goes on where the stored events of the first end.
"""

import sys
from collections.abc import Iterator
from dataclasses import asdict

from headwater.edge import EdgeApp, Frame
from headwater.edge.camera import Camera
from headwater.edge.vision import Found, MotionModel


def main(address: str) -> None:
    camera = Camera(address, paced=False)
    app = EdgeApp("viewer", "motion-data")
    app.add_source("camera", camera.frames, lossless=not camera.live)
    app.add_model("motion", MotionModel(), batch=4)

    @app.event("moved", model="motion")
    def moved(frame: Frame, found: list[Found]) -> Iterator[dict]:
        for thing in found:
            yield {"position": frame.position, **asdict(thing)}

    app.run()
    print(app.stats)  # noqa: T201 (a program)


if __name__ == "__main__":
    main(sys.argv[1])
