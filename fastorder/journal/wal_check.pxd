"""The C side of wal_check.py: the words of a log, as numbers of the machine."""

cimport cython


@cython.locals(even="unsigned int", odd="unsigned int")
cdef tuple added_up(
    bint big, const unsigned char* log, Py_ssize_t at, Py_ssize_t end,
    unsigned int first, unsigned int second)
