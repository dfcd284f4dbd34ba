from headwater.subjects.match cimport Interest, Sublist


cdef class InterestListener:
    cpdef interest_added(self, Interest interest)
    cpdef interest_removed(self, Interest interest)


cdef class Account:
    cdef public Sublist interest
    cdef public object jetstream
    cdef public list listeners
    cdef public bytes name
    cdef public Py_ssize_t sessions

    cpdef subscribe(self, Interest interest)
    cpdef unsubscribe(self, Interest interest)
