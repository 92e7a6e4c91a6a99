"""Bytes to what the gateway said; any bytes at all, and never an exception."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeASCII

from fastorder._core.codec.envelope cimport Envelope, read_envelope
from fastorder._core.codec.members cimport is_ambiguous

from fastorder._base.counted import counted
from fastorder._base.outside_text import from_outside

cdef long long LARGEST_INT64 = 9223372036854775807


@cython.freelist(8)
@cython.no_gc       # holds what JSON can hold, which has no cycles
cdef class Reply:
    """What one answer says.

    Attributes:
        http_status: as it came.
        document: the JSON object; None where the body is none, or where it holds the
            envelope and nothing else.
        success, error_code, error_message: the gateway's envelope; None where the
            body has no proper one.
        consistent: success and error_code are there, and say the same.
        order_id: a positive 64-bit whole number; None where there is none.
        reason: why there is no envelope, or the title of an ASP.NET problem report;
            None where the envelope is there.

    The texts are fit to be shown.
    """

    def __repr__(self):
        return (
            f"Reply(http_status={self.http_status}, success={self.success}, "
            f"error_code={self.error_code}, reason={self.reason!r})"
        )


def read_reply(int http_status, bytes body):
    """Read an answer. Whatever the body holds, this gives a Reply.

    Args:
        http_status: the HTTP status, 100 to 599.
        body: the body as it came, of any length.
    """
    return reply_from(http_status, body)


cdef Reply reply_from(int http_status, bytes body):
    cdef Envelope envelope
    cdef Reply reply = Reply.__new__(Reply)
    reply.http_status = http_status
    if read_envelope(PyBytes_AS_STRING(body), PyBytes_GET_SIZE(body), &envelope):
        reply.success = True if envelope.success else False
        reply.error_code = envelope.error_code
        reply.consistent = envelope.success == (envelope.error_code == 0)
        if envelope.order_id > 0:
            reply.order_id = envelope.order_id
        if envelope.message is not NULL:
            reply.error_message = from_outside(PyUnicode_DecodeASCII(
                envelope.message, envelope.message_size, NULL))
        return reply
    from orjson import loads  # loaded with the executor

    try:
        document = loads(body)
    except (ValueError, RecursionError):
        reply.reason = unreadable(body)
        return reply
    if type(document) is not dict:
        reply.reason = "a JSON object was expected, another value came"
        return reply
    if is_ambiguous(body, document):
        reply.reason = "JSON in which a member stands twice"
        return reply
    return take_document(reply, document)


cdef Reply coded_reply(int http_status, bytes coding):
    """Of an answer whose body is coded, and so not read."""
    cdef Reply reply = Reply.__new__(Reply)
    reply.http_status = http_status
    name = from_outside(coding.decode("latin-1"))
    reply.reason = f"its body is coded ({name}), where none was asked for"
    return reply


cdef Reply take_document(Reply reply, dict document):
    """Read the envelope of an answer that holds more than it."""
    reply.document = document
    number = document.get("orderId")
    if type(number) is int and 0 < number <= LARGEST_INT64:
        reply.order_id = number
    success = document.get("success")
    code = document.get("errorCode")
    if type(success) is not bool or type(code) is not int:
        reply.reason = problem(document)
        return reply
    reply.success = success
    reply.error_code = code
    reply.consistent = success == (code == 0)
    message = document.get("errorMessage")
    if type(message) is str:
        reply.error_message = from_outside(message)
    return reply


cdef str unreadable(bytes body):
    """Say what a body is that is not JSON, without showing it."""
    cdef bytes start = body[:512].lstrip()
    size = counted(len(body), "byte")
    if not start:
        return "an empty body"
    if start[:1] == b"<":
        return f"HTML or XML instead of JSON, {size}"
    if start[:1] in (b"{", b"["):
        return f"JSON that is cut or broken, {size}"
    return f"no JSON, {size}"


cdef str problem(dict document):
    """The title and the fields of an ASP.NET problem report (RFC 9457)."""
    title = document.get("title")
    if type(title) is not str:
        return "JSON without the gateway's envelope"
    errors = document.get("errors")
    if type(errors) is not dict:
        return from_outside(title)
    fields = ", ".join(sorted(str(name) for name in errors))
    return from_outside(f"{title} ({fields})")
