import cython
from headwater.accounts.account cimport Account
from headwater.base cimport octets
from headwater.broker.router cimport Router
from headwater.broker.subscription cimport Subscription
from headwater.jetstream.dedupe cimport Dedupe
from headwater.jetstream.publish_acks cimport PublishAcks
from headwater.jetstream.quota cimport Quota
from headwater.store.index cimport Index
from headwater.store.stream_store cimport StreamStore
from headwater.subjects.pieces cimport Transform
from headwater.subjects.validate cimport matches
from headwater.wire cimport headers
from headwater.wire.message cimport Message
from headwater.wire.nats_parser cimport NatsParser


cdef Py_ssize_t _header_bytes_max
cdef Py_ssize_t _staged_bytes_max
cdef int _last_of_fast_reply


cdef class IngestSubscription(Subscription):
    cdef public Ingest ingest

    cpdef bint deliver(self, Message message, NatsParser origin) except -1


cdef class Ingest:
    cdef dict _before
    cdef long long _counted_bytes
    cdef public dict _in_flight
    cdef Message _own
    cdef bint _pending
    cdef PublishAcks _spare
    cdef public bytes ack_prefix
    cdef public PublishAcks acks
    cdef public Account account
    cdef public bint allows_rollup
    cdef public bint allows_ttl
    cdef public object atomic_batches
    cdef public long long bytes_max
    cdef object clock
    cdef public object counters
    cdef public Dedupe dedupe
    cdef public bint discards_new
    cdef public object fast_batches
    cdef public object has_interest
    cdef public long long message_bytes_max
    cdef public long long messages_max
    cdef public bint no_ack
    cdef public list parked
    cdef public bint peculiar
    cdef public long long per_subject_max
    cdef public Quota quota
    cdef public Router router
    cdef public object schedule_rules
    cdef public bint sealed
    cdef public StreamStore store
    cdef public long long stored
    cdef public object stream
    cdef public bytes stream_name
    cdef bint takes_schedules
    cdef public object trace
    cdef public bint tracks_subjects
    cdef public long long ttl_min
    cdef public Transform transform
    cdef public long long twin
    cdef public bytes value

    cpdef accept(self, Message message)
    @cython.locals(subject=bytes, transform=Transform)
    cdef _accept_peculiar(self, Message message)
    cpdef accept_named(self, Message message)
    @cython.locals(sequence='long long')
    cdef _accept(self, Message message)
    cdef _size_error(self, Message message)
    cpdef end_of_batch(self)
    cpdef take_attachment(self)
    @cython.locals(store=StreamStore)
    cpdef settled(self, PublishAcks acks, error)
    cpdef settle(self, PublishAcks acks, error)
    cdef _settle_duplicates(self, error)
    @cython.locals(used='long long')
    cpdef count_bytes(self)
    cpdef due(self)
    cpdef refuse(self, Message message, error)
    @cython.locals(sequence='long long', unwanted=bint)
    cdef long long _propose(self, Message message, bytes message_id) except -1
    @cython.locals(store=StreamStore, index=Index, reason=str, size='long long', more='long long')
    cdef _room_error(self, Message message)
    cdef _accept_with_headers(self, Message message)
    cpdef offer(self, Message message)
    @cython.locals(message_id=bytes, kept=Message, start=Py_ssize_t)
    cdef _offer_with_headers(self, Message message)
    cpdef answer(self, Message message, bytes text)
    cpdef answer_at_once(self, Message message, bytes text)
    cdef _propose_removals(self, Message message, rollup, Py_ssize_t start)
    cdef _propose_purge(self, bytes pattern, Py_ssize_t start)
    cdef _header(self, Message message, bytes name)
    cdef _header_error(self, Message message)
    cdef _late_error(self, Message message, rollup)
