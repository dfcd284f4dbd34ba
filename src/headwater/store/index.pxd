import cython
from headwater.store.block cimport Block, CachedBlock
from headwater.store.record cimport Record
from headwater.subjects.validate cimport is_literal, matches


cdef class SubjectState:
    cdef public long long count
    cdef public long long first
    cdef public long long last
    cdef public long long last_bytes
    cdef public list places


cdef class Index:
    cdef public Py_ssize_t base_bytes
    cdef public list blocks
    cdef public long long bytes
    cdef public long long first_sequence
    cdef public Py_ssize_t header_bytes
    cdef public bint keep_places
    cdef public long long last_sequence
    cdef public long long last_time_ns
    cdef public long long messages
    cdef public long long previous_bytes
    cdef public long long previous_last
    cdef public dict subjects

    @cython.locals(size='long long')
    cpdef long long message_bytes(self, Py_ssize_t subject_size, Py_ssize_t header_size, Py_ssize_t payload_size) except -1
    @cython.locals(subject=bytes, sequence='long long', size='long long', state=SubjectState)
    cpdef bytes add(self, Block block, Record record, const unsigned char[::1] view)
    @cython.locals(block=Block, state=SubjectState)
    cpdef bint remove(self, long long sequence, bytes subject, long long size) except -1
    @cython.locals(block=Block)
    cpdef lose(self, long long sequence)
    cpdef forget_oldest(self, SubjectState state)
    @cython.locals(record=Record, state=SubjectState, size='long long')
    cpdef place(self, CachedBlock cached)
    cpdef set_last(self, SubjectState state, Record record)
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
    @cython.locals(count='long long', index=Py_ssize_t, block=Block)
    cpdef long long count_from(self, long long sequence) except -1
    @cython.locals(state=SubjectState)
    cpdef long long last_of(self, bytes subject) except -1
    @cython.locals(found='long long')
    cdef _advance_first(self, long long sequence)
    cdef _settle_empty(self)
    cdef _step_back(self, SubjectState state)


@cython.locals(index=Py_ssize_t)
cdef _remove_place(list places, long long sequence)
