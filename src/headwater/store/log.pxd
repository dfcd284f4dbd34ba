import cython
from headwater.base.buffer cimport Buffer
from headwater.store cimport record
from headwater.store.block cimport Block
from headwater.store.tail cimport Tail
from headwater.store.writes cimport Writes
from headwater.wire.message cimport Message


cdef class Batch:
    cdef public long long accepted_bytes
    cdef public object attachment
    cdef public Block block
    cdef public Buffer buffer
    cdef public long long entry
    cdef public object error
    cdef public Py_ssize_t frames
    cdef public bint fresh
    cdef public bint is_packed
    cdef public Tail lead
    cdef public Py_ssize_t offset
    cdef public Buffer packed
    cdef public Py_ssize_t plain
    cdef public Py_ssize_t records

    cpdef Py_ssize_t end(self) except -1


cdef class Log:
    cdef public object disk
    cdef public str folder
    cdef public bytes stream_id
    cdef public Py_ssize_t block_bytes
    cdef public object packing
    cdef public Block active
    cdef public bint packable
    cdef public Buffer staged
    cdef public Py_ssize_t staged_records
    cdef public Batch writing
    cdef public Writes writes
    cdef public long long written_bytes
    cdef public long long syncs
    cdef long long _staged_accepted_bytes
    cdef Buffer _spare
    cdef public list tails
    cdef Tail _tail
    cdef object _file
    cdef long long _file_number
    cdef long long _next_number
    cdef long long _previous_number
    cdef Py_ssize_t _previous_size

    cpdef stage_message(self, long long sequence, long long time_ns, Message message)
    @cython.locals(buffer=Buffer, block=Block, batch=Batch, fresh=bint)
    cpdef Batch start(self)
    cpdef pack(self, Batch batch)
    cpdef bint finish(self, Batch batch) except -1
    cdef bint _wants_new_block(self, Py_ssize_t size) except -1
    cdef _add_to_tail(self, Batch batch)
    cpdef Py_ssize_t tail_bytes(self) except -1
    @cython.locals(block=Block)
    cdef _grow(self, Batch batch)
    cdef _count(self, Batch batch)
