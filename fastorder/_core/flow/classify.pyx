"""One exchange classified: the transport's evidence and the codec's reply as a kind.

This is where the two halves of the core meet; neither of them knows the other.
"""

cimport cython

from fastorder._core.transport.libcurl cimport CURLE_GOT_NOTHING
from fastorder._core.codec.response cimport Reply, coded_reply, reply_from
from fastorder._core.transport.evidence cimport Evidence

from fastorder._base.answer_kind import AnswerKind

cdef object NOT_SENT = AnswerKind.NOT_SENT
cdef object NO_ANSWER = AnswerKind.NO_ANSWER
cdef object TRANSIENT_ERROR = AnswerKind.TRANSIENT_ERROR
cdef object RATE_LIMITED = AnswerKind.RATE_LIMITED
cdef object CLIENT_ERROR = AnswerKind.CLIENT_ERROR
cdef object ACCEPTED = AnswerKind.ACCEPTED
cdef object REFUSED = AnswerKind.REFUSED


@cython.freelist(8)
@cython.no_gc       # leads to a Reply alone
cdef class Answer:
    """A kind, the reply that it was read from, and a reason for people.

    Attributes:
        kind: an AnswerKind.
        reply: None where no whole answer came.
        reason: empty where the gateway accepted, or refused without a text.
    """


cdef Answer answer(object kind, Reply reply, str reason):
    cdef Answer made = Answer.__new__(Answer)
    made.kind = kind
    made.reply = reply
    made.reason = reason
    return made


cpdef Answer classify(Evidence evidence, object policy):
    """Read the evidence of one exchange.

    Args:
        evidence: as the engine gave it.
        policy: the RetryPolicy that names the HTTP statuses that may pass.
    """
    if evidence.curl_code != 0:
        return incomplete(evidence)
    cdef Reply reply
    if evidence.coding is None:
        reply = reply_from(evidence.http_status, evidence.body)
    else:
        reply = coded_reply(evidence.http_status, evidence.coding)
    if evidence.http_status != 200 and reply.success:
        return answer(
            NO_ANSWER, reply,
            f"HTTP {evidence.http_status} and success True are at odds")
    if evidence.http_status != 200:
        return answer(status_kind(reply, policy), reply, status_reason(reply))
    if reply.success is None:
        return answer(NO_ANSWER, reply, f"unreadable answer: {reply.reason}")
    if not reply.consistent:
        return answer(
            NO_ANSWER, reply,
            f"success {reply.success} and errorCode {reply.error_code} are at odds")
    if reply.success:
        return answer(ACCEPTED, reply, "")
    return answer(REFUSED, reply, reply.error_message or "")


cdef Answer incomplete(Evidence evidence):
    if evidence.starts == 0:
        return answer(NOT_SENT, None, evidence.held_back or evidence.curl_error)
    if evidence.curl_code == CURLE_GOT_NOTHING:
        reason = "the connection ended without an answer"
    elif evidence.http_status:
        reason = f"HTTP {evidence.http_status}, then {evidence.curl_error}"
    else:
        reason = f"no answer: {evidence.curl_error}"
    return answer(NO_ANSWER, None, reason)


# 4xx that refuse no request. The server did not get it whole in time (408), or not in
# the place or at the time for it (421, 425): it may be repeated. Source: RFC 9110,
# sections 15.5.9 and 15.5.20, RFC 8470, section 5.2. And what a proxy says for itself
# where the client seemed gone (460, 499), whatever became of the request behind it.
cdef frozenset NO_REFUSAL = frozenset({408, 421, 425, 460, 499})


cdef object status_kind(Reply reply, policy):
    if reply.http_status in policy.statuses:
        return TRANSIENT_ERROR
    if reply.http_status == 429:
        return RATE_LIMITED
    if 300 <= reply.http_status < 500 and reply.http_status not in NO_REFUSAL:
        return CLIENT_ERROR
    return NO_ANSWER


cdef str status_reason(Reply reply):
    text = reply.reason or reply.error_message
    status = f"HTTP {reply.http_status}"
    if reply.http_status == 401:
        status += " (the token is not taken)"
    return f"{status}: {text}" if text else status
