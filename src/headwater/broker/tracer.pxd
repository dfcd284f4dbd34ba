import cython
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer
from headwater.wire cimport nats_encoder
from headwater.wire.message cimport Message


cdef class Tracer:
    cdef Py_ssize_t _bytes_max
    cdef bint _headers_only
    cdef object _log

    @cython.locals(start=Py_ssize_t, first=Py_ssize_t, before=bytes, words=list, verb=bytes, line=bytes)
    cpdef message(self, session, Message message)
    cpdef control(self, session, bytes verb, bytes arguments)
    @cython.locals(line=bytes)
    cpdef sent(self, session, bytes data)
    @cython.locals(out=Buffer)
    cpdef delivered(self, session, Message message, bytes sid, bint with_headers)
    @cython.locals(out=Buffer)
    cpdef relayed(self, session, Message message, list groups, bint with_headers)
    cpdef removed(self, session, bytes name)
    @cython.locals(line_end=Py_ssize_t, headers=bytes)
    cdef _encoded(self, session, bytes data, Message message, bint with_headers)
    @cython.locals(shown=bytes)
    cdef _body(self, session, arrow, bytes headers, bytes payload)
    cdef _write(self, session, arrow, bytes line)
