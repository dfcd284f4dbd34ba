"""What is in a stream right now: counts, per subject and in all, and which block holds what.

The index is the applied state.  It is changed by applying records in order and by nothing else, so
that the same records give the same index anywhere.
"""

from array import array

from headwater.base import octets
from headwater.store.subjects import SubjectTable


class Index:
    """Blocks and subjects of one stream."""

    __slots__ = (
        "_last_number",
        "_last_subject",
        "aged_to",
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
        "thinned",
    )

    def __init__(self, base_bytes, header_bytes):
        self.blocks = []
        self.subjects = SubjectTable()
        self.messages = 0
        self.bytes = 0
        self.first_sequence = 1  # of the first message, or the next one when there is none
        self.last_sequence = 0
        self.last_time_ns = 0
        self.aged_to = 0  # what is below it and still there is not to go for its age
        self.emptied = False  # whether a block has lost its last message
        self.thinned = True  # whether a block has lost a message since all were looked at
        self.keep_places = False
        # Entry of a subject -> sequence, bytes, sequence, bytes, …, where limits need them all.
        self.places = {}
        # The last message that the subject of the message added last had before, and its bytes.
        self.previous_last = 0
        self.previous_bytes = 0
        # The subject of the message added last, and its entry: publishers often stay with one.
        self._last_subject = b""
        self._last_number = -1
        # What nats-server counts for a message beyond its parts; limits and clients go by it.
        self.base_bytes = base_bytes
        self.header_bytes = header_bytes

    def message_bytes(self, subject_size, header_size, payload_size):
        """Return what a message counts for in the stream's bytes."""
        size = self.base_bytes + subject_size + header_size + payload_size
        if header_size:
            size += self.header_bytes
        return size

    def size_of(self, record):
        """Return what the message ``record`` counts for."""
        return self.message_bytes(
            record.subject_end - record.subject_start,
            record.header_size,
            record.end - record.payload_start,
        )

    def add(self, block, record, view):
        """Apply a MESSAGE record that lies in ``block``; return its subject."""
        subjects = self.subjects
        subject = self._last_subject
        number = self._last_number
        if number < 0 or not octets.equals(view, record.subject_start, record.subject_end, subject):
            subject = record.subject(view)
            number = subjects.find(subject)
            if number < 0:
                number = subjects.add(subject)
            self._last_subject = subject
            self._last_number = number
        sequence = record.sequence
        size = self.size_of(record)
        block.note(sequence, record.time_ns)
        if self.messages == 0:
            self.first_sequence = sequence
        self.messages += 1
        self.bytes += size
        self.last_sequence = sequence
        self.last_time_ns = record.time_ns
        count = subjects.count(number)
        if count == 0:
            subjects.set_first(number, sequence)
            self.previous_last = self.previous_bytes = 0
        else:
            self.previous_last = subjects.last(number)
            self.previous_bytes = subjects.last_bytes(number)
        subjects.set_count(number, count + 1)
        subjects.set_last(number, sequence, size)
        if self.keep_places:
            self._keep_place(number, sequence, size)
        return subject

    def place(self, cached):
        """Note where the message that ``cached`` points at is, added while places were not kept."""
        record = cached.record
        number = self.subjects.find(cached.subject())
        if number >= 0:
            self._keep_place(number, record.sequence, self.size_of(record))
            if record.sequence >= self.subjects.last(number):
                self.set_last(number, record)

    def _keep_place(self, number, sequence, size):
        places = self.places.get(number)
        if places is None:
            places = self.places[number] = array("q")
        places.append(sequence)
        places.append(size)

    def set_last(self, number, record):
        """Let the message ``record`` be the last one of the subject with that entry."""
        self.subjects.set_last(number, record.sequence, self.size_of(record))

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
        self.thinned = True
        if block.live == 0:
            self.emptied = True
        if sequence == self.first_sequence:
            self._advance_first(sequence + 1)
        number = self.subjects.find(subject)
        if number >= 0:
            self._remove_from(number, sequence)
        self._settle_empty()
        return True

    def _remove_from(self, number, sequence):
        """Let a subject no longer count a message."""
        subjects = self.subjects
        places = self.places.get(number) if self.places else None
        if places is not None:
            _remove_place(places, sequence)
        count = subjects.count(number) - 1
        if count == 0:
            subjects.drop(number)
            self._last_number = -1
            self.places.pop(number, None)
            return
        subjects.set_count(number, count)
        if subjects.last(number) == sequence:
            if places is not None and len(places) >= 2:
                # The one before is the last one now.
                subjects.set_last(number, places[len(places) - 2], places[len(places) - 1])
            else:
                subjects.set_last(number, 0, 0)
        elif subjects.first(number) == sequence:
            subjects.set_first(number, sequence + 1)

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

    def begin_count(self):
        """Count nothing any more: each message that is there is given to ``count`` next."""
        self.subjects.clear()
        self._last_number = -1
        self.places.clear()
        self.messages = 0
        self.bytes = 0

    def count(self, cached):
        """Count the message that ``cached`` points at, which lies behind those counted before."""
        record = cached.record
        subject = cached.subject()
        number = self.subjects.find(subject)
        if number < 0:
            number = self.subjects.add(subject)
            self.subjects.set_first(number, record.sequence)
        self.subjects.set_count(number, self.subjects.count(number) + 1)
        self.set_last(number, record)
        size = self.size_of(record)
        self.messages += 1
        self.bytes += size
        if self.keep_places:
            self._keep_place(number, record.sequence, size)

    def forget_oldest(self, subject):
        """Let a subject no longer count its oldest message, which was lost."""
        subjects = self.subjects
        number = subjects.find(subject)
        subjects.set_count(number, subjects.count(number) - 1)
        places = self.places.get(number)
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
        self._last_number = -1
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

    def next_expiry(self):
        """Return when the next message is to go by its own word, 0 when none is."""
        soonest = 0
        for block in self.blocks:
            time_ns = block.next_expiry()
            if time_ns and (soonest == 0 or time_ns < soonest):
                soonest = time_ns
        return soonest

    def due(self, now_ns, count_max):
        """Return the sequences of up to so many messages that are to go by their own word."""
        found = []
        for block in self.blocks:
            time_ns = block.next_expiry()
            if time_ns and time_ns <= now_ns:
                for _, sequence in block.expiries.due(now_ns, count_max):
                    if block.has(sequence):
                        found.append(sequence)
                if len(found) >= count_max:
                    break
        return sorted(found)[:count_max]

    def delay_expiries(self, delay_ns, last_sequence):
        """Let the messages up to a sequence go later by so much, if by their own word."""
        for block in self.blocks:
            if block.expiries is not None:
                block.expiries = block.expiries.delayed(delay_ns, last_sequence)

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
            self._last_number = -1
            self.places.clear()


def _remove_place(places, sequence):
    index = 0
    while index < len(places):
        if places[index] == sequence:
            del places[index : index + 2]
            return
        index += 2
