from headwater.subjects.mapping cimport SubjectMappings
from headwater.subjects.match cimport Interest, Sublist


cdef class InterestListener:
    cpdef interest_added(self, Interest interest)
    cpdef interest_removed(self, Interest interest)


cdef class Traffic:
    cdef public long long in_bytes
    cdef public long long in_msgs
    cdef public long long out_bytes
    cdef public long long out_msgs

    cpdef add(self, other)


cdef class Account:
    cdef public Sublist interest
    cdef public object jetstream
    cdef public object limits
    cdef public list listeners
    cdef public SubjectMappings mappings
    cdef public bytes name
    cdef public Traffic past_clients
    cdef public Traffic past_leafs
    cdef public Py_ssize_t sessions
    cdef public object sharing
    cdef public long long slow_consumers
    cdef public str title
    cdef public bytes trace_destination
    cdef public Py_ssize_t trace_sampling

    cpdef str label(self)
    cpdef bint is_full(self) except -1
    cpdef remap(self, SubjectMappings mappings)
    cpdef subscribe(self, Interest interest)
    cpdef unsubscribe(self, Interest interest)
