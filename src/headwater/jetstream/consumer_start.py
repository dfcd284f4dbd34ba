"""Where a new consumer begins, and how much is before it: may have to read the stream."""

from headwater.jetstream.consumer_config import DeliverPolicy


class ConsumerStart:
    """Finds ``next_sequence``, ``backlog`` and ``num_pending``, then calls ``done(self)``.

    ``floor`` is what a new consumer says to have delivered: everything before its first message.
    """

    def __init__(self, store, config, done):
        self._store = store
        self._config = config
        self._filters = [subject.encode() for subject in config.filters]
        self._done = done
        self._counted = 0  # up to which sequence messages were counted
        self._wanted = set()
        self.next_sequence = 1
        self.floor = 0
        self.backlog = []
        self.num_pending = 0

    def find(self):
        """Find where a consumer that is being created begins."""
        index = self._store.index
        policy = self._config.deliver_policy
        last = index.last_sequence
        if policy == DeliverPolicy.ALL:
            self.next_sequence = index.first_sequence
        elif policy == DeliverPolicy.LAST:
            # Without a filter it is the last sequence, even if that message was deleted.
            lasts = self._lasts() if self._filters else [max(last, 1)]
            self.next_sequence = max(lasts) if lasts else index.first_sequence
        elif policy == DeliverPolicy.NEW:
            self.next_sequence = last + 1
        elif policy == DeliverPolicy.BY_START_SEQUENCE:
            self.next_sequence = max(self._config.opt_start_seq, index.first_sequence)
        elif policy == DeliverPolicy.LAST_PER_SUBJECT:
            self.backlog = sorted(self._lasts())
            self.next_sequence = last + 1
            self.floor = self.backlog[0] - 1 if self.backlog else max(0, last - 1)
            self.count()
            return
        else:
            self._find_time(self._config.opt_start_time_ns)
            return
        self.floor = self.next_sequence - 1
        self.count()

    def resume(self, next_sequence, backlog):
        """Count what is left for a consumer that goes on behind ``next_sequence``."""
        self.next_sequence = next_sequence
        self.backlog = backlog
        self.count()

    def count(self):
        """Count the messages that are still to be delivered."""
        index = self._store.index
        self.num_pending = len(self.backlog)
        if not self._filters:
            self.num_pending += index.count_from(self.next_sequence)
            self._done(self)
        elif self.next_sequence <= index.first_sequence:
            self.num_pending += sum(state.count for _, state in self._matching())
            self._done(self)
        else:
            self._counted = self.next_sequence - 1
            self._count_on(None)

    def _matching(self):
        found = {}
        for pattern in self._filters or [b">"]:
            found.update(self._store.index.matching(pattern))
        return found.items()

    def _lasts(self):
        return [state.last for _, state in self._matching() if state.last]

    def _find_time(self, time_ns):
        index = self._store.index
        self.next_sequence = index.last_sequence + 1
        first = index.first_sequence
        for block in index.blocks:
            if block.live and block.last_time_ns >= time_ns:
                first = max(first, block.first_sequence)
                break
        else:
            self.floor = self.next_sequence - 1
            self.count()
            return

        def visit(cached):
            if cached.record.time_ns >= time_ns:
                self.next_sequence = cached.record.sequence
                return True
            return False

        def found(_):
            if self._filters and self.next_sequence <= index.first_sequence:
                firsts = [state.first for _, state in self._matching()]
                self.next_sequence = min(firsts, default=self.next_sequence)
            self.floor = self.next_sequence - 1
            self.count()

        self._store.walk(first, index.last_sequence, visit, found)

    def _count_on(self, _):
        """Count what was stored since the last look, until there is nothing more."""
        index = self._store.index
        if self._counted >= index.last_sequence:
            self._done(self)
            return
        first = self._counted + 1
        self._counted = index.last_sequence
        self._wanted = {subject for subject, _ in self._matching()}
        if not self._wanted:
            self._done(self)
            return
        self._store.walk(first, self._counted, self._visit, self._count_on)

    def _visit(self, cached):
        if cached.subject() in self._wanted:
            self.num_pending += 1
        return False
