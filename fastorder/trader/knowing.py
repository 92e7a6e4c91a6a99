"""What a trader knows of its account: the state, fed by its user hub."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from fastorder._core.codec.field_checks import symbol_from
from fastorder.acts.verbs import seconds_from
from fastorder.errors import RealtimeUnavailable, UnknownSymbol
from fastorder.runtime.clock import Clock
from fastorder.trader.base import BaseTrader, PlacedT
from fastorder.trader.state_ports import state_of

if TYPE_CHECKING:
    from decimal import Decimal

    from fastorder._core.flow.result import OrderResult
    from fastorder.models import Price
    from fastorder.realtime.base import BaseHub
    from fastorder.realtime.state.looks import Reader
    from fastorder.realtime.state.store import State


class StateVerbs(BaseTrader[PlacedT]):
    """The state of the trader's account.

    Attributes:
        settle_s: how far behind what the gateway lists may be, in seconds: so long
            after a gap the reads are waited for that prove the state. It counts from
            the next entry on.
    """

    settle_s: float = 10.0
    _state: State | None = None
    _reader: Any = None

    @property
    def state(self) -> State:
        """What is known of the account: orders, positions, trades, its balance.

        ``state.proven`` says whether it can be relied on.

        Raises:
            ExecutorMisuse: the trader was not entered yet.
            RealtimeUnavailable: realtime is switched off.
        """
        self.account  # noqa: B018 (it was entered)
        if self._state is None:
            raise RealtimeUnavailable(
                "realtime must be on, this trader was made with realtime=False"
            )
        return self._state

    def open_result(self, symbol: str, price: Price) -> Decimal | None:
        """Dollars that the position in a contract would bring at a price, before fees.

        Args:
            symbol: of a contract that was loaded.
            price: of its last quote, say: ``trader.quote(symbol).last_price``.

        Returns:
            None where the position cannot be relied on now.

        Raises:
            UnknownSymbol, RealtimeUnavailable, ExecutorMisuse.
        """
        book = self.executor._book
        contract = book.known(book.read(symbol_from(symbol)))
        if contract is None:
            raise UnknownSymbol(f"{symbol} must be loaded first: trader.contract reads")
        return self.state.open_result(contract, price)

    def _open_realtime(self) -> None:
        if self.realtime is not None:
            hub: BaseHub = self.realtime.user
            settle_s = seconds_from("settle_s", self.settle_s)
            self._reader = self._make_reader(hub)
            self._state = state_of(
                self.account.id, self.executor, hub, self._reader, Clock(), settle_s
            )
        super()._open_realtime()

    def _end_state(self) -> None:
        if self._state is not None:
            self._state.close()

    @abstractmethod
    def _filled(self, placed: OrderResult, account_id: int, timeout: float) -> Any:
        """Wait for the fill of an order."""

    @abstractmethod
    def _make_reader(self, hub: BaseHub) -> Reader:
        """What reads for the state."""
