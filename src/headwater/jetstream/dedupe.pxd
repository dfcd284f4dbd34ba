import cython
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer
from headwater.store.record cimport Record
from headwater.wire cimport headers


cdef Py_ssize_t _page_bytes
cdef Py_ssize_t _head_bytes
cdef int _message


cdef class Dedupe:
    cdef Py_ssize_t _at
    cdef list _pages
    cdef Record _record
    cdef dict _sequences
    cdef public bytes last_id
    cdef public long long window_ns

    cpdef long long find(self, bytes message_id, long long now_ns) except -1
    @cython.locals(size=Py_ssize_t, page=Buffer, at=Py_ssize_t)
    cpdef add(self, bytes message_id, long long sequence, long long time_ns)
    @cython.locals(index=Py_ssize_t, at=Py_ssize_t, page=Buffer, end=Py_ssize_t)
    cpdef snapshot(self, long long last_sequence, long long now_ns)
    @cython.locals(view='const unsigned char[::1]', at=Py_ssize_t, time_ns='long long', start=Py_ssize_t, end=Py_ssize_t, sequence='long long')
    cpdef restore(self, pages, bytes last_id, long long bound_ns)
    @cython.locals(record=Record, at=Py_ssize_t)
    cpdef recall(self, const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end, long long bound_ns)
    cpdef recall_one(self, bytes block, long long sequence, long long time_ns, long long bound_ns)
    cdef _recall(self, bytes message_id, long long sequence, long long time_ns, long long bound_ns)
    @cython.locals(page=Buffer)
    cdef bint _begins_by(self, Py_ssize_t index, long long sequence) except -1
    @cython.locals(page=Buffer, at=Py_ssize_t, sequence='long long', start=Py_ssize_t, message_id=bytes)
    cdef _expire(self, long long bound_ns)
    @cython.locals(at=Py_ssize_t, page=Buffer, start=Py_ssize_t, end=Py_ssize_t)
    cdef list _entries(self)


@cython.locals(sequence='long long', start=Py_ssize_t)
cdef _end_of(Buffer page, Py_ssize_t at, long long last_sequence)
