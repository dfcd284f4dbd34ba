import cython
from headwater.base cimport octets


cdef unsigned long long _all
cdef unsigned long long _low
cdef unsigned long long _byte_3
cdef unsigned long long _byte_4
cdef unsigned long long _byte_5
cdef unsigned long long _byte_6
cdef unsigned long long _byte_7


cdef class Hasher:
    cdef unsigned long long[::1] _key
    cdef unsigned long long[::1] _lanes
    cdef unsigned char[::1] _packet

    @cython.locals(lane=int, lanes='unsigned long long[::1]', value='unsigned long long')
    cpdef bytes digest(self, const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end)
    @cython.locals(a='unsigned long long', b='unsigned long long', c='unsigned long long', d='unsigned long long')
    cdef int _take(self, const unsigned char[::1] view, Py_ssize_t at) except -1
    @cython.locals(lanes='unsigned long long[::1]', packet='unsigned char[::1]', size='unsigned long long', lane=int, value='unsigned long long', upper='unsigned long long', place=int, whole=Py_ssize_t, over=Py_ssize_t)
    cdef int _take_rest(self, const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end) except -1
    @cython.locals(lanes='unsigned long long[::1]')
    cdef int _permute(self) except -1
    cdef int _update(self, unsigned long long a, unsigned long long b, unsigned long long c, unsigned long long d) except -1
    @cython.locals(lanes='unsigned long long[::1]', v0='unsigned long long', v1='unsigned long long', m0='unsigned long long', m1='unsigned long long')
    cdef int _lane(self, int lane, unsigned long long word) except -1
    @cython.locals(lanes='unsigned long long[::1]', even='unsigned long long', odd='unsigned long long', low='unsigned long long', high='unsigned long long')
    cdef int _merge(self, int source, int target) except -1


cdef unsigned long long _swap(unsigned long long value) noexcept
cdef unsigned long long _turn(unsigned long long value, unsigned long long count) noexcept
