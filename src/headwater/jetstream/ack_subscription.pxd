import cython
from headwater.broker.subscription cimport Subscription
from headwater.jetstream.ack_state cimport AckState
from headwater.jetstream.deletions cimport Deletions
from headwater.jetstream.delivery cimport Delivery
from headwater.wire.message cimport Message
from headwater.wire.nats_parser cimport NatsParser


cdef Py_ssize_t _digits_max


cdef class AckSubscription(Subscription):
    cdef public Deletions deletions
    cdef public Delivery delivery
    cdef public object host
    cdef public bint plain
    cdef bytes prefix

    @cython.locals(payload=bytes, sequence='long long')
    cpdef bint deliver(self, Message message, NatsParser origin) except -1
    @cython.locals(delivery=Delivery, state=AckState, was_full=bint)
    cdef _acknowledge(self, long long sequence)
    @cython.locals(at=Py_ssize_t, size=Py_ssize_t, sequence='long long', digits=Py_ssize_t, digit=int)
    cdef long long _sequence(self, bytes subject) except -1
