"""One message on its way: where its parts lie, in buffers that belong to somebody else.

A parser fills the same Message again and again, so nobody may keep one, or an offset into its
views, past the call that it was passed to.
"""

from headwater.base import octets

_EMPTY = memoryview(b"")
_empty = _EMPTY  # the same as a C view (see the .pxd)


class Message:
    """Subject, reply, headers and payload as ranges of three views.

    ``subject`` is what the message is routed by.  ``subject_view[subject_start:subject_end]`` is
    what a subscriber is shown; it differs for messages that a consumer sends to a deliver subject
    or inbox (then ``rewritten`` is true).  The body is the header block, ``header_size`` bytes or
    0, and behind it the payload.
    """

    __slots__ = (
        "body_end",
        "body_start",
        "body_view",
        "header_size",
        "mapped",
        "queues",
        "reply_end",
        "reply_start",
        "reply_view",
        "rewritten",
        "subject",
        "subject_end",
        "subject_start",
        "subject_view",
    )

    def __init__(self):
        self.subject = b""
        self.subject_view = _empty
        self.subject_start = 0
        self.subject_end = 0
        self.reply_view = _empty
        self.reply_start = 0
        self.reply_end = 0
        self.body_view = _empty
        self.header_size = 0
        self.body_start = 0
        self.body_end = 0
        self.rewritten = False
        self.mapped = False  # whether ``subject`` is not the one that it came with
        self.queues = None  # the queue groups to serve, for a message from another server

    def set_view(self, view):
        """Let all three views be ``view``."""
        self.subject_view = view
        self.reply_view = view
        self.body_view = view

    def release(self):
        """Let go of the views, so that their buffers can be freed or resized."""
        self.set_view(_empty)

    def rename(self, subject):
        """Let it be routed by ``subject``, and be shown with it."""
        self.mapped = True
        self.subject = subject
        self.subject_view = subject
        self.subject_start = 0
        self.subject_end = len(subject)

    def replace_headers(self, block):
        """Carry the header block ``block``; the body is then in bytes of its own."""
        data = block + self.payload()
        self.body_view = data
        self.header_size = len(block)
        self.body_start = 0
        self.body_end = len(data)

    def shown_subject(self):
        """Return the subject that subscribers are shown, as bytes."""
        return octets.slice_bytes(self.subject_view, self.subject_start, self.subject_end)

    def reply(self):
        """Return the reply subject as bytes, empty when there is none."""
        return octets.slice_bytes(self.reply_view, self.reply_start, self.reply_end)

    def headers(self):
        """Return the header block as bytes, empty when there is none."""
        start = self.body_start
        return octets.slice_bytes(self.body_view, start, start + self.header_size)

    def payload(self):
        """Return the payload as bytes."""
        start = self.body_start + self.header_size
        return octets.slice_bytes(self.body_view, start, self.body_end)

    def copy(self):
        """Return the message, to be kept, in bytes of its own; it is shown as it is routed."""
        copy = Message()
        copy.compose(self.subject, self.reply(), self.headers(), self.payload())
        return copy

    def compose(self, subject, reply, headers, payload):
        """Make this a message of its own bytes, not of anybody's buffer."""
        data = b"".join((subject, reply, headers, payload))
        self.set_view(memoryview(data))
        self.subject = subject
        self.subject_start = 0
        self.subject_end = len(subject)
        self.reply_start = self.subject_end
        self.reply_end = self.reply_start + len(reply)
        self.body_start = self.reply_end
        self.header_size = len(headers)
        self.body_end = len(data)
        self.rewritten = False
        self.mapped = False
        self.queues = None
