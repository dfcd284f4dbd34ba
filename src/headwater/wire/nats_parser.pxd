import cython
from headwater.base cimport octets
from headwater.base.link cimport Receiver
from headwater.wire.message cimport Message


cdef class NatsParser(Receiver):
    cdef public Py_ssize_t control_line_bytes_max
    cdef const unsigned char[::1] input
    cdef public Message message
    cdef public bint open
    cdef public Py_ssize_t payload_bytes_max
    cdef public bint peer
    cdef public bint takes_headers

    cpdef on_message(self)
    cpdef on_control(self, bytes verb, bytes arguments)
    @cython.locals(at=Py_ssize_t, after=Py_ssize_t)
    cpdef Py_ssize_t receive(self, const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end) except? -1
    @cython.locals(first=cython.int)
    cdef Py_ssize_t _operation(self, Py_ssize_t at, Py_ssize_t end) except? -1
    @cython.locals(blank=cython.int)
    cdef bint _is_verb(self, Py_ssize_t at, bytes rest, Py_ssize_t size) except -1
    @cython.locals(message=Message, subject_start=Py_ssize_t, subject_end=Py_ssize_t, first_start=Py_ssize_t, first_end=Py_ssize_t, second_start=Py_ssize_t, second_end=Py_ssize_t, size=Py_ssize_t)
    cdef Py_ssize_t _publish(self, Py_ssize_t at, Py_ssize_t start, Py_ssize_t end, bint headers) except? -1
    @cython.locals(message=Message, c0=Py_ssize_t, c1=Py_ssize_t, size=Py_ssize_t, header_size=Py_ssize_t)
    cdef Py_ssize_t _publish_headers(self, Py_ssize_t at, Py_ssize_t end, Py_ssize_t s0, Py_ssize_t s1, Py_ssize_t a0, Py_ssize_t a1, Py_ssize_t b0, Py_ssize_t b1) except? -1
    @cython.locals(message=Message, start=Py_ssize_t, arguments_end=Py_ssize_t)
    cdef Py_ssize_t _body(self, Py_ssize_t at, Py_ssize_t line_end, Py_ssize_t end, Py_ssize_t size, Py_ssize_t header_size) except? -1
    @cython.locals(line_feed=Py_ssize_t)
    cdef Py_ssize_t _bad_arguments(self, Py_ssize_t at, Py_ssize_t start, Py_ssize_t end) except? -1
    @cython.locals(message=Message, line_feed=Py_ssize_t, count=Py_ssize_t, first_start=Py_ssize_t, first_end=Py_ssize_t, before_start=Py_ssize_t, before_end=Py_ssize_t, last_start=Py_ssize_t, last_end=Py_ssize_t, word_start=Py_ssize_t, word_end=Py_ssize_t, size=Py_ssize_t, header_size=Py_ssize_t)
    cdef Py_ssize_t _routed(self, Py_ssize_t at, Py_ssize_t start, Py_ssize_t end, bint headers) except? -1
    @cython.locals(message=Message, mark=bytes, groups=list, word_start=Py_ssize_t, word_end=Py_ssize_t)
    cdef _queue_groups(self, Py_ssize_t count, Py_ssize_t line_feed)
    @cython.locals(verb=bytes, verb_end=Py_ssize_t, start=Py_ssize_t, first=Py_ssize_t, line_feed=Py_ssize_t, line_end=Py_ssize_t)
    cdef Py_ssize_t _line(self, Py_ssize_t at, Py_ssize_t end) except? -1
    @cython.locals(first=cython.int, verbs=dict, verb=bytes, size=Py_ssize_t)
    cdef bytes _verb(self, Py_ssize_t at, Py_ssize_t end)
    cdef Py_ssize_t _line_end(self, Py_ssize_t start, Py_ssize_t line_feed) except? -1
    cdef Py_ssize_t _incomplete_line(self, Py_ssize_t at, Py_ssize_t start, Py_ssize_t end) except? -1
    cdef int _check_line(self, Py_ssize_t at, Py_ssize_t start, Py_ssize_t end) except -1
    cdef bytes _refuse(self, str reason)
