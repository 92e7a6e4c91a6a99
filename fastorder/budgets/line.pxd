"""The C side of line.py: where its attributes lie once it is compiled."""


cdef class Line:
    cdef tuple _queues
    cdef readonly Py_ssize_t size
