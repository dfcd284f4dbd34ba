import cython
from headwater.accounts.account cimport Account, Traffic
from headwater.base.buffer cimport BufferPool
from headwater.base.link cimport Link, Receiver
from headwater.broker.subscription cimport Subscription
from headwater.subjects.match cimport Matches
from headwater.wire.message cimport Message
from headwater.wire.nats_parser cimport NatsParser


cdef class Router:
    cdef object _clock
    cdef long long _random
    cdef list _relay_groups
    cdef list _relays
    cdef public Py_ssize_t behind
    cdef public bint congested
    cdef public list dirty
    cdef public bint dropping
    cdef public list ending
    cdef public long long in_bytes
    cdef public long long in_msgs
    cdef public Traffic links
    cdef public long long now_ns
    cdef public long long out_bytes
    cdef public long long out_msgs
    cdef public list paused
    cdef public BufferPool pool
    cdef public long long slow_consumers
    cdef public long long stale_connections
    cdef public Py_ssize_t stall_bytes
    cdef public long long stalls

    cpdef begin(self)
    cpdef Py_ssize_t route(self, Account account, Message message, NatsParser origin) except -1
    @cython.locals(count=Py_ssize_t, outer=list, outer_groups=list, subscription=Subscription)
    cpdef Py_ssize_t route_to(self, Matches matches, Message message, NatsParser origin) except -1
    @cython.locals(count=Py_ssize_t, group=list, first=Subscription, served=list)
    cdef Py_ssize_t _route_groups(self, list groups, Message message, NatsParser origin) except -1
    @cython.locals(size=Py_ssize_t, start=Py_ssize_t, remote_weight=Py_ssize_t, offset=Py_ssize_t, tries=Py_ssize_t, member=Subscription)
    cdef bint _deliver_to_one(self, list group, Message message, NatsParser origin) except -1
    @cython.locals(member=Subscription, chosen=Subscription, pick=Py_ssize_t)
    cdef bint _deliver_to_remote(self, list group, Py_ssize_t weight, Message message, NatsParser origin) except -1
    @cython.locals(relays=list, groups=list, index=Py_ssize_t)
    cpdef relay_to(self, object session, bytes queue)
    @cython.locals(relays=list, groups=list, index=Py_ssize_t)
    cpdef relay(self, Message message)
    @cython.locals(message=Message)
    cpdef Py_ssize_t publish(self, Account account, bytes subject, bytes payload, bytes reply=*, bytes header_block=*) except -1
    @cython.locals(answer=Message, matches=Matches, subscription=Subscription)
    cpdef answer_no_responders(self, object session, Message message)
    @cython.locals(dirty=list, index=Py_ssize_t, session=Receiver)
    cpdef flush(self)
    cpdef slow_down(self, object session)
    cpdef speed_up(self)
    cpdef Py_ssize_t random_below(self, Py_ssize_t bound) except -1
