import cython
from headwater.broker.subscription cimport ServiceSubscription
from headwater.wire.message cimport Message
from headwater.wire.nats_parser cimport NatsParser


cdef class ApiSubscription(ServiceSubscription):
    cpdef bint deliver(self, Message message, NatsParser origin) except -1


@cython.locals(subject=bytes)
cdef bint _is_served_elsewhere(Message message) except -1
