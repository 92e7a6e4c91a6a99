# cython: boundscheck=False, wraparound=False, cdivision=True
"""One HTTP exchange on one easy handle, sent once, and the evidence it leaves.

libcurl sends a request again by itself when a reused connection ends without an
answer, whatever the method (curl issue 18417). Two guards stop that for a request
that changes something: the callback before the start refuses a second start, and
the body can be read once and never be rewound.
"""

cimport cython
from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset

from fastorder._core cimport libcurl as c
from fastorder._core.clock cimport monotonic_ns
from fastorder._core.gate cimport is_shut
from fastorder._core.libcurl cimport CURL, curl, set_long, set_pointer, set_size

cdef enum:
    KEPT_ROOM = 16384           # a larger answer buffer is not kept for the next one
    KEPT_IDLE = 64              # idle transfers that a route keeps
    MAX_AGE_S = 30              # an idle connection older than this is not used again
    MAX_LIFETIME_S = 3600

FOREVER_NS = 9223372036854775807

UNTRUSTED = frozenset({
    c.CURLE_SSL_CACERT_BADFILE,
    c.CURLE_SSL_CERTPROBLEM,
    c.CURLE_PEER_FAILED_VERIFICATION,
    c.CURLE_SSL_PINNEDPUBKEYNOTMATCH,
    c.CURLE_SSL_INVALIDCERTSTATUS,
})

RESEND_BLOCKED = frozenset({c.CURLE_ABORTED_BY_CALLBACK, c.CURLE_SEND_FAIL_REWIND})

# ---------------------------------------------------------------- red: callbacks


cdef int before_start(
    void* data, char* peer, char* local, int peer_port, int local_port
) noexcept nogil:
    """Ask the gate; count the starts; refuse a second one where once is asked.

    An idle connection has nothing to say: what waits there is its end, or the answer
    to another request, which libcurl would take for the answer to this one.
    """
    cdef Wire* wire = <Wire*>data
    cdef c.socket_t fd = c.BAD_SOCKET
    if wire.lock is not NULL and is_shut(wire.lock):
        wire.held_back = GATE_SHUT
    elif wire.valid_until_ns != FOREVER_NS and monotonic_ns() >= wire.valid_until_ns:
        wire.held_back = TOO_LATE
    if wire.held_back:
        return c.CURL_PREREQFUNC_ABORT
    if wire.once and wire.starts == 0:
        curl.easy_getinfo(wire.easy, c.CURLINFO_ACTIVESOCKET, &fd)
        if fd != c.BAD_SOCKET and not is_new(wire.easy) and c.has_input(fd):
            wire.stale = True
            return c.CURL_PREREQFUNC_ABORT
    wire.starts += 1
    if wire.once and wire.starts > 1:
        return c.CURL_PREREQFUNC_ABORT
    return c.CURL_PREREQFUNC_OK


cdef bint is_new(CURL* easy) noexcept nogil:
    """Whether the connection was opened for this exchange: TLS may still be talking."""
    cdef long opened = 0
    curl.easy_getinfo(easy, c.CURLINFO_NUM_CONNECTS, &opened)
    return opened > 0


cdef size_t read_body(char* into, size_t size, size_t count, void* data) noexcept nogil:
    cdef Wire* wire = <Wire*>data
    cdef size_t room = size * count
    cdef size_t left = wire.body_size - wire.body_read
    cdef size_t taken = left if left < room else room
    memcpy(into, wire.body + wire.body_read, taken)
    wire.body_read += taken
    note_write(wire)
    return taken


cdef void note_write(Wire* wire) noexcept nogil:
    """Ask the engine for the time of the write, once libcurl has returned."""
    cdef Stamps* stamps = wire.stamps
    if stamps.count == STAMPS:
        wire.written_ns = monotonic_ns()
        return
    stamps.waiting[stamps.count] = &wire.written_ns
    stamps.count += 1


cdef int rewind_body(void* data, c.curl_off_t offset, int origin) noexcept nogil:
    """Rewind the body of a request that may be repeated; refuse for all others."""
    cdef Wire* wire = <Wire*>data
    if wire.once or offset != 0 or origin != 0:
        return c.CURL_SEEKFUNC_FAIL
    wire.body_read = 0
    return 0


