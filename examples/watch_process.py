"""Watch a process and store an event whenever it becomes unusual.

    python examples/watch_process.py PID [nats-leaf://user:password@hub:7422]

The events are in the stream EDGE of the node in ``./watch-data``; with a hub's address the node
keeps a leaf link to it, and the hub may source them (see docs/edge.md).
"""

import sys
from dataclasses import dataclass

from headwater.edge import EdgeApp, Frame, Uplink
from headwater.edge.anomaly import AnomalyModel, Verdict
from headwater.edge.telemetry import process_usage


@dataclass
class Change:
    """The process has become unusual, or usual again."""

    state: str
    feature: str
    score: float


def main(pid: int, hub: str = "") -> None:
    app = EdgeApp("watcher", "watch-data", uplink=Uplink(hub) if hub else None)
    app.add_source("process", lambda: process_usage(pid, period_s=0.5))
    app.add_model("usual", AnomalyModel(fit_on=30), batch=16)

    @app.event("change", model="usual")
    def change(_frame: Frame, verdict: Verdict) -> Change | None:
        if not verdict.changed:
            return None
        print(f"{verdict.state}: {verdict.feature} at {verdict.score} times its usual spread")  # noqa: T201
        return Change(verdict.state, verdict.feature, verdict.score)

    app.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:3])
