"""Exit codes: what a script can tell a command's end by."""

from __future__ import annotations

from fastorder import errors
from fastorder.enums import Outcome


class Exit(errors.NamedNumber):
    """How a command has ended.

    Members:
        OK: done; an order was accepted.
        FAILED: something could not be read or written; nothing was ordered.
        BAD_INPUT: what was typed, or a setting, cannot be used; nothing was sent.
        REJECTED: the gateway refused the order.
        NOT_SENT: it was not sent, or it is proved that there is no such order.
        UNKNOWN: whether it happened is not known; ``fastorder resolve`` looks again.
        HELD: the kill switch, a limit or an order in doubt held it back.
        INTERRUPTED: by Ctrl-C.
    """

    OK = 0
    FAILED = 1
    BAD_INPUT = 2
    REJECTED = 3
    NOT_SENT = 4
    UNKNOWN = 5
    HELD = 6
    INTERRUPTED = 130


OF_OUTCOME = {
    Outcome.ACCEPTED: Exit.OK,
    Outcome.REJECTED: Exit.REJECTED,
    Outcome.NOT_SENT: Exit.NOT_SENT,
    Outcome.NOT_PLACED: Exit.NOT_SENT,
    Outcome.UNKNOWN: Exit.UNKNOWN,
}
OF_ERROR = (
    ((errors.Halted, errors.RiskDenied, errors.Interlocked), Exit.HELD),
    ((errors.JournalError,), Exit.NOT_SENT),
    ((errors.RequestFailed, errors.OrderFailed), Exit.FAILED),
    ((ValueError, TypeError, LookupError), Exit.BAD_INPUT),
)
"""The first that fits."""


def code_of(error: errors.FastOrderError) -> Exit:
    """The code of an error that ended a command."""
    for kinds, code in OF_ERROR:
        if isinstance(error, kinds):
            return code
    return Exit.FAILED


class Ended(Exception):
    """A command has said why it ends; its code is all that is left to give."""

    def __init__(self, code: Exit) -> None:
        super().__init__(code)
        self.code = code
