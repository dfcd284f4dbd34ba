cdef class Rules:
    cdef dict _decisions
    cdef public list allow
    cdef public list deny

    cpdef bint permits(self, bytes subject) except -1
    cpdef bint permits_interest(self, bytes subject) except -1
    cpdef bint filters(self, bytes subject) except -1
    cdef bint _permits_uncached(self, bytes subject) except -1


cdef class Permissions:
    cdef public Rules publish
    cdef public Rules subscribe
