import cython
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer
from headwater.store.log cimport Batch, Log


cdef Py_ssize_t _entry_head_bytes
cdef Py_ssize_t _piece_head_bytes


cdef class EntryWriter:
    cdef public Buffer buffer
    cdef public Py_ssize_t pieces
    cdef public long long seed

    cpdef begin(self)
    @cython.locals(out=Buffer, data=Buffer, at=Py_ssize_t)
    cpdef add(self, Log log, Batch batch)
    @cython.locals(out=Buffer)
    cpdef seal(self, long long number, long long first_number)
