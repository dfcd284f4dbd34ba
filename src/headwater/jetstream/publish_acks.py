"""Acknowledgements of published messages, kept until the batch that they belong to is on disk.

offset  size
     0     2  size of the reply subject
     2     1  what kind of acknowledgement it is
     3     8  sequence
    11        reply subject
              size of the text, 4 bytes, and the text, for the kinds that have one
"""

from headwater.base import octets
from headwater.base.buffer import Buffer
from headwater.wire.message import Message

_ENTRY_BYTES = 11
_ACK_BYTES_MAX = 64  # of a payload, the part that names the stream left out

# Kinds of acknowledgements.
_PLAIN = 0
_DUPLICATE = 1
_EXTENDED = 2  # what the text says follows the sequence
_WHOLE = 3  # the text is all that is sent

_entry_bytes = _ENTRY_BYTES
_ack_bytes_max = _ACK_BYTES_MAX
_plain = _PLAIN
_duplicate = _DUPLICATE
_extended = _EXTENDED


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
        self._add(message, sequence, _duplicate if duplicate else _plain)

    def add_extended(self, message, sequence, fields):
        """Have it acknowledged with further fields, JSON that begins with a comma."""
        self._add(message, sequence, _extended)
        self._add_text(fields)

    def add_whole(self, message, answer):
        """Have it answered with ``answer``."""
        self._add(message, 0, _WHOLE)
        self._add_text(answer)

    def _add(self, message, sequence, kind):
        buffer = self.buffer
        size = message.reply_end - message.reply_start
        buffer.reserve(_entry_bytes + size)
        at = octets.put_u16(buffer.view, buffer.size, size)
        at = octets.put_byte(buffer.view, at, kind)
        at = octets.put_u64(buffer.view, at, sequence)
        buffer.size = octets.copy_into(
            buffer.view, at, message.reply_view, message.reply_start, message.reply_end
        )

    def _add_text(self, text):
        buffer = self.buffer
        buffer.reserve(4 + len(text))
        at = octets.put_u32(buffer.view, buffer.size, len(text))
        buffer.size = octets.put_bytes(buffer.view, at, text)

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
            kind = buffer.view[at + 2]
            sequence = octets.get_i64(buffer.view, at + 3)
            start = at + _entry_bytes
            at = start + size
            if kind <= _duplicate:
                self._compose(prefix, sequence, kind)
            else:
                at = self._compose_with_text(prefix, sequence, kind, at)
            self._route(router, account, start, start + size)
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
            kind = buffer.view[at + 2]
            start = at + _entry_bytes
            at = start + size
            if kind > _duplicate:
                at += 4 + octets.get_u32(buffer.view, at)
            self._route(router, account, start, start + size)
        self.message.release()
        self.clear()

    def clear(self):
        """Forget everybody."""
        self.buffer.size = 0
        if self.callbacks:
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

    def _compose_with_text(self, prefix, sequence, kind, at):
        """Compose an answer with the text at ``at`` of the buffer; return where that ends."""
        size = octets.get_u32(self.buffer.view, at)
        text = octets.slice_bytes(self.buffer.view, at + 4, at + 4 + size)
        payload = self.payload
        payload.size = 0
        if kind == _extended:
            payload.append(b"%b%d%b}" % (prefix, sequence, text))
        else:
            payload.append(text)
        self.message.body_view = payload.view  # it may have grown
        return at + 4 + size

    def _route(self, router, account, start, end):
        message = self.message
        message.subject = octets.slice_bytes(self.buffer.view, start, end)
        message.subject_start = start
        message.subject_end = end
        message.body_end = self.payload.size
        router.route(account, message, None)
