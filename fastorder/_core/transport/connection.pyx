# cython: boundscheck=False, wraparound=False, cdivision=True
"""One connection: libcurl opens it, and one exchange at a time goes over it.

libcurl does DNS, TCP and TLS, and moves the bytes. What bytes they are is decided here.
Its own HTTP client sends a request again by itself when a connection ends without an
answer, whatever the method (curl issue 18417); here a request's bytes are handed over
once, and there is nobody who could do it again.
"""

import os

from libc.stdint cimport int64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy, memset

from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE)

from fastorder._core.transport cimport libcurl as c
from fastorder._core.transport.addresses cimport (
    cut, has_room, open_socket, shun_peer, shun_tried)
from fastorder._core.transport.http_answer cimport (
    FLAWED, NO_MEMORY, NOT_HTTP, TOO_EARLY, TOO_LARGE, WHOLE, Flaw, Stage,
    answer_begin, answer_end, answer_free, answer_make_room, answer_take, flaw_text)
from fastorder._core.transport.http_answer cimport flawed as flawed_answer
from fastorder._core.transport.clock cimport monotonic_ns
from fastorder._core.transport.gate cimport is_shut
from fastorder._core.transport.libcurl cimport CURL, CURLM, curl, set_long, set_pointer
from fastorder._core.transport.request_head cimport Origin, Security
from fastorder._core.transport.evidence cimport FOREVER_NS

from fastorder._base.outside_text import from_outside

cdef enum:
    ONE_RECORD = 16384          # the most bytes that one TLS record carries
    TURNS = 3

cdef int64_t MAX_AGE_NS = 30_000_000_000        # idle; many load balancers end at 60 s
cdef int64_t MAX_LIFETIME_NS = 3_600_000_000_000

# ---------------------------------------------------------------- red: the exchange


cdef Step begin(Wire* wire) noexcept nogil:
    """Send a request that was loaded; nothing of it has left before.

    An idle connection has nothing to say: what waits there is its end, or the answer to
    another request, which would be taken for the answer to this one.
    """
    if not is_quiet(wire):
        return STALE
    cdef Step step = push(wire)
    return step if step != GOES_ON else settle(wire)


cdef bint is_held(Wire* wire) noexcept nogil:
    """Whether the gate, or its time, keeps a request from leaving."""
    if wire.lock is not NULL and is_shut(wire.lock):
        wire.held_back = GATE_SHUT
        return True
    if wire.valid_until_ns != FOREVER_NS and monotonic_ns() >= wire.valid_until_ns:
        wire.held_back = TOO_LATE
        return True
    return False


cdef bint is_quiet(Wire* wire) noexcept nogil:
    """Whether the connection is there and has nothing to read; TLS may still talk."""
    cdef char byte
    cdef size_t read = 0
    return curl.easy_recv(wire.easy, &byte, 1, &read) == c.CURLE_AGAIN


cdef Step push(Wire* wire) noexcept nogil:
    """Hand on what is taken of the request.

    The gate is asked last, each time until a byte was taken, so that from the moment it
    is shut nothing passes. A start is counted once a byte was taken. Two cases count
    that may be none: an error, which does not say what left, and a request of more than
    one TLS record, of which some may leave before any byte counts as taken.
    """
    cdef size_t sent
    if wire.out_sent == 0 and is_held(wire):
        return HELD
    while wire.out_sent < wire.out_size:
        sent = 0
        wire.code = curl.easy_send(
            wire.easy, wire.out + wire.out_sent, wire.out_size - wire.out_sent, &sent)
        if not wire.begun and (
            wire.code != c.CURLE_AGAIN or wire.out_size > ONE_RECORD
        ):
            wire.begun = True
            wire.starts += 1
        if wire.code == c.CURLE_AGAIN:
            return GOES_ON
        if wire.code != c.CURLE_OK:
            return FAILED
        wire.out_sent += sent
    wire.written_ns = monotonic_ns()
    return LEFT


cdef Step settle(Wire* wire) noexcept nogil:
    """Find out what a request waits for that was not all taken.

    libcurl says "again" alike for a full socket and for TLS that has to read first (its
    other side shakes hands anew). A socket with room that takes nothing waits for
    bytes; it may have got the room meanwhile, so it is tried again before that is
    believed.
    """
    cdef Step step
    cdef int _turn
    wire.wants = BYTES
    for _turn in range(TURNS):
        if not has_room(wire.fd):
            wire.wants = ROOM
            return GOES_ON
        step = push(wire)
        if step != GOES_ON:
            return step
    return GOES_ON


