"""Sequences that a consumer delivers before all others: the last one of each subject."""


class Backlog:
    """Sequences in rising order; taken from the front, and out of their middle when one goes."""

    __slots__ = ("_left", "_sequences")

    def __init__(self, sequences):
        # The first one stands at the end, where it is taken off; what is gone is negative.
        self._sequences = sorted(sequences, reverse=True)
        self._left = len(self._sequences)

    def __len__(self):
        return self._left

    def __contains__(self, sequence):
        return self._place_of(sequence) >= 0

    def first(self):
        """Return the first sequence, 0 when there is none."""
        sequences = self._sequences
        return sequences[len(sequences) - 1] if self._left else 0

    def drop_first(self):
        """Take the first sequence out; there is one."""
        self._sequences.pop()
        self._left -= 1
        self._settle()

    def remove(self, sequence):
        """Take a sequence out, wherever it is; return whether it was in."""
        place = self._place_of(sequence)
        if place < 0:
            return False
        self._sequences[place] = -sequence
        self._left -= 1
        self._settle()
        return True

    def sequences(self):
        """Return what is in, in rising order."""
        return [sequence for sequence in reversed(self._sequences) if sequence > 0]

    def _settle(self):
        """Let the end be a sequence that is in."""
        sequences = self._sequences
        while sequences and sequences[len(sequences) - 1] < 0:
            sequences.pop()

    def _place_of(self, sequence):
        """Return where a sequence stands, -1 when it is not in."""
        sequences = self._sequences
        low = 0
        high = len(sequences) - 1
        while low <= high:
            middle = (low + high) // 2
            found = sequences[middle]
            if found == sequence:
                return middle
            if abs(found) > sequence:
                low = middle + 1
            else:
                high = middle - 1
        return -1
