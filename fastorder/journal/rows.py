"""The typed rows of a journal, and how they lie in its table."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from fastorder.errors import InvalidField, WrongFieldType

INTENT, ATTEMPT, OUTCOME = "intent", "attempt", "outcome"
UNKNOWN = "UNKNOWN"
FINAL = frozenset({"ACCEPTED", "REJECTED", "NOT_SENT", "NOT_PLACED"})
"""The outcomes that resolve an intent; UNKNOWN is recorded and resolves nothing."""

INT64 = range(-(2**63), 2**63)

COLUMNS = (
    "id, previous, kind, tag, at_s, key, account_id, contract_id, body, sha256,"
    " valid_until_s, number, outcome, order_id, proof, crc"
)
BODY, CRC = 8, 15  # where they stand among the columns

Row = tuple[Any, ...]
"""One event as it lies in the table, in the order of ``COLUMNS``."""


@dataclass(frozen=True, slots=True)
class Intent:
    """One order that is about to be sent.

    Args:
        tag: the order's tag, unique in the journal.
        key: the caller's idempotency key, unique in the account; None without one.
        account_id: which account.
        contract_id: which contract.
        body: the request's bytes; every send is of these.
        valid_until_s: no byte may leave after it, in seconds since the epoch.
        created_s: when it was made, in seconds since the epoch.
    """

    tag: str
    key: str | None
    account_id: int
    contract_id: str
    body: bytes
    valid_until_s: float | None
    created_s: float

    def __post_init__(self) -> None:
        text("tag", self.tag)
        if self.key is not None:
            text("key", self.key)
        whole("account_id", self.account_id)
        text("contract_id", self.contract_id)
        if type(self.body) is not bytes:
            raise WrongFieldType("body", "must be bytes", self.body)
        if self.valid_until_s is not None:
            seconds("valid_until_s", self.valid_until_s)
        seconds("created_s", self.created_s)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One send that was about to leave."""

    number: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found out of an intent, and by what proof."""

    outcome: str
    order_id: int | None
    proof: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Entry:
    """All that a journal holds of one order.

    Attributes:
        intent: what was to be sent.
        sha256: of the body, as hexadecimal text.
        attempts: the sends after the first that were about to leave, oldest first.
        verdicts: what was found out, oldest first; the last one counts.
    """

    intent: Intent
    sha256: str
    attempts: tuple[Attempt, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

    @property
    def resolved(self) -> bool:
        """Whether its end is known."""
        return self.outcome in FINAL

    @property
    def outcome(self) -> str | None:
        """The newest verdict's; None where there is none."""
        return self.verdicts[-1].outcome if self.verdicts else None

    @property
    def sends(self) -> int:
        """How many sends there were at most; the intent stands for the first."""
        if self.outcome == "NOT_SENT":
            return 0
        return self.attempts[-1].number if self.attempts else 1

    @property
    def order_id(self) -> int | None:
        """The newest verdict's."""
        return self.verdicts[-1].order_id if self.verdicts else None

    @property
    def proof(self) -> str | None:
        """The newest verdict's."""
        return self.verdicts[-1].proof if self.verdicts else None

    @property
    def resolved_s(self) -> float | None:
        """When its end was known; None where it is not."""
        return self.verdicts[-1].at_s if self.resolved else None


