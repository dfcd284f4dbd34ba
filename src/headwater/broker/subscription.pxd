from headwater.subjects.match cimport Interest
from headwater.wire.message cimport Message
from headwater.wire.nats_parser cimport NatsParser


cdef class Subscription(Interest):
    cdef public bint remote
    cdef public Py_ssize_t weight

    cpdef bint deliver(self, Message message, NatsParser origin) except -1
    cpdef notify(self, Message message)
    cpdef bint serves(self, object session) except -1
    cpdef tuple state(self)


cdef class InternalSubscription(Subscription):
    cdef public object callback


cdef class ServiceSubscription(InternalSubscription):
    cdef public bytes target
