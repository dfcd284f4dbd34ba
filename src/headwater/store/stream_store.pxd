import cython
from headwater.base cimport octets
from headwater.base.buffer cimport Buffer
from headwater.store.block cimport Block, CachedBlock
from headwater.store.index cimport Index
from headwater.store.log cimport Batch, Log
from headwater.store.record cimport Record
from headwater.store.subjects cimport SubjectTable
from headwater.wire cimport headers
from headwater.wire.message cimport Message


cdef int _message


cdef class Loading:
    cdef public Buffer tail
    cdef public list waiters


cdef class StreamStore:
    cdef public object owner
    cdef public object proposer
    cdef public Log log
    cdef public Index index
    cdef public bint in_memory
    cdef public long long messages_max
    cdef public long long bytes_max
    cdef public long long per_subject_max
    cdef public bint ages
    cdef public bint keeps_ttls
    cdef public long long soonest_ns
    cdef public bint discards_new
    cdef public bint watched
    cdef public bint tapped
    cdef public long long last_proposed
    cdef public long long last_time_ns
    cdef public long long staged_messages
    cdef public long long staged_bytes
    cdef public long long position_number
    cdef public long long position_offset
    cdef public long long unsaved_bytes
    cdef public long long due_bytes
    cdef public bint closed
    cdef public object committer
    cdef public Block unreadable
    cdef public long long covered_number
    cdef public set known_damaged
    cdef object _cache
    cdef object _jobs
    cdef object _timers
    cdef object _clock
    cdef list _completed
    cdef Batch _batch
    cdef Py_ssize_t _at
    cdef list _work
    cdef object _needed
    cdef bint _fetching
    cdef public long long work_max
    cdef long long _spent
    cdef bint _paused
    cdef bint _running
    cdef dict _loading
    cdef list _idle_waiters
    cdef list _settled_waiters
    cdef Record _record

    cpdef long long propose_message(self, Message message, long long time_ns) except -1
    cpdef long long last_sequence(self) except -1
    @cython.locals(block=Block)
    cpdef bint has(self, long long sequence) except -1
    cpdef commit(self)
    @cython.locals(block=Block)
    cpdef _written(self, Batch batch)
    @cython.locals(loading=Loading, tail=Buffer, size=Py_ssize_t)
    cdef _note_tail(self, Batch batch)
    @cython.locals(loading=Loading, cached=CachedBlock, tail=Buffer)
    cpdef _block_was_read(self, Block block, result, error)
    @cython.locals(record=Record, at=Py_ssize_t)
    cdef _withdraw(self, Buffer buffer)
    cdef _unstage(self, Record record)
    cpdef run(self)
    @cython.locals(batch=Batch)
    cdef bint _step(self) except -1
    @cython.locals(record=Record)
    cdef bint _apply_records(self, Block block, const unsigned char[::1] view, Py_ssize_t end) except -1
    @cython.locals(sequence='long long', index=Index, subject=bytes)
    cdef _apply_message(self, Block block, Record record, const unsigned char[::1] view)
    cdef _note_ttl(self, Block block, Record record, const unsigned char[::1] view)
    @cython.locals(index=Index, subjects=SubjectTable, number=Py_ssize_t)
    cpdef enforce_subject(self, bytes subject)
    cdef _remove_known(self, long long sequence, bytes subject, long long size)
    @cython.locals(index=Index)
    cpdef bint enforce(self) except -1
    cpdef bint is_spent(self) except -1
    cpdef bint remove_first(self) except -1
    @cython.locals(index=Index, block=Block, cached=CachedBlock, record=Record, subject=bytes)
    cpdef bint remove(self, long long sequence) except -1
    @cython.locals(at=Py_ssize_t)
    cdef _apply_other(self, Record record, const unsigned char[::1] view)
    @cython.locals(block=Block, cached=CachedBlock)
    cpdef CachedBlock find(self, long long sequence)
    @cython.locals(block=Block)
    cpdef bint needs(self, long long sequence) except -1
    @cython.locals(block=Block)
    cpdef Block missing(self, long long sequence)
    @cython.locals(record=Record)
    cdef _note_messages(self, Buffer buffer, Py_ssize_t at, note)
    @cython.locals(record=Record)
    cpdef recall(self, CachedBlock cached)
    cpdef bint is_idle(self) except -1
    cpdef was_journaled(self, Batch batch)
    cdef _tell_settled(self)
    cdef _tell_idle(self)
