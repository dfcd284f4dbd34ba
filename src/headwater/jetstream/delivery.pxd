import cython
from headwater.accounts.account cimport Account
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer
from headwater.broker.router cimport Router
from headwater.jetstream.ack_state cimport AckState, Pending
from headwater.jetstream.backlog cimport Backlog
from headwater.store.block cimport Block, CachedBlock
from headwater.store.index cimport Index
from headwater.store.record cimport Record
from headwater.store.stream_store cimport StreamStore
from headwater.subjects.validate cimport matches_any
from headwater.wire cimport headers
from headwater.wire.message cimport Message


cdef int _nothing
cdef int _wait
cdef Py_ssize_t _slice_bytes_max
cdef Py_ssize_t _slice_looks_max
cdef Py_ssize_t _reply_bytes_max
cdef Py_ssize_t _ahead_max


cdef class Target:
    cpdef bytes subject(self, Py_ssize_t size)
    cpdef took(self, Py_ssize_t size)
    cpdef gone(self)
    cpdef exhausted(self)


cdef class Delivery:
    cdef object _ahead
    cdef long long _ahead_to
    cdef long long _first_deadline_ns
    cdef CachedBlock _found
    cdef Py_ssize_t _looks
    cdef bint _pending_turn
    cdef int _source
    cdef object _timer
    cdef bint _tracking
    cdef long long _turn_ns
    cdef dict _wanted
    cdef public Account account
    cdef public bytes ack_prefix
    cdef public long long ack_wait_ns
    cdef public bint acks_explicitly
    cdef public bytes added_field
    cdef public Backlog backlog
    cdef public list backoff_ns
    cdef public object clock
    cdef public object counting
    cdef public list filters
    cdef public bint headers_only
    cdef public object host
    cdef public bint loading
    cdef public long long max_ack_pending
    cdef public long long max_deliver
    cdef Message message
    cdef public long long num_pending
    cdef public bint observed
    cdef public bint paced
    cdef public bint paused
    cdef public object redeliver
    cdef Buffer reply
    cdef public Router router
    cdef public AckState state
    cdef public bint stopped
    cdef public StreamStore store
    cdef public Target target
    cdef public object timers

    cpdef bint wants(self, bytes subject) except -1
    cpdef bint fits(self, bytes subject) except -1
    cpdef stored(self, long long sequence)
    cdef _note_ahead(self, long long sequence)
    cdef _forget_ahead(self)
    @cython.locals(first='long long')
    cdef long long _skip_others(self, long long sequence) except -1
    @cython.locals(state=AckState, entry=Pending)
    cpdef bint removed(self, long long sequence, bytes subject) except -1
    cpdef wake(self)
    cpdef wake_if_asked(self)
    cpdef end_of_batch(self)
    @cython.locals(delivered='long long')
    cpdef deliver(self)
    @cython.locals(left=Py_ssize_t, sequence='long long', size=Py_ssize_t)
    cdef _deliver_turn(self)
    @cython.locals(sequence='long long', found='long long')
    cdef long long _next(self) except? -2
    @cython.locals(block=Block)
    cdef long long _look_for(self, long long sequence) except? -2
    @cython.locals(state=AckState, index=Index, sequence='long long', found='long long')
    cdef long long _next_in_stream(self) except? -2
    @cython.locals(size=Py_ssize_t, payload_bytes=Py_ssize_t)
    cdef Py_ssize_t _shown_bytes(self, Record record) except -1
    @cython.locals(state=AckState, cached=CachedBlock, record=Record, again=bint, first=bint, delivered_stream='long long', size=Py_ssize_t, count='long long', time_ns='long long', pending='long long', entry=Pending)
    cdef Py_ssize_t _deliver_one(self, long long sequence) except? -2
    @cython.locals(cached=CachedBlock)
    cdef CachedBlock _take_found(self, long long sequence)
    cpdef bint is_full(self) except -1
    @cython.locals(entry=Pending)
    cpdef deliver_again(self, long long sequence)
    @cython.locals(entry=Pending)
    cdef _drop_again(self)
    cpdef long long wait_of(self, long long count) except -1
    @cython.locals(message=Message, record=Record)
    cdef _compose(self, bytes subject, CachedBlock cached)
    @cython.locals(message=Message, record=Record, kept=bytes, block=bytes, payload=bytes)
    cdef _compose_anew(self, CachedBlock cached)
    @cython.locals(reply=Buffer, at=Py_ssize_t)
    cdef _put_reply(self, long long sequence, long long count, long long time_ns, long long pending)
