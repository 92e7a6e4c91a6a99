# cython: boundscheck=False, wraparound=False, cdivision=True
"""Evidence, which is what one exchange leaves behind, and its receiver."""

cimport cython

from fastorder._core.transport cimport libcurl as c

from fastorder._base.counted import counted

FOREVER_NS = 9223372036854775807

UNTRUSTED = frozenset({
    c.CURLE_SSL_CACERT_BADFILE,
    c.CURLE_SSL_CERTPROBLEM,
    c.CURLE_PEER_FAILED_VERIFICATION,
    c.CURLE_SSL_PINNEDPUBKEYNOTMATCH,
    c.CURLE_SSL_INVALIDCERTSTATUS,
})


@cython.freelist(8)
@cython.no_gc       # bytes, text and numbers: nothing that could lead back here
cdef class Evidence:
    """What one exchange left behind; every judgement is made from this alone.

    Attributes:
        curl_code: the result, as a CURLcode; 0 is a complete exchange.
        curl_error: its text; empty where the code is 0.
        starts: how often a send was begun: a byte was taken, or may have been. 0
            proves that the other side can read nothing of it.
        held_back: why the gate kept it from leaving; None where it did not.
        http_status: 0 where no status line came.
        too_large: the answer passed the route's limit and was dropped.
        body, date, retry_after: bytes as they came; empty where there were none.
        coding: what the body is coded with, "gzip" say; None where it is plain.
        written_ns, first_byte_ns, finished_ns: monotonic nanoseconds; 0 where it did
            not happen.
    """

    def __init__(
        self, *, int curl_code=0, int starts=1, int http_status=200, bytes body=b"",
        bytes date=b"", bytes retry_after=b"", str curl_error="", str held_back=None,
        bytes coding=None
    ):
        self.curl_code = curl_code
        self.curl_error = curl_error
        self.starts = starts
        self.held_back = held_back
        self.http_status = http_status
        self.body = body
        self.date = date
        self.retry_after = retry_after
        self.coding = coding

    @property
    def complete(self):
        """Whether the exchange came to the end of a whole answer."""
        return self.curl_code == c.CURLE_OK

    @property
    def untrusted(self):
        """Whether the other side's certificate, or our own trust, was at fault."""
        return self.curl_code in UNTRUSTED

    def __repr__(self):
        return (
            f"Evidence(curl_code={self.curl_code}, starts={self.starts}, "
            f"http_status={self.http_status}, body={counted(len(self.body), 'byte')})"
        )


cdef class Receiver:
    """Who hears what becomes of a request or of a wake-up; a subclass acts on it."""

    cpdef object _on_evidence(self, Evidence evidence):
        """An exchange has ended."""
        raise NotImplementedError

    cpdef bint _may_begin_anew(self) except -1:
        """Whether a read may leave once more: it got no answer, on an old connection.
        """
        return True

    cpdef object _on_timer(self):
        """A time has come."""
        raise NotImplementedError

    cpdef object _on_close(self, Evidence evidence):
        """The engine closes; None stands for no exchange under way."""
        raise NotImplementedError

    cpdef object _on_error(self, object error):
        """One of the others has raised this."""
        raise NotImplementedError
