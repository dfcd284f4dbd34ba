"""Where a new consumer begins, and how much is before it: may have to read the stream."""

from headwater.base.limits import NEXT_SEQUENCE_MAX
from headwater.jetstream.backlog import Backlog
from headwater.jetstream.consumer_config import DeliverPolicy


class ConsumerStart:
    """Finds ``next_sequence`` and ``backlog``, then counts ``num_pending``.

    ``floor`` is what a new consumer says to have delivered: everything before its first message.
    """

    def __init__(self, store, config):
        self._store = store
        self._config = config
        self._filters = [subject.encode() for subject in config.filters]
        self._done = []
        self._counted = 0  # up to which sequence messages are being counted
        self._seen = 0  # and up to which they have been
        self._wanted = set()
        self._backlog_left = Backlog([])
        self.next_sequence = 1
        self.floor = 0
        self.backlog = []
        self.num_pending = 0
        self.first = 0  # nothing is let through before it

    def find(self, done):
        """Find where a consumer that is being created begins; ``done()`` follows."""
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
            self.next_sequence = max(
                min(self._config.opt_start_seq, NEXT_SEQUENCE_MAX), index.first_sequence
            )
        elif policy == DeliverPolicy.LAST_PER_SUBJECT:
            self.backlog = sorted(self._lasts())
            self.next_sequence = last + 1
            self.floor = (self.backlog[0] if self.backlog else max(last, index.first_sequence)) - 1
            done()
            return
        else:
            self._find_time(self._config.opt_start_time_ns, done)
            return
        self.floor = self.next_sequence - 1
        done()

    def resume(self, next_sequence, backlog, done):
        """Count what is left for a consumer that goes on behind ``next_sequence``."""
        self.next_sequence = next_sequence
        self.backlog = backlog
        self.count(done)

    def then(self, done):
        """Call ``done()`` as well when everything is counted."""
        self._done.append(done)

    def removed(self, sequence, *, wanted):
        """A message went while this counts: take it back if it had been counted."""
        counted = self.next_sequence <= sequence <= self._seen
        if self._backlog_left.remove(sequence) or (wanted and counted):
            self.num_pending -= 1

    def count(self, done):
        """Count the messages that are still to be delivered; ``done()`` follows."""
        self._done.insert(0, done)
        index = self._store.index
        self.num_pending = len(self.backlog)
        if not self._filters:
            self.num_pending += index.count_from(self.next_sequence)
            self._finish()
        elif self.next_sequence <= index.first_sequence:
            subjects = index.subjects
            numbers = self._numbers()
            self.num_pending += subjects.messages(numbers)
            self.first = subjects.lowest_first(numbers)
            self._finish()
        else:
            self._backlog_left = Backlog(self.backlog)
            self._counted = self._seen = self.next_sequence - 1
            self._count_on(None)

    def _finish(self):
        waiting = self._done
        self._done = []
        for done in waiting:
            done()

    def _numbers(self):
        return self._store.index.subjects.numbers(self._filters or [b">"])

    def _lasts(self):
        return self._store.index.subjects.lasts(self._numbers())

    def _find_time(self, time_ns, done):
        index = self._store.index
        self.next_sequence = index.last_sequence + 1
        first = index.first_sequence
        for block in index.blocks:
            if block.live and block.last_time_ns >= time_ns:
                first = max(first, block.first_sequence)
                break
        else:
            self.floor = self.next_sequence - 1
            done()
            return

        def visit(cached):
            if cached.record.time_ns >= time_ns:
                self.next_sequence = cached.record.sequence
                return True
            return False

        def found(_):
            if self._filters and self.next_sequence <= index.first_sequence:
                first = index.subjects.lowest_first(self._numbers())
                self.next_sequence = first or self.next_sequence
            self.floor = self.next_sequence - 1
            done()

        self._store.walk(first, index.last_sequence, visit, found)

    def _count_on(self, _):
        """Count what was stored since the last look, until there is nothing more."""
        index = self._store.index
        self._seen = self._counted
        if self._counted >= index.last_sequence:
            self._finish()
            return
        first = self._counted + 1
        self._counted = index.last_sequence
        self._wanted = set(map(index.subjects.name, self._numbers()))
        if not self._wanted:
            self._finish()
            return
        self._store.walk(first, self._counted, self._visit, self._count_on)

    def _visit(self, cached):
        self._seen = cached.record.sequence
        if cached.subject() in self._wanted:
            self.num_pending += 1
        return False
