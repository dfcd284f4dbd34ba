import cython
from headwater.accounts.account cimport InterestListener
from headwater.accounts.permissions cimport Rules
from headwater.broker.router cimport Router
from headwater.broker.session cimport Session
from headwater.broker.subscription cimport Subscription
from headwater.subjects.match cimport Interest
from headwater.subjects.validate cimport covers, overlaps
from headwater.wire.message cimport Message
from headwater.wire.nats_parser cimport NatsParser


cdef class LeafSubscription(Subscription):
    cdef public bint active
    cdef public long long delivered
    cdef public object relay
    cdef public Rules rules
    cdef public Session session

    cpdef apply(self, Rules rules)
    cpdef withdraw(self)
    @cython.locals(sid=bytes)
    cpdef tuple state(self)
    cpdef bint deliver(self, Message message, NatsParser origin) except -1
    @cython.locals(session=Session, source=Session)
    cdef bint _is_reached_from(self, NatsParser origin) except -1


cdef class LeafInterest(InterestListener):
    cdef set _announced
    cdef dict _counts
    cdef Rules _rules
    cdef Session _session

    cpdef announce_all(self, list interests)
    cpdef apply(self, Rules rules)
    @cython.locals(key=tuple, count=Py_ssize_t, added=Py_ssize_t)
    cpdef interest_added(self, Interest interest)
    @cython.locals(key=tuple, count=Py_ssize_t)
    cpdef interest_removed(self, Interest interest)
    cdef _announce(self, tuple key, Py_ssize_t count)
    cdef _withdraw(self, tuple key)
    cdef bint _permitted(self, bytes subject) except -1
    @cython.locals(subscription=LeafSubscription, owner=Session)
    cdef bint _concerns(self, Interest interest) except -1


@cython.locals(first=cython.uchar)
cpdef bint may_pass(Rules rules, bytes subject) except -1
cdef bint _lets_none_pass(Rules rules, bytes subject) except -1
cdef bint _lets_all_pass(Rules rules, bytes subject) except -1
@cython.locals(subscription=LeafSubscription)
cdef Py_ssize_t _weight(Interest interest) except -1
