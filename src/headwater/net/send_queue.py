"""What the kernel still holds for a peer that has not acknowledged it."""

import fcntl
import struct
import termios

_COUNT = struct.Struct("i")


def queued_bytes(descriptor):
    """Return how many bytes that are; 0 where the kernel does not tell."""
    if descriptor < 0:
        return 0
    try:
        return _COUNT.unpack(fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(_COUNT.size)))[0]
    except OSError:
        return 0
