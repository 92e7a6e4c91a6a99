# cython: boundscheck=False, wraparound=False, cdivision=True
"""Records of one hub connection: market events decoded, the rest to the protocol."""

from cpython.bytes cimport PyBytes_FromStringAndSize

from fastorder._core.codec.ticker cimport OTHER, PING, Kind, kind_of


cdef class HubFeed(RecordReceiver):
    """Hears one connection's records.

    Args:
        generation: the connection's number.
        decoder: reads market events.
        driver: has ``callback_failed(event, error)``, ``record(generation, bytes)``,
            ``ended(generation, why)`` and ``batch(generation)``.
        hearers: callbacks of market events, by their type; it may change.
    """

    def __init__(
        self, int generation, MarketDecoder decoder not None, driver not None,
        dict hearers not None,
    ):
        self.generation = generation
        self.decoder = decoder
        self.driver = driver
        self.hearers = hearers

    cdef int on_record(self, const char* record, size_t size) except -1:
        cdef Kind kind = kind_of(record, size) if self.greeted else OTHER
        cdef bytes copy
        if kind == PING:
            self.pings += 1
            return 0
        if kind != OTHER:
            event = self.decoder.event(kind, record, size)
            if event is not None:
                if self.overlap is not None:
                    copy = PyBytes_FromStringAndSize(record, size)
                    if not self.overlap.passes(self.generation, copy):
                        return 0
                return self.tell(event)
        self.driver.record(self.generation, PyBytes_FromStringAndSize(record, size))
        return 0

    cdef int tell(self, object event) except -1:
        """Call all who want to hear it; one that fails stops no other."""
        cdef tuple callbacks = self.hearers[type(event)]
        for callback in callbacks:
            try:
                callback(event)
            except BaseException as error:  # one of asyncio's too
                self.driver.callback_failed(event, error)
        return 0

    cdef int on_ended(self, str why) except -1:
        self.driver.ended(self.generation, why)
        return 0

    cdef int on_batch(self) except -1:
        self.driver.batch(self.generation)
        return 0
