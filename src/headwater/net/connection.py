"""One TCP connection: reads into a shared buffer, writes what its receiver left in ``out``.

Reading: all connections of a loop share one read buffer, since reading and parsing are one step.
A connection keeps only an unfinished operation, and reads a long one straight into a buffer of its
own.  Writing: straight to the socket while the peer takes it; what it does not take is handed to
the transport, and further output waits in ``out`` until the transport is empty again.
"""

import os

from headwater.base.limits import READ_BUFFER_BYTES
from headwater.base.link import Link
from headwater.net.send_queue import queued_bytes

_OWN_BUFFER_BYTES_MIN = 65536
# How much stays behind in the read buffer for the next read to be worth its system call.
_ROOM_BYTES_MIN = 32768
# A read of so much leaves more behind: it is another connection's turn.
_LONG_READ_BYTES = READ_BUFFER_BYTES * 3 // 4
# How long a peer may take to read what is left when its connection is closed.
LINGER_S = 5.0
# The reason of a close, in nats-server's words.
WRITE_DEADLINE = "Slow Consumer (Write Deadline)"


class Patience:
    """How long a peer may take over what was sent to it.

    With ``retry`` it has the time anew whenever it has taken some of it.
    """

    __slots__ = ("deadline_s", "retry")

    def __init__(self, deadline_s=10.0, *, retry=False):
        self.deadline_s = deadline_s
        self.retry = retry


class ReadBuffer:
    """The buffer into which all connections of one loop read."""

    __slots__ = ("_raw", "data", "size", "view", "window")

    def __init__(self, size):
        self.size = size
        self.data = bytearray(size)
        self.view = memoryview(self.data)
        self.window = memoryview(self.data)  # what a connection without a tail reads into
        self._raw = None

    def raw(self):
        """Return the buffer of bytes that are still to be decrypted; made when first needed."""
        if self._raw is None:
            self._raw = memoryview(bytearray(self.size))
        return self._raw


class Gate:
    """What bytes pass through between the socket and the receiver, such as TLS."""

    __slots__ = ()

    def take(self, data):
        """Take bytes (a memoryview, good until this returns) that have been read."""
        raise NotImplementedError

    def seal(self, data):
        """Return the bytes to send for ``data``, which the receiver wants to send."""
        raise NotImplementedError

    def holds(self):
        """Tell whether what the receiver wants to send has to wait."""
        return False

    def finish(self):
        """Return what ends the conversation, as bytes."""
        return b""

    def stop(self):
        """The connection is gone."""

    def security(self):
        """Return what TLS has agreed on, None where there is none."""
        return None


