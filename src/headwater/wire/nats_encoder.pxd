import cython
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer
from headwater.wire.message cimport Message


@cython.locals(subject_size=Py_ssize_t, reply_size=Py_ssize_t, body_start=Py_ssize_t, headers=bint, body_size=Py_ssize_t, at=Py_ssize_t)
cpdef Py_ssize_t put_message(Buffer out, Message message, bytes sid, bint with_headers) except -1
@cython.locals(body_start=Py_ssize_t, headers=bint, body_size=Py_ssize_t, shown_size=Py_ssize_t, reply_size=Py_ssize_t, groups=bytes, at=Py_ssize_t)
cpdef put_routed(Buffer out, Message message, list queues, bint with_headers)
cdef Py_ssize_t _put_body(Buffer out, Py_ssize_t at, Message message, Py_ssize_t body_start, Py_ssize_t body_size) except -1
