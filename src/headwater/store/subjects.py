"""The subjects of a stream and what is known of each, in flat memory: there may be millions.

Every subject has an entry, which its users know by a number.  Entries lie in pages:

    offset  size
         0     4  hash of the subject
         4     4  where the subject is written: page and offset
         8     8  how many messages it has; 0 in an entry that is free
        16     8  a lower bound of its first sequence (in a free entry the next one that is free)
        24     8  its last sequence, 0 when that was deleted and is not known
        32     4  what the message ``last`` counts for, in bytes

Subjects are written one behind the other in pages of their own, each with the number of its entry
(4 bytes) and its size (2 bytes) in front.  A page that is for the most part subjects that are gone
is given up: those still needed move.  Numbers by hash stand in tables with open addressing; a
table that has to grow holds only a part of them, so that no growth takes long.
"""

from headwater.base import octets
from headwater.base.buffer import Buffer
from headwater.subjects.validate import is_literal, matches, matches_any

_ENTRY_BYTES = 36
_ENTRY_PAGE_BITS = 12
_NAME_PAGE_BITS = 18
_NAME_HEAD_BYTES = 6
_PACKED_HEAD_BYTES = 30
_SLOTS_MIN = 8
# In an entry that is free, and in front of a subject that is gone.
_NOWHERE = 0xFFFFFFFF
# From so many subjects on, their tables are split into so many parts.
_SPLIT_ENTRIES = 1 << 14
_PART_BITS = 8

# The same as C numbers (see the .pxd).
_entry_bytes = _ENTRY_BYTES
_entry_page_bits = _ENTRY_PAGE_BITS
_name_page_bits = _NAME_PAGE_BITS
_name_head_bytes = _NAME_HEAD_BYTES
_packed_head_bytes = _PACKED_HEAD_BYTES
_split_entries = _SPLIT_ENTRIES
_part_bits = _PART_BITS
_nowhere = _NOWHERE


class SubjectState:
    """What is known of one subject, as it was when it was asked for."""

    __slots__ = ("count", "first", "last", "last_bytes")

    def __init__(self, count, first, last, last_bytes):
        self.count = count
        self.first = first  # a lower bound of its first sequence
        self.last = last  # its last sequence, 0 when that was deleted and is not known
        self.last_bytes = last_bytes  # what the message ``last`` counts for


class NamePage:
    """Subjects one behind the other; ``dead`` bytes of them belong to subjects that are gone."""

    __slots__ = ("data", "dead")

    def __init__(self):
        self.data = Buffer(256)
        self.dead = 0

    def copy(self):
        """Return a page with the same content."""
        other = NamePage()
        other.data = self.data.copy()
        return other


class SlotTable:
    """Numbers of entries by hash: 4 bytes each, one more than the number, 0 for a free place."""

    __slots__ = ("mask", "slots", "used")

    def __init__(self, size):
        self.mask = size - 1
        self.slots = Buffer(size * 4)
        self.used = 0


