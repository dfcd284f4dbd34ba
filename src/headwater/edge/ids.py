"""Event ids that come out the same whenever the same frame is looked at again.

An id is ``node/source/frame/event/ordinal``.  The frame is its position in a source that can be
read again (``p184``), or the application's start and a count (``r5f1c…-184``) where no frame comes
twice; the ordinal counts the events of one name that one frame gave.  The id is the message's
``Nats-Msg-Id``, so that the node drops what it has already stored.
"""

import re
from dataclasses import dataclass

from headwater.edge.errors import EdgeError

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_name(name: str, what: str) -> str:
    """Return ``name`` if it can be part of ids and subjects; EdgeError otherwise."""
    if not _NAME.fullmatch(name):
        raise EdgeError(f"{what} {name!r}: expected 1 to 64 letters, digits, '-' or '_'")
    return name


def identity_of(position: int | None, run: str, count: int) -> str:
    """Return what tells a frame from all others of its source, for ever."""
    if position is None:
        return f"r{run}-{count}"
    if position < 0:
        raise EdgeError(f"frame position {position}: expected 0 or more")
    return f"p{position}"


@dataclass(frozen=True, order=True)
class Cursor:
    """How far the events of one name have been stored: the last one's frame and ordinal."""

    position: int
    ordinal: int


def event_id(node: str, source: str, identity: str, event: str, ordinal: int) -> str:
    """Return the id of the ``ordinal``-th event (from 0) named ``event`` of a frame."""
    return f"{node}/{source}/{identity}/{event}/{ordinal}"


def cursor_of(identifier: str) -> Cursor | None:
    """Return the Cursor that an id stands for; None when its source cannot be read again."""
    parts = identifier.split("/")
    if len(parts) != 5 or not parts[2].startswith("p"):
        return None
    try:
        return Cursor(int(parts[2][1:]), int(parts[4]))
    except ValueError:
        return None
