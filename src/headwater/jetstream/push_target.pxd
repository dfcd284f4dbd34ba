from headwater.jetstream.delivery cimport Target


cdef class PushTarget(Target):
    cdef bint _acks_by_flow
    cdef bytes _asked
    cdef long long _asked_bytes
    cdef object _consumer
    cdef bint _flow_control
    cdef long long _heartbeat_ns
    cdef long long _outstanding
    cdef object _timer
    cdef long long _window
    cdef public bint active
    cdef public bytes deliver_subject

    cpdef bytes subject(self, Py_ssize_t size)
    cpdef took(self, Py_ssize_t size)
    cpdef gone(self)
    cpdef exhausted(self)
