import cython
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer
from headwater.broker.router cimport Router
from headwater.store.stream_store cimport StreamStore


cdef Py_ssize_t _record_sequences_max


cdef class Deletions:
    cdef Router _router
    cdef StreamStore _store
    cdef list _unproposed
    cdef public set sequences

    cpdef add(self, long long sequence)
    cpdef applied(self, long long sequence)
    cpdef clear(self)
    cpdef end_of_batch(self)
    @cython.locals(unproposed=list, at=Py_ssize_t, end=Py_ssize_t)
    cpdef propose(self)
    cpdef propose_again(self)


@cython.locals(payload=Buffer, place=Py_ssize_t)
cdef bytes _packed(list sequences, Py_ssize_t start, Py_ssize_t end)