def text(field: str, value: object) -> None:
    """Refuse what is not text that UTF-8 can hold."""
    if type(value) is not str:
        raise WrongFieldType(field, "must be text", value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidField(field, "must be text that UTF-8 can hold", value) from None


def whole(field: str, value: object) -> None:
    """Refuse what is not an integer of 64 bits."""
    if type(value) is not int:
        raise WrongFieldType(field, "must be an integer", value)
    if value not in INT64:
        raise InvalidField(field, "must fit into 64 bits", value)


def seconds(field: str, value: object) -> None:
    """Refuse what is not a finite number."""
    if type(value) is not float and type(value) is not int:
        raise WrongFieldType(field, "must be a number of seconds", value)
    if not math.isfinite(value):
        raise InvalidField(field, "must be finite", value)


def intent_row(event: int, intent: Intent) -> Row:
    """The row of an intent."""
    until = intent.valid_until_s
    return _sealed(
        event,
        0,
        INTENT,
        intent.tag,
        as_stored(intent.created_s),
        intent.key,
        intent.account_id,
        intent.contract_id,
        intent.body,
        sha256(intent.body).hexdigest(),
        None if until is None else as_stored(until),
        None,
        None,
        None,
        None,
    )


def attempt_row(event: int, previous: int, tag: str, attempt: Attempt) -> Row:
    """The row of an attempt."""
    whole("number", attempt.number)
    seconds("at_s", attempt.at_s)
    empty = (None,) * 6
    at_s = as_stored(attempt.at_s)
    return _sealed(
        event, previous, ATTEMPT, tag, at_s, *empty, attempt.number, None, None, None
    )


def outcome_row(event: int, previous: int, tag: str, verdict: Verdict) -> Row:
    """The row of an outcome."""
    if verdict.outcome != UNKNOWN and verdict.outcome not in FINAL:
        rule = f"must be one of {', '.join(sorted({UNKNOWN, *FINAL}))}"
        raise InvalidField("outcome", rule, verdict.outcome)
    text("outcome", verdict.outcome)
    if verdict.order_id is not None:
        whole("order_id", verdict.order_id)
    text("proof", verdict.proof)
    seconds("at_s", verdict.at_s)
    empty = (None,) * 7
    found = (verdict.outcome, verdict.order_id, verdict.proof)
    at_s = as_stored(verdict.at_s)
    return _sealed(event, previous, OUTCOME, tag, at_s, *empty, *found)


USED = {
    INTENT: (slice(0, 11), slice(15, 16)),
    ATTEMPT: (slice(0, 5), slice(11, 12), slice(15, 16)),
    OUTCOME: (slice(0, 5), slice(12, 16)),
}
"""The columns of each kind. The others are written into the statement as NULL: a
parameter that is None costs as much as all that are not."""


def insertion(*rows: Row) -> tuple[str, Row]:
    """The statement that writes rows, and its parameters."""
    values: Row = ()
    for row in rows:
        for part in USED[row[2]]:
            values += row[part]
    return _insert_text(tuple([row[2] for row in rows])), values


@cache
def _insert_text(kinds: tuple[str, ...]) -> str:
    lines = ", ".join(_value_text(kind) for kind in kinds)
    return f"INSERT INTO event ({COLUMNS}) VALUES {lines}"  # noqa: S608


def _value_text(kind: str) -> str:
    marks = ["NULL"] * 16
    for part in USED[kind]:
        marks[part] = ["?"] * len(marks[part])
    return f"({', '.join(marks)})"


def as_stored(number: float) -> float:
    """A number as SQLite gives it back: it knows no negative zero."""
    return float(number) + 0.0


def _sealed(*values: Any) -> Row:
    return (*values, checksum(values))


def checksum(row: Row) -> int:
    """The CRC-32 of a row: of all columns but the body, which has its SHA-256."""
    return zlib.crc32(ascii(row[:BODY] + row[BODY + 1 : CRC]).encode("ascii"))


def flaw(row: Row) -> str | None:
    """What is wrong with a row that was read; None where it is as it was written."""
    if row[CRC] != checksum(row):
        return "its checksum does not fit"
    body, digest = row[BODY], row[BODY + 1]
    if row[2] == INTENT:
        if type(body) is not bytes or sha256(body).hexdigest() != digest:
            return "its body is not the one that was written"
    elif body is not None:
        return "it has a body and is no intent"
    return None


def entry(rows: list[Row]) -> Entry:
    """One order from its rows, oldest first, each without a flaw."""
    _, _, _, tag, created_s, key, account_id, contract_id, body, digest, until, *_ = (
        rows[0]
    )
    return Entry(
        Intent(tag, key, account_id, contract_id, body, until, created_s),
        digest,
        tuple(Attempt(row[11], row[4]) for row in rows if row[2] == ATTEMPT),
        tuple(
            Verdict(row[12], row[13], row[14], row[4])
            for row in rows
            if row[2] == OUTCOME
        ),
    )
