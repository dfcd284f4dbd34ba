import cython


cdef class Piece:
    cpdef bytes render(self, list tokens, bytes subject, object random_below)


cdef class Literal(Piece):
    cdef public bytes text

    cpdef bytes render(self, list tokens, bytes subject, object random_below)


cdef class Token(Piece):
    cdef Py_ssize_t position

    cpdef bytes render(self, list tokens, bytes subject, object random_below)


cdef class Rest(Piece):
    cdef Py_ssize_t position

    cpdef bytes render(self, list tokens, bytes subject, object random_below)


cdef class Partition(Piece):
    cdef unsigned long long buckets
    cdef list positions

    @cython.locals(state=cython.ulonglong, position=Py_ssize_t)
    cpdef bytes render(self, list tokens, bytes subject, object random_below)


cdef class WholePartition(Piece):
    cdef unsigned long long buckets

    cpdef bytes render(self, list tokens, bytes subject, object random_below)


cdef class Random(Piece):
    cdef Py_ssize_t count

    cpdef bytes render(self, list tokens, bytes subject, object random_below)


cdef class Split(Piece):
    cdef bytes delimiter
    cdef Py_ssize_t position

    @cython.locals(token=bytes, text=str, parts=list)
    cpdef bytes render(self, list tokens, bytes subject, object random_below)


cdef class Sized(Piece):
    cdef Py_ssize_t position
    cdef Py_ssize_t size

    @cython.locals(token=bytes)
    cpdef bytes render(self, list tokens, bytes subject, object random_below)
    cpdef bytes cut(self, bytes token, Py_ssize_t size)


cdef class Left(Sized):
    cpdef bytes cut(self, bytes token, Py_ssize_t size)


cdef class Right(Sized):
    cpdef bytes cut(self, bytes token, Py_ssize_t size)


cdef class SplitFromLeft(Sized):
    cpdef bytes cut(self, bytes token, Py_ssize_t size)


cdef class SplitFromRight(Sized):
    @cython.locals(at=Py_ssize_t)
    cpdef bytes cut(self, bytes token, Py_ssize_t size)


cdef class SliceFromLeft(Sized):
    cpdef bytes cut(self, bytes token, Py_ssize_t size)


cdef class SliceFromRight(Sized):
    cpdef bytes cut(self, bytes token, Py_ssize_t size)


cdef class Transform:
    cdef public bytes destination
    cdef public bytes source
    cdef public bint varies
    cdef bytes _constant
    cdef list _pieces

    @cython.locals(piece=Piece, tokens=list, parts=list)
    cpdef bytes apply(self, bytes subject, object random_below)


@cython.locals(byte=cython.uchar)
cdef unsigned long long _hashed(unsigned long long state, bytes data) except? 0
cdef bytes _bucket(unsigned long long state, unsigned long long buckets)
@cython.locals(parts=list)
cdef bytes _sliced(bytes token, Py_ssize_t size, Py_ssize_t first)
