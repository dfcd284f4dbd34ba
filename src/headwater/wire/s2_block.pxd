import cython
from headwater.base cimport octets


cdef int _LITERAL
cdef int _SHORT_COPY
cdef int _LENGTH_BYTES_MAX


@cython.locals(decoder=_Decoder, size=Py_ssize_t)
cpdef bytearray decode(const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end, Py_ssize_t size_max)


cdef class _Decoder:
    cdef Py_ssize_t at
    cdef Py_ssize_t end
    cdef Py_ssize_t filled
    cdef long long offset
    cdef unsigned char[::1] target
    cdef const unsigned char[::1] view

    @cython.locals(size='long long', place=int, byte='long long')
    cdef Py_ssize_t read_size(self, Py_ssize_t size_max) except -1
    @cython.locals(tag=int, offset='long long')
    cdef int run(self, Py_ssize_t size) except -1
    @cython.locals(value='long long', place=int, byte='long long')
    cdef long long _number(self, int count) except -1
    @cython.locals(length='long long')
    cdef int _literal(self, int code, Py_ssize_t size) except -1
    @cython.locals(length='long long', offset='long long')
    cdef int _short_copy(self, int tag, Py_ssize_t size) except -1
    @cython.locals(offset='long long', at=Py_ssize_t, end=Py_ssize_t, target='unsigned char[::1]')
    cdef int _copy(self, long long length, Py_ssize_t size) except -1
