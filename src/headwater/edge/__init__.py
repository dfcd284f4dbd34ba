"""The SDK for applications at the edge: sources, models, events, and a node that keeps them."""

from headwater.edge.app import EdgeApp, Stats
from headwater.edge.errors import EdgeError, EventRejectedError, StoppedError
from headwater.edge.events import Observer
from headwater.edge.frames import Frame
from headwater.edge.link import Ack
from headwater.edge.node import Uplink

__all__ = [
    "Ack",
    "EdgeApp",
    "EdgeError",
    "EventRejectedError",
    "Frame",
    "Observer",
    "Stats",
    "StoppedError",
    "Uplink",
]
