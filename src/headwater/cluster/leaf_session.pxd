import cython
from headwater.accounts.account cimport Account
from headwater.accounts.permissions cimport Rules
from headwater.base cimport octets
from headwater.broker.router cimport Router
from headwater.broker.session cimport Session
from headwater.broker.trace_marks cimport may_ask
from headwater.cluster.leaf_interest cimport LeafInterest, LeafSubscription, may_pass
from headwater.subjects.validate cimport is_valid
from headwater.wire cimport nats_encoder
from headwater.wire.message cimport Message
from headwater.wire.nats_parser cimport NatsParser


cdef class LeafSession(Session):
    cdef Rules _exports
    cdef Rules _imports
    cdef LeafInterest _interest
    cdef Rules _inward
    cdef bint _oversized
    cdef public bint headers
    cdef public object hub
    cdef public str hub_error
    cdef public bytes loop_subject
    cdef public object owner
    cdef public Py_ssize_t peer_payload_bytes_max
    cdef public object remote
    cdef public int stage
    cdef public bint traces
    cdef public object url

    @cython.locals(message=Message, subject=bytes, size=Py_ssize_t, router=Router)
    cpdef on_message(self)
    @cython.locals(size=Py_ssize_t, router=Router)
    cpdef relay(self, Message message, list groups)
    cpdef on_control(self, bytes verb, bytes arguments)
    @cython.locals(message=Message)
    cdef _take(self)
    @cython.locals(message=Message, mapped=bytes)
    cdef _take_mapped(self, bytes subject)
    cdef _take_traced(self, bytes subject)
    @cython.locals(message=Message, at=Py_ssize_t, end=Py_ssize_t, dots=Py_ssize_t)
    cdef _split_reply(self)
    @cython.locals(words=list, subject=bytes, queue=bytes, key=tuple, weight=Py_ssize_t, old=LeafSubscription, subscription=LeafSubscription)
    cdef _subscribe(self, bytes arguments)
    @cython.locals(words=list, key=tuple, subscription=LeafSubscription)
    cdef _unsubscribe(self, bytes arguments)
