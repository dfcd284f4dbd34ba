import cython


cdef class Backlog:
    cdef Py_ssize_t _left
    cdef list _sequences

    @cython.locals(sequences=list)
    cpdef long long first(self) except -1
    cpdef drop_first(self)
    @cython.locals(place=Py_ssize_t)
    cpdef bint remove(self, long long sequence) except -1
    cpdef list sequences(self)
    @cython.locals(sequences=list)
    cdef _settle(self)
    @cython.locals(sequences=list, low=Py_ssize_t, high=Py_ssize_t, middle=Py_ssize_t, found='long long')
    cdef Py_ssize_t _place_of(self, long long sequence) except -2
