"""Tells of changes that have ended: a line in the log, and observers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from fastorder.enums import Outcome
from fastorder.errors import WrongFieldType
from fastorder.runtime.log import log
from fastorder.runtime.log_lines import follow_the_environment

if TYPE_CHECKING:
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket

UNKNOWN = Outcome.UNKNOWN
INFO, WARNING = 20, 30
"""As in ``logging``, which is loaded with the executor and not before."""

LINE = "%s %s tag=%s order=%s attempts=%d written_us=%s answer_us=%s result_us=%s"


class Observer(Protocol):
    """What hears of each change; its own errors end in the log and nowhere else."""

    def change_began(self, ticket: Any) -> None:
        """A place, modify, cancel or close is about to leave."""

    def change_ended(self, ticket: Any, result: OrderResult) -> None:
        """It has its last result."""


class ChangeReports:
    """The log's lines, and the observers of one executor.

    Where neither is asked for, a change costs one look into a dict: the logger keeps
    there which levels are on, and clears it when somebody sets one.
    """

    def __init__(self) -> None:
        follow_the_environment()
        self._logger = log()
        levels = getattr(self._logger, "_cache", None)
        self._levels: dict[int, bool] = levels if isinstance(levels, dict) else {}
        self._observers: tuple[Any, ...] | None = None
        self._doubted: set[str | None] = set()  # tags that are told as unknown

    def add(self, observer: Any) -> None:
        """From now on an observer hears of each change.

        Raises:
            WrongFieldType: it has not both methods.
        """
        for name in ("change_began", "change_ended"):
            if not callable(getattr(observer, name, None)):
                rule = "must have change_began and change_ended"
                raise WrongFieldType("observer", rule, observer)
        self._observers = (*(self._observers or ()), observer)

    def began(self, ticket: Ticket[Any]) -> None:
        """A change is about to leave."""
        if self._observers is not None and ticket.kind != "read":
            self._each("change_began", ticket)

    def ended(self, ticket: Ticket[Any]) -> None:
        """A change has its last result."""
        result: Any = ticket.result
        if result.outcome is UNKNOWN:
            self.unknown(ticket)
        elif self._levels.get(INFO) is not False:
            self._doubted.discard(result.tag)
            self._write(result, INFO)
        if self._observers is not None:
            self._each("change_ended", ticket, result)

    def unknown(self, ticket: Ticket[Any]) -> None:
        """The outcome of an order is unknown for now; told once."""
        result: Any = ticket.result
        if result is not None and result.tag not in self._doubted:
            self._doubted.add(result.tag)
            self._write(result, WARNING)

    def late(self, result: OrderResult) -> None:
        """An order is there that was reported absent or rejected."""
        self._write(result, WARNING)

    def _write(self, result: OrderResult, level: int) -> None:
        if not self._logger.isEnabledFor(level):
            return
        known = what_is_known(result)
        values = list(known.values())
        line = LINE + (" %s" if known["error"] else "%.0s")
        try:
            self._logger.log(level, line, *values, extra={"change": known})
        except Exception as error:  # of a handler: the order goes on
            self._logger.debug("a handler of the log raised %r", error)

    def _each(self, name: str, *given: Any) -> None:
        for observer in self._observers or ():
            try:
                getattr(observer, name)(*given)
            except Exception:
                self._logger.exception("%s of an observer raised", name)


def what_is_known(result: OrderResult) -> dict[str, Any]:
    """Of a change, for the log; latencies in microseconds from the call."""
    timing = result.timing
    return {
        "action": result.action,
        "outcome": str(result.outcome),
        "tag": result.tag,
        "order_id": result.order_id,
        "attempts": result.attempts,
        "written_us": _us(timing.call_to_written),
        "answer_us": _us(timing.call_to_first_byte),
        "result_us": _us(timing.call_to_result),
        "error": None if result.success else result.message.partition(": ")[2],
    }


def _us(elapsed_ns: int | None) -> int | None:
    return None if elapsed_ns is None else elapsed_ns // 1000
