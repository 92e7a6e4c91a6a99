# cython: boundscheck=False, wraparound=False
"""Order tags: one of its own for each order."""

import os

from cpython.unicode cimport PyUnicode_DecodeASCII
from libc.string cimport memcpy

cdef bytes LETTERS = b"abcdefghijklmnopqrstuvwxyz234567"
cdef bytes DIGITS = b"0123456789abcdef"


cdef class TagSeries:
    """Tags that no other executor makes: a random series, then a running number.

    A tag is 30 characters of ``[a-z0-9-]``, so that the gateway's own endings for
    the legs of a bracket still fit.
    """

    def __init__(self):
        cdef bytes series = bytes([LETTERS[byte % 32] for byte in os.urandom(17)])
        cdef bytes first = b"fo1-" + series + b"-" + b"0" * NUMBER_SIZE
        memcpy(self.letters, <const char*>first, TAG_SIZE)

    cpdef str next(self):
        """The next tag.

        Raises:
            OverflowError: the series is at its end, after ``2**32 - 1`` tags.
        """
        cdef int i
        cdef uint64_t rest = self.number + 1
        if rest >> 4 * NUMBER_SIZE:
            raise OverflowError("a series has 2**32 - 1 tags, all of them are taken")
        self.number = rest
        for i in range(TAG_SIZE - 1, TAG_SIZE - 1 - NUMBER_SIZE, -1):
            self.letters[i] = DIGITS[rest & 15]
            rest >>= 4
        return PyUnicode_DecodeASCII(self.letters, TAG_SIZE, NULL)
