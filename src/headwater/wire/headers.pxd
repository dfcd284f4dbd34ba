import cython
from headwater.base cimport octets


@cython.locals(size=Py_ssize_t, at=Py_ssize_t, line_end=Py_ssize_t, value_start=Py_ssize_t, value_end=Py_ssize_t)
cpdef bytes find_value(const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end, bytes name)
@cython.locals(first=cython.uchar, size=Py_ssize_t, at=Py_ssize_t)
cpdef bint mentions(const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end, bytes text) except -1
