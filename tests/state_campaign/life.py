"""The life of one account's state: events, gaps, restarts, reads that are behind."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from fastorder.realtime.state.account_rows import AccountRows
from fastorder.realtime.state.looks import Look, Looked
from fastorder.realtime.state.orders import has_ended
from fastorder.realtime.state.repair import Repair
from fastorder.realtime.state.told import Filled, Synced, Voided
from fastorder.runtime.clock import FOREVER_NS, Clock
from state_campaign.venue import (
    ACCOUNT,
    ENDED,
    EPOCH_S,
    SECOND,
    Emitted,
    Venue,
    net,
    rest,
    was,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LAG_S = 9.0
FOUND_S = 20.0
"""After the second check, a lost event is found within so long."""
MS = 1_000_000
NOT_CHECKED = ("updateTimestamp", "symbolId", "creationTimestamp")


class LifeClock(Clock):
    """Virtual time; the wall clock may be wrong."""

    __slots__ = ("error_s", "now_ns")

    def __init__(self, error_s: float) -> None:
        self.now_ns = 0
        self.error_s = error_s

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_s(self) -> float:
        return EPOCH_S + self.now_ns / SECOND + self.error_s


@dataclass
class Weather:
    """What may go wrong.

    Attributes:
        lag_s: reads are behind by up to so much.
        failing: the share of looks that fail.
        doubled, reordered: the share of events.
        settle_s: what the client allows for; it has to be more than the lag.
        days: the share of pauses in which nothing happens for days.
        check_s: how often what is open is read though nothing was missed.
        restarts: the share of gaps with which the program starts anew.
        lost: the share of steps of which an event is lost without a gap, or all are.
    """

    lag_s: float = LAG_S
    failing: float = 0.1
    doubled: float = 0.05
    reordered: float = 0.3
    settle_s: float = 10.0
    days: float = 0.0
    check_s: float = 60.0
    restarts: float = 0.08
    lost: float = 0.0


COUNTED = (
    "lives",
    "events",
    "gaps",
    "syncs",
    "restarts",
    "checks",
    "missed",
    "rebased",
    "lost",
)


@dataclass
class Tally:
    """What lives came to."""

    lives: int = 0
    events: int = 0
    gaps: int = 0
    syncs: int = 0
    restarts: int = 0
    checks: int = 0
    missed: int = 0
    rebased: int = 0
    lost: int = 0
    failures: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another one in."""
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failures = (self.failures + other.failures)[:50]


PROVEN_S = 300.0
"""Where nothing happens and no event is under way, it is proven within so long."""
PROVEN_NS = int(PROVEN_S * SECOND)


