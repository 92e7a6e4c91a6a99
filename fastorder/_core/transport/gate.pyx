"""The gate of the kill switch, asked at the very moment a request would leave.

It is asked after the connection is there, by the function that then hands the first
byte to the kernel. So from the moment ``shut`` returns, in whatever thread or
signal handler, no order that passes through it leaves any more.
"""

import os
import sys

from fastorder.errors import ConfigurationError

cdef extern from "gate.h":
    int kill_file "fastorder_kill_file"(
        const char* path, const char* folder) noexcept nogil
    const int ABSENT "FASTORDER_ABSENT"
    const int THERE "FASTORDER_THERE"


cdef bint is_shut(Lock* lock) noexcept nogil:
    return lock.shut or (
        lock.file is not NULL and kill_file(lock.file, lock.folder) != ABSENT)


cdef class Gate:
    """Open or shut; safe from any thread and from a signal handler.

    Args:
        file: the gate counts as shut while this file is there, and while it cannot be
            told whether it is; None for no file.

    Raises:
        ConfigurationError: it cannot be told now, so nobody could ever open the gate.
    """

    def __init__(self, file=None):
        self.lock.shut = False
        self.lock.file = NULL
        if file is not None:
            self.watch(os.fsencode(file))

    cdef int watch(self, bytes file) except -1:
        """Keep the path as it is given: a ".." behind a link is the system's to read.
        """
        try:
            self.path = os.path.join(os.getcwdb(), file)
        except OSError as error:
            raise ConfigurationError(
                "kill_file must be an absolute path where the working directory "
                f"is gone: {error}") from None
        self.folder = os.path.dirname(self.path.rstrip(b"/")) or b"/"
        self.lock.folder = self.folder
        self.lock.file = self.path
        cdef int found = kill_file(self.lock.file, self.lock.folder)
        if found > ABSENT:
            raise ConfigurationError(
                "kill_file must be in a folder that is there and can be looked into, "
                f"was {os.fsdecode(self.path)!r}: {system_text(found)}")
        return 0

    cpdef bint is_shut(self) noexcept:
        """Whether nothing passes now."""
        return is_shut(&self.lock)

    @property
    def why(self):
        """Why it is shut, for people; None while it is not."""
        if self.reason is not None:
            return self.reason
        if self.lock.file is NULL:
            return None
        cdef int found = kill_file(self.lock.file, self.lock.folder)
        if found == ABSENT:
            return None
        file = os.fsdecode(self.path)
        if found == THERE:
            return f"the file {file} is there"
        return f"whether the file {file} is there cannot be told: {system_text(found)}"

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


cdef str system_text(int error):
    """What the operating system calls an error."""
    if sys.platform == "win32":
        return f"Windows error {error}"
    return os.strerror(error)
