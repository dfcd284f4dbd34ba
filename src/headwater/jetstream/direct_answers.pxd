import cython
from headwater.accounts.account cimport Account
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer
from headwater.broker.router cimport Router
from headwater.broker.subscription cimport InternalSubscription
from headwater.store.block cimport Block, CachedBlock
from headwater.store.record cimport Record
from headwater.store.stream_store cimport StreamStore
from headwater.wire.message cimport Message
from headwater.wire.nats_parser cimport NatsParser


cdef long long _second_ns
cdef bytes _line
cdef Py_ssize_t _slice_bytes_max
cdef Py_ssize_t _added_bytes
cdef int _dot
cdef int _zero
cdef int _z
cdef int _brace
cdef bytes _plain


cdef class DirectAnswers:
    cdef Account _account
    cdef Buffer _buffer
    cdef Message _message
    cdef bytes _named
    cdef Router _router
    cdef long long _second
    cdef bytes _second_text

    @cython.locals(buffer=Buffer, message=Message, record=Record, start=Py_ssize_t, at=Py_ssize_t)
    cpdef send(self, bytes reply, CachedBlock cached, bint bare, long long pending=*, long long last=*)
    @cython.locals(record=Record, end=Py_ssize_t, source='const unsigned char[::1]', view='unsigned char[::1]')
    cdef Py_ssize_t _put_headers(self, Buffer buffer, Py_ssize_t at, CachedBlock cached, long long pending, long long last) except -1
    @cython.locals(second='long long', fraction='long long', point=Py_ssize_t, view='unsigned char[::1]')
    cdef Py_ssize_t _put_time(self, Buffer buffer, Py_ssize_t at, long long time_ns) except -1


cdef class DirectSubscription(InternalSubscription):
    cdef DirectAnswers _answers
    cdef Py_ssize_t _prefix_bytes
    cdef StreamStore _store

    @cython.locals(sequence='long long', cached=CachedBlock)
    cpdef bint deliver(self, Message message, NatsParser origin) except -1
    @cython.locals(subject=bytes, wanted=bytes, start=Py_ssize_t, end=Py_ssize_t, view='const unsigned char[::1]')
    cdef long long _wanted(self, Message message) except -1


cdef class DirectRun:
    cdef DirectAnswers _answers
    cdef bint _bare
    cdef long long _bound
    cdef bytes _reply
    cdef StreamStore _store
    cdef public long long last
    cdef public long long left_bytes
    cdef public long long next
    cdef public bint over
    cdef public long long pending
    cdef public long long room

    @cython.locals(store=StreamStore, sequence='long long', block=Block, cached=CachedBlock, record=Record, last='long long', least_bytes='long long')
    cpdef Block go(self)
