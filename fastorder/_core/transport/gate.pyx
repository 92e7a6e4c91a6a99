"""The gate of the kill switch, asked at the very moment a request would leave.

It is asked after the connection is there, by the function that then hands the first
byte to the kernel. So from the moment ``shut`` returns, in whatever thread or
signal handler, no order that passes through it leaves any more.
"""

import os

cdef extern from "gate.h":
    bint file_is_there "fastorder_file_is_there"(const char* path) noexcept nogil


cdef bint is_shut(Lock* lock) noexcept nogil:
    return lock.shut or (lock.file is not NULL and file_is_there(lock.file))


cdef class Gate:
    """Open or shut; safe from any thread and from a signal handler.

    Args:
        file: the gate counts as shut while this file is there; None for no file.
    """

    def __init__(self, file=None):
        self.lock.shut = False
        self.lock.file = NULL
        if file is not None:
            self.path = os.fsencode(os.path.abspath(file))
            self.lock.file = self.path

    cpdef bint is_shut(self) noexcept:
        """Whether nothing passes now."""
        return is_shut(&self.lock)

    @property
    def why(self):
        """Why it is shut, for people; None while it is not."""
        if self.reason is not None:
            return self.reason
        if self.is_shut():
            return f"the file {os.fsdecode(self.path)} is there"
        return None

    def shut(self, str reason not None, bint final=False):
        """Let nothing pass from now on; ``final`` is not lifted by ``open``."""
        self.lock.shut = True
        if not self.final:
            self.reason = reason
            self.final = final

    def open(self):
        """Let pass again; False where it is shut for good, or by its file."""
        if self.final:
            return False
        self.reason = None
        self.lock.shut = False
        return not self.is_shut()
