"""What a trader does with what it has: modify, cancel, move, close, flatten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.near_names import class_with_near_names
from fastorder._core.codec.field_checks import symbol_from
from fastorder.acts.verbs import ActVerbs
from fastorder.errors import InvalidField, WrongFieldType
from fastorder.trader.base import PlacedT
from fastorder.trader.called import CALLED, named_as_called, tell_of_order
from fastorder.trader.delivery import verb
from fastorder.trader.entering import EntryVerbs
from fastorder.trader.market_legs import check_legs
from fastorder.verbs.base import BaseExecutor
from fastorder.verbs.explained import FOUND_BY_TRADER, OF_TRADER, explained

if TYPE_CHECKING:
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder.acts.report import (
        ActReport,
        PartialCloseReport,
        ReverseReport,
    )
    from fastorder.models import Price

    Account = int | str | None

MODIFIED = {**CALLED, "trail_price": "trail"}
"""What ``modify`` calls the fields of an order."""

ALL = ("all", "*")
NONE_IS_ALL = "without a symbol it is of all contracts"


@class_with_near_names
class TradeVerbs(EntryVerbs[PlacedT]):
    """The verbs that change something; each takes ``account=`` for another one."""

    # ------------------------------------------------------------ amending

    @verb
    @explained(OF_TRADER, like=BaseExecutor.modify_order)
    def modify(
        self,
        order_id: int | str,
        *,
        quantity: int | None = None,
        limit: Price | None = None,
        stop: Price | None = None,
        trail: Price | None = None,
        account: int | str | None = None,
    ) -> Ticket[OrderResult]:
        """Change a working order; what is not given stays as it is.

        Args:
            limit, stop, trail: prices that the order has by its type. One off the tick
                is refused where the trader has placed or read the order, and so knows
                its contract. Otherwise a price of zero or below is let through where
                some contract of the trader has such prices.
        """
        return self._do(
            "modify",
            account,
            None,
            lambda number: self._modified(
                order_id, number, quantity, limit, stop, trail
            ),
            adds_exposure=quantity is not None,
        )

    def _modified(self, *given: Any) -> Ticket[OrderResult]:
        with named_as_called(MODIFIED):
            ticket: Ticket[OrderResult] = self.executor._modify(*given)
        return ticket

    @verb
    @explained(OF_TRADER, like=BaseExecutor.cancel_order)
    def cancel(
        self, order_id: int | str, *, account: int | str | None = None
    ) -> Ticket[OrderResult]:
        """Cancel a working order."""
        return self._do(
            "cancel",
            account,
            None,
            lambda number: self.executor._cancel(order_id, number),
        )

    @verb
    @explained(FOUND_BY_TRADER, OF_TRADER, like=ActVerbs.move_stop)
    def move_stop(
        self,
        symbol: str,
        price: Price,
        *,
        order_id: int | str | None = None,
        account: int | str | None = None,
    ) -> Ticket[OrderResult]:
        """Move the stop leg of a bracket that is live."""
        return self._act(ActVerbs.move_stop, account, symbol, price, order_id=order_id)

    @verb
    @explained(FOUND_BY_TRADER, OF_TRADER, like=ActVerbs.move_target)
    def move_target(
        self,
        symbol: str,
        price: Price,
        *,
        order_id: int | str | None = None,
        account: int | str | None = None,
    ) -> Ticket[OrderResult]:
        """Move the target leg of a bracket that is live."""
        return self._act(
            ActVerbs.move_target, account, symbol, price, order_id=order_id
        )

    # ------------------------------------------------------------ closing

    @verb
    @explained(FOUND_BY_TRADER, OF_TRADER, like=ActVerbs.close_out)
    def close(
        self, symbol: str, *, deadline: float = 10, account: int | str | None = None
    ) -> Ticket[ActReport]:
        """Close the position of a contract, and cancel the legs that stay behind."""
        return self._act(ActVerbs.close_out, account, symbol, deadline=deadline)

    @verb
    @explained(FOUND_BY_TRADER, OF_TRADER, like=ActVerbs.partial_close_out)
    def partial_close(
        self, symbol: str, quantity: int, *, account: int | str | None = None
    ) -> Ticket[PartialCloseReport]:
        """Close a part of a position, and see what is held and protected after it."""
        return self._act(ActVerbs.partial_close_out, account, symbol, quantity)

    @verb
    @explained(FOUND_BY_TRADER, OF_TRADER, like=ActVerbs.reverse)
    def reverse(
        self,
        symbol: str,
        *,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        deadline: float = 10,
        account: int | str | None = None,
    ) -> Ticket[ReverseReport]:
        """Close a position, and once it is proved flat, open as much the other way."""
        check_legs(self, symbol, stop_loss_ticks, take_profit_ticks)
        return self._act(
            ActVerbs.reverse,
            account,
            symbol,
            stop_loss_ticks=stop_loss_ticks,
            take_profit_ticks=take_profit_ticks,
            deadline=deadline,
        )

    @verb
    @explained(FOUND_BY_TRADER, OF_TRADER, like=ActVerbs.cancel_all)
    def cancel_all(
        self,
        symbol: str | None = None,
        *,
        deadline: float = 10,
        account: int | str | None = None,
    ) -> Ticket[ActReport]:
        """Cancel every working order of an account, all at once; suspended legs too.

        Args:
            symbol: of the one contract that is meant; all contracts where not given.
        """
        return self._sweep(ActVerbs.cancel_all, account, symbol, deadline)

    @verb
    @explained(FOUND_BY_TRADER, OF_TRADER, like=ActVerbs.flatten)
    def flatten(
        self,
        symbol: str | None = None,
        *,
        deadline: float = 10,
        account: int | str | None = None,
    ) -> Ticket[ActReport]:
        """Cancel the orders, close the positions, cancel the legs that stay behind.

        Args:
            symbol: of the one contract that is meant; all contracts where not given.
        """
        return self._sweep(ActVerbs.flatten, account, symbol, deadline)

    def _act(
        self, act: Any, account: Account, symbol: str, *given: Any, **named: Any
    ) -> Ticket[Any]:
        """An act of one contract."""

        def start(number: int) -> Ticket[Any]:
            with named_as_called():
                ticket: Ticket[Any] = act.ticket(
                    self.executor, symbol, number, *given, **named
                )
            return ticket

        try:
            return self._do(
                act.__name__,
                account,
                symbol_from(symbol),
                start,
                adds_exposure=act is ActVerbs.reverse,
            )
        except (InvalidField, WrongFieldType) as error:
            tell_of_order(error, symbol, *given[:1])
            raise

    def _sweep(
        self, act: Any, account: Account, symbol: str | None, deadline: float
    ) -> Ticket[ActReport]:
        """An act of a whole account, or of one contract in it."""
        if isinstance(symbol, str) and symbol.lower() in ALL:
            raise InvalidField("symbol", "must be of one contract", symbol, NONE_IS_ALL)
        return self._do(
            act.__name__,
            account,
            None if symbol is None else symbol_from(symbol),
            lambda number: act.ticket(
                self.executor, number, symbol=symbol, deadline=deadline
            ),
        )

    @explained(like=BaseExecutor.acts)
    def acts(self) -> tuple[Ticket[Any], ...]:
        """The acts under way, and the last 32 that have ended, oldest first."""
        listed: tuple[Ticket[Any], ...] = self.executor.acts()
        return listed

    # ------------------------------------------------------------ the kill switch

    @explained(like=BaseExecutor.kill)
    def kill(self, reason: str = "kill() was called") -> None:
        """Let no new exposure leave from now on; cancels and closes still pass."""
        self.executor.kill(reason)

    @explained(like=BaseExecutor.resume)
    def resume(self) -> None:
        """Lift the kill switch."""
        self.executor.resume()

    @property
    def halted(self) -> str | None:
        """Why no new exposure may leave; None while it may."""
        why: str | None = self.executor.halted
        return why
