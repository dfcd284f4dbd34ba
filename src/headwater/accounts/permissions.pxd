import cython


cdef class Rules:
    cdef list _allowed_groups
    cdef dict _decisions
    cdef list _denied_groups
    cdef public list allow
    cdef public list deny

    cpdef bint permits(self, bytes subject) except -1
    @cython.locals(verdict=cython.int)
    cpdef bint permits_interest(self, bytes subject, bytes queue=*) except -1
    @cython.locals(verdict=cython.int, pattern=bytes, name=bytes)
    cdef int _verdict(self, list groups, bytes subject, bytes queue) except -2
    cpdef bint filters(self, bytes subject) except -1
    @cython.locals(pattern=bytes)
    cdef bint _permits_uncached(self, bytes subject) except -1


cdef class Permissions:
    cdef public Rules publish
    cdef public Rules subscribe
