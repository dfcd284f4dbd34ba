import cython


cdef const unsigned int[::1] _table


@cython.locals(table='const unsigned int[::1]', crc='unsigned long long', at=Py_ssize_t)
cpdef long long masked_checksum(const unsigned char[::1] view, Py_ssize_t start, Py_ssize_t end) except -1