class Life:
    """One account, watched.

    Args:
        seed: everything else follows from it.
        gaps: how many there are.
        weather: what may go wrong.
    """

    def __init__(self, seed: int, gaps: int, weather: Weather) -> None:
        self.tally = Tally(lives=1)
        self.wrong: list[str] = []
        self._random = random = Random(seed)
        self._weather = weather
        self._clock = LifeClock(random.choice((0.0, 0.0, 40.0, -40.0)))
        self._venue = Venue(random)
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._gaps = gaps
        self._connection = 0
        self._pace_s = random.choice((0.05, 0.5, 3.0))
        self._gap_chance = random.choice((0.05, 0.5, 0.9))
        self._told: set[int] = set()
        self._lost_ns = 0  # until then, a lost event need not be found
        self._moved_ns = 0  # when something has happened last
        self._boot()

    def run(self) -> Tally:
        """Live it to the end, and until everything is proven."""
        self._at(0, self._connect)
        self._at(int(0.1 * SECOND), self._act)
        while self._queue and not self.wrong:
            at_ns, _, what = heapq.heappop(self._queue)
            self._clock.now_ns = max(at_ns, self._clock.now_ns)
            what()
            self._settle()
            if not self._is_settled and self._now_ns > self._moved_ns + PROVEN_NS:
                self.wrong.append(f"never proven: {self.repair.why_not}")
        if not self._is_settled and not self.wrong:
            self.wrong.append(f"looks for nothing more: {self.repair.why_not}")
        return self.tally

    def _at(self, in_ns: int, what: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (self._clock.now_ns + in_ns, self._count, what))

    # ------------------------------------------------------------ the process

    def _boot(self) -> None:
        """The program starts: it knows nothing."""
        self.rows = AccountRows(ACCOUNT)
        self.repair = Repair(
            self.rows,
            self._clock,
            settle_s=self._weather.settle_s,
            check_s=self._weather.check_s,
        )
        self._is_up = False
        self._venue.voids_from_ns = self._clock.now_ns
        self._flying = 0
        self._due_ns = 0
        self._told.clear()
        self._seeded: set[int] | None = None  # trades that were there at the first sync

    def _connect(self) -> None:
        """All is subscribed; from here on events come."""
        self._connection += 1
        self._is_up = True
        self._moved_ns = self._now_ns
        self._flying = 0
        number = self._connection
        acknowledged_ns = int(self._random.random() * 0.2 * SECOND)
        self._at(acknowledged_ns, lambda: self._live(number))

    def _live(self, number: int) -> None:
        if self._is_up and number == self._connection:
            self.repair.live()

    def _drop(self) -> None:
        """The connection ends; it is found out a while later."""
        self.tally.gaps += 1
        self._is_up = False
        self._connection += 1
        heard_ns = self._clock.now_ns
        found_ns = int(self._random.choice((0.0, 0.01, 3.0, 30.0)) * SECOND)
        if self._random.random() < self._weather.restarts:
            self.tally.restarts += 1
            self._boot()
            self._at(found_ns, self._connect)
            return
        number = self._connection
        self._at(found_ns, lambda: self._lost(number, heard_ns))

    def _lost(self, number: int, heard_ns: int) -> None:
        if number == self._connection:
            self.repair.gap(heard_ns, "cut off")
            away_s = self._random.choice((0.05, 1.0, 20.0, 120.0))
            self._at(int(away_s * self._random.random() * SECOND), self._connect)

    # ------------------------------------------------------------ the gateway

    def _act(self) -> None:
        """Something happens to the account, and perhaps to the connection."""
        self._moved_ns = self._now_ns
        self._emit(self._venue.step(self._clock.now_ns))
        if self._gaps and self._is_up and self._random.random() < self._gap_chance:
            self._gaps -= 1
            self._drop()
        if self._gaps:
            pause_s = 0.001 + self._random.expovariate(1 / self._pace_s)
            if self._random.random() < 0.04:
                pause_s = 90 * self._random.random()
            if self._random.random() < self._weather.days:
                pause_s = 4 * 86_400 * self._random.random()
            self._at(int(pause_s * SECOND), self._act)

    def _emit(self, events: list[Emitted]) -> None:
        self.tally.events += len(events)
        if not self._is_up:
            return
        self._at(SECOND, partial(self.repair.accepted, placed_in(events)))
        if self._weather.lost and self._random.random() < self._weather.lost:
            events = self._without_lost(events)
        if self._random.random() < self._weather.reordered:
            events = self._mixed(events)
        delay_ns = int(self._random.expovariate(1 / 0.005) * SECOND)
        for event in events:
            delay_ns += self._random.randrange(1, MS)
            self._send(event, delay_ns)
            if self._random.random() < self._weather.doubled:
                self._send(event, delay_ns + self._random.randrange(50 * MS))

    def _without_lost(self, events: list[Emitted]) -> list[Emitted]:
        """Some of them do not come: none at all, or one that is missing."""
        found_s = 2 * self._weather.check_s + FOUND_S
        self._lost_ns = self._now_ns + int(found_s * SECOND)
        self.tally.lost += 1
        if self._random.random() < 0.5:
            return []
        gone = self._random.choice(events) if events else None
        return [event for event in events if event is not gone]

    def _mixed(self, events: list[Emitted]) -> list[Emitted]:
        """Kinds in any order among each other; those of a kind stay in theirs."""
        kinds = [event.target for event in events]
        self._random.shuffle(kinds)
        by_kind = {
            kind: iter([event for event in events if event.target == kind])
            for kind in kinds
        }
        return [next(by_kind[kind]) for kind in kinds]

    def _send(self, event: Emitted, delay_ns: int) -> None:
        self._flying += 1
        number = self._connection

        def arrive() -> None:
            if number == self._connection:
                self._flying -= 1
                self._tell(self.rows.event(event.target, event.row, self._now_ns))
                self.repair.rows_changed()

        self._at(delay_ns, arrive)

    @property
    def _now_ns(self) -> int:
        return self._clock.now_ns

    # ------------------------------------------------------------ reads

    def _settle(self) -> None:
        """Do what the rules ask for, and look whether they are right."""
        for number, look in self.repair.looks:
            self._ask(number, look)
        self.repair.looks.clear()
        told = self.repair.told[:]
        self.repair.told.clear()
        self._tell(told)
        goes_on = self._gaps or not self._is_settled or self._may_be_lost
        if goes_on and self.repair.due_ns not in (FOREVER_NS, self._due_ns):
            self._due_ns = self.repair.due_ns
            self._at(max(0, self._due_ns - self._now_ns), self.repair.time)
        self._check()

    def _ask(self, number: int, look: Look) -> None:
        begun_ns, repair = self._now_ns, self.repair
        looked = Looked(begun_ns)
        took_ns = int((0.01 + 0.3 * self._random.random()) * SECOND)
        if self._random.random() < self._weather.failing:
            looked.why = "HTTP 503"
        else:
            for name in self._lists(look):
                self._at(
                    self._random.randrange(took_ns),
                    lambda name=name: self._read(look, looked, name),
                )

        def answer() -> None:
            if repair is self.repair:
                repair.looked(number, looked)

        self._at(took_ns, answer)

    def _lists(self, look: Look) -> list[str]:
        if not look.whole:
            return ["by_id"]
        lists = ["positions", "working"]
        return [*lists, "orders", "trades", "accounts"] if look.back_s else lists

    def _read(self, look: Look, looked: Looked, name: str) -> None:
        """One list, from a copy that is behind."""
        venue, lag_s = self._venue, self._random.expovariate(1.0)
        if self._random.random() < 0.3:
            lag_s = self._weather.lag_s * self._random.random()
        at_ns = self._now_ns - int(min(lag_s, self._weather.lag_s) * SECOND)
        back_s = look.trades_back_s if name == "trades" else look.back_s
        since_ns = self._now_ns - int((back_s - self._clock.error_s) * SECOND)
        if name == "by_id":
            for number in look.by_id:
                row = was(venue.orders[number], at_ns)
                looked.by_id[number] = None if row is None else rest(row)
        elif name == "accounts":
            looked.accounts = [rest(was(venue.balance, max(at_ns, 0)) or {})]
        elif name == "positions":
            looked.positions = venue.shown(venue.positions, at_ns)
        elif name == "working":
            rows = venue.shown(venue.orders, at_ns)
            looked.working = [row for row in rows if row["status"] not in ENDED]
        else:
            kept = {
                number: versions
                for number, versions in getattr(venue, name).items()
                if versions[0].at_ns >= since_ns
            }
            setattr(looked, name, venue.shown(kept, at_ns))

    # ------------------------------------------------------------ the judge

    @property
    def _is_settled(self) -> bool:
        return self.repair.unproven is None and self.repair.unsettled is None

    @property
    def _may_be_lost(self) -> bool:
        """Whether an event was lost so lately that it need not be found yet."""
        return self._now_ns < self._lost_ns

    def _tell(self, told: list[Any]) -> None:
        for each in told:
            if type(each) is Filled:
                if each.trade.id in self._told:
                    self.wrong.append(f"trade {each.trade.id} is told twice")
                self._told.add(each.trade.id)
            elif type(each) is Voided:
                self._told.add(each.trade.id)
            elif type(each) is Synced:
                self.tally.syncs += 1
                self.tally.missed += len(each.missed_fills)
                if self._seeded is None:
                    self._seeded = set(self._venue.trades)
                self.tally.rebased += len(each.rebased)

    def _check(self) -> None:
        """While it is proven and nothing is under way, it is what the gateway has."""
        if not self._is_settled or not self._is_up or self._flying:
            return
        if self._may_be_lost:
            return
        self.tally.checks += 1
        self.wrong += complaints(self.rows, self._venue)
        assert self._seeded is not None
        unheard = set(self._venue.trades) - self._told - self._seeded
        if unheard:
            self.wrong.append(f"trades {sorted(unheard)} were never told")


