import cython
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer
from headwater.wire.message cimport Message


cdef Py_ssize_t _head_bytes
cdef int _message
cdef int _frame
cdef int _kind_last
cdef int _batch_start
cdef int _goes_on
cdef int _has_headers
cdef int _kind_bits
cdef int _flag_bits
cdef Py_ssize_t _kind_at
cdef Py_ssize_t _header_size_bytes


@cython.locals(subject_size=Py_ssize_t, body_size=Py_ssize_t, size=Py_ssize_t, kind=int, at=Py_ssize_t)
cpdef Py_ssize_t put_message(Buffer out, long long sequence, long long time_ns, Message message) except -1
@cython.locals(size=Py_ssize_t, at=Py_ssize_t)
cpdef Py_ssize_t put_record(Buffer out, int kind, long long sequence, long long time_ns, bytes name, bytes payload) except -1
@cython.locals(at=Py_ssize_t)
cdef Py_ssize_t _put_head(Buffer out, Py_ssize_t start, Py_ssize_t size, int kind, Py_ssize_t subject_size, long long sequence, long long time_ns) except -1
@cython.locals(at=Py_ssize_t, following=Py_ssize_t)
cpdef bind(Buffer out, Py_ssize_t start)
@cython.locals(at=Py_ssize_t, size=Py_ssize_t)
cpdef seal(Buffer out, long long seed)
@cython.locals(at=Py_ssize_t)
cpdef unseal(Buffer out)
@cython.locals(at=Py_ssize_t, size=Py_ssize_t)
cpdef Py_ssize_t run_end(const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end, Py_ssize_t size_max) except -1
@cython.locals(record=Record, at=Py_ssize_t, end=Py_ssize_t)
cpdef bint is_run(const unsigned char[::1] view) except -1


cdef class Record:
    cdef public Py_ssize_t end
    cdef public int flags
    cdef public Py_ssize_t header_size
    cdef public int kind
    cdef public Py_ssize_t payload_start
    cdef public long long sequence
    cdef public Py_ssize_t start
    cdef public Py_ssize_t subject_end
    cdef public Py_ssize_t subject_start
    cdef public long long time_ns

    @cython.locals(size=Py_ssize_t, kind_and_flags=int, subject_size=Py_ssize_t)
    cpdef bint read(self, const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end) except -1
    cpdef bint is_intact(self, const unsigned char[::1] view, long long seed) except -1
    cpdef bytes subject(self, const unsigned char[::1] view)
    cpdef bytes headers(self, const unsigned char[::1] view)
    cpdef bytes payload(self, const unsigned char[::1] view)


@cython.locals(identity='const unsigned char[::1]')
cpdef long long block_seed(bytes stream_id, long long number) except -1
