# cython: annotation_typing=False
# whatever a caller gives has to reach the checks, which say what is wrong with it
"""The typed rows of a journal, and how they lie in its table."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from math import isfinite
from typing import Any
from zlib import crc32

from fastorder.errors import InvalidField, WrongFieldType

INTENT, ATTEMPT, OUTCOME, NOTE = "intent", "attempt", "outcome", "note"
UNKNOWN = "UNKNOWN"
FINAL = frozenset({"ACCEPTED", "REJECTED", "NOT_SENT", "NOT_PLACED"})
"""The outcomes that resolve an intent; UNKNOWN is recorded and resolves nothing."""

LEAST, MOST = -(2**63), 2**63 - 1

COLUMNS = (
    "id, previous, kind, tag, at_s, key, account_id, contract_id, body, sha256,"
    " valid_until_s, number, outcome, order_id, proof, crc"
)
BODY, CRC = 8, 15  # where they stand among the columns

Row = tuple[Any, ...]
"""One event as it lies in the table, in the order of ``COLUMNS``."""


class Intent:
    """One order that is about to be sent; it does not change.

    Args:
        tag: the order's tag, unique in the journal.
        key: the caller's idempotency key, unique in the account; None without one.
        account_id: which account.
        contract_id: which contract.
        body: the request's bytes; every send is of these.
        valid_until_s: no byte may leave after it, in seconds since the epoch.
        created_s: when it was made, in seconds since the epoch.

    Raises:
        InvalidField, WrongFieldType: one of them cannot be written down.
    """

    __slots__ = (
        "account_id",
        "body",
        "contract_id",
        "created_s",
        "key",
        "tag",
        "valid_until_s",
    )

    def __init__(
        self,
        tag: str,
        key: str | None,
        account_id: int,
        contract_id: str,
        body: bytes,
        valid_until_s: float | None,
        created_s: float,
    ) -> None:
        text("tag", tag)
        if key is not None:
            text("key", key)
        whole("account_id", account_id)
        text("contract_id", contract_id)
        if type(body) is not bytes:
            raise WrongFieldType("body", "must be bytes", body)
        if valid_until_s is not None:
            seconds("valid_until_s", valid_until_s)
        seconds("created_s", created_s)
        self.tag = tag
        self.key = key
        self.account_id = account_id
        self.contract_id = contract_id
        self.body = body
        self.valid_until_s = valid_until_s
        self.created_s = created_s

    def _values(self) -> Row:
        return (
            self.tag,
            self.key,
            self.account_id,
            self.contract_id,
            self.body,
            self.valid_until_s,
            self.created_s,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Intent):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __reduce__(self) -> tuple[type[Intent], Row]:
        return Intent, self._values()

    def __repr__(self) -> str:
        return (
            f"Intent(tag={self.tag!r}, key={self.key!r}, "
            f"account_id={self.account_id!r}, contract_id={self.contract_id!r}, "
            f"body={self.body!r}, valid_until_s={self.valid_until_s!r}, "
            f"created_s={self.created_s!r})"
        )


show_as(  # type: ignore[name-defined]  # noqa: F821 (of the .pxd)
    Intent,
    b"fastorder.journal.Intent",
    b"(tag, key, account_id, contract_id, body, valid_until_s, created_s)",
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One send that was about to leave.

    Attributes:
        number: which send of its order: 2 for the first after the intent's own.
        at_s: when, in seconds since the epoch.
    """

    number: int
    at_s: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found out of an intent, and by what proof.

    Attributes:
        outcome: "ACCEPTED", "REJECTED", "NOT_SENT", "NOT_PLACED" or "UNKNOWN".
        order_id: the gateway's; None where there is none.
        proof: why this is known, for people.
        at_s: when, in seconds since the epoch.
    """

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


@dataclass(frozen=True, slots=True)
class Note:
    """What was written down of a subject that is no order; the newest counts.

    Attributes:
        subject: what it is about, "risk/state" say; no order has a tag with a slash.
        value: what holds since then.
        reason: why, for people.
        at_s: when, in seconds since the epoch.
        until_s: when it ends by itself; None where it does not.
    """

    subject: str
    value: str
    reason: str
    at_s: float
    until_s: float | None = None


def text(field: str, value: object) -> None:
    """Refuse what is not text that UTF-8 can hold."""
    if type(value) is not str:
        raise WrongFieldType(field, "must be text", value)
    if value.isascii():
        return
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidField(field, "must be text that UTF-8 can hold", value) from None


def whole(field: str, value: object) -> None:
    """Refuse what is not an integer of 64 bits."""
    if type(value) is not int:
        raise WrongFieldType(field, "must be an integer", value)
    if not LEAST <= value <= MOST:
        raise InvalidField(field, "must fit into 64 bits", value)


def seconds(field: str, value: object) -> None:
    """Refuse what is not a finite number."""
    if type(value) is not float and type(value) is not int:
        raise WrongFieldType(field, "must be a number of seconds", value)
    if not isfinite(value):
        raise InvalidField(field, "must be finite", value)


def intent_row(event: int, intent: Intent) -> Row:
    """The row of an intent."""
    tag, key, contract_id = intent.tag, intent.key, intent.contract_id
    at_s, account_id = as_stored(intent.created_s), intent.account_id
    until = None if intent.valid_until_s is None else as_stored(intent.valid_until_s)
    digest = sha256(intent.body).hexdigest()
    crc = crc_of(
        f"({event}, 0, 'intent', {tag!a}, {at_s!r}, {key!a}, {account_id},"
        f" {contract_id!a}, '{digest}', {until!r}, None, None, None, None)"
    )
    where = (key, account_id, contract_id, intent.body, digest, until)
    return (event, 0, INTENT, tag, at_s, *where, None, None, None, None, crc)


def attempt_row(event: int, previous: int, tag: str, number: int, at_s: float) -> Row:
    """The row of the n-th send."""
    whole("number", number)
    seconds("at_s", at_s)
    values = (event, previous, ATTEMPT, tag, as_stored(at_s), *(None,) * 6)
    row = (*values, number, None, None, None)
    return (*row, checksum(row))


def outcome_row(
    event: int,
    previous: int,
    tag: str,
    outcome: str,
    order_id: int | None,
    proof: str,
    at_s: float,
) -> Row:
    """The row of an outcome."""
    text("outcome", outcome)
    if outcome not in FINAL and outcome != UNKNOWN:
        rule = f"must be one of {', '.join(sorted({UNKNOWN, *FINAL}))}"
        raise InvalidField("outcome", rule, outcome)
    if order_id is not None:
        whole("order_id", order_id)
    text("proof", proof)
    seconds("at_s", at_s)
    at_s = as_stored(at_s)
    crc = crc_of(
        f"({event}, {previous}, 'outcome', {tag!a}, {at_s!r}, None, None, None,"
        f" None, None, None, {outcome!a}, {order_id}, {proof!a})"
    )
    head = (event, previous, OUTCOME, tag, at_s)
    empty = (None, None, None, None, None, None, None)
    return (*head, *empty, outcome, order_id, proof, crc)


def note_row(event: int, previous: int, note: Note) -> Row:
    """The row of a note."""
    text("subject", note.subject)
    if "/" not in note.subject:
        raise InvalidField("subject", "must have a slash", note.subject)
    text("value", note.value)
    text("reason", note.reason)
    seconds("at_s", note.at_s)
    if note.until_s is not None:
        seconds("until_s", note.until_s)
    until = None if note.until_s is None else as_stored(note.until_s)
    head = (event, previous, NOTE, note.subject, as_stored(note.at_s))
    row = (*head, *(None,) * 5, until, None, note.value, None, note.reason, None)
    return (*row[:CRC], checksum(row))


def note_from(row: Row) -> Note:
    """The note that a row holds."""
    return Note(row[3], row[12], row[14], row[4], row[10])


def insertion(first: Row, second: Row | None = None) -> tuple[str, list[Any]]:
    """The statement that writes one row or two, and its parameters.

    A column that is None is written into the statement as NULL, and the body is handed
    over as a bytearray: what is neither a number nor text nor a bytearray, the sqlite3
    module first tries to adapt, which costs more than all other parameters.
    """
    given: list[Any] = []
    marks = _given(first, given), 0 if second is None else _given(second, given)
    statement = _statements.get(marks)
    if statement is None:
        rows = [first] if second is None else [first, second]
        statement = _statements[marks] = _statement(rows)
    return statement, given


def insertion_of_many(rows: list[Row]) -> tuple[str, list[Any]]:
    """The same for any number of rows; rare, and of too many kinds to be kept."""
    given: list[Any] = []
    for row in rows:
        _given(row, given)
    return _statement(rows), given


def _given(row: Row, given: list[Any]) -> int:
    """Append the columns that are not None; their bits, the first column's is 1."""
    bits, bit = 0, 1
    for value in row:
        if value is not None:
            given.append(bytearray(value) if type(value) is bytes else value)
            bits |= bit
        bit <<= 1
    return bits


_statements: dict[tuple[int, int], str] = {}
"""By the columns that are not None; a few dozen, as each kind of event has its own."""


def _statement(rows: list[Row]) -> str:
    marks = [["NULL" if value is None else "?" for value in row] for row in rows]
    lines = ", ".join(f"({', '.join(line)})" for line in marks)
    return f"INSERT INTO event ({COLUMNS}) VALUES {lines}"  # noqa: S608


def as_stored(number: float) -> float:
    """A number as SQLite gives it back: it knows no negative zero."""
    return float(number) + 0.0


def checksum(row: Row) -> int:
    """The CRC-32 of a row: of all columns but the body, which has its SHA-256."""
    return crc_of(ascii(row[:BODY] + row[BODY + 1 : CRC]))


def crc_of(line: str) -> int:
    """The CRC-32 of what ``checksum`` is made of; of ASCII letters alone."""
    return crc32(line.encode("ascii"))


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
