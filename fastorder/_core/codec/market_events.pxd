"""Quotes, trades and depth, as the market hub sends them."""

from fastorder._core.codec.ticker cimport Kind, Number, Row, Scan

cdef class Instrument:
    cdef readonly str contract_id
    cdef bytes name             # the same, as it comes
    cdef readonly object tick_size      # Decimal; None where it is not known
    cdef Number tick

cdef class MarketRow:
    cdef Row row
    cdef Instrument instrument
    cdef dict exact             # Decimals past 18 digits, by slot; None as a rule

    cdef object decimal(self, int slot)
    cdef object ticks(self, int slot)

cdef class Quote(MarketRow):
    pass

cdef class MarketTrade(MarketRow):
    pass

cdef class DepthRow(MarketRow):
    pass

cdef class MarketRows:
    cdef Instrument instrument
    cdef Row* rows              # owned
    cdef Py_ssize_t count
    cdef type kind              # of the rows
    cdef list others            # rows that hold what C cannot; None as a rule

cdef class MarketTrades(MarketRows):
    pass

cdef class DepthRows(MarketRows):
    pass

cdef class MarketDecoder:
    cdef Scan scan
    cdef dict instruments       # name as bytes -> Instrument
    cdef Instrument latest

    cdef Instrument instrument(self, const char* name, size_t size)
    cdef object event(self, Kind kind, const char* record, size_t size)
