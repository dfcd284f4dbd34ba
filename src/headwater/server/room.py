"""How much JetStream may take where the configuration does not say: what nats-server takes."""

import os
from dataclasses import replace
from pathlib import Path

from headwater.config.options import JetStreamOptions
from headwater.store.disk import Disk

_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def _three_quarters(size: int) -> int:
    return size // 4 * 3


def _memory_bytes() -> int:
    """Return how much memory there is for this process, 0 where that cannot be found out."""
    try:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 0
    try:
        limit = int(_CGROUP_LIMIT.read_text())
    except (OSError, ValueError):  # there is none, or it says "max"
        return found
    return min(found, limit)


def with_room(options: JetStreamOptions, room: JetStreamOptions) -> JetStreamOptions:
    """Return ``options`` with the sizes of ``room`` where none is given, which 0 is not either."""
    return replace(
        options,
        memory_max=options.memory_max if options.memory_max > 0 else room.memory_max,
        file_max=options.file_max if options.file_max > 0 else room.file_max,
    )


def whole_room(disk: Disk, used: int) -> JetStreamOptions:
    """Return three quarters of the memory, and of the disk that is free or ``used`` by streams."""
    return JetStreamOptions(
        memory_max=_three_quarters(_memory_bytes()) or -1,
        file_max=_three_quarters(disk.free_bytes() + used),
    )
