"""What the state tells: changes of rows, and whether they can be relied on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from fastorder.models import Account, Order, Position, Trade

Source = Literal["event", "repair", "seed"]
"""What a change was learnt from: an event of the hub, a read after events may have been
missed, or the reads at the start."""


class Unproven(NamedTuple):
    """The rows may be behind.

    Attributes:
        since_ns: from when on something may be missing; monotonic nanoseconds.
        why: for people.
    """

    since_ns: int
    why: str


class Synced(NamedTuple):
    """The rows are proven again.

    Attributes:
        since_ns, why: of the Unproven that ends.
        took_s: seconds from the connection that all subscriptions were answered on.
        missed_fills: what was traded meanwhile and no event has told, oldest first.
        missed_orders: orders that had changed, as they are now.
        rebased: contracts whose position is taken from two reads that agree, because
            the trades did not explain it.
    """

    since_ns: int
    why: str
    took_s: float
    missed_fills: tuple[Trade, ...] = ()
    missed_orders: tuple[Order, ...] = ()
    rebased: tuple[str, ...] = ()


class Discrepancy(NamedTuple):
    """Reads contradict what is known, again and again; the rows stay unproven.

    Attributes:
        what: each contradiction, for people.
    """

    what: tuple[str, ...]


class OrderChanged(NamedTuple):
    """An order is there, or is not what it was.

    Attributes:
        order: as it is now.
        before: as it was; None where it was not known.
        source: what this was learnt from.
        is_partial: only its trades are known so far.
    """

    order: Order
    before: Order | None
    source: Source
    is_partial: bool = False


class Filled(NamedTuple):
    """A trade; each is told once."""

    trade: Trade
    source: Source


class Voided(NamedTuple):
    """A trade was taken back by the exchange."""

    trade: Trade
    source: Source


class PositionChanged(NamedTuple):
    """A position is not what it was.

    Attributes:
        contract_id: of which contract.
        position: as it is now; None where it is flat.
        before: as it was.
        source: what this was learnt from.
    """

    contract_id: str
    position: Position | None
    before: Position | None
    source: Source


class AccountChanged(NamedTuple):
    """The balance of an account, or whether it may trade, has changed."""

    account: Account
    before: Account | None
    source: Source


Change = OrderChanged | Filled | Voided | PositionChanged | AccountChanged
