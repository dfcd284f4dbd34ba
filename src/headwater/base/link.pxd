from headwater.base.buffer cimport Buffer, BufferPool


cdef class Link:
    cpdef flush(self)
    cpdef close(self)
    cpdef abort(self)
    cpdef pause(self, long long duration_ns)
    cpdef resume(self)
    cpdef Py_ssize_t pending_bytes(self) except? -1


cdef class Receiver:
    cdef public bint dirty
    cdef public Link link
    cdef public Buffer out
    cdef public BufferPool pool
    cdef public Py_ssize_t wanted

    cpdef Buffer open_out(self)
    cpdef release_out(self)
    cpdef connected(self)
    cpdef Py_ssize_t receive(self, const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end) except? -1
    cpdef drained(self)
    cpdef overflowed(self, Py_ssize_t pending_bytes)
    cpdef overdue(self, double seconds, Py_ssize_t pending_bytes)
    cpdef closed(self, str reason)
