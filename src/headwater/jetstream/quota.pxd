cdef class Quota:
    cdef public long long bytes_max
    cdef public bint closed
    cdef public long long used
    cdef public long long reserved
    cdef public Quota whole

    cpdef bint is_full(self, long long more) except -1
    cpdef add(self, long long used)
    cpdef reserve(self, long long size)
