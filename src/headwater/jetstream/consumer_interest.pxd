import cython
from headwater.jetstream.delivery cimport Delivery
from headwater.subjects.match cimport Interest, Sublist


cdef class Taker(Interest):
    cdef Delivery delivery


cdef class ConsumerInterest:
    cdef list _all
    cdef dict _due
    cdef Sublist _filtered
    cdef dict _takers

    @cython.locals(filters=list, takers=list, taker=Taker)
    cpdef add(self, Delivery delivery)
    @cython.locals(takers=list, taker=Taker)
    cpdef remove(self, Delivery delivery)
    @cython.locals(found=list, deliveries=dict, taker=Taker)
    cpdef list takers(self, bytes subject)
    cpdef bint wanted(self, bytes subject) except -1
    @cython.locals(due=dict, delivery=Delivery, taker=Taker)
    cpdef stored(self, long long sequence, bytes subject)
    @cython.locals(delivery=Delivery, taker=Taker)
    cpdef removed(self, long long sequence, bytes subject)
    cpdef removed_for(self, Delivery delivery, long long sequence, bytes subject)
    @cython.locals(due=dict, delivery=Delivery)
    cpdef wake_due(self)