cdef Step resume(Wire* wire, bint readable) noexcept nogil:
    """Go on with a request that was not all taken; its socket is ready.

    What comes before a byte of it was taken answers another request. A success that
    comes before all of it has left can be no answer to it either.
    """
    cdef Step step = GOES_ON
    if readable:
        step = pull(wire)
    if not wire.begun and (step != GOES_ON or wire.answer.size):
        flawed_answer(&wire.answer, TOO_EARLY)
        wire.code = c.CURLE_GOT_NOTHING
        return STALE
    if step == ENDED and wire.answer.status < 300:
        flawed_answer(&wire.answer, TOO_EARLY)
        return flawed(wire)
    if step != GOES_ON:
        return step
    step = push(wire)
    return step if step != GOES_ON else settle(wire)


cdef int64_t ends_ns(Wire* wire) noexcept nogil:
    """When its time is over: its own, where it waits to leave, may be earlier."""
    if wire.wants == NOTHING_YET or wire.begun:
        return wire.deadline_ns
    return min(wire.deadline_ns, wire.valid_until_ns)


cdef Step pull(Wire* wire) noexcept nogil:
    """Read what has come of the answer."""
    cdef size_t read
    cdef Stage stage
    while True:
        if not answer_make_room(&wire.answer):
            return flawed(wire)
        read = 0
        wire.code = curl.easy_recv(
            wire.easy, wire.answer.bytes + wire.answer.size,
            wire.answer.room - wire.answer.size, &read)
        if wire.code == c.CURLE_AGAIN:
            return GOES_ON
        if wire.code != c.CURLE_OK:
            return FAILED
        if read == 0:
            return ended(wire)
        if wire.first_byte_ns == 0:
            wire.first_byte_ns = monotonic_ns()
        stage = answer_take(&wire.answer, read)
        if stage == WHOLE:
            return ENDED
        if stage == FLAWED:
            return flawed(wire)


cdef Step ended(Wire* wire) noexcept nogil:
    """The other side has ended the connection."""
    if answer_end(&wire.answer) == WHOLE:
        return ENDED
    wire.code = c.CURLE_PARTIAL_FILE if wire.answer.size else c.CURLE_GOT_NOTHING
    return FAILED


cdef Step flawed(Wire* wire) noexcept nogil:
    cdef Flaw flaw = wire.answer.flaw
    if flaw == TOO_LARGE:
        wire.code = c.CURLE_FILESIZE_EXCEEDED
    elif flaw == NO_MEMORY:
        wire.code = c.CURLE_OUT_OF_MEMORY
    elif flaw == NOT_HTTP:
        wire.code = c.CURLE_UNSUPPORTED_PROTOCOL
    else:
        wire.code = c.CURLE_WEIRD_SERVER_REPLY
    return FAILED


cdef void wipe(char* bytes, size_t size) noexcept nogil:
    """Overwrite; no compiler takes a volatile write for a useless one."""
    cdef volatile char* each = bytes
    cdef size_t i
    for i in range(size):
        each[i] = 0


# ---------------------------------------------------------------- amber: the object


