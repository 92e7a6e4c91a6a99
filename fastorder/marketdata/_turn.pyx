"""Whose turn it is with something that takes one call at a time."""

from fastorder.marketdata.errors import IN_USE, BarError


cdef class Turn:
    """A call's own turn: ``with turn``. Another call meanwhile is refused, not kept.

    It is compiled so that no signal comes between the turn and the block that ends it.
    """

    cdef bint taken

    def __enter__(self):
        if self.taken:
            raise BarError(IN_USE)
        self.taken = True

    def __exit__(self, kind, error, trace):
        self.taken = False
