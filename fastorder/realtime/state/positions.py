"""The position of one contract: the rows that came, held against the trades.

A position's row has no time of its own, so of those that came over one connection the
last counts. Its trades tell, in whatever order they come, how much there has to be;
a row that says the same is believed, and while none does the position is not settled.
Nor is it where two rows do, of another average price each, and nobody can tell which
of them is the later one: no trade came in between, or hardly any time.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fastorder.models import Position, Trade

ALIKE_NS = 2 * 1_000_000_000
"""Within this time, a row that was there before counts as the same, sent twice."""

OVERTAKES_NS = 250 * 1_000_000
"""Rows that came within this time may have overtaken each other, trades in between."""

KEPT_NS = 120 * 1_000_000_000
"""How long a trade is remembered, for reads that are behind."""

MOST_ROWS = 32
"""Rows of a contract that wait for their trades; more of them are no harm, and rare."""


ALIKE = Decimal("1e-8")
"""By this share two average prices may differ and be the same, rounded."""


class Heard(NamedTuple):
    """A row as it came, after so many trades."""

    at_ns: int
    row: Position
    trades: int


def _may_be_later(one: Heard, believed: Heard) -> bool:
    """Whether a row may tell of a later moment than the one that is believed."""
    if one.trades == believed.trades:
        return True
    return abs(believed.at_ns - one.at_ns) <= OVERTAKES_NS


class LiveTrade(NamedTuple):
    """A trade that was told on this connection, by an event or a later read."""

    created_ns: int
    id: int
    size: int
    at_ns: int


def signed(trade: Trade) -> int:
    """Contracts of a trade, below 0 where it sells; none where it was taken back."""
    if trade.voided:
        return 0
    return -trade.size if int(trade.side) else trade.size


def net_of(row: Position | None) -> int:
    """Contracts of a position, below 0 where it is short."""
    return 0 if row is None else row.net


def is_same_price(one: Position | None, other: Position | None) -> bool:
    """Whether two rows of as many contracts have the same average price."""
    if one is None or other is None or not one.net:
        return True
    apart = abs(one.average_price - other.average_price)
    return apart <= ALIKE * abs(one.average_price)


class HeldPosition:
    """The position of one contract.

    Attributes:
        row: the row that is believed; None where it is flat.
        expected: what the trades come to; None while no proven position is known that
            they could be added to.
        is_told: an event of this connection has told of it.
        unsettled_ns: since when rows and trades disagree; 0 where they agree.
    """

    def __init__(self) -> None:
        self.row: Position | None = None
        self.expected: int | None = None
        self.is_told = False
        self.unsettled_ns = 0
        self._heard: list[Heard] = []
        self._live: list[LiveTrade] = []
        self._trades = 0  # that have come
        self._based_ns = 0  # when a read was taken for what there is

    @property
    def net(self) -> int:
        """Contracts, below 0 where it is short."""
        return net_of(self.row)

    # ------------------------------------------------------------ what comes

    def begin(self) -> None:
        """Another connection: what came over the last one is over."""
        self._heard.clear()
        self._live.clear()
        self.is_told = False
        self.unsettled_ns = 0

    def event(self, row: Position, now_ns: int) -> None:
        """A row of the hub."""
        self.is_told = True
        recent = [each for each in self._heard if now_ns - each.at_ns <= ALIKE_NS]
        if not any(each.row == row for each in recent):
            self._heard.append(Heard(now_ns, row, self._trades))
            del self._heard[:-MOST_ROWS]
        self._choose(now_ns)

    def read(self, row: Position | None, now_ns: int) -> None:
        """A read shows it; an event of this connection goes before it.

        So does a row that agrees with the trades, before one that does not: the read
        may be behind.
        """
        if not self.is_told and self.expected in (None, net_of(row)):
            self.row = row
        self._choose(now_ns)

    def trade(self, trade: Trade, now_ns: int, *, is_live: bool) -> None:
        """A trade of the contract has come."""
        self._add(signed(trade), trade.created_ns or 0, trade.id, now_ns, is_live)

    def void(self, trade: Trade, now_ns: int, *, is_live: bool) -> None:
        """A trade of it was taken back: as if as much was traded the other way.

        Args:
            trade: as it was before.
        """
        last_ns = self._live[-1].created_ns if self._live else 0
        self._add(-signed(trade), last_ns, trade.id, now_ns, is_live)

    def _add(
        self, size: int, made_ns: int, number: int, now_ns: int, is_live: bool
    ) -> None:
        self._trades += 1
        if self.expected is not None:
            self.expected += size
        if is_live:
            live = [each for each in self._live if now_ns - each.at_ns < KEPT_NS]
            live.append(LiveTrade(made_ns, number, size, now_ns))
            self._live = sorted(live)
        self._choose(now_ns)

    def base(self, net: int, now_ns: int) -> None:
        """So many there are, by a read that is proven; trades are added from here."""
        self.expected, self._based_ns = net, now_ns
        self._choose(now_ns)

    def lose_base(self, since_ns: int) -> None:
        """Events were missing since then: a read from after it may have lacked trades.

        Or have had more of them than its list of trades: nobody knows which of those
        that are told later are in it.
        """
        if self._based_ns >= since_ns:
            self.expected = None

    # ------------------------------------------------------------ what follows

    def _choose(self, now_ns: int) -> None:
        """Believe the last row that agrees with the trades; else the last one."""
        heard = self._heard
        if self.expected is None:
            if heard:
                self.row = heard[-1].row
            return
        agreeing = [each for each in heard if each.row.net == self.expected]
        believed = self._latest(agreeing)
        if believed is not None:
            self.row = believed.row
        elif heard and self.net != self.expected:
            self.row = heard[-1].row
        last = heard[-1].row.net if heard else self.net
        is_sure = believed is None or all(
            is_same_price(believed.row, each.row)
            for each in agreeing
            if _may_be_later(each, believed)
        )
        if self.net == self.expected == last and is_sure:
            self.unsettled_ns = 0
        elif not self.unsettled_ns:
            self.unsettled_ns = now_ns

    def _latest(self, agreeing: list[Heard]) -> Heard | None:
        """The latest of the rows that agree with the trades, as far as can be told.

        Two that follow each other with no trade and no other row in between are of one
        moment, so that one of them is late, or sent twice: the first stays.
        """
        found = None
        for each in agreeing:
            if found is not None and each.trades == found.trades:
                at = self._heard.index(found)
                if self._heard[at + 1] is each:
                    continue
            found = each
        return found

    def reachable(self, from_ns: int) -> set[int]:
        """What a read may show that is behind by some of the trades.

        Args:
            from_ns: it lacks none of those that had come by then.
        """
        net = self.expected or 0
        found = {net}
        for each in reversed(self._live):
            if each.at_ns <= from_ns:
                break
            net -= each.size
            found.add(net)
        return found

    def is_calm(self, from_ns: int) -> bool:
        """Whether no trade has come after a time."""
        return all(each.at_ns <= from_ns for each in self._live)
