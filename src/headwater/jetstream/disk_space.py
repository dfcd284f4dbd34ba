"""A disk that is full: what goes on, what does not, and how it ends.

Room for what must go on (acknowledgements, deletes, checkpoints, a clean stop) is held back in a
file.  When a write finds no room that file is removed and no more messages are taken; once there is
room for the file again it is made anew, and publishing goes on without a restart.
"""

import errno
from functools import partial

from headwater.base import gojson, ids

# What goes on when the disk is full takes the more, the more there is: checkpoints do.
RESERVE_BYTES_MIN = 512 * 1024
RESERVE_BYTES_MAX = 16 * 1024 * 1024
_STORE_PART = 256  # of what streams take up
# What is held back of a small disk at most, as a part of all of it.
_DISK_PART = 32
_FILE = "reserve"
_CHUNK_BYTES = 1024 * 1024
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_JOBS_KEY = "disk space"


class DiskSpace:
    """The room of one store; ``quota`` (a Quota) is what file streams ask before they take
    a message."""

    def __init__(self, node, disk, jobs, quota):
        self._node = node
        self._disk = disk
        self._jobs = jobs
        self._quota = quota
        self._busy = False
        self._held_bytes = 0  # what was held back last, or could not be

    @property
    def full(self):
        """Whether no messages are taken because there is no room for them."""
        return self._quota.closed

    def start(self):
        """Hold room back."""
        self._make()

    def failed(self, error):
        """A write has failed; ``error`` is the OSError."""
        if error.errno in _NO_ROOM and not self.full:
            self._node.log.error(
                "JetStream has no room on the disk: no messages are stored until there is some"
            )
            self._quota.closed = True
            self._advise()
            self._jobs.submit(_JOBS_KEY, self._remove, lambda _, error: None)

    def give_up(self, error):
        """Give up what is held back if that lets a write succeed which has failed; blocks."""
        if error.errno not in _NO_ROOM or not self._disk.exists(_FILE):
            raise error
        self._remove()

    def check(self):
        """Go on if there is room again; to be called every now and then."""
        if not self._busy and (self.full or self._wanted_bytes() > 2 * self._held_bytes):
            self._make()

    def _wanted_bytes(self):
        wanted = max(self._quota.used // _STORE_PART, RESERVE_BYTES_MIN)
        return min(wanted, RESERVE_BYTES_MAX)

    def _make(self):
        self._busy = True
        self._held_bytes = self._wanted_bytes()
        work = partial(make_reserve, self._disk, self._held_bytes)
        self._jobs.submit(_JOBS_KEY, work, self._made)

    def _made(self, made, error):
        self._busy = False
        if made and self.full:
            self._quota.closed = False
            self._node.log.info("JetStream has room on the disk again")
        elif not made and error is None and not self.full:
            self._node.log.warn("JetStream cannot hold room back: the disk is nearly full")

    def _remove(self):
        self._disk.remove(_FILE)
        self._disk.sync_directory("")

    def _advise(self):
        node = self._node
        body = {
            "type": "io.nats.jetstream.advisory.v1.server_out_of_space",
            "id": ids.unique_id(node.rng).decode(),
            "timestamp": gojson.time_text(node.clock.now()),
            "server": node.name,
            "server_id": node.server_id,
        }
        subject = b"$JS.EVENT.ADVISORY.SERVER.OUT_OF_STORAGE"
        node.router.publish(node.accounts.system, subject, gojson.encode(body))


def make_reserve(disk, size):
    """Make the file that holds room back, or let it grow to ``size``; return whether it has that.

    It gets less on a small disk.  Blocks.
    """
    size = min(size, disk.total_bytes() // _DISK_PART)
    there = disk.size(_FILE) if disk.exists(_FILE) else 0
    if there >= size:
        return True
    # As much again has to be left, or it would be given up at the next write.
    if disk.free_bytes() < 2 * size - there:
        return False
    if there:
        file = disk.open(_FILE)
    else:
        disk.remove(_FILE)
        file = disk.create(_FILE)
    try:
        for offset in range(there, size, _CHUNK_BYTES):
            file.write(bytes(min(_CHUNK_BYTES, size - offset)), offset)
        file.sync()
    except OSError:
        if there:
            file.truncate(there)
        else:
            disk.remove(_FILE)
        raise
    finally:
        file.close()
    disk.sync_directory("")
    return True
