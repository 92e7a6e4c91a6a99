"""What one exchange shows: the transport's evidence and the codec's reply, as one sign.

This is where the two halves of the core meet; neither of them knows the other.
"""

cimport cython

from fastorder._core.libcurl cimport CURLE_GOT_NOTHING
from fastorder._core.response cimport Reply, reply_from
from fastorder._core.transfer cimport Evidence

from fastorder.enums import Sign

cdef object NOT_SENT = Sign.NOT_SENT
cdef object SILENCE = Sign.SILENCE
cdef object BUSY = Sign.BUSY
cdef object LIMITED = Sign.LIMITED
cdef object TURNED_AWAY = Sign.TURNED_AWAY
cdef object ACCEPTED = Sign.ACCEPTED
cdef object REFUSED = Sign.REFUSED


@cython.freelist(8)
@cython.no_gc       # leads to a Reply alone
cdef class Reading:
    """A sign, the reply that it was read from, and a reason for people.

    Attributes:
        sign: a Sign.
        reply: None where no whole answer came.
        reason: empty where the gateway accepted, or refused without a text.
    """


cdef Reading reading(object sign, Reply reply, str reason):
    cdef Reading made = Reading.__new__(Reading)
    made.sign = sign
    made.reply = reply
    made.reason = reason
    return made


cpdef Reading read(Evidence evidence, object policy):
    """Read the evidence of one exchange.

    Args:
        evidence: as the engine gave it.
        policy: the RetryPolicy that names the HTTP statuses that may pass.
    """
    if evidence.curl_code != 0:
        return incomplete(evidence)
    cdef Reply reply = reply_from(evidence.http_status, evidence.body)
    if evidence.http_status != 200:
        return reading(status_sign(reply, policy), reply, status_reason(reply))
    if reply.success is None:
        return reading(SILENCE, reply, f"unreadable answer: {reply.reason}")
    if not reply.consistent:
        return reading(
            SILENCE, reply,
            f"success {reply.success} and errorCode {reply.error_code} are at odds")
    if reply.success:
        return reading(ACCEPTED, reply, "")
    return reading(REFUSED, reply, reply.error_message or "")


cdef Reading incomplete(Evidence evidence):
    if evidence.starts == 0:
        return reading(NOT_SENT, None, evidence.held_back or evidence.curl_error)
    if evidence.curl_code == CURLE_GOT_NOTHING:
        reason = "the connection ended without an answer"
    elif evidence.http_status:
        reason = f"HTTP {evidence.http_status}, then {evidence.curl_error}"
    else:
        reason = f"no answer: {evidence.curl_error}"
    return reading(SILENCE, None, reason)


cdef object status_sign(Reply reply, policy):
    if reply.http_status in policy.statuses:
        return BUSY
    if reply.http_status == 429:
        return LIMITED
    if 300 <= reply.http_status < 500:
        return TURNED_AWAY
    return SILENCE


cdef str status_reason(Reply reply):
    text = reply.reason or reply.error_message
    status = f"HTTP {reply.http_status}"
    if reply.http_status == 401:
        status += " (the token is not taken)"
    return f"{status}: {text}" if text else status
