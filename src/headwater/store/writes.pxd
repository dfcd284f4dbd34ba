cdef class Writes:
    cdef public dict bytes
    cdef public long long syncs
    cdef public long long accepted_bytes
