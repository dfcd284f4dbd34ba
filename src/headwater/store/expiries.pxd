import cython
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer


cdef Py_ssize_t _entry_bytes
cdef long long _time_max


cdef class Expiries:
    cdef Buffer _heap

    @cython.locals(heap=Buffer, at=Py_ssize_t, above=Py_ssize_t)
    cpdef add(self, long long time_ns, long long sequence)
    cpdef long long first_time(self) except -1
    cpdef long long first_sequence(self) except -1
    @cython.locals(heap=Buffer, last=Py_ssize_t, time_ns='long long', sequence='long long', at=Py_ssize_t, below=Py_ssize_t)
    cpdef drop_first(self)
    @cython.locals(at=Py_ssize_t, time_ns='long long', below=Py_ssize_t)
    cpdef list due(self, long long now_ns, Py_ssize_t count_max)
    cpdef bytes pack(self)
    cpdef unpack(self, bytes data)
    @cython.locals(other=Expiries, at=Py_ssize_t, heap=Buffer, sequence='long long')
    cpdef Expiries kept(self, block)
    @cython.locals(other=Expiries, at=Py_ssize_t, heap=Buffer, time_ns='long long', sequence='long long')
    cpdef Expiries delayed(self, long long delay_ns, long long last_sequence)
    cdef long long _time(self, Py_ssize_t at) except -1
    @cython.locals(view='unsigned char[::1]', start=Py_ssize_t)
    cdef _move(self, Py_ssize_t source, Py_ssize_t target)
    @cython.locals(view='unsigned char[::1]')
    cdef _put(self, Py_ssize_t at, long long time_ns, long long sequence)