def placed_in(events: list[Emitted]) -> list[int]:
    """The orders of these events that were placed by a program; no legs."""
    return [
        event.row["id"]
        for event in events
        if event.target == "GatewayUserOrder" and "parentOrderId" not in event.row
    ]


def complaints(rows: AccountRows, venue: Venue) -> list[str]:
    """What is not as the gateway has it."""
    wrong = []
    for contract_id, versions in venue.positions.items():
        truth, held = versions[-1].row, rows.positions.get(contract_id)
        mine = None if held is None or not held.net else held.row
        average = None if mine is None else (mine.net, int(mine.average_price))
        real = None if truth is None else (net(truth), truth["averagePrice"])
        if average != real:
            wrong.append(f"position of {contract_id}: {average}, it is {real}")
    placed = venue.now(venue.orders)
    for row in placed:
        held_order = rows.orders.get(row["id"])
        if held_order is None or held_order.order is None:
            if row["status"] not in ENDED:
                wrong.append(f"order {row['id']} is not known")
            continue
        wrong += _order_complaints(held_order, row)
    known = {row["id"] for row in placed}
    for number, held_order in rows.orders.items():
        if number not in known and not has_ended(held_order.order):
            wrong.append(f"order {number} was never placed")
    for row in venue.now(venue.trades):
        trade = rows.trades.get(row["id"])
        if trade is not None and trade.voided != row["voided"]:
            wrong.append(f"trade {row['id']}: voided is {trade.voided}")
    return wrong


