"""What an exchange is made of: contracts, accounts, fill models, latencies."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from fastorder.matching.errors import MatchingError

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST = 1 << 62
"""No setting is larger, in whichever unit it is."""


def checked(name: str, value: object, least: int, most: int = LARGEST) -> int:
    """A whole number within bounds.

    Raises:
        MatchingError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise MatchingError(f"{name} must be a whole number, was {value!r}")
    if not least <= value <= most:
        raise MatchingError(f"{name} must be from {least} to {most}, was {value}")
    return value


def whole_rows(name: str, rows: Sequence[int], least: int = 0) -> tuple[int, ...]:
    """Whole numbers that ascend.

    Raises:
        MatchingError: they are none, or do not.
    """
    found = tuple(checked(name, int(row), least) for row in rows)
    if any(after <= before for before, after in pairwise(found)):
        raise MatchingError(f"{name} must ascend")
    return found


@dataclass(frozen=True)
class Contract:
    """One contract: its money, its market and its hours.

    Attributes:
        name: what to call it.
        tick_value_micros: micro-dollars that a tick is worth.
        fee_micros: of each contract and side.
        commission_micros: of each contract and side.
        spread_ticks: between bid and ask, where no quotes are fed.
        slippage_ticks: of an order at the market.
        stop_slippage_ticks: of a stop that was triggered.
        depth: contracts that each price holds for a taker; 0 is no limit.
        negative_prices: whether it has prices of zero and below.
        opens, closes: of its sessions, in nanoseconds since 1970 UTC; a session ends
            before its close. Without them it is always open.
        expires_ns: its end; orders expire then, and positions are settled.
        tick_size: exact, as text or Decimal; for conversions only.
    """

    name: str
    tick_value_micros: int
    fee_micros: int = 0
    commission_micros: int = 0
    spread_ticks: int = 1
    slippage_ticks: int = 0
    stop_slippage_ticks: int = 1
    depth: int = 0
    negative_prices: bool = False
    opens: tuple[int, ...] = ()
    closes: tuple[int, ...] = ()
    expires_ns: int | None = None
    tick_size: Decimal | None = None

    def __post_init__(self) -> None:
        checked("tick_value_micros", self.tick_value_micros, 1, 1 << 40)
        for name in ("fee_micros", "commission_micros"):
            checked(name, getattr(self, name), 0, 1 << 40)
        for name in ("spread_ticks", "slippage_ticks", "stop_slippage_ticks"):
            checked(name, getattr(self, name), 0, 1 << 20)
        checked("depth", self.depth, 0, 1 << 31)
        if self.expires_ns is not None:
            checked("expires_ns", self.expires_ns, 1)
        self._keep("opens", whole_rows("opens", self.opens))
        self._keep("closes", whole_rows("closes", self.closes))
        self._check_sessions()
        if self.tick_size is not None:
            self._keep("tick_size", Decimal(self.tick_size))
            if not self.tick_size > 0:
                raise MatchingError(f"tick_size must be above 0, was {self.tick_size}")

    def _keep(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _check_sessions(self) -> None:
        if len(self.opens) != len(self.closes):
            raise MatchingError(
                "opens must be as long as closes, were "
                f"{len(self.opens)} and {len(self.closes)}"
            )
        ends = (0, *self.closes)
        for before, start, end in zip(ends, self.opens, self.closes, strict=False):
            if not before <= start < end:
                raise MatchingError(
                    "a session must end after it starts and before the next, "
                    f"was from {start} to {end}"
                )


@dataclass(frozen=True)
class Account:
    """An account.

    Attributes:
        balance_micros: what it starts with, in micro-dollars.
        may_trade: whether new orders are taken.
        auto_oco: whether orders may have brackets (Auto OCO Brackets).
    """

    balance_micros: int = 0
    may_trade: bool = True
    auto_oco: bool = True

    def __post_init__(self) -> None:
        checked("balance_micros", self.balance_micros, -LARGEST)


# ------------------------------------------------------------------ fill models


@dataclass(frozen=True)
class Touch:
    """A resting limit fills once its price prints, or is quoted on the other side.

    Assumes that nobody stands before it. No market is as kind.

    Attributes:
        partial: fills are no larger than the print.
    """

    partial: bool = False


@dataclass(frozen=True)
class TradeThrough:
    """A resting limit fills once prices trade beyond it.

    Assumes that everybody stands before it: its level has to be gone. A quote whose
    other side stands at its price, or ``ticks - 1`` beyond, is taken for that too.

    Attributes:
        ticks: how far beyond, at least 1.
        partial: fills are no larger than the print.
    """

    ticks: int = 1
    partial: bool = False

    def __post_init__(self) -> None:
        checked("ticks", self.ticks, 1, 1 << 20)


@dataclass(frozen=True)
class Queue:
    """A resting limit fills once those before it in the queue have been filled.

    Before it stands what its level shows as it comes, or ``depth`` where no size is
    quoted. Prints at its price cut that; cancels do not. A trade beyond its price fills
    it. Assumes that nobody before it cancels. Of bars no size is known: they fill it
    beyond its price only.

    Attributes:
        depth: contracts before it where its level's size is not known.
    """

    depth: int
    partial: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        checked("depth", self.depth, 0, 1 << 31)


# ------------------------------------------------------------------ latencies


@dataclass(frozen=True)
class Steps:
    """A latency that changes over time: each row holds from its time on.

    Attributes:
        from_ns: when each holds from, ascending; the first one also before.
        latency_ns: how long it takes then.
    """

    from_ns: tuple[int, ...]
    latency_ns: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "from_ns", whole_rows("from_ns", self.from_ns))
        rows = tuple(checked("latency_ns", int(row), 0) for row in self.latency_ns)
        object.__setattr__(self, "latency_ns", rows)
        if len(rows) != len(self.from_ns) or not rows:
            raise MatchingError(
                "from_ns and latency_ns must be as long, at least 1 row"
            )


@dataclass(frozen=True)
class Histogram:
    """A latency that is drawn: each value as often as it was counted.

    Attributes:
        latency_ns: the values, ascending.
        counts: how often each was seen, at least 1.
    """

    latency_ns: tuple[int, ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        rows = whole_rows("latency_ns", self.latency_ns)
        object.__setattr__(self, "latency_ns", rows)
        counts = tuple(checked("counts", int(row), 1, 1 << 40) for row in self.counts)
        object.__setattr__(self, "counts", counts)
        if len(counts) != len(rows) or not rows or sum(counts) > LARGEST:
            raise MatchingError("latency_ns and counts must be as long, at least 1 row")


@dataclass(frozen=True)
class Latencies:
    """How long things take: nanoseconds, Steps or a Histogram.

    The values that stand here are the gateway's own times without the way to it.

    Attributes:
        entry: from a request to its arrival at the book; at least 1 ns.
        response: from an event to the moment that it is seen.
        leg: from an entry's fill until its legs are active; 0 is at once.
        oco: from a leg's fill until the other is cancelled; 0 is at once.
    """

    entry: int | Steps | Histogram = 7_000_000
    response: int | Steps | Histogram = 0
    leg: int | Steps | Histogram = 11_000_000
    oco: int | Steps | Histogram = 12_000_000

    def __post_init__(self) -> None:
        for name in ("entry", "response", "leg", "oco"):
            value = getattr(self, name)
            if not isinstance(value, (Steps, Histogram)):
                checked(name, value, 1 if name == "entry" else 0)
            elif name == "entry" and min(value.latency_ns) < 1:
                raise MatchingError("entry must be at least 1 ns in every row")
