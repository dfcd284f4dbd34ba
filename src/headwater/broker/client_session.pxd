import cython
from headwater.accounts.permissions cimport Permissions, Rules
from headwater.base cimport octets
from headwater.broker.router cimport Router
from headwater.broker.session cimport Session
from headwater.broker.subscription cimport Subscription
from headwater.broker.trace_marks cimport may_ask
from headwater.subjects.validate cimport has_valid_tokens, is_literal
from headwater.wire cimport nats_encoder
from headwater.wire.message cimport Message
from headwater.wire.nats_parser cimport NatsParser


cdef class ClientSubscription(Subscription):
    cdef public bint active
    cdef public long long delivered
    cdef public bint filtered
    cdef public long long limit
    cdef public ClientSession session
    cdef public bytes sid

    cpdef bint serves(self, object session) except -1
    cpdef tuple state(self)
    @cython.locals(session=ClientSession)
    cpdef str obstacle(self, Message message, NatsParser origin)
    @cython.locals(session=ClientSession)
    cpdef notify(self, Message message)
    @cython.locals(session=ClientSession, size=Py_ssize_t)
    cpdef bint deliver(self, Message message, NatsParser origin) except -1


cdef class ClientSession(Session):
    cdef bytes _last_subject
    cdef public bint admitted
    cdef public object connect
    cdef public bint connect_info_due
    cdef public bint echo
    cdef public double expires_s
    cdef public object expiry
    cdef public bint headers
    cdef public bint located
    cdef public bint no_responders
    cdef public str nonce
    cdef public bint pedantic
    cdef public Permissions permissions
    cdef public object replies
    cdef public Py_ssize_t subscriptions_max
    cdef public object user_limits
    cdef public str user_name
    cdef public str user_title
    cdef public bint verbose

    cpdef Py_ssize_t receive(self, const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end) except? -1
    @cython.locals(message=Message, subject=bytes, start=Py_ssize_t, end=Py_ssize_t, size=Py_ssize_t, router=Router)
    cpdef on_message(self)
    cpdef on_control(self, bytes verb, bytes arguments)
    cpdef label(self)
    cpdef tuple described(self)
    @cython.locals(subscription=ClientSubscription)
    cpdef subscribe(self, bytes subject, bytes queue, bytes sid)
    cpdef bint filters(self, bytes subject) except -1
    cpdef bint takes(self, Message message) except -1
    cpdef remove(self, ClientSubscription subscription)
    @cython.locals(message=Message, router=Router, count=Py_ssize_t, first=Py_ssize_t)
    cdef _take(self, bytes subject)
    @cython.locals(message=Message, mapped=bytes)
    cdef _take_mapped(self, bytes subject)
    cdef _take_traced(self, bytes subject)
    cdef bint _may_trace_to(self, bytes destination) except -1
    cdef bint _may_publish(self, bytes subject) except -1
    @cython.locals(message=Message, start=Py_ssize_t, end=Py_ssize_t)
    cdef bint _is_reserved(self, bytes subject) except -1
    @cython.locals(message=Message, start=Py_ssize_t, end=Py_ssize_t)
    cdef bint _is_reply_reserved(self) except -1
