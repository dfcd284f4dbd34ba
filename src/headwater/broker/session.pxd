import cython
from headwater.accounts.account cimport Account
from headwater.broker.router cimport Router
from headwater.broker.tracer cimport Tracer
from headwater.wire.message cimport Message
from headwater.wire.nats_parser cimport NatsParser


cdef class Session(NatsParser):
    cdef public Account account
    cdef public str address
    cdef public bint behind
    cdef public long long id
    cdef public long long in_bytes
    cdef public long long in_msgs
    cdef public int kind
    cdef public long long last_active_ns
    cdef public long long last_used_ns
    cdef public object node
    cdef public long long out_bytes
    cdef public long long out_msgs
    cdef public Py_ssize_t pending_bytes
    cdef public long long ping_sent_ns
    cdef public int pings_out
    cdef public long long pong_ns
    cdef public int port
    cdef public str reason
    cdef public Router router
    cdef public long long rtt_ns
    cdef public object security
    cdef public long long stalls
    cdef public long long start_ns
    cdef public dict subscriptions
    cdef public object timer
    cdef public object trace
    cdef public Tracer tracer

    @cython.locals(router=Router, consumed=Py_ssize_t, messages='long long')
    cpdef Py_ssize_t receive(self, const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end) except? -1
    cpdef send(self, bytes data)
    cpdef touch(self)
    cpdef violated(self, error)
    cpdef fail(self, str reason, str wire_text=*)
    cpdef label(self)
    cpdef count_stale(self)
    cpdef tuple described(self)
    cpdef relay(self, Message message, list groups)
    cpdef gone(self)
