import cython
from headwater.broker.subscription cimport Subscription
from headwater.subjects.rewriting cimport Rewriting
from headwater.wire.message cimport Message
from headwater.wire.nats_parser cimport NatsParser


cdef const unsigned char[::1] _empty


cdef class ImportedSubscription(Subscription):
    cdef bytes _asked
    cdef bytes _mapped
    cdef bint _same
    cdef const unsigned char[::1] _view
    cdef public object link
    cdef public object source
    cdef public Subscription target
    cdef Rewriting _rewriting

    @cython.locals(subject=bytes, view='const unsigned char[::1]', start=Py_ssize_t, end=Py_ssize_t)
    cpdef bint deliver(self, Message message, NatsParser origin) except -1
    cdef bint _relay(self, Message message, NatsParser origin) except -1
