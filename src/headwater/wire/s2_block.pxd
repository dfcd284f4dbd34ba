import cython
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer


cdef int _LITERAL
cdef int _SHORT_COPY
cdef int _LENGTH_BYTES_MAX
cdef int _PLACE_BITS
cdef int _MATCH_BYTES
cdef int _TAIL_BYTES
cdef int _COPY_BYTES_MAX
cdef int _SHORT_BYTES_MAX
cdef int _SHORT_OFFSET_MAX
cdef long long _factor
cdef long long _word_mask


@cython.locals(decoder=_Decoder, size=Py_ssize_t)
cpdef bytearray decode(const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end, Py_ssize_t size_max)

cpdef bytes encode(const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end)


cdef class _Decoder:
    cdef Py_ssize_t at
    cdef Py_ssize_t end
    cdef Py_ssize_t filled
    cdef long long offset
    cdef unsigned char[::1] target
    cdef const unsigned char[::1] view

    @cython.locals(size='long long', place=int, byte='long long')
    cdef Py_ssize_t read_size(self, Py_ssize_t size_max) except -1
    @cython.locals(tag=int, offset='long long')
    cdef int run(self, Py_ssize_t size) except -1
    @cython.locals(value='long long', place=int, byte='long long')
    cdef long long _number(self, int count) except -1
    @cython.locals(length='long long')
    cdef int _literal(self, int code, Py_ssize_t size) except -1
    @cython.locals(length='long long', offset='long long')
    cdef int _short_copy(self, int tag, Py_ssize_t size) except -1
    @cython.locals(offset='long long', at=Py_ssize_t, end=Py_ssize_t, target='unsigned char[::1]')
    cdef int _copy(self, long long length, Py_ssize_t size) except -1


cdef class _Encoder:
    cdef Py_ssize_t end
    cdef Buffer out
    cdef unsigned short[::1] places
    cdef Py_ssize_t start
    cdef const unsigned char[::1] view

    cpdef bytes run(self)
    @cython.locals(view='const unsigned char[::1]', places='unsigned short[::1]', start=Py_ssize_t, at=Py_ssize_t, literal=Py_ssize_t, last=Py_ssize_t, effort=Py_ssize_t, word='long long', place=Py_ssize_t, before=Py_ssize_t, length=Py_ssize_t)
    cdef Py_ssize_t _put_matches(self) except -1
    @cython.locals(view='const unsigned char[::1]', length=Py_ssize_t, most=Py_ssize_t)
    cdef Py_ssize_t _match_length(self, Py_ssize_t before, Py_ssize_t at) except -1
    cdef _put_size(self, Py_ssize_t size)
    @cython.locals(size=Py_ssize_t, out=Buffer)
    cdef _put_literal(self, Py_ssize_t start, Py_ssize_t end)
    cdef _put_copy(self, Py_ssize_t offset, Py_ssize_t length)
    @cython.locals(out=Buffer)
    cdef _put(self, long long value, int count)
