import cython
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer
from headwater.store.block cimport Block


cdef class Tail:
    cdef public Block block
    cdef public Buffer buffer
    cdef public bint busy
    cdef public long long entry
    cdef public Py_ssize_t offset
    cdef public bint suspect
    cdef public bint written

    @cython.locals(own=Buffer)
    cpdef append(self, Buffer buffer)
