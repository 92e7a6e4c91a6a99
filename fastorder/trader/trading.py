"""What a trader does with what it has: modify, cancel, move, close, flatten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._core.codec.field_checks import symbol_from
from fastorder.acts.verbs import ActVerbs
from fastorder.trader.base import PlacedT
from fastorder.trader.delivery import verb
from fastorder.trader.entering import EntryVerbs

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


class TradeVerbs(EntryVerbs[PlacedT]):
    """The verbs that change something; each takes ``account=`` for another one."""

    # ------------------------------------------------------------ amending

    @verb
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
        """Change a working order; see ``OrderExecutor.modify_order``."""
        return self._do(
            "modify",
            account,
            None,
            lambda number: self.executor._modify(
                order_id, number, quantity, limit, stop, trail
            ),
            adds_exposure=quantity is not None,
        )

    @verb
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
    def move_stop(
        self,
        symbol: str,
        price: Price,
        *,
        order_id: int | str | None = None,
        account: int | str | None = None,
    ) -> Ticket[OrderResult]:
        """Move the live stop leg of a bracket; see ``OrderExecutor.move_stop``."""
        return self._act(ActVerbs.move_stop, account, symbol, price, order_id=order_id)

    @verb
    def move_target(
        self,
        symbol: str,
        price: Price,
        *,
        order_id: int | str | None = None,
        account: int | str | None = None,
    ) -> Ticket[OrderResult]:
        """Move the live target leg of a bracket; see ``OrderExecutor.move_target``."""
        return self._act(
            ActVerbs.move_target, account, symbol, price, order_id=order_id
        )

    # ------------------------------------------------------------ closing

    @verb
    def close(
        self, symbol: str, *, deadline: float = 10, account: int | str | None = None
    ) -> Ticket[ActReport]:
        """Close a position with its legs; see ``OrderExecutor.close_out``."""
        return self._act(ActVerbs.close_out, account, symbol, deadline=deadline)

    @verb
    def partial_close(
        self, symbol: str, quantity: int, *, account: int | str | None = None
    ) -> Ticket[PartialCloseReport]:
        """Close a part of a position; see ``OrderExecutor.partial_close_out``."""
        return self._act(ActVerbs.partial_close_out, account, symbol, quantity)

    @verb
    def reverse(
        self,
        symbol: str,
        *,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        deadline: float = 10,
        account: int | str | None = None,
    ) -> Ticket[ReverseReport]:
        """Turn a position round; see ``OrderExecutor.reverse``."""
        return self._act(
            ActVerbs.reverse,
            account,
            symbol,
            stop_loss_ticks=stop_loss_ticks,
            take_profit_ticks=take_profit_ticks,
            deadline=deadline,
        )

    @verb
    def cancel_all(
        self,
        symbol: str | None = None,
        *,
        deadline: float = 10,
        account: int | str | None = None,
    ) -> Ticket[ActReport]:
        """Cancel every working order; see ``OrderExecutor.cancel_all``."""
        return self._sweep(ActVerbs.cancel_all, account, symbol, deadline)

    @verb
    def flatten(
        self,
        symbol: str | None = None,
        *,
        deadline: float = 10,
        account: int | str | None = None,
    ) -> Ticket[ActReport]:
        """Leave neither order nor position; see ``OrderExecutor.flatten``."""
        return self._sweep(ActVerbs.flatten, account, symbol, deadline)

    def _act(
        self, act: Any, account: Account, symbol: str, *given: Any, **named: Any
    ) -> Ticket[Any]:
        """An act of one contract."""
        return self._do(
            act.__name__,
            account,
            symbol_from(symbol),
            lambda number: act.ticket(self.executor, symbol, number, *given, **named),
            adds_exposure=act is ActVerbs.reverse,
        )

    def _sweep(
        self, act: Any, account: Account, symbol: str | None, deadline: float
    ) -> Ticket[ActReport]:
        """An act of a whole account, or of one contract in it."""
        return self._do(
            act.__name__,
            account,
            None if symbol is None else symbol_from(symbol),
            lambda number: act.ticket(
                self.executor, number, symbol=symbol, deadline=deadline
            ),
        )

    def acts(self) -> tuple[Ticket[Any], ...]:
        """The acts under way, and the last that have ended; see ``OrderExecutor``."""
        listed: tuple[Ticket[Any], ...] = self.executor.acts()
        return listed

    # ------------------------------------------------------------ the kill switch

    def kill(self, reason: str = "kill() was called") -> None:
        """Let no new exposure leave from now on; see ``OrderExecutor.kill``."""
        self.executor.kill(reason)

    def resume(self) -> None:
        """Lift the kill switch; see ``OrderExecutor.resume``."""
        self.executor.resume()

    @property
    def halted(self) -> str | None:
        """Why no new exposure may leave; None while it may."""
        why: str | None = self.executor.halted
        return why