cdef bint grow(Wire* wire, size_t needed) noexcept nogil:
    cdef size_t room = 2 * wire.answer_room if wire.answer_room else 2048
    while room < needed:
        room *= 2
    cdef char* grown = <char*>realloc(wire.answer, room)
    if grown is NULL:
        return False
    wire.answer = grown
    wire.answer_room = room
    return True


cdef size_t write_answer(
    char* data, size_t size, size_t count, void* where
) noexcept nogil:
    """Keep the answer; 0 ends the exchange when it is too large."""
    cdef Wire* wire = <Wire*>where
    cdef size_t more = size * count
    cdef size_t needed = wire.answer_size + more
    if needed > wire.answer_limit:
        wire.answer_too_large = True
        return 0
    if needed > wire.answer_room and not grow(wire, needed):
        return 0
    memcpy(wire.answer + wire.answer_size, data, more)
    wire.answer_size = needed
    return more


cdef inline char lower(char letter) noexcept nogil:
    return letter + 32 if c'A' <= letter <= c'Z' else letter


cdef bint named(
    const char* line, size_t size, const char* name, size_t long_
) noexcept nogil:
    cdef size_t i
    if size <= long_ or line[long_] != c':':
        return False
    for i in range(long_):
        if lower(line[i]) != name[i]:
            return False
    return True


cdef int keep_value(
    char* into, const char* line, size_t size, size_t skip
) noexcept nogil:
    """Copy a header's value without its blanks; the number of bytes kept."""
    while skip < size and (line[skip] == c' ' or line[skip] == c'\t'):
        skip += 1
    while size > skip and (line[size - 1] == c'\r' or line[size - 1] == c'\n'
                           or line[size - 1] == c' '):
        size -= 1
    cdef size_t kept = size - skip
    if kept > HEADER_TEXT:
        return 0
    memcpy(into, line + skip, kept)
    return <int>kept


cdef size_t read_header(
    char* line, size_t size, size_t count, void* data
) noexcept nogil:
    """Stamp the first byte; keep Date and Retry-After of the last answer."""
    cdef Wire* wire = <Wire*>data
    cdef size_t total = size * count
    if wire.first_byte_ns == 0:
        wire.first_byte_ns = monotonic_ns()
    if total < 5:
        return total
    cdef char first = lower(line[0])
    if first == c'h' and line[4] == c'/':
        wire.date_size = 0
        wire.retry_after_size = 0
    elif first == c'd' and named(line, total, b"date", 4):
        wire.date_size = keep_value(wire.date, line, total, 5)
    elif first == c'r' and named(line, total, b"retry-after", 11):
        wire.retry_after_size = keep_value(wire.retry_after, line, total, 12)
    return total


# ---------------------------------------------------------------- amber: objects


cdef class Security:
    """Where trust comes from: a CA file, a CA folder, or the system's own store."""

    def __init__(
        self, *, str ca_file=None, str ca_path=None, bint native_ca=False,
        str protocols="https"
    ):
        self.ca_file = ca_file
        self.ca_path = ca_path
        self.native_ca = native_ca
        self.protocols = protocols


cdef class Route:
    """One endpoint: its URL, its limits, and the transfers that wait to be used.

    Args:
        url: absolute, http or https.
        security: where trust comes from.
        once: the request changes something, so it may leave one time only.
        is_post: POST with a JSON body, otherwise GET.
        connect_ms, request_ms: limits in milliseconds.
        answer_limit: the largest answer that is read, in bytes.
    """

    def __init__(
        self, str url, Security security, *, bint once, bint is_post=True,
        int connect_ms=2000, int request_ms=5000, size_t answer_limit=1 << 20
    ):
        self.url = url
        self.parse(url.encode())
        self.security = security
        self.once = once
        self.is_post = is_post
        self.connect_ms = connect_ms
        self.request_ms = request_ms
        self.answer_limit = answer_limit
        self.idle = []

    def __dealloc__(self):
        if self.parsed is not NULL:
            curl.url_cleanup(self.parsed)

    cdef int parse(self, bytes url) except -1:
        """Take the URL apart once; every exchange would do it again otherwise."""
        self.parsed = curl.url()
        if self.parsed is NULL:
            raise MemoryError("libcurl made no URL handle")
        if curl.url_set(
            self.parsed, c.CURLUPART_URL, url, c.CURLU_DISALLOW_USER
        ) != 0:
            raise ValueError("url must be absolute, http or https, without a user")
        return 0

    cdef Transfer take(self):
        """An idle transfer of this route, or a new one."""
        if self.idle:
            return self.idle.pop()
        return Transfer(self)

    cdef int give_back(self, Transfer transfer) except -1:
        if len(self.idle) < KEPT_IDLE:
            self.idle.append(transfer)
        else:
            transfer.close()
        return 0

    cdef int forget(self) except -1:
        cdef Transfer transfer
        while self.idle:
            transfer = self.idle.pop()
            transfer.close()
        return 0


