import cython
from headwater.base.buffer cimport Buffer
from headwater.base.link cimport Link, Receiver


cdef class Patience:
    cdef public double deadline_s
    cdef public bint retry


cdef class ReadBuffer:
    cdef object _raw
    cdef public bytearray data
    cdef public Py_ssize_t size
    cdef unsigned char[::1] view
    cdef public object window

    cpdef raw(self)


cdef class Gate:
    cpdef take(self, data)
    cpdef seal(self, data)
    cpdef bint holds(self) except -1
    cpdef finish(self)
    cpdef stop(self)
    cpdef security(self)


cdef class Connection(Link):
    cdef bint _closing
    cdef int _descriptor
    cdef Gate _gate
    cdef object _linger_timer
    cdef object _loop
    cdef bytearray _own
    cdef unsigned char[::1] _own_view
    cdef Patience _patience
    cdef object _pause_timer
    cdef ReadBuffer _shared
    cdef bytes _tail
    cdef Py_ssize_t _tail_size
    cdef str _reason
    cdef object _transport
    cdef Py_ssize_t _undelivered
    cdef object _write_timer
    cdef public bint blocked
    cdef public Receiver receiver

    cpdef get_buffer(self, Py_ssize_t size_hint)
    @cython.locals(tail=bytes, size=Py_ssize_t, wanted=Py_ssize_t)
    cpdef window(self)
    cpdef buffer_updated(self, Py_ssize_t count)
    @cython.locals(end=Py_ssize_t, consumed=Py_ssize_t)
    cpdef received(self, Py_ssize_t count)
    cpdef set_gate(self, Gate gate)
    cpdef bint is_open(self) except -1
    @cython.locals(count=Py_ssize_t)
    cpdef pass_on(self, data)
    @cython.locals(sent=Py_ssize_t)
    cpdef send(self, data)
    @cython.locals(receiver=Receiver, out=Buffer, sent=Py_ssize_t, rest=bytes)
    cpdef flush(self)
