"""The C side of orders.py: where its attributes lie once it is compiled."""

from libc.stdint cimport int64_t

from fastorder._core.codec.public_name cimport show_as


cdef class Order:
    cdef public int64_t id
    cdef public object symbol
    cdef public int side
    cdef public int64_t size
    cdef public str kind
    cdef public str role
    cdef public object price
    cdef public object tag
    cdef public Order parent
    cdef public int64_t distance_ticks
    cdef public int64_t asked_ns
    cdef public str status
    cdef public int64_t filled
