import cython
from headwater.base.buffer cimport Buffer
from headwater.store.journal cimport EntryWriter
from headwater.store.log cimport Batch, Log
from headwater.store.stream_store cimport StreamStore


cdef Py_ssize_t _direct_bytes
cdef Py_ssize_t _tail_bytes_max


cdef class Committer:
    cdef bint _cannot_make
    cdef object _disk
    cdef dict _due
    cdef EntryWriter _entry
    cdef Py_ssize_t _entry_bytes_max
    cdef object _failed
    cdef object _file
    cdef long long _file_bytes
    cdef list _files
    cdef long long _first_number
    cdef Py_ssize_t _flushing
    cdef object _gathered
    cdef bytes _identity
    cdef object _jobs
    cdef object _making
    cdef dict _needed
    cdef long long _number
    cdef tuple _parts
    cdef list _retries
    cdef list _round
    cdef object _spare
    cdef object _stopped
    cdef bint _used
    cdef object _wake
    cdef bint _woken
    cdef object _writes

    cpdef commit(self, StreamStore store, Batch batch)
    cpdef end_of_batch(self)
    cdef _write_directly(self, StreamStore store, Batch batch)
    @cython.locals(store=StreamStore, batch=Batch, entry=EntryWriter, taken=list)
    cdef _begin_round(self)
    @cython.locals(number='long long', store=StreamStore, batch=Batch, log=Log)
    cdef _finish(self, list taken)
    cdef bint _has_file(self) except -1
