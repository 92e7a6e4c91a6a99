"""The state of one account: a hub's events and reads go in, rows and news come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from fastorder.realtime.state.account_rows import AccountRows
from fastorder.realtime.state.hearers import Hearers
from fastorder.realtime.state.money import open_result, realised_today
from fastorder.realtime.state.reading import Unreadable
from fastorder.realtime.state.repair import Repair, Told
from fastorder.realtime.state.told import Filled, OrderChanged, Unproven, Voided
from fastorder.risk.trading_day import trading_day
from fastorder.runtime.clock import FOREVER_NS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from decimal import Decimal

    from fastorder.models import Account, Contract, Order, Position, Price, Trade
    from fastorder.realtime.events import Event, Gap, Live, Refused, Subscription
    from fastorder.realtime.state.looks import Look, Looked, Reader
    from fastorder.realtime.state.told import Change
    from fastorder.runtime.clock import Clock

OF_ORDERS = "gatewayuserorder"
OF_ACCOUNTS = {
    OF_ORDERS,
    "gatewayusertrade",
    "gatewayuserposition",
    "gatewayuseraccount",
}
"""Events that hold rows; one that holds none has told what is not known."""


class UserHub(Protocol):
    """What the state needs of a user hub."""

    def on(self, name: str, callback: Callable[[Any], object], /) -> object:
        """Call it with each event of a kind."""


class State:
    """What is known of one account, and whether it can be relied on.

    Everything that it shows may be asked for in any thread; it changes where the hub is
    read.

    Args:
        account_id: whose.
        reader: reads of the gateway.
        wake: called with a time at which ``time`` has to be called; an earlier one
            that was set stays.
        clock: time.
        witness: called with the row of each order that an event tells of.
        since_ns: the gateway's time of the beginning: what the first reads show from
            then on has happened now, and is told.
        settle_s: how far behind what the gateway lists may be.
        check_s: how often positions and working orders are read though nothing was
            missed.

    Attributes:
        account_id: whose.
        rows: all of them.
        is_closed: nothing more is learnt.
    """

    def __init__(
        self,
        account_id: int,
        reader: Reader,
        wake: Callable[[int], object],
        clock: Clock,
        *,
        witness: Callable[[dict[str, Any]], object] | None = None,
        since_ns: int | None = None,
        settle_s: float = 10.0,
        check_s: float = 60.0,
    ) -> None:
        now_s = clock.wall_s()
        self.account_id = account_id
        self.rows = AccountRows(account_id)
        self._clock = clock
        self._reader = reader
        self._wake = wake
        self._witness = witness
        self._since_ns = since_ns
        self._hearers = Hearers()
        self._watchers: dict[object, Callable[[], object]] = {}
        self._armed_ns = FOREVER_NS
        self._generation = 0  # of the connection that ended last
        self.is_closed = False
        self._repair = Repair(
            self.rows,
            clock,
            settle_s=settle_s,
            check_s=check_s,
            seed_back_s=now_s - trading_day(now_s).start_s,
        )

    def __repr__(self) -> str:
        doubt = self.unproven
        state = "proven" if doubt is None else f"not proven: {doubt.why}"
        return f"<State of account {self.account_id}, {state}>"

    # ------------------------------------------------------------ what is proven

    @property
    def proven(self) -> bool:
        """Whether the rows are what the gateway has.

        They are as far as it has told: an event may be on its way. Within a fill it is
        False for the moment in which its order, trade and position are not all there.
        """
        return self.unproven is None

    @property
    def unproven(self) -> Unproven | None:
        """Since when and why the rows cannot be relied on; None where they can."""
        return self._repair.unproven or self._repair.unsettled

    @property
    def misses_nothing(self) -> bool:
        """Whether no event is missed: orders and trades can be relied on."""
        return self._repair.unproven is None

    @property
    def why_not(self) -> str:
        """Why the last reads have proven nothing; empty where they have."""
        return self._repair.why_not

    # ------------------------------------------------------------ what is shown

    @property
    def account(self) -> Account | None:
        """The account itself, with its balance; None before it was read."""
        return self.rows.accounts.get(self.account_id)

    @property
    def orders(self) -> dict[int, Order]:
        """The orders that are known, by their numbers."""
        held = list(self.rows.orders.items())
        return {number: each.order for number, each in held if each.order is not None}

    @property
    def working(self) -> list[Order]:
        """The orders that have not ended; suspended legs too."""
        return [each.order for each in self.rows.working() if each.order is not None]

    def order(self, order_id: int) -> Order | None:
        """One order; None where it is not known."""
        held = self.rows.orders.get(order_id)
        return None if held is None else held.order

    def is_partial(self, order_id: int) -> bool:
        """Whether only the trades of an order are known, not the order itself."""
        held = self.rows.orders.get(order_id)
        return held is not None and held.is_partial

    def tagged(self, tag: str) -> Order | None:
        """The order with a tag; None where none is known."""
        return self.rows.tagged(tag)

    def legs(self, order_id: int) -> list[Order]:
        """The legs of an order's bracket."""
        orders = self.orders.values()
        return [order for order in orders if order.parent_id == order_id]

    @property
    def positions(self) -> dict[str, Position]:
        """The open positions, by contract."""
        held = list(self.rows.positions.items())
        return {
            contract_id: each.row
            for contract_id, each in held
            if each.row is not None and each.row.size
        }

    @property
    def trades(self) -> list[Trade]:
        """The trades that are known, oldest first."""
        trades = list(self.rows.trades.values())
        return sorted(trades, key=lambda trade: (trade.created_ns or 0, trade.id))

    def trades_of(self, order_id: int) -> list[Trade]:
        """The trades of an order, oldest first."""
        return self.rows.trades_of(order_id)

    @property
    def realised(self) -> Decimal | None:
        """Dollars that the trades of this trading day have brought, all costs paid.

        None where a trade tells no commission, and that of its product is not known.
        """
        return realised_today(self.trades, self._clock.wall_s())

    def open_result(self, contract: Contract, price: Price) -> Decimal | None:
        """Dollars that a position would bring at a price, before fees.

        Args:
            contract: with its tick, and what that is worth.
            price: of the last quote, say.

        Returns:
            None where the contract's position cannot be relied on.
        """
        held = self.rows.positions.get(contract.id)
        if not self.misses_nothing or (held is not None and held.unsettled_ns):
            return None
        return open_result(None if held is None else held.row, contract, price)

    # ------------------------------------------------------------ who hears it

    def on(self, kind: str, callback: Callable[[Any], object]) -> Callable[[], None]:
        """Call something with each event of a kind, directly; what ends that.

        Args:
            kind: "order" with an OrderChanged, "fill" with a Filled, "void" with a
                Voided, "position" with a PositionChanged, "account" with an
                AccountChanged; "unproven" with an Unproven, "synced" with a Synced,
                "discrepancy" with a Discrepancy. What the first reads show is told as
                none.
            callback: called where the hub is read; it must not wait.

        Raises:
            InvalidField, WrongFieldType: an argument is not usable.
        """
        return self._hearers.add(kind, callback)

    def on_gap(self, callback: Callable[[Any], object]) -> Callable[[], None]:
        """Call something where the rows cannot be relied on any more."""
        return self.on("unproven", callback)

    def on_synced(self, callback: Callable[[Any], object]) -> Callable[[], None]:
        """Call something where they can again, with what was missed."""
        return self.on("synced", callback)

    def watch(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call something after each change, of the first reads too; what ends that."""
        key = object()
        self._watchers[key] = callback

        def end() -> None:
            self._watchers.pop(key, None)

        return end

    # ------------------------------------------------------------ what comes in

    def hear(self, hub: UserHub) -> None:
        """Follow a user hub, on which the account is subscribed."""
        hub.on("event", self.event)
        hub.on("gap", self.gap)
        hub.on("live", self.live)
        hub.on("refused", self.refused)

    def event(self, event: Event) -> None:
        """An event of the hub."""
        if self.is_closed or event.generation <= self._generation:
            self.rows.counts["events of a connection that has ended"] += 1
            return
        now_ns = self._clock.monotonic_ns()
        changes: list[Change] = []
        for _, row in event.rows:
            try:
                changes += self.rows.event(event.target, row, now_ns)
            except Unreadable as error:
                self.rows.counts["rows that could not be read"] += 1
                self._repair.missed(now_ns, str(error))
            self._be_witness(event.target, row)
        if event.lacks_rows and event.target.lower() in OF_ACCOUNTS:
            self.rows.counts["events without rows"] += 1
            self._repair.missed(now_ns, f"{event.target} must hold rows, it has others")
        self._repair.rows_changed()
        self._tell(changes)

    def _be_witness(self, target: str, row: Mapping[str, Any]) -> None:
        if self._witness is not None and target.lower() == OF_ORDERS:
            self._hearers.call(self._witness, dict(row))

    def accepted(self, numbers: Iterable[int]) -> None:
        """The gateway took these orders of this program: their events have to come."""
        if not self.is_closed:
            self._repair.accepted(numbers)
            self._tell([])

    def gap(self, gap: Gap) -> None:
        """Events may be missing from now on."""
        self._generation = gap.generation
        self._repair.gap(gap.since_ns, gap.why)
        self._tell([])

    def live(self, live: Live) -> None:
        """Everything that is wanted was answered."""
        self._generation = min(self._generation, live.generation - 1)
        refused = [each for each in live.refused if self._needs(each)]
        if refused:
            why = f"the hub does not take {refused[0].target}"
            self._repair.gap(self._clock.monotonic_ns(), why)
        else:
            self._repair.live()
        self._tell([])

    def refused(self, refused: Refused) -> None:
        """The hub does not take a subscription: its events will not come."""
        if self._needs(refused.subscription):
            why = f"{refused.subscription.target} was refused: {refused.why}"
            self._repair.gap(self._clock.monotonic_ns(), why)
            self._tell([])

    def _needs(self, subscription: Subscription) -> bool:
        """Whether it is of this account, or of all."""
        arguments = subscription.arguments
        return not arguments or arguments[0] == self.account_id

    def time(self) -> None:
        """The time has come that ``wake`` was called with."""
        self._armed_ns = FOREVER_NS
        if self.is_closed:
            return
        self._repair.time()
        self._tell([])

    def close(self) -> None:
        """Ask for nothing more; what is known stays."""
        self.is_closed = True
        self._repair.gap(self._clock.monotonic_ns(), "it is closed")
        self._repair.told.clear()
        for watcher in list(self._watchers.values()):
            self._hearers.call(watcher)

    def _looked(self, number: int, looked: Looked) -> None:
        if self.is_closed:
            return
        self._repair.looked(number, looked)
        self._tell([])

    # ------------------------------------------------------------ what goes out

    def _tell(self, changes: list[Change]) -> None:
        """Tell what is new, ask what is to be asked, be woken when something is due."""
        told = [*changes, *self._repair.told]
        self._repair.told.clear()
        for each in told:
            event = as_told(each, self._since_ns)
            if event is not None:
                self._hearers.tell(event)
        if told:
            for watcher in list(self._watchers.values()):
                self._hearers.call(watcher)
        self._ask()
        if self._repair.due_ns < self._armed_ns:
            self._armed_ns = self._repair.due_ns
            self._wake(self._armed_ns)

    def _ask(self) -> None:
        looks = self._repair.looks[:]
        self._repair.looks.clear()
        for number, look in looks:
            self._start(number, look)

    def _start(self, number: int, look: Look) -> None:
        self._reader.ask(look, lambda looked: self._looked(number, looked))


def as_told(event: Told, since_ns: int | None) -> Told | None:
    """An event as callbacks get it; None where it had happened before the beginning.

    Between the beginning and the first connection no event tells of anything: what the
    first reads show of that time is told, as from any other repair.

    Args:
        since_ns: the gateway's time of the beginning; None where it is not known.
    """
    if not isinstance(event, (OrderChanged, Filled, Voided)) or event.source != "seed":
        return event
    if isinstance(event, OrderChanged):
        made_ns = event.order.updated_ns or event.order.created_ns
    else:
        made_ns = event.trade.created_ns
    if since_ns is None or made_ns is None or made_ns < since_ns:
        return None
    return event._replace(source="repair")