class SubjectTable:
    """Subjects, each with an entry."""

    __slots__ = ("_current", "_entries", "_free_entry", "_free_pages", "_names", "_tables", "used")

    def __init__(self):
        self.used = 0  # how many subjects there are
        self._free_entry = -1
        self._start_over()

    def __len__(self):
        return self.used

    def clear(self):
        """Forget all subjects."""
        self.used = 0
        self._start_over()

    def find(self, subject):
        """Return the number of a subject's entry, or -1."""
        if self.used == 0:
            return -1
        key = hash(subject) & 0xFFFFFFFF
        table = self._tables[0 if len(self._tables) == 1 else key >> (32 - _part_bits)]
        at = key & table.mask
        while True:
            slot = octets.get_u32(table.slots.view, at * 4)
            if slot == 0:
                return -1
            if self._hash_of(slot - 1) == key and self._is_name(slot - 1, subject):
                return slot - 1
            at = (at + 1) & table.mask

    def add(self, subject):
        """Return the number of a new entry, without messages, for a subject that has none."""
        number = self._new_entry()
        key = hash(subject) & 0xFFFFFFFF
        entries = self._entries[number >> _entry_page_bits]
        at = (number & ((1 << _entry_page_bits) - 1)) * _entry_bytes
        octets.put_u32(entries.view, at, key)
        self._write_name(number, subject)
        self.used += 1
        if self.used == _split_entries and len(self._tables) == 1:
            self._split()
        else:
            self._insert(key, number)
        return number

    def drop(self, number):
        """Forget the subject of an entry."""
        key = self._hash_of(number)
        self._take_out(key, number)
        self._unwrite_name(number)
        entries = self._entries[number >> _entry_page_bits]
        at = (number & ((1 << _entry_page_bits) - 1)) * _entry_bytes
        octets.put_u32(entries.view, at + 4, _nowhere)
        octets.put_u64(entries.view, at + 8, 0)
        octets.put_u64(entries.view, at + 16, self._free_entry + 1)
        self._free_entry = number
        self.used -= 1

    def name(self, number):
        """Return the subject of an entry."""
        where = self._where(number)
        page = self._names[where >> _name_page_bits]
        at = where & ((1 << _name_page_bits) - 1)
        size = octets.get_u16(page.data.view, at + 4)
        start = at + _name_head_bytes
        return octets.slice_bytes(page.data.view, start, start + size)

    def count(self, number):
        """Return how many messages the subject has."""
        entries = self._entries[number >> _entry_page_bits]
        at = (number & ((1 << _entry_page_bits) - 1)) * _entry_bytes
        return octets.get_i64(entries.view, at + 8)

    def first(self, number):
        """Return a lower bound of its first sequence."""
        entries = self._entries[number >> _entry_page_bits]
        at = (number & ((1 << _entry_page_bits) - 1)) * _entry_bytes
        return octets.get_i64(entries.view, at + 16)

    def last(self, number):
        """Return its last sequence, 0 when that is not known."""
        entries = self._entries[number >> _entry_page_bits]
        at = (number & ((1 << _entry_page_bits) - 1)) * _entry_bytes
        return octets.get_i64(entries.view, at + 24)

    def last_bytes(self, number):
        """Return what its last message counts for."""
        entries = self._entries[number >> _entry_page_bits]
        at = (number & ((1 << _entry_page_bits) - 1)) * _entry_bytes
        return octets.get_u32(entries.view, at + 32)

    def set_count(self, number, count):
        """Set how many messages it has; an entry that keeps none has to be dropped."""
        entries = self._entries[number >> _entry_page_bits]
        at = (number & ((1 << _entry_page_bits) - 1)) * _entry_bytes
        octets.put_u64(entries.view, at + 8, count)

    def set_first(self, number, sequence):
        """Set a lower bound of its first sequence."""
        entries = self._entries[number >> _entry_page_bits]
        at = (number & ((1 << _entry_page_bits) - 1)) * _entry_bytes
        octets.put_u64(entries.view, at + 16, sequence)

    def set_last(self, number, sequence, size):
        """Set its last sequence, and what that counts for."""
        entries = self._entries[number >> _entry_page_bits]
        at = (number & ((1 << _entry_page_bits) - 1)) * _entry_bytes
        at = octets.put_u64(entries.view, at + 24, sequence)
        octets.put_u32(entries.view, at, size)

    def next_number(self, number):
        """Return the first entry at or behind a number that is in use, or -1."""
        end = self._end()
        while number < end:
            if self.count(number):
                return number
            number += 1
        return -1

    def state(self, number):
        """Return what is known of the subject of an entry."""
        return SubjectState(
            self.count(number), self.first(number), self.last(number), self.last_bytes(number)
        )

    def state_of(self, subject):
        """Return what is known of a subject, or None when it has no messages."""
        number = self.find(subject)
        return None if number < 0 else self.state(number)

    def matching(self, pattern):
        """Return ``(subject, state)`` of each subject that ``pattern`` stands for."""
        return [(self.name(number), self.state(number)) for number in self.numbers([pattern])]

    def numbers(self, patterns):
        """Return the entries of the subjects that one of ``patterns`` stands for, each once."""
        wide = [pattern for pattern in patterns if not is_literal(pattern)]
        found = []
        number = self.next_number(0) if wide else -1
        while number >= 0:
            if matches_any(wide, self.name(number)):
                found.append(number)
            number = self.next_number(number + 1)
        for pattern in dict.fromkeys(patterns):
            if is_literal(pattern) and not matches_any(wide, pattern):
                number = self.find(pattern)
                if number >= 0:
                    found.append(number)
        return found

    def messages(self, numbers):
        """Return how many messages the subjects of these entries have."""
        total = 0
        for number in numbers:
            total += self.count(number)
        return total

    def lowest_first(self, numbers):
        """Return a lower bound of their first sequences, 0 when there is no entry."""
        lowest = 0
        for number in numbers:
            first = self.first(number)
            if first < lowest or lowest == 0:
                lowest = first
        return lowest

    def lasts(self, numbers):
        """Return their last sequences, as far as they are known."""
        found = []
        for number in numbers:
            last = self.last(number)
            if last:
                found.append(last)
        return found

    def last_matching(self, pattern):
        """Return the last sequence of the subjects that ``pattern`` stands for, or 0."""
        if is_literal(pattern):
            number = self.find(pattern)
            return 0 if number < 0 else self.last(number)
        found = 0
        number = self.next_number(0)
        while number >= 0:
            last = self.last(number)
            # Most of them are not the last one: that is told faster than whether they match.
            if last > found and matches(pattern, self.name(number)):
                found = last
            number = self.next_number(number + 1)
        return found

    def frozen(self):
        """Return a copy that can be packed, and nothing else: that is made in no time."""
        other = SubjectTable()
        other.used = self.used
        for entries in self._entries:
            other._entries.append(entries.copy())
        other._names = []
        for names in self._names:
            other._names.append(names.copy())
        return other

    def pack(self):
        """Return all of it as bytes: for each subject count, first, last, size of last, subject."""
        out = Buffer(64 * (self.used + 1))
        self.pack_some(self.next_number(0), out, self.used)
        return out.contents()

    def pack_some(self, number, out, count_max):
        """Add up to so many subjects from an entry on to ``out``; return the next one, or -1."""
        while number >= 0 and count_max > 0:
            count_max -= 1
            subject = self.name(number)
            out.reserve(_packed_head_bytes + len(subject))
            at = octets.put_u64(out.view, out.size, self.count(number))
            at = octets.put_u64(out.view, at, self.first(number))
            at = octets.put_u64(out.view, at, self.last(number))
            at = octets.put_u32(out.view, at, self.last_bytes(number))
            at = octets.put_u16(out.view, at, len(subject))
            out.size = octets.put_bytes(out.view, at, subject)
            number = self.next_number(number + 1)
        return number

    def unpack(self, data):
        """Take what ``pack`` returned; entries are numbered from 0 on in its order.

        Raises:
            IndexError: the data is cut off.
        """
        self.clear()
        view = memoryview(data)
        at = 0
        end = len(view)
        while at < end:
            start = at + _packed_head_bytes
            size = octets.get_u16(view, at + 28)
            number = self.add(octets.slice_bytes(view, start, start + size))
            self.set_count(number, octets.get_i64(view, at))
            self.set_first(number, octets.get_i64(view, at + 8))
            self.set_last(number, octets.get_i64(view, at + 16), octets.get_u32(view, at + 24))
            at = start + size

    def memory_bytes(self):
        """Return how much memory all of this takes."""
        size = 0
        for entries in self._entries:
            size += entries.capacity
        for page in self._names:
            size += page.data.capacity
        for table in self._tables:
            size += table.slots.capacity
        return size

    def _start_over(self):
        self._entries = []  # a Buffer for each page of entries
        self._free_entry = -1
        self._names = [NamePage()]
        self._current = 0  # the page that subjects are added to
        self._free_pages = []
        self._tables = [SlotTable(_SLOTS_MIN)]

    # Entries

    def _end(self):
        """Return the number behind the last entry."""
        pages = len(self._entries)
        if pages == 0:
            return 0
        last = self._entries[pages - 1]
        return ((pages - 1) << _entry_page_bits) + last.size // _entry_bytes

    def _new_entry(self):
        number = self._free_entry
        if number >= 0:
            self._free_entry = self.first(number) - 1
            return number
        number = self._end()
        if number & ((1 << _entry_page_bits) - 1) == 0:
            self._entries.append(Buffer(4 * _entry_bytes))
        page = self._entries[len(self._entries) - 1]
        page.reserve(_entry_bytes)
        page.size += _entry_bytes
        return number

    def _hash_of(self, number):
        entries = self._entries[number >> _entry_page_bits]
        at = (number & ((1 << _entry_page_bits) - 1)) * _entry_bytes
        return octets.get_u32(entries.view, at)

    def _where(self, number):
        entries = self._entries[number >> _entry_page_bits]
        at = (number & ((1 << _entry_page_bits) - 1)) * _entry_bytes
        return octets.get_u32(entries.view, at + 4)

    # Subjects

    def _is_name(self, number, subject):
        where = self._where(number)
        page = self._names[where >> _name_page_bits]
        at = where & ((1 << _name_page_bits) - 1)
        start = at + _name_head_bytes
        end = start + octets.get_u16(page.data.view, at + 4)
        return octets.equals(page.data.view, start, end, subject)

    def _write_name(self, number, subject):
        size = _name_head_bytes + len(subject)
        page = self._names[self._current]
        if page.data.size + size > 1 << _name_page_bits:
            page = self._next_page()
        data = page.data
        data.reserve(size)
        at = data.size
        where = self._current << _name_page_bits | at
        at = octets.put_u32(data.view, at, number)
        at = octets.put_u16(data.view, at, len(subject))
        data.size = octets.put_bytes(data.view, at, subject)
        entries = self._entries[number >> _entry_page_bits]
        at = (number & ((1 << _entry_page_bits) - 1)) * _entry_bytes
        octets.put_u32(entries.view, at + 4, where)

    def _next_page(self):
        """Let subjects be added to another page."""
        full = self._current
        if self._free_pages:
            self._current = self._free_pages.pop()
        else:
            self._current = len(self._names)
            self._names.append(NamePage())
        self._give_up_if_sparse(full)
        return self._names[self._current]

    def _unwrite_name(self, number):
        where = self._where(number)
        index = where >> _name_page_bits
        page = self._names[index]
        at = where & ((1 << _name_page_bits) - 1)
        page.dead += _name_head_bytes + octets.get_u16(page.data.view, at + 4)
        octets.put_u32(page.data.view, at, _nowhere)
        if index != self._current:
            self._give_up_if_sparse(index)

    def _give_up_if_sparse(self, index):
        """Move the subjects of a page elsewhere if they are less than half of it."""
        page = self._names[index]
        data = page.data
        if page.dead * 2 < data.size:
            return
        at = 0
        while at < data.size:
            number = octets.get_u32(data.view, at)
            start = at + _name_head_bytes
            at = start + octets.get_u16(data.view, at + 4)
            if number != _nowhere:
                self._write_name(number, octets.slice_bytes(data.view, start, at))
        self._names[index] = NamePage()
        self._free_pages.append(index)

    # Tables

    def _insert(self, key, number):
        index = 0 if len(self._tables) == 1 else key >> (32 - _part_bits)
        table = self._tables[index]
        if (table.used + 1) * 3 > (table.mask + 1) * 2:
            table = self._tables[index] = self._grown(table)
        self._put(table, key, number)

    def _put(self, table, key, number):
        at = key & table.mask
        while octets.get_u32(table.slots.view, at * 4):
            at = (at + 1) & table.mask
        octets.put_u32(table.slots.view, at * 4, number + 1)
        table.used += 1

    def _grown(self, table):
        larger = SlotTable((table.mask + 1) * 2)
        for at in range(table.mask + 1):
            slot = octets.get_u32(table.slots.view, at * 4)
            if slot:
                self._put(larger, self._hash_of(slot - 1), slot - 1)
        return larger

    def _split(self):
        """Put the numbers into many tables; they are in one."""
        self._tables = [SlotTable(_SLOTS_MIN) for _ in range(1 << _part_bits)]
        for number in range(self._end()):
            if self._where(number) != _nowhere:
                self._insert(self._hash_of(number), number)

    def _take_out(self, key, number):
        """Take a number out of its table, and let those behind it move up."""
        table = self._tables[0 if len(self._tables) == 1 else key >> (32 - _part_bits)]
        slots = table.slots
        mask = table.mask
        hole = key & mask
        while octets.get_u32(slots.view, hole * 4) != number + 1:
            hole = (hole + 1) & mask
        at = (hole + 1) & mask
        while True:
            slot = octets.get_u32(slots.view, at * 4)
            if slot == 0:
                break
            home = self._hash_of(slot - 1) & mask
            # It may move up only as far as its own place.
            if (at - home) & mask >= (at - hole) & mask:
                octets.put_u32(slots.view, hole * 4, slot)
                hole = at
            at = (at + 1) & mask
        octets.put_u32(slots.view, hole * 4, 0)
        table.used -= 1