class Connection(Link):
    """The Link under one Receiver; its methods are those of ``asyncio.BufferedProtocol``."""

    __slots__ = (
        "_closing",
        "_descriptor",
        "_gate",
        "_linger_timer",
        "_loop",
        "_own",
        "_own_view",
        "_patience",
        "_pause_timer",
        "_reason",
        "_shared",
        "_tail",
        "_tail_size",
        "_transport",
        "_undelivered",
        "_write_timer",
        "blocked",
        "receiver",
    )

    def __init__(self, receiver, shared, loop, patience):
        self.receiver = receiver
        self.blocked = False  # whether the transport still holds bytes for the peer
        self._shared = shared
        self._loop = loop
        self._patience = patience
        self._transport = None
        self._descriptor = -1
        self._gate = None
        self._tail = b""  # an unfinished operation, until the next read
        self._tail_size = 0  # bytes of it that already lie in the buffer that is read into
        self._own = None  # the buffer that a long operation is read into
        self._own_view = self._shared.view
        self._pause_timer = None
        self._linger_timer = None
        self._write_timer = None  # runs while the transport holds bytes for the peer
        self._undelivered = 0  # what the peer had not taken when it was started
        self._reason = ""  # why we gave the connection up, if we did
        self._closing = False

    def connection_made(self, transport):
        self.attach(transport)
        self.receiver.connected()

    def attach(self, transport):
        """Use ``transport`` from now on; the receiver is not told yet."""
        self._transport = transport
        transport.set_write_buffer_limits(0)
        descriptor = transport.get_extra_info("socket")
        self._descriptor = -1 if descriptor is None or os.name != "posix" else descriptor.fileno()
        self.receiver.link = self

    def set_gate(self, gate):
        """Have all bytes go through ``gate``, or straight to and from the receiver (None)."""
        self._gate = gate

    def is_open(self):
        """Tell whether there is a peer to speak to."""
        return self._transport is not None and not self._closing

    def later(self, delay_s, callback):
        """Call ``callback()`` after ``delay_s`` seconds; return a handle that can be cancelled."""
        return self._loop.call_later(delay_s, callback)

    def give_up(self, reason):
        """Close for ``reason``, in nats-server's words, without sending what is left."""
        self._reason = reason
        if self._transport is not None and not self._closing:
            self._closing = True
            self._transport.close()

    def leave(self):
        """Close because the peer has ended the conversation."""
        if self._transport is not None:
            self._transport.close()

    def feed(self, data):
        """Take bytes as if they had just been read."""
        if self._gate is not None:
            self._gate.take(memoryview(data))
        else:
            self.pass_on(data)

    def pass_on(self, data):
        """Give bytes that a gate has let through to the receiver."""
        view = memoryview(data)
        while len(view) and self.is_open():
            window = self.window()
            count = min(len(view), len(window))
            window[:count] = view[:count]
            self.received(count)
            view = view[count:]

    def security(self):
        return None if self._gate is None else self._gate.security()

    def get_buffer(self, size_hint):
        if self._gate is not None:
            return self._shared.raw()
        return self.window()

    def window(self):
        """Return where the next bytes for the receiver go: behind what it has not consumed."""
        if self._own is not None:
            return memoryview(self._own)[self._tail_size :]
        tail = self._tail
        if not tail:
            self._tail_size = 0
            return self._shared.window
        size = len(tail)
        wanted = self.receiver.wanted
        if wanted > _OWN_BUFFER_BYTES_MIN or size + _ROOM_BYTES_MIN > self._shared.size:
            self._own = bytearray(max(wanted, size + _OWN_BUFFER_BYTES_MIN))
            self._own_view = memoryview(self._own)
            self._own[:size] = tail
            self._tail = b""
            self._tail_size = size
            return memoryview(self._own)[size:]
        # The tail is kept until something was read: a read may find nothing after all, and then
        # another connection uses the buffer.
        self._shared.window[:size] = tail
        self._tail_size = size
        return self._shared.window[size:]

    def buffer_updated(self, count):
        if self._gate is not None:
            self._gate.take(self._shared.raw()[:count])
        else:
            self.received(count)
        if count >= _LONG_READ_BYTES:
            self._let_others_in()

    def _let_others_in(self):
        # uvloop would read up to 32 times more before it looks at another socket: whoever is quiet,
        # or has yet to be accepted, would wait for megabytes of every busy one.
        if self._pause_timer is None and self.is_open():
            self._transport.pause_reading()
            self._loop.call_soon(self._read_on)

    def _read_on(self):
        if self._pause_timer is None and self.is_open() and not self._transport.is_closing():
            self._transport.resume_reading()

    def received(self, count):
        """Give the receiver ``count`` bytes that were written to the ``window``."""
        end = self._tail_size + count
        self._tail_size = 0
        self._tail = b""
        if self._own is not None:
            if end < len(self._own) and end < self.receiver.wanted:
                self._tail_size = end
                return
            consumed = self.receiver.receive(self._own_view, 0, end)
            if consumed < end:
                self._tail = bytes(memoryview(self._own)[consumed:end])
            self._own = None
            self._own_view = self._shared.view
            return
        consumed = self.receiver.receive(self._shared.view, 0, end)
        if consumed < end:
            self._tail = bytes(self._shared.window[consumed:end])

    def eof_received(self):
        return False

    def connection_lost(self, error):
        self._transport = None
        self._closing = True
        if self._pause_timer is not None:
            self._pause_timer.cancel()
            self._pause_timer = None
        if self._linger_timer is not None:
            self._linger_timer.cancel()
            self._linger_timer = None
        self._stop_write_timer()
        if self._gate is not None:
            self._gate.stop()
        self.receiver.closed(self._reason or ("" if error is None else str(error)))

    def pause_writing(self):
        self.blocked = True
        self._await_progress()

    def resume_writing(self):
        self.blocked = False
        self._stop_write_timer()
        self.flush()
        if not self.blocked and not self._closing:
            self.receiver.drained()

    def flush(self):
        receiver = self.receiver
        out = receiver.out
        if out is None or self._transport is None:
            return
        if self._closing:
            receiver.release_out()  # the last word has been said
            return
        if self.blocked:
            receiver.overflowed(out.size + self._transport.get_write_buffer_size())
            return
        if self._gate is not None:
            if not self._gate.holds():
                data = self._gate.seal(memoryview(out.data)[: out.size])
                receiver.release_out()
                self.send(data)
            return
        sent = 0
        if self._descriptor >= 0 and not self._closing:
            try:
                sent = os.write(self._descriptor, memoryview(out.data)[: out.size])
            except BlockingIOError:
                sent = 0
            except OSError:
                # The loop's own read reports the end of the connection and its reason.
                receiver.release_out()
                return
        if sent < out.size:
            rest = bytes(memoryview(out.data)[sent : out.size])
            receiver.release_out()
            self._transport.write(rest)
            if self.blocked:
                receiver.overflowed(len(rest))
            return
        receiver.release_out()

    def send(self, data):
        """Send bytes past the receiver's buffer and the gate."""
        if self._transport is None:
            return
        sent = 0
        if self._descriptor >= 0 and not self._closing and not self.blocked:
            try:
                sent = os.write(self._descriptor, data)
            except BlockingIOError:
                sent = 0
            except OSError:
                return  # as in flush
        if sent < len(data):
            rest = data[sent:] if sent else data
            self._transport.write(rest)
            if self.blocked:
                self.receiver.overflowed(len(rest))

    def close(self):
        if self._transport is not None and not self._closing:
            self.flush()
            self._closing = True
            out = self.receiver.out
            if out is not None:
                if self._gate is None:
                    self._transport.write(out.contents())
                elif not self._gate.holds():
                    self._transport.write(self._gate.seal(out.contents()))
                self.receiver.release_out()
            if self._gate is not None:
                self._transport.write(self._gate.finish())
            if self._transport.get_write_buffer_size():
                self._linger_timer = self._loop.call_later(LINGER_S, self._transport.abort)
            self._transport.close()

    def abort(self):
        self._closing = True
        if self._transport is not None:
            self._transport.abort()

    def pause(self, duration_ns):
        if self._transport is not None and self._pause_timer is None and not self._closing:
            self._transport.pause_reading()
            self._pause_timer = self._loop.call_later(duration_ns / 1e9, self.resume)

    def resume(self):
        if self._pause_timer is not None:
            self._pause_timer.cancel()
            self._pause_timer = None
            if self._transport is not None and not self._closing:
                self._transport.resume_reading()

    def _await_progress(self):
        """Give the peer time to take some of what the transport holds for it."""
        if self._transport is not None:
            self._undelivered = self._untaken()
            delay_s = self._patience.deadline_s
            self._write_timer = self._loop.call_later(delay_s, self._write_overdue)

    def _write_overdue(self):
        if self._transport is None or not self.blocked:
            return
        self.receiver.overdue(self._patience.deadline_s, self._transport.get_write_buffer_size())
        if self._patience.retry and self._untaken() < self._undelivered:
            self._await_progress()
        else:
            self._reason = WRITE_DEADLINE
            self.abort()

    def _untaken(self):
        """Return how much the peer has not acknowledged.

        The transport alone does not tell: a kernel with large buffers asks for more only when much
        of what it holds is gone, which over a thin line takes longer than the deadline.
        """
        return self._transport.get_write_buffer_size() + queued_bytes(self._descriptor)

    def _stop_write_timer(self):
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def pending_bytes(self):
        return 0 if self._transport is None else self._transport.get_write_buffer_size()
