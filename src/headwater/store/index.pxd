import cython
from headwater.base cimport octets
from headwater.store.block cimport Block, CachedBlock
from headwater.store.record cimport Record
from headwater.store.subjects cimport SubjectTable


cdef class Index:
    cdef Py_ssize_t _last_number
    cdef bytes _last_subject
    cdef public long long aged_to
    cdef public Py_ssize_t base_bytes
    cdef public list blocks
    cdef public long long bytes
    cdef public bint emptied
    cdef public long long first_sequence
    cdef public Py_ssize_t header_bytes
    cdef public bint keep_places
    cdef public long long last_sequence
    cdef public long long last_time_ns
    cdef public long long messages
    cdef public dict places
    cdef public long long previous_bytes
    cdef public long long previous_last
    cdef public SubjectTable subjects
    cdef public bint thinned

    @cython.locals(size='long long')
    cpdef long long message_bytes(self, Py_ssize_t subject_size, Py_ssize_t header_size, Py_ssize_t payload_size) except -1
    cpdef long long size_of(self, Record record) except -1
    @cython.locals(subjects=SubjectTable, subject=bytes, number=Py_ssize_t, sequence='long long', size='long long', count='long long')
    cpdef bytes add(self, Block block, Record record, const unsigned char[::1] view)
    @cython.locals(block=Block, number=Py_ssize_t)
    cpdef bint remove(self, long long sequence, bytes subject, long long size) except -1
    @cython.locals(subjects=SubjectTable, count='long long')
    cdef _remove_from(self, Py_ssize_t number, long long sequence)
    @cython.locals(block=Block)
    cpdef lose(self, long long sequence)
    @cython.locals(subjects=SubjectTable, number=Py_ssize_t)
    cpdef forget_oldest(self, bytes subject)
    @cython.locals(record=Record, number=Py_ssize_t)
    cpdef place(self, CachedBlock cached)
    cdef _keep_place(self, Py_ssize_t number, long long sequence, long long size)
    cpdef set_last(self, Py_ssize_t number, Record record)
    cpdef settle_first(self)
    cpdef skip_to(self, long long sequence)
    @cython.locals(block=Block)
    cpdef clear(self)
    @cython.locals(block=Block)
    cpdef Block block_of(self, long long sequence)
    @cython.locals(blocks=list, low=Py_ssize_t, high=Py_ssize_t, middle=Py_ssize_t, block=Block)
    cpdef Block block_from(self, long long sequence)
    @cython.locals(block=Block, found='long long')
    cpdef long long next_from(self, long long sequence) except -1
    @cython.locals(soonest='long long', block=Block, time_ns='long long')
    cpdef long long next_expiry(self) except -1
    @cython.locals(block=Block, time_ns='long long')
    cpdef list due(self, long long now_ns, Py_ssize_t count_max)
    @cython.locals(block=Block)
    cpdef delay_expiries(self, long long delay_ns, long long last_sequence)
    @cython.locals(count='long long', index=Py_ssize_t, block=Block)
    cpdef long long count_from(self, long long sequence) except -1
    @cython.locals(found='long long')
    cdef _advance_first(self, long long sequence)
    cdef _settle_empty(self)


@cython.locals(index=Py_ssize_t)
cdef _remove_place(places, long long sequence)
