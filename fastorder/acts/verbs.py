"""The acts as verbs of both executors: flatten, close, reverse, move a stop ..."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._core.codec.field_checks import (
    account_id_from,
    order_id_from,
    quantity_from,
    symbol_from,
)
from fastorder._core.codec.order import OrderRequest
from fastorder._core.codec.price import price_text
from fastorder._core.flow.result import OrderResult
from fastorder._core.transport.engine import monotonic_ns
from fastorder.acts.desk import Desk
from fastorder.acts.legs import STOP, TARGET, move_leg
from fastorder.acts.many import check_all, orders_from, place_many
from fastorder.acts.other_months import OtherMonths, with_other_months
from fastorder.acts.partial import partial_close
from fastorder.acts.reverse import refuse_if_denied, reverse
from fastorder.acts.sweep import CANCEL_ALL, CLOSE, FLATTEN, Sweep
from fastorder.budgets.lanes import Lane
from fastorder.errors import InvalidField, WrongFieldType
from fastorder.verbs.base import BaseExecutor
from fastorder.verbs.delivery import delivered
from fastorder.verbs.explained import ACTS, OF_CONTRACT, explained
from fastorder.verbs.orders import ResultT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastorder._core.flow.ticket import Ticket
    from fastorder.acts.report import (
        ActReport,
        Fill,
        PartialCloseReport,
        PlacedMany,
        ReverseReport,
    )
    from fastorder.acts.sweep import Aim
    from fastorder.enums import Side
    from fastorder.gateway.contracts import Listing
    from fastorder.models import Price

LONGEST_S = 3600


class ActVerbs(BaseExecutor[ResultT]):
    """What an executor does by several requests; each tells what became of each."""

    @delivered
    @explained(OF_CONTRACT, ACTS)
    def cancel_all(
        self, account_id: int, *, symbol: str | None = None, deadline: float = 10
    ) -> Ticket[ActReport]:
        """Cancel every working order of an account, all at once; suspended legs too.

        Args:
            symbol: of the one contract that is meant; all contracts where not given.

        Returns:
            An ActReport: true where it is proved that none of what was to go is left.
            For that, several looks in a row have to show it, which takes two seconds.
            Otherwise its ``why`` says what is left, or what the proof lacks. By a
            product's name, such as "MNQ", it is false while as much is left of another
            month, which the ``why`` names.

        Raises:
            RequestFailed: the gateway refuses to list the account's orders. With an
                event loop, raised by the await.
        """
        return self._sweep(CANCEL_ALL, account_id, symbol, deadline)

    @delivered
    @explained(like=cancel_all)
    def flatten(
        self, account_id: int, *, symbol: str | None = None, deadline: float = 10
    ) -> Ticket[ActReport]:
        """Cancel the orders, close the positions, cancel the legs that stay behind.

        It goes on until it is proved that the account is flat, or the deadline has
        come: a leg may fill while its position is closed, and turn it round. A stop
        stays until the close of its position is taken. With a ``symbol`` the close
        leaves before anything is read.
        """
        return self._sweep(FLATTEN, account_id, symbol, deadline)

    @delivered
    @explained(like=cancel_all)
    def close_out(
        self, symbol: str, account_id: int, *, deadline: float = 10
    ) -> Ticket[ActReport]:
        """Close the position of a contract, and cancel the legs that stay behind.

        Orders that are no legs go on working; what they fill meanwhile is closed too.

        Args:
            symbol: of the contract: such as "MNQ", or its id.
        """
        return self._sweep(CLOSE, account_id, symbol_from(symbol), deadline)

    @delivered
    @explained(OF_CONTRACT, ACTS)
    def partial_close_out(
        self, symbol: str, account_id: int, quantity: int
    ) -> Ticket[PartialCloseReport]:
        """Close a part of a position, and see what is held and protected after it.

        The close is sent once at most: where its answer is lost, it may have happened.
        The gateway leaves the legs as they are, and the report names those that are of
        more contracts than what is left.

        Args:
            quantity: how many contracts, 1 to ``2**31 - 1``.

        Returns:
            A PartialCloseReport: true where the gateway took the close.
        """
        account, count = account_id_from(account_id), quantity_from(quantity)
        contract_id = self._listing_of(symbol).contract_id
        desk, months = Desk(self, account), OtherMonths(symbol, contract_id)
        steps = partial_close(desk, contract_id, count)
        return self._group("partial close", with_other_months(steps, desk, months))

    @delivered
    @explained(OF_CONTRACT, ACTS)
    def reverse(
        self,
        symbol: str,
        account_id: int,
        *,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        deadline: float = 10,
    ) -> Ticket[ReverseReport]:
        """Close a position, and once it is proved flat, open as much the other way.

        What is known to refuse the new position refuses the whole, before the close.
        How much the limits let be held is asked once it is flat; should they refuse it
        then, the report says so.

        Args:
            stop_loss_ticks, take_profit_ticks: the bracket of the new position, in
                ticks from its fill, at least 4 each; without them it has none, whatever
                the old one had.
            deadline: seconds, 0 to 3600, in which the old position has to be flat;
                otherwise nothing is opened.

        Returns:
            A ReverseReport: true where the gateway took the new order.

        Raises:
            Halted, Interlocked, RiskDenied: the new position would be refused; nothing
                was sent. With an event loop, raised by the await.
            RequestFailed: the gateway refuses to list the account's orders. With an
                event loop, raised by the await.
        """
        account, symbol = account_id_from(account_id), symbol_from(symbol)
        draft = OrderRequest(
            symbol,
            "BUY",
            1,
            account,
            stop_loss_ticks=stop_loss_ticks,
            take_profit_ticks=take_profit_ticks,
        )
        contract_id = self._listing_of(symbol).contract_id

        def enter(side: Side, quantity: int) -> Ticket[OrderResult]:
            order = draft.replace(side=side, quantity=quantity)
            ticket: Ticket[OrderResult] = self._submitter.submit(order, monotonic_ns())
            return ticket

        def check(side: Side, quantity: int) -> None:
            order = draft.replace(side=side, quantity=quantity)
            self._submitter.check(order, 0, {})
            refuse_if_denied(self.check(order))

        seconds = seconds_from("deadline", deadline)
        months = OtherMonths(symbol, contract_id)
        steps = reverse(Desk(self, account), contract_id, seconds, enter, check, months)
        return self._group("reverse", steps)

    @delivered
    @explained(OF_CONTRACT, ACTS)
    def move_stop(
        self,
        symbol: str,
        account_id: int,
        price: Price,
        *,
        order_id: int | str | None = None,
    ) -> Ticket[OrderResult]:
        """Move the stop leg of a bracket that is live.

        Args:
            price: the new price of the leg; on the contract's tick, where that is
                known.
            order_id: of the leg or of its entry, where several are live: the gateway's
                number, or its decimal text.

        Returns:
            The OrderResult of the change.

        Raises:
            InvalidField: there is no such leg, or several, which the text lists; or
                the price is off the tick, beyond the other leg, or more than 50 % and
                1000 ticks away from where the leg is. Nothing was changed. What has to
                be read for that is raised by the await.
            RequestFailed: the account's orders could not be read. With an event loop,
                raised by the await.
            RiskDenied: the executor's limits refuse the change; nothing was changed.
        """
        return self._move(STOP, symbol, account_id, price, order_id)

    @delivered
    @explained(like=move_stop)
    def move_target(
        self,
        symbol: str,
        account_id: int,
        price: Price,
        *,
        order_id: int | str | None = None,
    ) -> Ticket[OrderResult]:
        """Move the target leg of a bracket that is live."""
        return self._move(TARGET, symbol, account_id, price, order_id)

    @delivered
    @explained(ACTS)
    def place_many(self, orders: Iterable[OrderRequest]) -> Ticket[PlacedMany]:
        """Send several orders at once; all are checked before the first one leaves.

        Each is checked on its own: its fields, its key or tag, the kill switch, orders
        in doubt. Limits are asked one after another, as each leaves, since each uses up
        some of their room: where that ends, the others are NOT_SENT. Two equal orders
        with one key or tag are one order: sent once, and told twice. Two others with
        one are refused, with both places.

        Args:
            orders: OrderRequests, at most 100.

        Returns:
            A PlacedMany: one OrderResult for each, in the same order.

        Raises:
            UnknownSymbol, KeyReused, Halted, Interlocked: one of them is refused, and
                nothing was sent.
            RiskDenied, JournalError: the first of them is refused, and nothing was
                sent. With an event loop, raised by the await. A later one that is
                refused so is NOT_SENT.
        """
        checked = orders_from(orders)
        self._engine.check()
        check_all(self._submitter, checked)
        steps = place_many(self._submitter, checked, monotonic_ns())
        return self._group("place many", steps)

    @delivered
    @explained(ACTS)
    def filled(
        self, placed: OrderResult, account_id: int, timeout: float = 5
    ) -> Ticket[Fill]:
        """Wait until an order is filled or has ended; quantity, average price, trades.

        Args:
            placed: the OrderResult that placing it gave.
            timeout: seconds, 0 to 3600, after which it tells what is known by then.

        Returns:
            A Fill: true where all of the order is filled. What could not be read is
            told by its ``why``.
        """
        from fastorder.acts.fills import filled  # an act loads it

        if not isinstance(placed, OrderResult):
            raise WrongFieldType("placed", "must be an OrderResult", placed)
        account, seconds = account_id_from(account_id), seconds_from("timeout", timeout)
        ticket = self._dispatcher.tagged(placed.tag) if placed.tag else None
        desk = Desk(self, account, Lane.READS)
        steps = filled(desk, placed, ticket, seconds)
        return self._group("filled", steps, changes=False)

    def _listing_of(self, symbol: str) -> Listing:
        """The contract of a symbol, asked for where the executor can be used."""
        symbol = symbol_from(symbol)
        self._engine.check()
        listing: Listing = self._contracts.find(symbol)
        return listing

    def _sweep(
        self, aim: Aim, account_id: int, symbol: str | None, deadline: float
    ) -> Ticket[ActReport]:
        account, seconds = (
            account_id_from(account_id),
            seconds_from("deadline", deadline),
        )
        contract_id = months = None
        if symbol is not None:
            contract_id = self._listing_of(symbol).contract_id
            months = OtherMonths(symbol, contract_id)
        sweep = Sweep(Desk(self, account), aim, contract_id, seconds, months)
        return self._group(aim.act, sweep.steps())

    def _move(
        self, what: str, symbol: str, account_id: int, price: Any, order_id: Any
    ) -> Ticket[OrderResult]:
        account, symbol = account_id_from(account_id), symbol_from(symbol)
        number = None if order_id is None else order_id_from(order_id)
        listing = self._listing_of(symbol)
        price_text(price)
        listing.check_sign("price", price)
        if listing.grid is not None:
            listing.grid.ticks(price)
        field = "stop_price" if what is STOP else "limit_price"

        def modify(leg_id: int) -> Ticket[OrderResult]:
            return self._modify(leg_id, account, **{field: price})

        lane = Lane.ACT_LOOKS if what is STOP else Lane.LOOK_UPS
        steps = move_leg(
            Desk(self, account, lane),
            what,
            symbol,
            listing.contract_id,
            price,
            listing.grid,
            number,
            modify,
        )
        return self._group(f"move {what}", steps)


def seconds_from(field: str, value: Any) -> float:
    """A number of seconds.

    Raises:
        WrongFieldType, InvalidField: it is none, or not from 0 to 3600.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise WrongFieldType(field, "must be a number of seconds", value)
    if not 0 <= value <= LONGEST_S:  # true for NaN as well
        raise InvalidField(field, f"must be from 0 to {LONGEST_S} seconds", value)
    return float(value)
