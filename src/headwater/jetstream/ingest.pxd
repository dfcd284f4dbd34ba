import cython
from headwater.accounts.account cimport Account
from headwater.broker.router cimport Router
from headwater.broker.subscription cimport Subscription
from headwater.jetstream.dedupe cimport Dedupe
from headwater.jetstream.publish_acks cimport PublishAcks
from headwater.jetstream.quota cimport Quota
from headwater.store.index cimport Index
from headwater.store.stream_store cimport StreamStore
from headwater.subjects.validate cimport matches
from headwater.wire cimport headers
from headwater.wire.message cimport Message
from headwater.wire.nats_parser cimport NatsParser


cdef Py_ssize_t _header_bytes_max
cdef Py_ssize_t _staged_bytes_max


cdef class IngestSubscription(Subscription):
    cdef public Ingest ingest

    cpdef bint deliver(self, Message message, NatsParser origin) except -1


cdef class Ingest:
    cdef public dict _in_flight
    cdef Message _own
    cdef bint _pending
    cdef PublishAcks _spare
    cdef public bytes ack_prefix
    cdef public PublishAcks acks
    cdef public Account account
    cdef public bint allows_rollup
    cdef public bint allows_ttl
    cdef public long long bytes_max
    cdef public Dedupe dedupe
    cdef public bint discards_new
    cdef public object has_interest
    cdef public long long message_bytes_max
    cdef public long long messages_max
    cdef public bint no_ack
    cdef public long long per_subject_max
    cdef public Quota quota
    cdef public Router router
    cdef public bint sealed
    cdef public StreamStore store
    cdef public bytes stream_name
    cdef public object trace
    cdef public bint tracks_subjects
    cdef public long long ttl_min

    @cython.locals(size=Py_ssize_t)
    cpdef accept(self, Message message)
    cpdef end_of_batch(self)
    cpdef due(self)
    cpdef refuse(self, Message message, error)
    @cython.locals(sequence='long long', unwanted=bint)
    cdef _propose(self, Message message, bytes message_id)
    @cython.locals(store=StreamStore, index=Index, reason=str, size='long long', more='long long')
    cdef bint _has_room(self, Message message) except -1
    @cython.locals(message_id=bytes)
    cdef _accept_with_headers(self, Message message)
    cdef _header(self, Message message, bytes name)
    cdef _header_error(self, Message message)
    cdef _late_error(self, Message message, rollup)