def _order_complaints(held: Any, row: dict[str, Any]) -> list[str]:
    order = held.order
    mine = (
        int(order.status),
        order.fill_volume,
        _whole(order.limit_price),
        _whole(order.stop_price),
        _whole(order.filled_price),
        order.custom_tag,
        order.parent_id,
        held.is_partial,
    )
    real = (
        row["status"],
        row["fillVolume"],
        row["limitPrice"],
        row["stopPrice"],
        row["filledPrice"],
        row["customTag"],
        row.get("parentOrderId"),
        False,
    )
    return [] if mine == real else [f"order {row['id']}: {mine}, it is {real}"]


def _whole(price: Any) -> int | None:
    return None if price is None else int(price)


def tally(seeds: range, gaps: int, weather: Weather) -> Tally:
    """Live these lives."""
    counted = Tally()
    for seed in seeds:
        life = Life(seed, gaps, weather)
        counted.add(life.run())
        counted.failures += [(seed, text) for text in life.wrong[:2]]
    return counted


DAYS = Weather(days=0.1, check_s=7200.0)
"""Lives that last for weeks: one in ten of them."""

YOUNG = Weather(restarts=0.5, failing=0.3)
"""Lives of a program that starts over and over: one in ten of them too."""


def lived(seeds: range, gaps: int) -> Tally:
    """Live these lives, some of them for weeks, and some again and again."""
    tenth = len(seeds) // 10
    counted = tally(seeds[2 * tenth :], gaps, Weather())
    counted.add(tally(seeds[:tenth], gaps, DAYS))
    counted.add(tally(seeds[tenth : 2 * tenth], gaps, YOUNG))
    return counted
