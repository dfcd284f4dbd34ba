import cython
from headwater.accounts.account cimport Account
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer
from headwater.broker.router cimport Router
from headwater.wire.message cimport Message


cdef Py_ssize_t _entry_bytes
cdef Py_ssize_t _ack_bytes_max


cdef class PublishAcks:
    cdef public Buffer buffer
    cdef public list callbacks
    cdef public long long first_sequence
    cdef public long long last_sequence
    cdef Message message
    cdef Buffer payload

    cpdef note(self, long long sequence)
    @cython.locals(buffer=Buffer, size=Py_ssize_t, at=Py_ssize_t)
    cpdef add(self, Message message, long long sequence, bint duplicate)
    cpdef bint is_empty(self) except -1
    @cython.locals(buffer=Buffer, at=Py_ssize_t, size=Py_ssize_t)
    cpdef send(self, Router router, Account account, bytes prefix)
    @cython.locals(buffer=Buffer, payload=Buffer, at=Py_ssize_t, size=Py_ssize_t)
    cpdef refuse(self, Router router, Account account, bytes answer)
    cpdef clear(self)
    @cython.locals(message=Message)
    cdef _begin(self)
    @cython.locals(payload=Buffer, at=Py_ssize_t)
    cdef _compose(self, bytes prefix, long long sequence, bint duplicate)
    @cython.locals(message=Message)
    cdef _route(self, Router router, Account account, Py_ssize_t start, Py_ssize_t end)
