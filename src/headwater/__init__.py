"""Headwater: a NATS and JetStream compatible server, and an SDK for applications at the edge."""

from headwater import _build

__version__ = "0.1.0"
__all__ = ["__version__"]

_build.honour_environment()
