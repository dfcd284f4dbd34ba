import cython
from headwater.subjects.match cimport Interest, Sublist
from headwater.subjects.pieces cimport Transform
from headwater.subjects.validate cimport has_empty_token


cdef class SubjectMapping(Interest):
    cdef public Py_ssize_t order
    cdef public bint varies
    cdef list _limits
    cdef bint _listed
    cdef list _transforms

    @cython.locals(number=Py_ssize_t, index=Py_ssize_t, limit=Py_ssize_t, transform=Transform)
    cpdef bytes pick(self, bytes subject, object random_below)


cdef class _Outcome:
    cdef SubjectMapping mapping
    cdef bytes subject


cdef class SubjectMappings:
    cdef object _random_below
    cdef Sublist _sources
    cdef dict _cache
    cdef dict _older
    cdef Py_ssize_t _cache_subjects_max
    cdef _Outcome _unmapped

    cpdef list interests(self)
    @cython.locals(outcome=_Outcome)
    cpdef bytes map(self, bytes subject)
    @cython.locals(outcome=_Outcome, mapping=SubjectMapping, mapped=bytes)
    cdef _Outcome _outcome(self, bytes subject)
    @cython.locals(first=SubjectMapping, mapping=SubjectMapping, found=list)
    cdef SubjectMapping _first(self, bytes subject)


@cython.locals(wide=list, narrow=list, index=Py_ssize_t, token=bytes, other=bytes)
cdef bint _takes(bytes source, bytes subject) except -1
