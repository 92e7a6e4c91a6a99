"""The monotonic clock of the order path, in nanoseconds."""

from libc.stdint cimport int64_t

cdef extern from "clock.h" nogil:
    int64_t monotonic_ns "fastorder_monotonic_ns"() noexcept
