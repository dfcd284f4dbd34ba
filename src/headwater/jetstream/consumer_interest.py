"""Which consumers of a stream a message concerns: asked once for each subject."""

from headwater.subjects.match import Interest, Sublist

_SUBJECTS_MAX = 1024  # whose answer is remembered, twice that at most


class Taker(Interest):
    """One filter of a consumer."""

    __slots__ = ("delivery",)

    def __init__(self, subject, delivery):
        super().__init__(subject)
        self.delivery = delivery


class ConsumerInterest:
    """The Deliveries of a stream's consumers by their filters.

    Only those that a message concerns hear of it, so that it costs the same beside thousands.
    """

    __slots__ = ("_all", "_due", "_filtered", "_takers")

    def __init__(self):
        self._takers = {}  # Delivery -> its Takers
        self._all = []  # those that want every subject
        self._filtered = Sublist(_SUBJECTS_MAX)
        self._due = {}  # Deliveries that something has come for, or that have room again

    def add(self, delivery):
        """Take in a consumer's Delivery, or one whose filters have changed."""
        self.remove(delivery)
        filters = delivery.filters
        if not filters or b">" in filters:
            filters = []
            self._all = [*self._all, delivery]  # the old list may be being walked right now
        takers = self._takers[delivery] = [Taker(subject, delivery) for subject in filters]
        for taker in takers:
            self._filtered.insert(taker)

    def remove(self, delivery):
        """Take one out, if it is in."""
        takers = self._takers.pop(delivery, None)
        if takers is None:
            return
        if not takers:
            self._all = [other for other in self._all if other is not delivery]
        for taker in takers:
            self._filtered.remove(taker)
        self._due.pop(delivery, None)

    def takers(self, subject):
        """Return the Deliveries that want a subject."""
        found = self._filtered.match(subject).plain
        if not found:
            return self._all
        deliveries = dict.fromkeys(self._all)
        for taker in found:
            deliveries[taker.delivery] = None
        return list(deliveries)

    def wanted(self, subject):
        """Tell whether any consumer wants a subject."""
        return bool(self._all) or bool(self._filtered.match(subject).plain)

    def stored(self, sequence, subject):
        """A message was added to the stream."""
        due = self._due
        for delivery in self._all:
            delivery.stored(sequence)
            due[delivery] = None
        for taker in self._filtered.match(subject).plain:
            taker.delivery.stored(sequence)
            due[taker.delivery] = None

    def removed(self, sequence, subject):
        """A message was removed from the stream."""
        for delivery in self._all:
            self.removed_for(delivery, sequence, subject)
        for taker in self._filtered.match(subject).plain:
            self.removed_for(taker.delivery, sequence, subject)

    def removed_for(self, delivery, sequence, subject):
        """Tell one Delivery so; if that gives it room again it delivers with the others."""
        if delivery.removed(sequence, subject):
            self._due[delivery] = None

    def wake_due(self):
        """Let those deliver that have something to deliver since the last time."""
        due = self._due
        if due:
            self._due = {}
            for delivery in due:
                delivery.wake_if_asked()