@cython.freelist(8)
@cython.no_gc       # bytes, text and numbers: nothing that could lead back here
cdef class Evidence:
    """What one exchange left behind; every judgement is made from this alone.

    Attributes:
        curl_code: libcurl's result; 0 is a complete exchange.
        curl_error: its text; empty where the code is 0.
        starts: how often libcurl began to send. 0 proves that nothing was sent.
        held_back: why the gate kept it from leaving; None where it did not.
        http_status: 0 where no status line came.
        too_large: the answer passed the route's limit and was dropped.
        new_connection: the exchange opened a connection of its own.
        body, date, retry_after: bytes as they came; empty where there were none.
        submitted_ns, written_ns, first_byte_ns, finished_ns: monotonic nanoseconds;
            0 where it did not happen.
    """

    def __init__(
        self, *, int curl_code=0, int starts=1, int http_status=200, bytes body=b"",
        bytes date=b"", bytes retry_after=b"", str curl_error="", str held_back=None
    ):
        self.curl_code = curl_code
        self.curl_error = curl_error
        self.starts = starts
        self.held_back = held_back
        self.http_status = http_status
        self.body = body
        self.date = date
        self.retry_after = retry_after

    @property
    def complete(self):
        """Whether libcurl saw the exchange through to the end of a whole answer."""
        return self.curl_code == c.CURLE_OK

    @property
    def resend_blocked(self):
        """Whether libcurl wanted to send the request again, and was refused."""
        return self.starts > 0 and self.curl_code in RESEND_BLOCKED

    @property
    def untrusted(self):
        """Whether the other side's certificate, or our own trust, was at fault."""
        return self.curl_code in UNTRUSTED

    def __repr__(self):
        return (
            f"Evidence(curl_code={self.curl_code}, starts={self.starts}, "
            f"http_status={self.http_status}, body={len(self.body)} bytes)"
        )


cdef class Receiver:
    """Who hears what becomes of a request or of a wake-up; a subclass acts on it."""

    cpdef object receive(self, Evidence evidence):
        """An exchange has ended."""
        raise NotImplementedError

    cpdef object wake(self):
        """A time has come."""
        raise NotImplementedError

    cpdef object stop(self, Evidence evidence):
        """The engine closes; None stands for no exchange under way."""
        raise NotImplementedError

    cpdef object fail(self, object error):
        """One of the others has raised this."""
        raise NotImplementedError


