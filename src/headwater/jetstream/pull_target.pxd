import cython
from headwater.jetstream.delivery cimport Target


cdef class PullRequest:
    cdef public long long batch
    cdef public long long bytes_left
    cdef public long long delivered
    cdef public long long expires_ns
    cdef public long long heartbeat_ns
    cdef public bytes inbox
    cdef public bint limits_bytes
    cdef public long long min_ack_pending
    cdef public long long min_pending
    cdef public long long next_beat_ns
    cdef public bint no_wait
    cdef public bytes pin
    cdef public long long priority


cdef class PullTarget(Target):
    cdef Py_ssize_t _at
    cdef object _consumer
    cdef object _policy
    cdef list _requests
    cdef object _timer
    cdef public object pin

    @cython.locals(request=PullRequest)
    cpdef bytes subject(self, Py_ssize_t size)
    @cython.locals(request=PullRequest)
    cpdef took(self, Py_ssize_t size)
    cdef _complete(self, PullRequest request)
    cpdef gone(self)
    @cython.locals(request=PullRequest)
    cpdef exhausted(self)
    cpdef _place(self, PullRequest request)
