import cython
from headwater.accounts.account cimport Account
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer
from headwater.broker.router cimport Router
from headwater.wire.message cimport Message


cdef Py_ssize_t _entry_bytes
cdef Py_ssize_t _ack_bytes_max
cdef int _plain
cdef int _duplicate
cdef int _extended


cdef class PublishAcks:
    cdef public Buffer buffer
    cdef public list callbacks
    cdef public long long first_sequence
    cdef public long long last_sequence
    cdef Message message
    cdef Buffer payload

    cpdef note(self, long long sequence)
    cpdef add(self, Message message, long long sequence, bint duplicate)
    cpdef add_extended(self, Message message, long long sequence, bytes fields)
    cpdef add_whole(self, Message message, bytes answer)
    @cython.locals(buffer=Buffer, size=Py_ssize_t, at=Py_ssize_t)
    cdef _add(self, Message message, long long sequence, int kind)
    @cython.locals(buffer=Buffer, at=Py_ssize_t)
    cdef _add_text(self, bytes text)
    cpdef bint is_empty(self) except -1
    @cython.locals(buffer=Buffer, at=Py_ssize_t, size=Py_ssize_t, start=Py_ssize_t, kind=int, sequence='long long')
    cpdef send(self, Router router, Account account, bytes prefix)
    @cython.locals(buffer=Buffer, payload=Buffer, at=Py_ssize_t, size=Py_ssize_t, start=Py_ssize_t, kind=int)
    cpdef refuse(self, Router router, Account account, bytes answer)
    cpdef clear(self)
    @cython.locals(message=Message)
    cdef _begin(self)
    @cython.locals(payload=Buffer, at=Py_ssize_t)
    cdef _compose(self, bytes prefix, long long sequence, bint duplicate)
    @cython.locals(size=Py_ssize_t, text=bytes, payload=Buffer)
    cdef Py_ssize_t _compose_with_text(self, bytes prefix, long long sequence, int kind, Py_ssize_t at) except -1
    @cython.locals(message=Message)
    cdef _route(self, Router router, Account account, Py_ssize_t start, Py_ssize_t end)
