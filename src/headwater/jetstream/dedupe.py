"""Which message ids were seen within a stream's duplicate window, and what became of them."""

from collections import deque


class Dedupe:
    """Message ids with the sequence that each was stored as; ``window_ns`` 0 keeps none."""

    def __init__(self, window_ns):
        self.window_ns = window_ns
        self.last_id = b""  # of the message stored last, empty when that had none
        self._sequences = {}
        self._ages = deque()  # (time, id, sequence), oldest first

    def find(self, message_id, now_ns):
        """Return the sequence of the message ``message_id`` (bytes), 0 when it is new."""
        self._expire(now_ns)
        return self._sequences.get(message_id, 0)

    def add(self, message_id, sequence, now_ns):
        """Note a message; times only rise."""
        if self.window_ns > 0:
            self._sequences[message_id] = sequence
            self._ages.append((now_ns, message_id, sequence))

    def withdraw(self, first, last):
        """The messages of these sequences were not stored after all."""
        kept = deque()
        for entry in self._ages:
            if first <= entry[2] <= last:
                self._sequences.pop(entry[1], None)
            else:
                kept.append(entry)
        self._ages = kept
        self.last_id = kept[-1][1] if kept else b""

    def clear(self):
        """Forget everything."""
        self._sequences.clear()
        self._ages.clear()

    def __len__(self):
        return len(self._sequences)

    def _expire(self, now_ns):
        ages = self._ages
        bound_ns = now_ns - self.window_ns
        while ages and ages[0][0] < bound_ns:
            _, message_id, sequence = ages.popleft()
            if self._sequences.get(message_id) == sequence:
                del self._sequences[message_id]
