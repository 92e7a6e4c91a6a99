"""The requests that a rolling window has to hold."""

from libc.stdint cimport int64_t


cdef class Window:
    cdef int64_t* ends          # owned; sorted, those in use are first:last
    cdef Py_ssize_t room
    cdef Py_ssize_t first
    cdef Py_ssize_t last
    cdef readonly Py_ssize_t on_way

    cpdef Py_ssize_t used(self, int64_t since_ns) noexcept
    cpdef int begin(self) except -1
    cpdef int take_back(self) except -1
    cpdef int end(self, int64_t at_ns) except -1
    cpdef int64_t end_of(self, Py_ssize_t nth, int64_t since_ns) noexcept
    cdef Py_ssize_t after(self, int64_t since_ns) noexcept
    cdef int make_room(self) except -1
