"""Leave to answer: who is sent a request may publish to its reply subject, whatever else it may."""

# So many requests may be open, as on nats-server; the oldest make room for more.
_OPEN_MAX = 4096


class Replies:
    """The reply subjects that one connection may answer to."""

    __slots__ = ("_expires_ns", "_max", "_open")

    def __init__(self, answers_max, expires_ns):
        """Permit ``answers_max`` answers to each request within a time; negative: without end."""
        self._max = answers_max
        self._expires_ns = expires_ns
        self._open = {}  # subject -> when it was sent, and how many answers there were

    def note(self, reply, now_ns):
        """The connection is sent a message with that reply subject."""
        self._open.pop(reply, None)
        if len(self._open) >= _OPEN_MAX:
            del self._open[next(iter(self._open))]
        self._open[reply] = (now_ns, 0)

    def permits(self, subject, now_ns):
        """Tell whether one more answer may go to ``subject``, and count it."""
        found = self._open.get(subject)
        if found is None:
            return False
        sent_ns, count = found
        late = 0 <= self._expires_ns < now_ns - sent_ns
        if late or 0 <= self._max <= count:
            del self._open[subject]
            return False
        self._open[subject] = (sent_ns, count + 1)
        return True