cdef class Connection:
    """A handle of libcurl that only connects, and the exchange that goes over it."""

    def __cinit__(self, Origin origin not None):
        memset(&self.wire, 0, sizeof(Wire))
        self.wire.fd = c.BAD_SOCKET
        self.origin = origin
        self.wire.easy = curl.easy_init()
        if self.wire.easy is NULL:
            raise MemoryError("libcurl made no easy handle")
        set_pointer(self.wire.easy, c.CURLOPT_PRIVATE, <void*>self)
        preset(self.wire.easy, &self.wire)
        aim(self.wire.easy, origin)
        secure(self.wire.easy, origin.security)
        memset(&self.tries, 0, sizeof(Tries))
        self.tries.shunned = &origin.shunned
        set_pointer(self.wire.easy, c.CURLOPT_OPENSOCKETFUNCTION, <void*>open_socket)
        set_pointer(self.wire.easy, c.CURLOPT_OPENSOCKETDATA, &self.tries)

    def __dealloc__(self):
        if self.wire.easy is not NULL:
            curl.easy_cleanup(self.wire.easy)
        answer_free(&self.wire.answer)
        if self.wire.out is not NULL:
            wipe(self.wire.out, self.wire.out_room)
            free(self.wire.out)

    cdef int load(
        self, Route route, bytes body, bytes token, Receiver receiver, Gate gate,
        int64_t valid_until_ns, int64_t deadline_ns
    ) except -1:
        """Take the next exchange; nothing of it leaves before ``begin``."""
        cdef Wire* wire = &self.wire
        self.route = route
        self.body = body
        self.token = token
        self.receiver = receiver
        self.gate = gate
        wire.lock = NULL if gate is None else &gate.lock
        wire.valid_until_ns = valid_until_ns
        wire.deadline_ns = deadline_ns
        wire.held_back = NOTHING
        wire.starts = 0
        wire.begun = False
        wire.wants = NOTHING_YET
        wire.code = c.CURLE_OK
        wire.written_ns = 0
        wire.first_byte_ns = 0
        wire.error[0] = 0
        answer_begin(&wire.answer, route.answer_limit)
        wire.answer.upgrades = route.upgrades
        return self.write_request()

    cdef int take_over(self, Connection other) except -1:
        """Take the exchange of a connection that cannot carry it."""
        cdef int starts = other.wire.starts
        self.load(
            other.route, other.body, other.token, other.receiver, other.gate,
            other.wire.valid_until_ns, other.wire.deadline_ns)
        self.wire.starts = starts
        return other.unload()

    cdef int write_request(self) except -1:
        """Put head, length and body into one buffer, so that they leave together."""
        cdef Wire* wire = &self.wire
        cdef bytes head = self.route.head(self.token)
        cdef size_t head_size = PyBytes_GET_SIZE(head)
        cdef size_t size = PyBytes_GET_SIZE(self.body)
        cdef char* grown
        cdef char* end
        if wire.out_room < head_size + size + 32:
            grown = <char*>realloc(wire.out, head_size + size + 512)
            if grown is NULL:
                raise MemoryError
            wire.out = grown
            wire.out_room = head_size + size + 512
        memcpy(wire.out, PyBytes_AS_STRING(head), head_size)
        end = wire.out + head_size
        if self.route.is_post:
            end = put_number(end, size)
            memcpy(end, b"\r\n", 2)
            end += 2
        memcpy(end, b"\r\n", 2)
        end += 2
        memcpy(end, PyBytes_AS_STRING(self.body), size)
        wire.out_size = end + size - wire.out
        wire.out_sent = 0
        return 0

    cdef int opened(self) except -1:
        """libcurl has connected it."""
        curl.easy_getinfo(self.wire.easy, c.CURLINFO_ACTIVESOCKET, &self.wire.fd)
        self.is_open = True
        self.opened_ns = monotonic_ns()
        return 0

    cdef bint may_begin_anew(self):
        """Whether the exchange can be done on another connection: it is a read, and
        the connection, which had been idle, ended before a byte of the answer."""
        return (
            not self.route.once
            and self.exchanges > 0
            and self.wire.answer.size == 0
            and self.wire.code in (
                c.CURLE_GOT_NOTHING, c.CURLE_SEND_ERROR, c.CURLE_RECV_ERROR)
        )

    cdef bint may_carry_more(self, int code):
        """Whether another exchange can follow the one that has ended."""
        cdef Wire* wire = &self.wire
        if not self.is_open:
            return False
        if wire.held_back:
            return wire.wants == NOTHING_YET    # TLS may hold bytes of it
        return (
            code == c.CURLE_OK
            and wire.answer.keeps_open
            and wire.out_sent == wire.out_size
        )

    cdef bint is_too_old(self, int64_t now_ns):
        """Whether it was idle or in use so long that it is better not used again."""
        return (
            now_ns - self.idle_ns > MAX_AGE_NS
            or now_ns - self.opened_ns > MAX_LIFETIME_NS
        )

    cdef Evidence finish(self, int code):
        """The evidence of the exchange that ended; the connection is idle after it."""
        cdef Wire* wire = &self.wire
        cdef Evidence evidence = Evidence.__new__(Evidence)
        evidence.finished_ns = self.idle_ns = monotonic_ns()
        evidence.curl_code = code
        evidence.curl_error = "" if code == c.CURLE_OK else self.error(code)
        evidence.starts = wire.starts
        if wire.held_back:
            evidence.held_back = self.why_held_back()
        evidence.http_status = wire.answer.status
        evidence.too_large = wire.answer.flaw == TOO_LARGE
        evidence.body = PyBytes_FromStringAndSize(
            wire.answer.bytes + wire.answer.body, wire.answer.body_size)
        if wire.answer.status == 101:   # its head is what there is to say of it
            evidence.body = PyBytes_FromStringAndSize(
                wire.answer.bytes, wire.answer.parsed)
        evidence.date = PyBytes_FromStringAndSize(
            wire.answer.date, wire.answer.date_size)
        evidence.retry_after = PyBytes_FromStringAndSize(
            wire.answer.retry_after, wire.answer.retry_after_size)
        if wire.answer.coding_size > 0:
            evidence.coding = PyBytes_FromStringAndSize(
                wire.answer.coding, wire.answer.coding_size)
        evidence.written_ns = wire.written_ns
        evidence.first_byte_ns = wire.first_byte_ns
        self.exchanges += 1
        self.unload()
        return evidence

    cdef str error(self, int code):
        """Why it failed, for people."""
        cdef bytes text = self.wire.error
        if self.wire.answer.stage == FLAWED:
            return f"the answer was refused: {flaw_text(&self.wire.answer)}"
        if not text:
            text = curl.easy_strerror(code)
        return from_outside(text.decode("utf-8", "replace"))

    cdef str why_held_back(self):
        if self.wire.held_back == TOO_LATE:
            return "its time was over before it could leave"
        return f"the gate is shut: {self.gate.why}"

    cdef int shun(self) except -1:
        """Have others pass the address over that gave no connection, or no answer."""
        if self.is_open:
            shun_peer(&self.origin.shunned, self.wire.fd)
        else:
            shun_tried(&self.tries)
        return 0

    cdef bint passed_all_over(self):
        """Whether it was not opened for this alone: each address was passed over."""
        return self.tries.passed_over > 0 and self.tries.count == 0

    cdef int explain(self, str text) except -1:
        """Say in libcurl's place why the exchange has ended."""
        cdef bytes encoded = text.encode("utf-8", "replace")[:ERROR_TEXT - 1]
        memcpy(
            self.wire.error, PyBytes_AS_STRING(encoded), PyBytes_GET_SIZE(encoded) + 1)
        return 0

    cdef int unload(self) except -1:
        """Let go of what the exchange held."""
        self.receiver = None
        self.route = None
        self.body = None
        self.token = None
        self.gate = None
        self.wire.lock = NULL
        return 0

    cdef int close(self, CURLM* multi) except -1:
        """End it; its socket is noted as closed.

        Of a request that did not leave whole nothing may follow: TLS would send what it
        holds before it says farewell.
        """
        if self.wire.easy is not NULL:
            if self.is_open and self.wire.out_sent < self.wire.out_size:
                cut(self.wire.fd)
            curl.multi_remove_handle(multi, self.wire.easy)
            curl.easy_cleanup(self.wire.easy)
            self.wire.easy = NULL
        self.is_open = False
        return 0

    cdef int abandon(self) except -1:
        """Leave it to the process that this one is a fork of."""
        self.wire.easy = NULL
        self.is_open = False
        return 0


