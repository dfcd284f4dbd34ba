import cython


cdef class Rewriting:
    cdef list _destination
    cdef tuple _ends
    cdef list _source
    cdef public bytes destination
    cdef public bytes source

    cpdef Rewriting reversed(self)
    @cython.locals(found=dict, tokens=list, index=Py_ssize_t)
    cpdef bytes apply(self, bytes subject)
    cpdef bytes source_of(self, bytes pattern)


cdef list _numbered(bytes pattern)
cdef bytes _pattern(list tokens)
cdef bytes _wildcard(int number)
cdef bytes _filled(list tokens, dict found)
cdef dict _bound(list tokens, list others)
