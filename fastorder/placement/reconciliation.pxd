"""The C side of reconciliation.py: an order in doubt has no attributes of its own."""

from fastorder._core.flow.protocol cimport Finish, Halt, Pause, Send, Tell
from fastorder._core.flow.result cimport OrderResult
from fastorder.placement.lookups cimport Lookups
from fastorder.placement.base cimport PlacementBase


cdef class Reconciliation(PlacementBase):
    pass
