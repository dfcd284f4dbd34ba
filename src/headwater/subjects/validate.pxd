import cython


cdef int _dot
cdef int _any
cdef int _rest


cpdef bint is_valid(bytes subject) except -1
cpdef bint has_valid_tokens(bytes subject) except -1
@cython.locals(size=Py_ssize_t, at=Py_ssize_t)
cpdef bint has_empty_token(bytes subject) except -1
cpdef bint is_literal(bytes subject) except -1
cpdef bint is_valid_literal(bytes subject) except -1
cpdef bint matches(bytes pattern, bytes subject) except -1
@cython.locals(pattern=bytes)
cpdef bint matches_any(list patterns, bytes subject) except -1
cpdef bint covers(bytes pattern, bytes other) except -1
@cython.locals(place=Py_ssize_t, at=Py_ssize_t, end=Py_ssize_t, byte=int)
cdef bint _stands_for(bytes pattern, bytes other, bint literal) except -1
@cython.locals(after=Py_ssize_t)
cdef bint _is_token(bytes subject, Py_ssize_t place) except -1
@cython.locals(left=list, right=list)
cpdef bint overlaps(bytes one, bytes other) except -1
cdef int _require(bytes one, bytes other) except -1
