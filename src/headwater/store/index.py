"""What is in a stream right now: counts, per subject and in all, and which block holds what.

The index is the applied state.  It is changed by applying records in order and by nothing else, so
that the same records give the same index anywhere.
"""

from headwater.base import octets
from headwater.subjects.validate import is_literal, matches


class SubjectState:
    """What the index knows of one subject."""

    # Numbers only: there may be millions, and the garbage collector then passes them by.
    __slots__ = ("count", "first", "last", "last_bytes")

    def __init__(self):
        self.count = 0
        self.first = 0  # a lower bound of its first sequence
        self.last = 0  # its last sequence, 0 when that was deleted and is not known
        self.last_bytes = 0  # what the message ``last`` counts for


class Index:
    """Blocks and subjects of one stream."""

    __slots__ = (
        "_last_state",
        "_last_subject",
        "base_bytes",
        "blocks",
        "bytes",
        "emptied",
        "first_sequence",
        "header_bytes",
        "keep_places",
        "last_sequence",
        "last_time_ns",
        "messages",
        "places",
        "previous_bytes",
        "previous_last",
        "subjects",
    )

    def __init__(self, base_bytes, header_bytes):
        self.blocks = []
        self.subjects = {}
        self.messages = 0
        self.bytes = 0
        self.first_sequence = 1  # of the first message, or the next one when there is none
        self.last_sequence = 0
        self.last_time_ns = 0
        self.emptied = False  # whether a block has lost its last message
        self.keep_places = False
        # subject -> [sequence, bytes, sequence, bytes, …], where limits need all of them.
        self.places = {}
        # The last message that the subject of the message added last had before, and its bytes.
        self.previous_last = 0
        self.previous_bytes = 0
        # The subject of the message added last: publishers often stay with one.
        self._last_subject = b""
        self._last_state = None
        # What nats-server counts for a message beyond its parts; limits and clients go by it.
        self.base_bytes = base_bytes
        self.header_bytes = header_bytes

    def message_bytes(self, subject_size, header_size, payload_size):
        """Return what a message counts for in the stream's bytes."""
        size = self.base_bytes + subject_size + header_size + payload_size
        if header_size:
            size += self.header_bytes
        return size

    def add(self, block, record, view):
        """Apply a MESSAGE record that lies in ``block``; return its subject."""
        subject = self._last_subject
        state = self._last_state
        if state is None or not octets.equals(
            view, record.subject_start, record.subject_end, subject
        ):
            subject = record.subject(view)
            state = self.subjects.get(subject)
            if state is None:
                state = self.subjects[subject] = SubjectState()
            self._last_subject = subject
            self._last_state = state
        sequence = record.sequence
        size = self.message_bytes(
            record.subject_end - record.subject_start,
            record.header_size,
            record.end - record.payload_start,
        )
        block.note(sequence, record.time_ns)
        if self.messages == 0:
            self.first_sequence = sequence
        self.messages += 1
        self.bytes += size
        self.last_sequence = sequence
        self.last_time_ns = record.time_ns
        if state.count == 0:
            state.first = sequence
        self.previous_last = state.last
        self.previous_bytes = state.last_bytes
        state.count += 1
        state.last = sequence
        state.last_bytes = size
        if self.keep_places:
            self._keep_place(subject, sequence, size)
        return subject

    def place(self, cached):
        """Note where the message that ``cached`` points at is, added while places were not kept."""
        record = cached.record
        subject = cached.subject()
        state = self.subjects.get(subject)
        if state is not None:
            size = self.message_bytes(
                record.subject_end - record.subject_start,
                record.header_size,
                record.end - record.payload_start,
            )
            self._keep_place(subject, record.sequence, size)
            if record.sequence >= state.last:
                state.last = record.sequence
                state.last_bytes = size

    def _keep_place(self, subject, sequence, size):
        places = self.places.get(subject)
        if places is None:
            places = self.places[subject] = []
        places.append(sequence)
        places.append(size)

    def set_last(self, state, record):
        """Let the message ``record`` be the last one of the subject ``state``."""
        state.last = record.sequence
        state.last_bytes = self.message_bytes(
            record.subject_end - record.subject_start,
            record.header_size,
            record.end - record.payload_start,
        )

    def settle_first(self):
        """Move ``first_sequence`` on to a message that is there."""
        self._advance_first(self.first_sequence)

    def remove(self, sequence, subject, size):
        """Take a message out; return whether it was there."""
        block = self.block_of(sequence)
        if block is None or not block.delete(sequence):
            return False
        self.messages -= 1
        self.bytes -= size
        if block.live == 0:
            self.emptied = True
        if sequence == self.first_sequence:
            self._advance_first(sequence + 1)
        state = self.subjects.get(subject)
        if state is not None:
            state.count -= 1
            places = self.places.get(subject)
            if places is not None:
                _remove_place(places, sequence)
            if state.count == 0:
                del self.subjects[subject]
                self._last_state = None
                self.places.pop(subject, None)
            elif state.last == sequence:
                _step_back(state, places)
            elif state.first == sequence:
                state.first = sequence + 1
        self._settle_empty()
        return True

    def lose(self, sequence):
        """Take out a message that cannot be read: whose it was and its size are not known."""
        block = self.block_of(sequence)
        if block is None or not block.delete(sequence):
            return
        self.bytes -= self.bytes // self.messages
        self.messages -= 1
        if sequence == self.first_sequence:
            self._advance_first(sequence + 1)
        self._settle_empty()

    def forget_oldest(self, subject):
        """Let a subject no longer count its oldest message, which was lost."""
        self.subjects[subject].count -= 1
        places = self.places.get(subject)
        if places is not None:
            del places[:2]

    def skip_to(self, sequence):
        """Let ``sequence`` be the last one given out, though there is no message of it."""
        if sequence > self.last_sequence:
            self.last_sequence = sequence
            if self.messages == 0:
                self.first_sequence = sequence + 1

    def clear(self):
        """Take all messages out; sequences go on."""
        for block in self.blocks:
            block.clear()
        self.emptied = True
        self.subjects.clear()
        self._last_state = None
        self.places.clear()
        self.messages = 0
        self.bytes = 0
        self.first_sequence = self.last_sequence + 1

    def take_empty(self, before_number):
        """Take out, and return, the blocks below a number that have no message any more."""
        self.emptied = False
        empty = [block for block in self.blocks if not block.live and block.number < before_number]
        if empty:
            self.blocks = [
                block for block in self.blocks if block.live or block.number >= before_number
            ]
        return empty

    def block_of(self, sequence):
        """Return the block in which ``sequence`` lies, or None."""
        block = self.block_from(sequence)
        if block is None or sequence < block.first_sequence:
            return None
        return block

    def block_from(self, sequence):
        """Return the first block that has messages at or after ``sequence``, or None."""
        blocks = self.blocks
        low = 0
        high = len(blocks)
        while low < high:
            middle = (low + high) // 2
            block = blocks[middle]
            if block.last_sequence < sequence:
                low = middle + 1
            else:
                high = middle
        # Blocks without live messages are passed over; theirs is the last sequence before them.
        while low < len(blocks):
            block = blocks[low]
            if block.live and block.last_sequence >= sequence:
                return block
            low += 1
        return None

    def next_from(self, sequence):
        """Return the first message at or after ``sequence``, or 0."""
        while True:
            block = self.block_from(sequence)
            if block is None:
                return 0
            found = block.first_from(sequence)
            if found:
                return found
            sequence = block.last_sequence + 1

    def count_from(self, sequence):
        """Return how many messages there are at or after ``sequence``."""
        if sequence <= self.first_sequence:
            return self.messages
        count = 0
        index = len(self.blocks) - 1
        while index >= 0:
            block = self.blocks[index]
            if block.last_sequence < sequence:
                break
            if block.live:
                count += block.count_from(sequence)
            index -= 1
        return count

    def gaps(self):
        """Return the sequences between the first message and the last that are not there."""
        found = []
        expected = self.first_sequence
        sequence = self.next_from(expected)
        while sequence:
            found.extend(range(expected, sequence))
            expected = sequence + 1
            sequence = self.next_from(expected)
        found.extend(range(expected, self.last_sequence + 1))
        return found

    def last_of(self, subject):
        """Return the last sequence of a literal subject, 0 when there is none."""
        state = self.subjects.get(subject)
        return 0 if state is None else state.last

    def matching(self, pattern):
        """Return ``(subject, state)`` of each subject that ``pattern`` stands for."""
        if is_literal(pattern):
            state = self.subjects.get(pattern)
            return [] if state is None else [(pattern, state)]
        return [
            (subject, state)
            for subject, state in self.subjects.items()
            if matches(pattern, subject)
        ]

    def _advance_first(self, sequence):
        if self.messages == 0:
            self.first_sequence = self.last_sequence + 1
            return
        found = self.next_from(sequence)
        self.first_sequence = found if found else self.last_sequence + 1

    def _settle_empty(self):
        """Let an empty stream count nothing, also after messages that could not be read."""
        if self.messages == 0:
            self.bytes = 0
            self.subjects.clear()
            self._last_state = None
            self.places.clear()


def _step_back(state, places):
    """The last message of a subject is gone: take the one before, where that is known."""
    state.last = 0
    state.last_bytes = 0
    if places is not None and len(places) >= 2:
        state.last = places[len(places) - 2]
        state.last_bytes = places[len(places) - 1]


def _remove_place(places, sequence):
    index = 0
    while index < len(places):
        if places[index] == sequence:
            del places[index : index + 2]
            return
        index += 2
