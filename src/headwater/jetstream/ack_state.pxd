import cython


cdef class Pending:
    cdef public long long consumer_sequence
    cdef public long long count
    cdef public long long deadline_ns
    cdef public bint queued
    cdef public long long sent_ns


cdef class AckState:
    cdef bint _whole_due
    cdef public set abandoned
    cdef public set changed
    cdef public long long consumer_floor
    cdef public long long delivered_consumer
    cdef public long long delivered_stream
    cdef public bint dirty
    cdef public long long last_ack_ns
    cdef public long long last_delivery_ns
    cdef public long long next_sequence
    cdef public bint noted
    cdef public dict pending
    cdef public long long revision
    cdef public long long stream_floor
    cdef public bint unsettled

    @cython.locals(count='long long', entry=Pending)
    cpdef long long delivered(self, long long sequence, long long now_ns, long long deadline_ns, bint keep) except -1
    @cython.locals(entry=Pending)
    cpdef undelivered(self, long long sequence, bint first, long long delivered_stream)
    cpdef bint acknowledge(self, long long sequence, long long now_ns) except -1
    cpdef list acknowledge_all(self, long long sequence, long long consumer_sequence, long long now_ns)
    cpdef forget(self, long long sequence, long long now_ns)
    cpdef abandon(self, long long sequence)
    cpdef skip_to(self, long long first)
    @cython.locals(entry=Pending)
    cpdef settle(self)
