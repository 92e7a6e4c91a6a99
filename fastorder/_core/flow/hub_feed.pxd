"""Records of a hub: market events to callbacks, everything else to the protocol."""

from fastorder._core.codec.market_events cimport MarketDecoder
from fastorder._core.transport.channel cimport RecordReceiver

cdef class HubFeed(RecordReceiver):
    cdef readonly int generation
    cdef public bint greeted        # the handshake is done
    cdef public object overlap      # passes a record on, or not; None as a rule
    cdef readonly long long pings
    cdef MarketDecoder decoder
    cdef object driver
    cdef dict hearers               # type of an event -> tuple of callbacks

    cdef int tell(self, object event) except -1
