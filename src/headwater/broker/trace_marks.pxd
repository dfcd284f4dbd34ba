import cython
from headwater.accounts.account cimport Account
from headwater.base cimport octets
from headwater.wire cimport headers
from headwater.wire.message cimport Message


@cython.locals(start=Py_ssize_t, end=Py_ssize_t)
cpdef bint may_ask(Account account, Message message) except -1
@cython.locals(at=Py_ssize_t)
cdef bint _has_parent(Message message, Py_ssize_t start, Py_ssize_t end) except -1