cdef char* put_number(char* end, size_t number) noexcept:
    """Write a number's decimal text; where it ends."""
    cdef char digits[20]
    cdef int i = 20
    while True:
        i -= 1
        digits[i] = <char>(c'0' + number % 10)
        number //= 10
        if number == 0:
            break
    memcpy(end, digits + i, 20 - i)
    return end + 20 - i


# ---------------------------------------------------------------- amber: settings


cdef int check(int code) except -1:
    """Raise where libcurl refuses an option."""
    if code != c.CURLE_OK:
        reason = (<bytes>curl.easy_strerror(code)).decode()
        raise RuntimeError(f"libcurl refused an option: {reason}")
    return 0


cdef int preset(CURL* easy, Wire* wire) except -1:
    """The settings that every connection has, wherever it leads."""
    check(set_long(easy, c.CURLOPT_CONNECT_ONLY, 1))
    set_pointer(easy, c.CURLOPT_ERRORBUFFER, wire.error)
    set_long(easy, c.CURLOPT_HTTP_VERSION, c.CURL_HTTP_VERSION_1_1)
    set_long(easy, c.CURLOPT_NETRC, c.CURL_NETRC_IGNORED)
    set_long(easy, c.CURLOPT_NOSIGNAL, 1)
    set_long(easy, c.CURLOPT_TCP_NODELAY, 1)
    set_long(easy, c.CURLOPT_TCP_KEEPALIVE, 1)
    check(set_pointer(easy, c.CURLOPT_PROXY, b""))
    check(set_pointer(easy, c.CURLOPT_NOPROXY, b"*"))
    return 0


cdef int aim(CURL* easy, Origin origin) except -1:
    """Where it leads, and how long that may take."""
    check(set_pointer(easy, c.CURLOPT_CURLU, origin.parsed))
    return check(set_long(easy, c.CURLOPT_CONNECTTIMEOUT_MS, origin.connect_ms))


cdef int secure(CURL* easy, Security security) except -1:
    """TLS is verified, always; there is no setting that turns it off."""
    protocols = security.protocols.encode()
    check(set_pointer(easy, c.CURLOPT_PROTOCOLS_STR, <const char*>protocols))
    check(set_long(easy, c.CURLOPT_SSL_VERIFYPEER, 1))
    check(set_long(easy, c.CURLOPT_SSL_VERIFYHOST, 2))
    check(set_long(easy, c.CURLOPT_SSLVERSION, c.CURL_SSLVERSION_TLSv1_2))
    if security.native_ca:
        check(set_long(easy, c.CURLOPT_SSL_OPTIONS, c.CURLSSLOPT_NATIVE_CA))
    if security.ca_file is not None:
        ca_file = os.fsencode(security.ca_file)
        check(set_pointer(easy, c.CURLOPT_CAINFO, <const char*>ca_file))
    if security.ca_path is not None:
        ca_path = os.fsencode(security.ca_path)
        check(set_pointer(easy, c.CURLOPT_CAPATH, <const char*>ca_path))
    return 0
