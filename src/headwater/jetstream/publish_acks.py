"""Acknowledgements of published messages, kept until the batch that they belong to is on disk.

offset  size
     0     2  size of the reply subject
     2     1  1 for a duplicate, else 0
     3     8  sequence
    11        reply subject
"""

from headwater.base import octets
from headwater.base.buffer import Buffer
from headwater.wire.message import Message

_ENTRY_BYTES = 11
_ACK_BYTES_MAX = 64  # of a payload, the part that names the stream left out

_entry_bytes = _ENTRY_BYTES
_ack_bytes_max = _ACK_BYTES_MAX


class PublishAcks:
    """Whom to tell when a batch is through, in the order of their sequences.

    ``callbacks`` get the error of the batch, None when it was committed and applied.
    """

    __slots__ = ("buffer", "callbacks", "first_sequence", "last_sequence", "message", "payload")

    def __init__(self):
        self.buffer = Buffer()
        self.payload = Buffer()
        self.message = Message()
        self.callbacks = []
        self.first_sequence = 0  # of the messages that were proposed for the batch
        self.last_sequence = 0

    def note(self, sequence):
        """A message with this sequence was proposed."""
        if self.first_sequence == 0:
            self.first_sequence = sequence
        self.last_sequence = sequence

    def add(self, message, sequence, duplicate):
        """Have the reply subject of ``message`` acknowledged."""
        buffer = self.buffer
        size = message.reply_end - message.reply_start
        buffer.reserve(_entry_bytes + size)
        at = octets.put_u16(buffer.view, buffer.size, size)
        at = octets.put_byte(buffer.view, at, 1 if duplicate else 0)
        at = octets.put_u64(buffer.view, at, sequence)
        buffer.size = octets.copy_into(
            buffer.view, at, message.reply_view, message.reply_start, message.reply_end
        )

    def is_empty(self):
        """Tell whether there is nobody to tell."""
        return self.buffer.size == 0 and not self.callbacks

    def send(self, router, account, prefix):
        """Send the acknowledgements, in JSON that begins with ``prefix``."""
        buffer = self.buffer
        self.payload.reserve(len(prefix) + _ack_bytes_max)
        self._begin()
        at = 0
        while at < buffer.size:
            size = octets.get_u16(buffer.view, at)
            self._compose(prefix, octets.get_i64(buffer.view, at + 3), buffer.view[at + 2])
            at += _entry_bytes
            self._route(router, account, at, at + size)
            at += size
        self.message.release()
        self.clear()

    def refuse(self, router, account, answer):
        """Send everybody the error ``answer`` (JSON) instead."""
        buffer = self.buffer
        payload = self.payload
        payload.size = 0
        payload.append(answer)
        self._begin()
        at = 0
        while at < buffer.size:
            size = octets.get_u16(buffer.view, at)
            at += _entry_bytes
            self._route(router, account, at, at + size)
            at += size
        self.message.release()
        self.clear()

    def clear(self):
        """Forget everybody."""
        self.buffer.size = 0
        self.callbacks = []
        self.first_sequence = self.last_sequence = 0

    def _begin(self):
        """Let the message lie in the two buffers, which do not grow from here on."""
        message = self.message
        message.set_view(self.buffer.view)
        message.body_view = self.payload.view
        message.reply_start = message.reply_end = 0
        message.header_size = 0
        message.body_start = 0

    def _compose(self, prefix, sequence, duplicate):
        payload = self.payload
        at = octets.put_bytes(payload.view, 0, prefix)
        at = octets.put_decimal(payload.view, at, sequence)
        if duplicate:
            at = octets.put_bytes(payload.view, at, b',"duplicate": true')
        payload.size = octets.put_byte(payload.view, at, 125)

    def _route(self, router, account, start, end):
        message = self.message
        message.subject = octets.slice_bytes(self.buffer.view, start, end)
        message.subject_start = start
        message.subject_end = end
        message.body_end = self.payload.size
        router.route(account, message, None)
