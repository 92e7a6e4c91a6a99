"""The C side of resolving.py: an order in doubt has no attributes of its own."""

from fastorder._core.protocol cimport Finish, Halt, Pause, Send, Tell
from fastorder._core.result cimport OrderResult
from fastorder.lookups cimport LookUps
from fastorder.underway cimport Underway


cdef class Resolving(Underway):
    pass
