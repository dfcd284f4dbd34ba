import cython
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer
from headwater.store.expiries cimport Expiries
from headwater.store.record cimport Record


cdef int _message
cdef int _frame
cdef int _goes_on
cdef Py_ssize_t _entry_bytes


cdef class Block:
    cdef public CachedBlock cached
    cdef public Py_ssize_t content
    cdef public bytearray deleted
    cdef public Expiries expiries
    cdef public long long first_sequence
    cdef public long long first_time_ns
    cdef public long long frames
    cdef public bytearray kept
    cdef public long long last_sequence
    cdef public long long last_time_ns
    cdef public long long live
    cdef public long long number
    cdef public long long packed
    cdef public Py_ssize_t plain
    cdef public long long previous_number
    cdef public Py_ssize_t previous_size
    cdef public long long seed
    cdef public Py_ssize_t size

    @cython.locals(missing='long long')
    cpdef note(self, long long sequence, long long time_ns)
    cpdef bint has(self, long long sequence) except -1
    cpdef bint delete(self, long long sequence) except -1
    cpdef clear(self)
    @cython.locals(count='long long', other='long long')
    cpdef long long count_from(self, long long sequence) except -1
    cpdef long long first_from(self, long long sequence) except -1
    cpdef expire(self, long long sequence, long long time_ns)
    cpdef keep(self, long long sequence)
    cpdef bint keeps(self, long long sequence) except -1
    cpdef long long next_expiry(self) except -1
    cpdef tidy(self)
    cdef _mark(self, long long sequence)


@cython.locals(place=Py_ssize_t)
cdef int _bit(bytearray bits, long long index) except -1
@cython.locals(place=Py_ssize_t)
cdef _set_bit(bytearray bits, long long index)


cdef class CachedBlock:
    cdef public Buffer data
    cdef public Py_ssize_t entries
    cdef public Record record
    cdef public Buffer table
    cdef public long long used_ns

    @cython.locals(table=Buffer, at=Py_ssize_t)
    cpdef note(self, long long sequence, Py_ssize_t offset)
    @cython.locals(low='long long', high='long long', guess='long long', found='long long', table=Buffer, offset=Py_ssize_t)
    cpdef bint find(self, long long sequence) except -1
    @cython.locals(low=Py_ssize_t, high=Py_ssize_t, middle=Py_ssize_t, table=Buffer)
    cpdef bint first_after(self, long long time_ns) except -1
    @cython.locals(offset=Py_ssize_t)
    cdef bint _read_entry(self, Buffer table, Py_ssize_t index) except -1
    cpdef bytes subject(self)
    cpdef bytes headers(self)
    cpdef bytes payload(self)
    cpdef Py_ssize_t memory_bytes(self) except -1
    @cython.locals(data=Buffer, shift=Py_ssize_t, record=Record, at=Py_ssize_t)
    cpdef append_messages(self, const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end)
    @cython.locals(damaged=Py_ssize_t, stop=Py_ssize_t)
    cpdef Py_ssize_t load(self, const unsigned char[::1] data, Py_ssize_t start, Py_ssize_t end, long long seed, object opener=*) except -1
    @cython.locals(at=Py_ssize_t, damaged=Py_ssize_t)
    cdef Py_ssize_t _append_run(self, const unsigned char[::1] data, Py_ssize_t start, Py_ssize_t end, object opener) except -1


cpdef Py_ssize_t intact_end(const unsigned char[::1] data, Py_ssize_t at, Py_ssize_t end, long long seed, Record record) except -1
@cython.locals(begin=Py_ssize_t)
cpdef Py_ssize_t last_write(const unsigned char[::1] data, Py_ssize_t at, Py_ssize_t end, Record record) except -1
cpdef Py_ssize_t next_frame(const unsigned char[::1] data, Py_ssize_t at, Py_ssize_t end, Record record) except -1
cpdef Py_ssize_t next_intact(const unsigned char[::1] data, Py_ssize_t at, Py_ssize_t end, long long seed, Record record) except -1
@cython.locals(whole=Py_ssize_t, at=Py_ssize_t)
cpdef Py_ssize_t whole_end(const unsigned char[::1] data, Py_ssize_t start, Py_ssize_t end, Record record) except -1
