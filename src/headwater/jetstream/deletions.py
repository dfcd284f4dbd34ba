"""Messages that a stream kept for its consumers, and that none of them waits for any more."""

from headwater.base import octets
from headwater.base.buffer import Buffer
from headwater.store.record import DELETE

_RECORD_SEQUENCES_MAX = 512
_record_sequences_max = _RECORD_SEQUENCES_MAX


class Deletions:
    """Proposes their deletion, those of one batch together."""

    __slots__ = ("_router", "_store", "_unproposed", "sequences")

    def __init__(self, store, router):
        self._store = store
        self._router = router
        self._unproposed = []
        self.sequences = set()  # those whose deletion is not applied

    def add(self, sequence):
        """Delete a message, if it is there."""
        if sequence in self.sequences or not self._store.has(sequence):
            return
        self.sequences.add(sequence)
        self._store.watched = True
        if not self._unproposed:
            self._router.ending.append(self)
        self._unproposed.append(sequence)

    def applied(self, sequence):
        """A message is gone."""
        self.sequences.discard(sequence)

    def clear(self):
        """All messages are gone."""
        self.sequences.clear()

    def end_of_batch(self):
        self.propose()
        self._store.commit()

    def propose(self):
        """Propose what is not yet proposed.

        This has to come before what is recorded of the consumers from which it follows: otherwise
        a crash between the two would leave messages that nobody waits for.
        """
        unproposed = self._unproposed
        at = 0
        while at < len(unproposed):
            end = min(at + _record_sequences_max, len(unproposed))
            self._store.propose(DELETE, b"", _packed(unproposed, at, end))
            at = end
        self._unproposed = []

    def propose_again(self):
        """Propose all of it once more, for it has not reached the disk."""
        self._unproposed = sorted(self.sequences)
        self.propose()


def _packed(sequences, start, end):
    """Return some of ``sequences`` as the payload of a record."""
    payload = Buffer(8 * (end - start))
    for place in range(start, end):
        payload.size = octets.put_u64(payload.view, payload.size, sequences[place])
    return payload.contents()
