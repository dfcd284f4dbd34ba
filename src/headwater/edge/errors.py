"""What can go wrong in an application at the edge, seen by the one who wrote it."""

from headwater.base.errors import HeadwaterError


class EdgeError(HeadwaterError):
    """The application cannot be run as it is written; the text says what is expected."""


class EventRejectedError(EdgeError):
    """The node will never store this event: it is too large, or cannot be written as JSON."""


class StoppedError(EdgeError):
    """The application is stopping; what was being emitted is not acknowledged."""
