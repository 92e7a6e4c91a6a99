"""What an act has done: each request with what became of it, and what is left."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from fastorder._base.counted import counted
from fastorder._core.flow.result import OrderResult
from fastorder.errors import _ComparedWithMembers
from fastorder.models import Order, Trade


@dataclass(frozen=True, slots=True)
class ActStep:
    """One request of an act, and what became of it.

    Attributes:
        contract_id: of which contract.
        result: its OrderResult; UNKNOWN where it was not answered in time.
    """

    contract_id: str
    result: OrderResult

    def __repr__(self) -> str:
        result = self.result
        number = f" {result.order_id}" if result.order_id else ""
        why = f" ({result.error})" if result.error else ""
        return f"{result.action}{number}: {result.outcome}{why}"


@dataclass(frozen=True, slots=True)
class ContractReport:
    """What an act has done in one contract.

    Attributes:
        contract_id: which.
        steps: its requests, in the order in which they left.
        position: contracts held at the last look, below zero where they are short;
            None where the account could not be read.
        working: the orders that were listed as working at the last look.
        verified: it is proved that none of what was to go is left.
        why: what is left, or what the proof lacks; empty where it is verified.
    """

    contract_id: str
    steps: tuple[ActStep, ...] = ()
    position: int | None = None
    working: tuple[Order, ...] = ()
    verified: bool = False
    why: str = ""

    def __repr__(self) -> str:
        state = "verified" if self.verified else f"NOT verified: {self.why}"
        done = "; ".join(map(repr, self.steps)) or "nothing had to be done"
        return f"{self.contract_id} {state} [{done}]"


@dataclass(frozen=True, slots=True)
class ActReport:
    """What ``flatten``, ``close`` or ``cancel_all`` has done in one account.

    It is true where all is proved, and false otherwise.

    Attributes:
        act: "flatten", "close" or "cancel all".
        account_id: whose.
        contracts: one report for each contract that was met, by contract id.
        verified: it is proved that none of what was to go is left.
        why: what is left, or what the proof lacks; empty where it is verified.
        took_s: seconds from the call to the report.
    """

    act: str
    account_id: int
    contracts: tuple[ContractReport, ...]
    verified: bool
    why: str
    took_s: float

    @property
    def steps(self) -> tuple[ActStep, ...]:
        """Every request, contract by contract."""
        return tuple(step for each in self.contracts for step in each.steps)

    def __bool__(self) -> bool:
        return self.verified

    def __repr__(self) -> str:
        state = "verified" if self.verified else f"NOT verified: {self.why}"
        lines = "".join(f"\n  {each!r}" for each in self.contracts)
        return (
            f"<{self.act} of account {self.account_id}: {state}, "
            f"{self.took_s:.2f} s{lines}>"
        )


@dataclass(frozen=True, slots=True)
class ReverseReport:
    """What ``reverse`` has done. It is true where the new position was ordered.

    Attributes:
        closed: what closing the old position came to; None where nothing was closed.
        placed: the order that opens the new one; None where none was sent.
        why: why none was sent; empty where one was.
    """

    closed: ActReport | None
    placed: OrderResult | None
    why: str = ""

    def __bool__(self) -> bool:
        return self.placed is not None and self.placed.success

    def __repr__(self) -> str:
        closed = "nothing was closed" if self.closed is None else repr(self.closed)
        if self.placed is None:
            return f"<reverse: no order was sent: {self.why}; {closed}>"
        return f"<reverse: {self.placed!r}; {closed}>"


@dataclass(frozen=True, slots=True)
class PartialCloseReport:
    """What ``partial_close`` has done. It is true where the gateway took it.

    Attributes:
        result: what became of the request; it is sent once at most.
        position: contracts held after it, below zero where they are short, once the
            positions and the trades say the same; None where they do not.
        oversized: the legs that are of more contracts than that. The gateway leaves
            them as they are: one that fills would turn the position round.
        why: why the position is not known, or not all of its legs; empty where they
            are.
    """

    result: OrderResult
    position: int | None
    oversized: tuple[Order, ...] = ()
    why: str = ""

    def __bool__(self) -> bool:
        return self.result.success

    def __repr__(self) -> str:
        held = "" if self.position is None else f"{self.position} held"
        left = "; ".join(filter(None, [held, self.why]))
        legs = "".join(f", leg of {each.size}: {each!r}" for each in self.oversized)
        return f"<partial close: {self.result!r}, {left}{legs}>"


@dataclass(frozen=True, slots=True)
class PlacedMany:
    """What became of several orders, in the order in which they were given.

    It is true where the gateway took every one.

    Attributes:
        results: one OrderResult each.
    """

    results: tuple[OrderResult, ...]

    def __bool__(self) -> bool:
        return all(result.success for result in self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __iter__(self) -> Iterator[OrderResult]:
        return iter(self.results)

    def __getitem__(self, index: int) -> OrderResult:
        return self.results[index]

    def __repr__(self) -> str:
        taken = sum(result.success for result in self.results)
        lines = "".join(f"\n  {result!r}" for result in self.results)
        return f"<{taken} of {counted(len(self.results), 'order')} accepted{lines}>"


class FillState(_ComparedWithMembers, Enum):
    """What is known of an order's fills.

    One prints as its name; FILLED alone is true.
    """

    FILLED = "filled"
    PARTLY_FILLED = "partly filled, and still working"
    WORKING = "working, and nothing is filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    NOT_PLACED = "there is no such order"
    UNKNOWN = "not known"

    def __str__(self) -> str:
        return self.name

    def __bool__(self) -> bool:
        return self is FillState.FILLED


ENDED = frozenset(
    {
        FillState.FILLED,
        FillState.CANCELLED,
        FillState.EXPIRED,
        FillState.REJECTED,
        FillState.NOT_PLACED,
    }
)


@dataclass(frozen=True, slots=True)
class Fill:
    """How much of an order is filled. It is true where all of it is.

    Attributes:
        state: a FillState; what is cancelled may be filled in part.
        placed: the OrderResult of the order.
        quantity: contracts filled.
        average_price: of those; None where nothing is.
        trades: of the order, oldest first; fewer than filled where they lag.
        order: the order as it was read; None where it could not be.
        why: what is not known, or why it is not placed; empty where all is told.
    """

    state: FillState
    placed: OrderResult
    quantity: int = 0
    average_price: Decimal | None = None
    trades: tuple[Trade, ...] = ()
    order: Order | None = None
    why: str = ""

    @property
    def is_final(self) -> bool:
        """Whether nothing of it can fill any more."""
        return self.state in ENDED

    def __bool__(self) -> bool:
        return self.state is FillState.FILLED

    def __repr__(self) -> str:
        price = f" at {self.average_price}" if self.quantity else ""
        why = f" ({self.why})" if self.why else ""
        number = self.placed.order_id or self.placed.tag
        return f"<Fill of {number}: {self.state}, {self.quantity}{price}{why}>"


for _kind in (
    FillState,
    Fill,
    ActStep,
    ContractReport,
    ActReport,
    ReverseReport,
    PartialCloseReport,
    PlacedMany,
):
    _kind.__module__ = "fastorder"  # where they are imported from
