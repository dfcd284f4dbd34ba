import cython
from headwater.subjects.validate cimport has_empty_token, is_literal


cdef class Interest:
    cdef public bytes queue
    cdef public bytes subject


cdef class Matches:
    cdef public list groups
    cdef public list plain

    @cython.locals(group=list, first=Interest)
    cpdef add(self, Interest interest)
    @cython.locals(copy=Matches, rest=list)
    cpdef Matches without(self, Interest interest)
    cpdef merge(self, Matches other)
    cpdef bint is_empty(self) except -1


cdef class _Node:
    cdef dict children
    cdef Matches exact
    cdef Matches rest


cdef class Sublist:
    cdef public Py_ssize_t count
    cdef public long long inserts
    cdef public long long lookups
    cdef public long long misses
    cdef public long long removes
    cdef dict _literals
    cdef _Node _root
    cdef Py_ssize_t _patterns
    cdef Matches _nothing
    cdef dict _ack_heads
    cdef dict _cache
    cdef dict _older
    cdef Py_ssize_t _cache_subjects_max
    cdef Matches _last_found
    cdef bytes _last_subject

    @cython.locals(found=Matches)
    cpdef insert(self, Interest interest)
    @cython.locals(found=Matches)
    cpdef bint remove(self, Interest interest) except -1
    @cython.locals(found=Matches)
    cpdef Matches match(self, bytes subject)
    cpdef bint has_interest(self, bytes subject) except -1
    @cython.locals(entry=Matches, node=_Node)
    cpdef list interests(self)
    @cython.locals(found=Matches, cache=dict, size=Py_ssize_t, most=Py_ssize_t, total=Py_ssize_t)
    cpdef tuple fanouts(self)
    @cython.locals(found=Matches, older=Matches, known=Matches, unique=bint, collected=list, tokens=list, head=bytes)
    cdef Matches _match_uncached(self, bytes subject)
    @cython.locals(merged=Matches, entry=Matches)
    cdef Matches _put_together(self, Matches found, list collected)
    @cython.locals(node=_Node, child=_Node, nodes=list, deeper=list)
    cdef bint _depends_on_end(self, list tokens) except -1
    cdef _remember(self, bytes subject, Matches found)
    cdef _forget_last(self)
    cdef _forget(self, bytes subject)
    cdef _forget_all(self)
    @cython.locals(node=_Node, child=_Node, token=bytes)
    cdef Matches _place(self, bytes subject, bint create)
    @cython.locals(child=_Node, value=Matches)
    cdef _prune(self, _Node node, list tokens, Py_ssize_t index, Matches entry)


@cython.locals(at=Py_ssize_t)
cdef bytes _ack_head(bytes subject)
cdef bint _holds(Matches entry, Interest interest) except -1
cdef bint _is_among(Interest interest, list interests) except -1
@cython.locals(child=_Node, children=dict, token=bytes)
cdef _collect(_Node node, list tokens, Py_ssize_t index, list found)
