"""The seam between a connection (in ``net``) and what speaks on it (a session of a higher layer).

The connection reads bytes and gives them to its Receiver; the receiver leaves bytes to send in its
``out`` buffer and tells its Link to flush once per batch.  Neither knows the other's class.
"""


class Link:
    """What a receiver may ask of the connection beneath it."""

    __slots__ = ()

    def flush(self):
        """Send what the receiver left in ``out``, as far as the peer takes it now."""
        raise NotImplementedError

    def close(self):
        """Send what is left as far as possible, then close; ``Receiver.closed`` follows."""
        raise NotImplementedError

    def abort(self):
        """Close at once, without sending what is left."""
        raise NotImplementedError

    def pause(self, duration_ns):
        """Stop reading from the peer for at most ``duration_ns``, or until ``resume``."""
        raise NotImplementedError

    def resume(self):
        """Read from the peer again."""
        raise NotImplementedError

    def pending_bytes(self):
        """Return how many bytes wait to be taken by the peer, ``out`` not counted."""
        raise NotImplementedError

    def security(self):
        """Return what TLS has agreed on (an object of ``net.tls``), None where there is none."""
        return None


class Receiver:
    """What a connection drives: bytes in by calls, bytes out in ``out``."""

    __slots__ = ("dirty", "link", "out", "pool", "wanted")

    def __init__(self, pool):
        self.pool = pool  # the BufferPool that ``out`` comes from
        self.link = None  # set by the connection; None once it is gone
        self.out = None  # a Buffer while there is something to send
        self.dirty = False  # whether a flush is due at the end of the batch
        self.wanted = 0  # size of the operation that is incomplete, 0 when unknown

    def open_out(self):
        """Return the buffer of what is to be sent."""
        if self.out is None:
            self.out = self.pool.take()
        return self.out

    def release_out(self):
        """Everything in ``out`` is sent or given up."""
        if self.out is not None:
            self.pool.give(self.out)
            self.out = None

    def connected(self):
        """The connection is up and ``link`` is set."""
        raise NotImplementedError

    def receive(self, view, start, end):
        """Take bytes in; return the offset up to which they are consumed.

        ``view`` may be changed as soon as this returns.  What is not consumed comes again, with
        more behind it; ``wanted`` then tells how many bytes the whole operation has, if known.
        """
        raise NotImplementedError

    def drained(self):
        """The peer has taken everything after a time in which it had not."""
        raise NotImplementedError

    def overflowed(self, pending_bytes):
        """The peer does not take what is sent: the connection holds ``pending_bytes`` for it."""
        raise NotImplementedError

    def overdue(self, seconds, pending_bytes):
        """The peer has not taken all of what was sent in time; ``pending_bytes`` are left."""

    def closed(self, reason):
        """The connection is gone; ``reason`` is text, empty when the peer just left."""
        raise NotImplementedError

    def relocated(self, address, port):
        """The peer is a proxy: it has told whom it speaks for (None when it does not say)."""

    def secured(self, text):
        """TLS is on; ``text`` names version and cipher."""

    def insecure(self, text):
        """The TLS handshake has failed; the connection closes."""

    def throttled(self):
        """Too many connections begin at the same time: turn this one away."""
