import cython
from headwater.base cimport octets


cdef const unsigned char[::1] _empty


cdef class Message:
    cdef public bytes subject
    cdef const unsigned char[::1] subject_view
    cdef public Py_ssize_t subject_start
    cdef public Py_ssize_t subject_end
    cdef const unsigned char[::1] reply_view
    cdef public Py_ssize_t reply_start
    cdef public Py_ssize_t reply_end
    cdef const unsigned char[::1] body_view
    cdef public Py_ssize_t header_size
    cdef public Py_ssize_t body_start
    cdef public Py_ssize_t body_end
    cdef public bint mapped
    cdef public bint rewritten
    cdef public list queues

    cpdef set_view(self, const unsigned char[::1] view)
    cpdef release(self)
    cpdef rename(self, bytes subject)
    @cython.locals(data=bytes)
    cpdef replace_headers(self, bytes block)
    cpdef bytes shown_subject(self)
    cpdef bytes reply(self)
    @cython.locals(start=Py_ssize_t)
    cpdef bytes headers(self)
    @cython.locals(start=Py_ssize_t)
    cpdef bytes payload(self)
    @cython.locals(copy=Message)
    cpdef Message copy(self)
    @cython.locals(data=bytes)
    cpdef compose(self, bytes subject, bytes reply, bytes headers, bytes payload)
