import cython
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer
from headwater.subjects.validate cimport is_literal, matches, matches_any


cdef Py_ssize_t _entry_bytes
cdef int _entry_page_bits
cdef int _name_page_bits
cdef Py_ssize_t _name_head_bytes
cdef Py_ssize_t _packed_head_bytes
cdef Py_ssize_t _split_entries
cdef int _part_bits
cdef Py_ssize_t _nowhere


cdef class SubjectState:
    cdef public long long count
    cdef public long long first
    cdef public long long last
    cdef public long long last_bytes


cdef class NamePage:
    cdef public Buffer data
    cdef public Py_ssize_t dead

    @cython.locals(other=NamePage)
    cpdef NamePage copy(self)


cdef class SlotTable:
    cdef public Py_ssize_t mask
    cdef public Buffer slots
    cdef public Py_ssize_t used


cdef class SubjectTable:
    cdef public Py_ssize_t used
    cdef list _entries
    cdef Py_ssize_t _free_entry
    cdef list _names
    cdef Py_ssize_t _current
    cdef list _free_pages
    cdef list _tables

    cpdef clear(self)
    @cython.locals(key='long long', table=SlotTable, at=Py_ssize_t, slot=Py_ssize_t)
    cpdef Py_ssize_t find(self, bytes subject) except -2
    @cython.locals(number=Py_ssize_t, key='long long', entries=Buffer, at=Py_ssize_t)
    cpdef Py_ssize_t add(self, bytes subject) except -2
    @cython.locals(key='long long', entries=Buffer, at=Py_ssize_t)
    cpdef drop(self, Py_ssize_t number)
    @cython.locals(where=Py_ssize_t, page=NamePage, at=Py_ssize_t, size=Py_ssize_t, start=Py_ssize_t)
    cpdef bytes name(self, Py_ssize_t number)
    @cython.locals(entries=Buffer, at=Py_ssize_t)
    cpdef long long count(self, Py_ssize_t number) except -1
    @cython.locals(entries=Buffer, at=Py_ssize_t)
    cpdef long long first(self, Py_ssize_t number) except -1
    @cython.locals(entries=Buffer, at=Py_ssize_t)
    cpdef long long last(self, Py_ssize_t number) except -1
    @cython.locals(entries=Buffer, at=Py_ssize_t)
    cpdef long long last_bytes(self, Py_ssize_t number) except -1
    @cython.locals(entries=Buffer, at=Py_ssize_t)
    cpdef set_count(self, Py_ssize_t number, long long count)
    @cython.locals(entries=Buffer, at=Py_ssize_t)
    cpdef set_first(self, Py_ssize_t number, long long sequence)
    @cython.locals(entries=Buffer, at=Py_ssize_t)
    cpdef set_last(self, Py_ssize_t number, long long sequence, long long size)
    @cython.locals(end=Py_ssize_t)
    cpdef Py_ssize_t next_number(self, Py_ssize_t number) except -2
    cpdef SubjectState state(self, Py_ssize_t number)
    @cython.locals(number=Py_ssize_t)
    cpdef SubjectState state_of(self, bytes subject)
    @cython.locals(number=Py_ssize_t)
    cpdef list matching(self, bytes pattern)
    @cython.locals(wide=list, found=list, number=Py_ssize_t)
    cpdef list numbers(self, list patterns)
    @cython.locals(number=Py_ssize_t, total='long long')
    cpdef long long messages(self, list numbers) except -1
    @cython.locals(number=Py_ssize_t, lowest='long long', first='long long')
    cpdef long long lowest_first(self, list numbers) except -1
    @cython.locals(found=list, number=Py_ssize_t, last='long long')
    cpdef list lasts(self, list numbers)
    @cython.locals(number=Py_ssize_t, found='long long', last='long long')
    cpdef long long last_matching(self, bytes pattern) except -1
    @cython.locals(other=SubjectTable, entries=Buffer, names=NamePage)
    cpdef SubjectTable frozen(self)
    @cython.locals(out=Buffer)
    cpdef bytes pack(self)
    @cython.locals(subject=bytes, at=Py_ssize_t)
    cpdef Py_ssize_t pack_some(self, Py_ssize_t number, Buffer out, Py_ssize_t count_max) except -2
    @cython.locals(view='const unsigned char[::1]', at=Py_ssize_t, end=Py_ssize_t, start=Py_ssize_t, size=Py_ssize_t, number=Py_ssize_t)
    cpdef unpack(self, bytes data)
    cdef _start_over(self)
    @cython.locals(pages=Py_ssize_t, last=Buffer)
    cdef Py_ssize_t _end(self) except -1
    @cython.locals(number=Py_ssize_t, page=Buffer)
    cdef Py_ssize_t _new_entry(self) except -1
    @cython.locals(entries=Buffer, at=Py_ssize_t)
    cdef Py_ssize_t _hash_of(self, Py_ssize_t number) except -1
    @cython.locals(entries=Buffer, at=Py_ssize_t)
    cdef Py_ssize_t _where(self, Py_ssize_t number) except -1
    @cython.locals(where=Py_ssize_t, page=NamePage, at=Py_ssize_t, start=Py_ssize_t, end=Py_ssize_t)
    cdef bint _is_name(self, Py_ssize_t number, bytes subject) except -1
    @cython.locals(size=Py_ssize_t, page=NamePage, data=Buffer, at=Py_ssize_t, where=Py_ssize_t, entries=Buffer)
    cdef _write_name(self, Py_ssize_t number, bytes subject)
    @cython.locals(full=Py_ssize_t)
    cdef NamePage _next_page(self)
    @cython.locals(where=Py_ssize_t, index=Py_ssize_t, page=NamePage, at=Py_ssize_t)
    cdef _unwrite_name(self, Py_ssize_t number)
    @cython.locals(page=NamePage, data=Buffer, at=Py_ssize_t, number=Py_ssize_t, start=Py_ssize_t)
    cdef _give_up_if_sparse(self, Py_ssize_t index)
    @cython.locals(index=Py_ssize_t, table=SlotTable)
    cdef _insert(self, long long key, Py_ssize_t number)
    @cython.locals(at=Py_ssize_t)
    cdef _put(self, SlotTable table, long long key, Py_ssize_t number)
    @cython.locals(larger=SlotTable, at=Py_ssize_t, slot=Py_ssize_t)
    cdef SlotTable _grown(self, SlotTable table)
    @cython.locals(number=Py_ssize_t)
    cdef _split(self)
    @cython.locals(table=SlotTable, slots=Buffer, mask=Py_ssize_t, hole=Py_ssize_t, at=Py_ssize_t, slot=Py_ssize_t, home=Py_ssize_t)
    cdef _take_out(self, long long key, Py_ssize_t number)