cdef class Transfer:
    """An easy handle with everything preset that does not change."""

    def __cinit__(self, Route route):
        self.easy = curl.easy_init()
        if self.easy is NULL:
            raise MemoryError("libcurl made no easy handle")
        memset(&self.wire, 0, sizeof(Wire))
        self.route = route
        self.wire.once = route.once
        self.wire.easy = self.easy
        self.wire.answer_limit = route.answer_limit
        preset(self.easy, &self.wire)
        set_pointer(self.easy, c.CURLOPT_PRIVATE, <void*>self)
        self.aim(route)
        secure(self.easy, route.security)

    def __dealloc__(self):
        if self.easy is not NULL:
            curl.easy_cleanup(self.easy)
        if self.headers is not NULL:
            curl.slist_free_all(self.headers)
        free(self.wire.answer)

    cdef int aim(self, Route route) except -1:
        """Set what the route says: URL, method, headers and limits."""
        check(set_pointer(self.easy, c.CURLOPT_CURLU, route.parsed))
        check(set_long(self.easy, c.CURLOPT_CONNECTTIMEOUT_MS, route.connect_ms))
        check(set_long(self.easy, c.CURLOPT_TIMEOUT_MS, route.request_ms))
        check(set_size(self.easy, c.CURLOPT_MAXFILESIZE_LARGE, route.answer_limit))
        if route.is_post:
            check(set_long(self.easy, c.CURLOPT_POST, 1))
            check(set_size(self.easy, c.CURLOPT_POSTFIELDSIZE_LARGE, 0))
            self.header(b"Content-Type: application/json")
        else:
            check(set_long(self.easy, c.CURLOPT_HTTPGET, 1))
        return check(set_pointer(self.easy, c.CURLOPT_HTTPHEADER, self.headers))

    cdef int header(self, const char* line) except -1:
        cdef c.curl_slist* longer = curl.slist_append(self.headers, line)
        if longer is NULL:
            raise MemoryError
        self.headers = longer
        return 0

    cdef int prepare(
        self, bytes body, bytes token, Receiver receiver, Stamps* stamps, Gate gate,
        int64_t valid_until_ns
    ) except -1:
        """Load the next request; what is not named here stays as it was preset."""
        cdef Wire* wire = &self.wire
        cdef size_t size = PyBytes_GET_SIZE(body)
        if size != wire.body_size:
            check(set_size(self.easy, c.CURLOPT_POSTFIELDSIZE_LARGE, size))
        if token is not None and token is not self.token:
            check(set_pointer(
                self.easy, c.CURLOPT_XOAUTH2_BEARER, PyBytes_AS_STRING(token)))
            set_long(self.easy, c.CURLOPT_HTTPAUTH, c.CURLAUTH_BEARER)
            self.token = token
        self.body = body
        self.receiver = receiver
        self.gate = gate
        wire.lock = NULL if gate is None else &gate.lock
        wire.valid_until_ns = valid_until_ns
        wire.held_back = NOTHING
        wire.stamps = stamps
        wire.body = PyBytes_AS_STRING(body)
        wire.body_size = size
        wire.body_read = 0
        wire.starts = 0
        wire.stale = False
        wire.answer_size = 0
        wire.answer_too_large = False
        wire.date_size = 0
        wire.retry_after_size = 0
        wire.written_ns = 0
        wire.first_byte_ns = 0
        wire.error[0] = 0
        wire.submitted_ns = monotonic_ns()
        return 0

    cdef Evidence finish(self, int curl_code):
        """The evidence of the exchange that ended; the transfer is idle after it."""
        cdef Wire* wire = &self.wire
        cdef Evidence evidence = Evidence.__new__(Evidence)
        cdef long number = 0
        evidence.finished_ns = monotonic_ns()
        evidence.curl_code = curl_code
        evidence.curl_error = "" if curl_code == c.CURLE_OK else self.error(curl_code)
        evidence.starts = wire.starts
        if wire.held_back:
            evidence.held_back = self.why_held_back()
        curl.easy_getinfo(self.easy, c.CURLINFO_RESPONSE_CODE, &number)
        evidence.http_status = <int>number
        number = 0
        curl.easy_getinfo(self.easy, c.CURLINFO_NUM_CONNECTS, &number)
        evidence.new_connection = number > 0
        evidence.too_large = wire.answer_too_large
        evidence.body = PyBytes_FromStringAndSize(wire.answer, wire.answer_size)
        evidence.date = PyBytes_FromStringAndSize(wire.date, wire.date_size)
        evidence.retry_after = PyBytes_FromStringAndSize(
            wire.retry_after, wire.retry_after_size)
        evidence.submitted_ns = wire.submitted_ns
        evidence.written_ns = wire.written_ns
        evidence.first_byte_ns = wire.first_byte_ns
        # stamped once libcurl has returned, which may be after the answer has come
        if 0 < wire.first_byte_ns < wire.written_ns:
            evidence.written_ns = wire.first_byte_ns
        self.settle()
        return evidence

    cdef str why_held_back(self):
        if self.wire.held_back == TOO_LATE:
            return "its time was over before it could leave"
        return f"the gate is shut: {self.gate.why}"
    cdef int explain(self, str text) except -1:
        """Say in libcurl's place why the exchange has ended."""
        cdef bytes encoded = text.encode("utf-8", "replace")[:ERROR_TEXT - 1]
        memcpy(
            self.wire.error, PyBytes_AS_STRING(encoded), PyBytes_GET_SIZE(encoded) + 1)
        return 0

    cdef str error(self, int curl_code):
        cdef bytes text = self.wire.error
        if not text:
            text = curl.easy_strerror(curl_code)
        return text.decode("utf-8", "replace")

    cdef int settle(self) except -1:
        """Let go of what the ended exchange held."""
        self.body = None
        self.wire.body = NULL
        self.receiver = None
        self.wire.lock = NULL
        self.gate = None
        if self.wire.answer_room > KEPT_ROOM:
            free(self.wire.answer)
            self.wire.answer = NULL
            self.wire.answer_room = 0
        return 0

    cdef int close(self) except -1:
        if self.easy is not NULL:
            curl.easy_cleanup(self.easy)
            self.easy = NULL
        self.token = None
        return 0


