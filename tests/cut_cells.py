"""Cuts of a trader's requests, made by the hundred, and what is wrong after each."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from conftest import ACCOUNT, prepared
from cutting_proxy import Cut, Line, Mode, Part, Proxy, proxy_to
from plain_http import wire_to

import fastorder
from fastorder import OrderResult, OrderStatus, Outcome, blocking
from fastorder.simulator import run_in_thread

AT_ONCE = 100
PASSING_AT_ONCE = 4
"""What passes has no more time than what stalls, and must not queue for it.

Once a hundred are late and ask again, a busy machine answers none of them in time.
"""

WARMING_TRIES = 200
IN_ONE_GATEWAY = 120
"""So that what a look-up lists stays short."""

PLACE, MODIFY, CANCEL = "/api/Order/place", "/api/Order/modify", "/api/Order/cancel"
PATIENT = fastorder.Timeouts(connect=20.0, request=20.0)
HASTY = fastorder.Timeouts(connect=20.0, request=0.4)
"""For what stalls. Nothing is asked of an exchange that does not end within it."""

FAR = 25_000
"""A limit price that the market does not reach."""

LARGER = 3


# ---------------------------------------------------------------- what is cut


def buy(executor, order_id):
    return executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)


def rest(executor, order_id):
    return executor.place_limit_order(
        "MNQ", "BUY", 1, ACCOUNT, FAR, stop_loss_ticks=8, take_profit_ticks=8
    )


def buy_off_the_tick(executor, order_id):
    """The executor knows no tick of this symbol: the gateway refuses the order."""
    return executor.place_limit_order("RAW", "BUY", 1, ACCOUNT, FAR + 0.1)


def enlarge(executor, order_id):
    return executor.modify_order(order_id, ACCOUNT, quantity=LARGER)


def cancel(executor, order_id):
    return executor.cancel_order(order_id, ACCOUNT)


@dataclass(frozen=True)
class Verb:
    """Something that a trader does, and the path of its request."""

    act: Callable[..., Any]
    path: str
    amends: bool = False


VERBS = {
    "buy": Verb(buy, PLACE),
    "rest": Verb(rest, PLACE),
    "refused": Verb(buy_off_the_tick, PLACE),
    "modify": Verb(enlarge, MODIFY, amends=True),
    "cancel": Verb(cancel, CANCEL, amends=True),
}


@dataclass
class Cell:
    """One cut of one request, and what came of it.

    Attributes:
        verb: a name in VERBS.
        cut: None where all passes.
        warm: exchanges that pass on the connection before.
        refused: no new connection is taken.
        first: what the verb gave while the line was as the cut had left it.
        result: the same once an unknown order has been looked up on a good line.
        order_id: the order that is amended.
        rows: the orders with its tag, or the one that it amends, as listed in the end.
        booked: how many orders with its tag the gateway's ledger holds in the end.
    """

    verb: str
    cut: Cut | None = None
    warm: int = 0
    refused: bool = False
    first: OrderResult | None = None
    result: OrderResult | None = None
    order_id: int | None = None
    line: Line | None = field(default=None, repr=False)
    rows: list[dict] = field(default_factory=list, repr=False)
    booked: int = 0

    @property
    def sends(self):
        """What the proxy saw of each send."""
        return self.line.of(VERBS[self.verb].path)

    @property
    def heals(self):
        """Whether all passes after the cut, and no limit of time is near."""
        return not (self.cut.stays or self.refused or self.cut.mode is Mode.STALL)

    @property
    def arrives_last(self):
        """Whether the rest of its only send arrived after the last look-up."""
        return self.cut.late and len(self.sends) == 1

    def __str__(self):
        cut = self.cut
        received = [len(seen.received) for seen in self.sends]
        return (
            f"{self.verb} {cut.part.value}[{cut.offset}] {cut.mode.value} "
            f"warm={self.warm} stays={cut.stays}: {self.first.outcome} then "
            f"{self.result!r}, received {received}, booked {self.booked}"
        )


# ---------------------------------------------------------------- how it is cut


class Bench:
    """A gateway, a proxy before it, and an executor that no cut can hit."""

    def __init__(self, gateway, proxy: Proxy, hands) -> None:
        self._gateway = gateway
        self._proxy = proxy
        self._hands = hands

    async def run(self, cells):
        """Cut them all on this loop, many at a time."""
        gate = asyncio.Semaphore(AT_ONCE)
        passing = asyncio.Semaphore(PASSING_AT_ONCE)

        async def one(cell):
            async with gate:
                await self._cut(cell, passing)

        await asyncio.gather(*map(one, cells))

    async def _cut(self, cell, passing):
        await self._lay(cell)
        async with self._executor(fastorder.OrderExecutor, cell) as executor:
            async with passing:
                for _ in tries_to_warm(cell):
                    with unless_slow(cell):
                        await executor.connect()
            self._arm(cell)
            verb = VERBS[cell.verb]
            cell.first = cell.result = await verb.act(executor, cell.order_id)
            async with passing:
                self._mend(cell)
                while is_open(cell):
                    cell.result = await executor.resolve(cell.result.tag)
        await asyncio.to_thread(cell.line.close)

    async def run_blocking(self, cells):
        """Cut them one by one with a blocking executor."""
        for cell in cells:
            await self._lay(cell)
            await asyncio.to_thread(self._cut_blocking, cell)

    def _cut_blocking(self, cell):
        with self._executor(blocking.OrderExecutor, cell) as executor:
            for _ in tries_to_warm(cell):
                with unless_slow(cell):
                    executor.connect()
            self._arm(cell)
            verb = VERBS[cell.verb]
            cell.first = cell.result = verb.act(executor, cell.order_id)
            self._mend(cell)
            while is_open(cell):
                cell.result = executor.resolve(cell.result.tag)
        cell.line.close()

    async def _lay(self, cell):
        """A line of its own, and an order to amend."""
        cell.line = self._proxy.line()
        if VERBS[cell.verb].amends:
            placed = await self._hands.place_limit_order("MNQ", "BUY", 1, ACCOUNT, FAR)
            cell.order_id = placed.order_id

    def _executor(self, kind, cell):
        stays = cell.cut is not None and cell.cut.stays
        stalls = cell.cut is not None and cell.cut.mode is Mode.STALL
        executor = kind(
            cell.line.url,
            retry=fastorder.RetryPolicy(1 if stays else 3, base_delay=0.004),
            timeouts=HASTY if stalls else PATIENT,
        )
        executor.set_contract_id("RAW", "12345")  # MNQ there, and no tick is known
        return prepared(executor, self._gateway)

    @staticmethod
    def _arm(cell):
        if cell.cut is not None:
            cell.line.arm(cell.cut)
        if cell.refused:
            cell.line.refuse()

    def _mend(self, cell):
        """Let all pass; what was passed on before has then had its effect."""
        cell.line.mend()
        for _ in range(3):
            self._gateway.call(lambda: None)


def tries_to_warm(cell):
    """One turn after the other until the cell has seen its exchanges."""
    for _ in range(WARMING_TRIES):
        if len(cell.line.seen) >= cell.warm:
            return
        yield
    raise AssertionError(f"no {cell.warm} exchanges in a row: {cell.verb} {cell.cut}")


@contextmanager
def unless_slow(cell):
    """Begin to count anew where a slow machine did not get through in time."""
    try:
        yield
    except fastorder.RequestFailed:
        cell.line.seen.clear()


def is_open(cell):
    """Whether an order is unknown, and no look-up has been read since the cut."""
    if cell.result.outcome is not Outcome.UNKNOWN or cell.result.tag is None:
        return False
    if cell.refused:
        return False
    return cell.result is cell.first or "look-up failed" in cell.result.error


def cut_all(cells, run=asyncio.run, by=Bench.run):
    """Cut every cell, and note what the gateway holds in the end."""
    for start in range(0, len(cells), IN_ONE_GATEWAY):
        few = cells[start : start + IN_ONE_GATEWAY]
        with run_in_thread(rate_limit=False) as gateway:
            run(cut_some(gateway, few, by))
            with wire_to(gateway) as wire:
                note_rows(few, wire.orders())
        booked = Counter(effect.custom_tag for effect in gateway.ledger.placements())
        for cell in few:
            cell.booked = booked[cell.result.tag] if cell.result.tag else 0
    return cells


async def cut_some(gateway, cells, by):
    hands = fastorder.OrderExecutor(gateway.base_url, timeouts=PATIENT)
    with proxy_to(gateway.port) as proxy:
        async with prepared(hands, gateway):
            await by(Bench(gateway, proxy, hands), cells)


def note_rows(cells, orders):
    found = defaultdict(list)
    for row in orders:
        if row.get("parentOrderId") is None:
            found[row["customTag"]].append(row)
            found[row["id"]].append(row)
    for cell in cells:
        cell.rows = found[cell.order_id or cell.result.tag]


# ---------------------------------------------------------------- what must hold


def faults_of(cell):
    """What is wrong with a cell; nothing where all is well."""
    result, sends = cell.result, cell.sends
    if cell.booked > 1 or len(cell.rows) > 1:
        yield "a double"
    if len(sends) > result.attempts:
        yield "more copies on the wire than the client knows of"
    if len({bytes(seen.received) for seen in sends}) > 1:
        yield "two sends differ"
    if Outcome.NOT_SENT in (result.outcome, cell.first.outcome) and sends:
        yield "not sent, but the proxy saw bytes of it"
    yield from faults_of_amended(cell) if cell.order_id else faults_of_placed(cell)


def faults_of_placed(cell):
    result = cell.result
    refused = [row for row in cell.rows if row["status"] == OrderStatus.REJECTED]
    taken = [row["id"] for row in cell.rows if row not in refused]
    if result.outcome is Outcome.ACCEPTED and taken != [result.order_id]:
        yield "accepted, but the gateway has no such order"
    honest = result.outcome is Outcome.UNKNOWN and cell.arrives_last
    if not (result.outcome is Outcome.ACCEPTED or cell.refused or honest) and taken:
        yield "the gateway has the order"
    if result.outcome is Outcome.REJECTED and not refused:
        yield "rejected, but the gateway has not refused it"
    if cell.heals and result.outcome is Outcome.UNKNOWN:
        yield "unknown, though every look-up passed"


def faults_of_amended(cell):
    outcome = cell.result.outcome
    (row,) = cell.rows
    if cell.verb == "cancel":
        done = row["status"] == OrderStatus.CANCELLED
    else:
        done = row["size"] == LARGER
    if outcome is Outcome.ACCEPTED and not done:
        yield "accepted, but the order does not show it"
    if outcome is Outcome.NOT_SENT and done:
        yield "not sent, but the order shows it"
    if outcome is Outcome.REJECTED:
        yield "rejected, but the gateway has refused nothing"
    if cell.heals and outcome is not Outcome.ACCEPTED:
        yield "the next send would have been taken"


def checked(cells, **options):
    """Cut every cell; none may have a fault."""
    cut_all(cells, **options)
    faults = [f"{cell}: {fault}" for cell in cells for fault in faults_of(cell)]
    assert not faults, f"{len(faults)} of {len(cells)}:\n" + "\n".join(faults[:10])
    return cells


def sizes_of_all():
    """The bytes of each verb's request and of its answer."""
    cells = cut_all([Cell(verb) for verb in VERBS])
    seen = {cell.verb: cell.sends[0] for cell in cells}
    return {
        verb: {Part.REQUEST: len(one.received), Part.RESPONSE: len(one.answer)}
        for verb, one in seen.items()
    }
