import cython
from headwater.base cimport octets


cdef class Buffer:
    cdef public Py_ssize_t capacity
    cdef public bytearray data
    cdef public Py_ssize_t size
    cdef unsigned char[::1] view

    cdef int reserve(self, Py_ssize_t count) except -1
    @cython.locals(capacity=Py_ssize_t, data=bytearray)
    cdef int _grow(self, Py_ssize_t need) except -1
    cpdef append(self, bytes data)
    @cython.locals(other=Buffer)
    cpdef Buffer copy(self)
    cpdef bytes contents(self)


cdef class BufferPool:
    cdef public Py_ssize_t capacity
    cdef public Py_ssize_t capacity_max
    cdef public Py_ssize_t count_max
    cdef list free

    cpdef Buffer take(self)
    cpdef give(self, Buffer buffer)
