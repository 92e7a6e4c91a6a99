"""The head of a request: method, path and headers, rendered once for each token."""

from fastorder._core.transport cimport libcurl as c
from fastorder._core.transport.libcurl cimport curl

from fastorder.errors import ConfigurationError

DEFAULT_PORTS = {"http": 80, "https": 443}


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


cdef class Origin:
    """One gateway: every connection to it is like every other.

    Args:
        base_url: absolute, http or https; a path is put before each route's own.
        security: where trust comes from.
        connect_ms: the longest time for DNS, TCP and TLS, in milliseconds.
    """

    def __init__(
        self, str base_url not None, Security security not None, *, int connect_ms=2000
    ):
        from urllib.parse import urlsplit   # for an executor alone
        parts = urlsplit(base_url)
        self.base_url = base_url
        self.security = security
        self.connect_ms = connect_ms
        self.path = parts.path.rstrip("/")
        host = parts.netloc
        if parts.port == DEFAULT_PORTS.get(parts.scheme):
            host = host.removesuffix(f":{parts.port}")
        self.host = host.encode("ascii")
        self.parse(f"{parts.scheme}://{parts.netloc}".encode("ascii"))

    def __dealloc__(self):
        if self.parsed is not NULL:
            curl.url_cleanup(self.parsed)

    cdef int parse(self, bytes url) except -1:
        self.parsed = curl.url()
        if self.parsed is NULL:
            raise MemoryError("libcurl made no URL handle")
        if curl.url_set(
            self.parsed, c.CURLUPART_URL, url, c.CURLU_DISALLOW_USER
        ) != 0:
            raise ConfigurationError("base_url must be a URL that libcurl can read")
        return 0


cdef class Route:
    """One endpoint of an origin.

    Args:
        origin: where it is.
        path: behind the origin's own.
        once: the request changes something, so it leaves one time only.
        lessens: it lessens risk, or is asked for that: it waits behind no others.
        lane: where its requests stand in a budget.
        authorized: the request carries a token.
        is_post: POST with a JSON body, otherwise GET.
        request_ms: the longest time for an exchange, in milliseconds.
        answer_limit: the largest answer that is read, in bytes as they come.
        coding: what its body may be coded with; whoever reads it decodes it.
    """

    def __init__(
        self, Origin origin not None, str path not None, *, bint once,
        bint lessens=False,
        bint authorized=True, bint is_post=True, int request_ms=5000,
        size_t answer_limit=1 << 20, str coding="identity", int lane=0
    ):
        self.origin = origin
        self.path = path
        self.once = once
        self.lessens = lessens
        self.authorized = authorized
        self.is_post = is_post
        self.request_ms = request_ms
        self.answer_limit = answer_limit
        self.coding = coding
        self.lane = lane

    cdef bytes head(self, bytes token):
        """The request's bytes up to the number of its body's bytes.

        They are made anew where the token is another one.
        """
        if self.made is None or token is not self.token:
            self.token = token
            self.made = b"".join(self.lines())
        return self.made

    cdef list lines(self):
        method = "POST" if self.is_post else "GET"
        target = f"{method} {self.origin.path}{self.path} HTTP/1.1\r\n"
        lines = [target.encode("ascii"), b"Host: ", self.origin.host, b"\r\n"]
        if self.token is not None:
            lines += [b"Authorization: Bearer ", self.token, b"\r\n"]
        lines += [b"User-Agent: fastorder\r\nAccept: */*\r\n"]
        lines += [f"Accept-Encoding: {self.coding}\r\n".encode("ascii")]
        if self.is_post:
            lines += [b"Content-Type: application/json\r\nContent-Length: "]
        return lines
