"""Work on one stream that takes a while: walks, and what some records still do once applied.

A step of an applied record returns whether it is finished.  It stops when a block has to be fetched
or when its stretch is over, and is called again.
"""

_WALK_RECORDS_MAX = 2000  # visited at a stretch: about a millisecond


class Walk:
    """Messages in order, a stretch at a time."""

    def __init__(self, store, first, last, visit, done, timers):
        self._store = store
        self._next = first
        self._last = last
        self._visit = visit
        self._done = done
        self._timers = timers

    def go(self, error=None):
        """Visit on, until a block is missing, the stretch is over, or all is done."""
        store = self._store
        if error is not None:
            # What cannot be read is passed over: it must not keep the rest from being seen.
            block = store.index.block_from(self._next)
            self._next = self._last + 1 if block is None else block.last_sequence + 1
        for _ in range(_WALK_RECORDS_MAX):
            sequence = store.index.next_from(self._next)
            if not sequence or sequence > self._last or store.closed:
                self._done(None)
                return
            block = store.missing(sequence)
            if block is not None:
                self._next = sequence
                store.load(block, self.go)
                return
            cached = store.find(sequence)
            self._next = sequence + 1
            if cached is not None and self._visit(cached):
                self._done(None)
                return
        self._timers.after(0, self.go)


class Enforcement:
    """New limits at work."""

    def step(self, store):
        return store.enforce()


class Removal:
    """A DELETE record at work; its subject's last message is found again if that was it."""

    def __init__(self, sequence):
        self._sequence = sequence
        self._subject = None

    def step(self, store):
        index = store.index
        if self._subject is None:
            if store.needs(self._sequence):
                return False
            cached = store.find(self._sequence)
            if cached is None:
                return store.remove(self._sequence)
            self._subject = cached.subject()
            store.remove(self._sequence)
        number = index.subjects.find(self._subject)
        if number < 0 or index.subjects.last(number):
            return True
        return self._find_last(store, number)

    def _find_last(self, store, number):
        """Look backwards for the subject's last message; False when a block has to be fetched."""
        first = store.index.subjects.first(number)
        while self._sequence > first:
            if store.is_spent():
                return False
            self._sequence -= 1
            if store.needs(self._sequence):
                self._sequence += 1
                return False
            cached = store.find(self._sequence)
            if cached is not None and cached.subject() == self._subject:
                store.index.set_last(number, cached.record)
                return True
        return True


class Trim:
    """A TRIM record at work: what is below a sequence goes, but for what is not to for its age."""

    def __init__(self, bound):
        self._bound = bound

    def step(self, store):
        index = store.index
        sequence = self._next(index)
        while sequence and sequence < self._bound:
            block = index.block_of(sequence)
            if block.keeps(sequence):
                index.aged_to = sequence + 1
            elif store.is_spent() or not store.remove(sequence):
                return False
            sequence = self._next(index)
        index.aged_to = max(index.aged_to, min(self._bound, index.last_sequence + 1))
        return True

    def _next(self, index):
        return index.next_from(max(index.first_sequence, index.aged_to))


class Purge:
    """A PURGE record at work: by subject, below a bound, keeping the newest so many."""

    def __init__(self, pattern, bound, keep):
        self.pattern = pattern  # empty for every subject
        self.bound = bound  # the first sequence that stays in any case
        self.keep = keep
        self._next = 0
        self._found = None  # the sequences to remove
        self.removed = 0  # how many messages are

    def encode(self):
        """Return the payload of the record; its name is the pattern."""
        return self.bound.to_bytes(8, "little") + self.keep.to_bytes(8, "little")

    @classmethod
    def decode(cls, pattern, payload):
        return cls(
            pattern, int.from_bytes(payload[:8], "little"), int.from_bytes(payload[8:16], "little")
        )

    def is_like(self, other):
        """Tell whether another is to remove the same."""
        ours = (self.pattern, self.bound, self.keep)
        return ours == (other.pattern, other.bound, other.keep)

    def step(self, store):
        if not self._is_through(store):
            return False
        store.owner.purged(self)
        return True

    def _is_through(self, store):
        index = store.index
        if self._found is None:
            if not self.pattern and not self.keep and self.bound > index.last_sequence:
                self._clear(store)
                return True
            self._found = []
            self._next = index.first_sequence
        if self._next:
            if not self._search(store):
                return False
            self._next = 0
            if self.keep:
                del self._found[max(0, len(self._found) - self.keep) :]
        while self.removed < len(self._found):
            if store.is_spent() or not store.remove(self._found[self.removed]):
                return False
            self.removed += 1
        return True

    def _clear(self, store):
        index = store.index
        if store.watched:
            store.owner.removed(0, b"")
        self.removed = index.messages
        index.clear()

    def _search(self, store):
        """Collect what the pattern fits; return False to go on later."""
        wanted = None
        if self.pattern:
            wanted = {subject for subject, _ in store.index.subjects.matching(self.pattern)}
            if not wanted:
                return True
        while True:
            sequence = store.index.next_from(self._next)
            if not sequence or sequence >= self.bound:
                return True
            self._next = sequence
            if store.is_spent():
                return False
            if wanted is not None:
                if store.needs(sequence):
                    return False
                cached = store.find(sequence)
                if cached is not None and cached.subject() in wanted:
                    self._found.append(sequence)
            else:
                self._found.append(sequence)
            self._next = sequence + 1


class Places:
    """Finds where the messages of each subject are, for a limit per subject that is new."""

    def __init__(self, *, known):
        self._known = known
        self._next = 0
        self._number = 0  # of the entry of the subject that is looked at next

    def step(self, store):
        index = store.index
        if not self._known:
            if not self._next:
                index.places = {}
                self._next = 1
            if not self._collect(store):
                return False
            self._known = True
        if store.per_subject_max > 0 and not self._enforce(store):
            return False
        if not index.keep_places:
            index.places.clear()
        return True

    def _enforce(self, store):
        subjects = store.index.subjects
        while (number := subjects.next_number(self._number)) >= 0:
            if store.is_spent():
                return False
            store.enforce_subject(subjects.name(number))
            self._number = number + 1
        return True

    def _collect(self, store):
        index = store.index
        while sequence := index.next_from(self._next):
            self._next = sequence
            if store.is_spent() or store.needs(sequence):
                return False
            cached = store.find(sequence)
            if cached is not None:
                index.place(cached)
            self._next = sequence + 1
        return True


class Scan:
    """Messages in order, each read on the spot."""

    def __init__(self, store, first):
        self._store = store
        self._next = first

    def __iter__(self):
        return self

    def __next__(self):
        store = self._store
        while sequence := store.index.next_from(self._next):
            self._next = sequence + 1
            block = store.missing(sequence)
            if block is not None:
                store.fetch_now(block)
            cached = store.find(sequence)
            if cached is not None:
                return cached
        raise StopIteration