cdef int check(int code) except -1:
    """Raise where libcurl refuses an option."""
    if code != c.CURLE_OK:
        reason = (<bytes>curl.easy_strerror(code)).decode()
        raise RuntimeError(f"libcurl refused an option: {reason}")
    return 0


cdef int preset(CURL* easy, Wire* wire) except -1:
    """The settings that every exchange has, whatever its route."""
    set_pointer(easy, c.CURLOPT_PREREQFUNCTION, <void*>before_start)
    set_pointer(easy, c.CURLOPT_PREREQDATA, wire)
    set_pointer(easy, c.CURLOPT_READFUNCTION, <void*>read_body)
    set_pointer(easy, c.CURLOPT_READDATA, wire)
    set_pointer(easy, c.CURLOPT_SEEKFUNCTION, <void*>rewind_body)
    set_pointer(easy, c.CURLOPT_SEEKDATA, wire)
    set_pointer(easy, c.CURLOPT_WRITEFUNCTION, <void*>write_answer)
    set_pointer(easy, c.CURLOPT_WRITEDATA, wire)
    set_pointer(easy, c.CURLOPT_HEADERFUNCTION, <void*>read_header)
    set_pointer(easy, c.CURLOPT_HEADERDATA, wire)
    set_pointer(easy, c.CURLOPT_ERRORBUFFER, wire.error)
    set_long(easy, c.CURLOPT_HTTP_VERSION, c.CURL_HTTP_VERSION_1_1)
    set_long(easy, c.CURLOPT_FOLLOWLOCATION, 0)
    set_long(easy, c.CURLOPT_MAXREDIRS, 0)
    set_long(easy, c.CURLOPT_NETRC, c.CURL_NETRC_IGNORED)
    set_long(easy, c.CURLOPT_NOSIGNAL, 1)
    set_long(easy, c.CURLOPT_TCP_NODELAY, 1)
    set_long(easy, c.CURLOPT_TCP_KEEPALIVE, 1)
    set_long(easy, c.CURLOPT_MAXAGE_CONN, MAX_AGE_S)
    set_long(easy, c.CURLOPT_MAXLIFETIME_CONN, MAX_LIFETIME_S)
    check(set_pointer(easy, c.CURLOPT_PROXY, b""))
    check(set_pointer(easy, c.CURLOPT_NOPROXY, b"*"))
    check(set_pointer(easy, c.CURLOPT_USERAGENT, b"fastorder"))
    return 0


cdef int secure(CURL* easy, Security security) except -1:
    """TLS is verified, always; there is no setting that turns it off."""
    protocols = security.protocols.encode()
    check(set_pointer(easy, c.CURLOPT_PROTOCOLS_STR, <const char*>protocols))
    check(set_pointer(easy, c.CURLOPT_REDIR_PROTOCOLS_STR, <const char*>protocols))
    check(set_long(easy, c.CURLOPT_SSL_VERIFYPEER, 1))
    check(set_long(easy, c.CURLOPT_SSL_VERIFYHOST, 2))
    check(set_long(easy, c.CURLOPT_SSLVERSION, c.CURL_SSLVERSION_TLSv1_2))
    if security.native_ca:
        check(set_long(easy, c.CURLOPT_SSL_OPTIONS, c.CURLSSLOPT_NATIVE_CA))
    if security.ca_file is not None:
        ca_file = security.ca_file.encode()
        check(set_pointer(easy, c.CURLOPT_CAINFO, <const char*>ca_file))
    if security.ca_path is not None:
        ca_path = security.ca_path.encode()
        check(set_pointer(easy, c.CURLOPT_CAPATH, <const char*>ca_path))
    return 0
