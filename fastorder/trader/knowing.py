"""What a trader knows of its account: the state, fed by its user hub."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from fastorder._base.near_names import class_with_near_names
from fastorder._core.codec.field_checks import symbol_from
from fastorder.acts.verbs import seconds_from
from fastorder.errors import (
    ExecutorMisuse,
    InvalidField,
    RealtimeUnavailable,
    UnknownSymbol,
    WrongFieldType,
)
from fastorder.realtime.state.protection import Danger, Watch
from fastorder.runtime.clock import Clock
from fastorder.streams.telling import tell_of, tell_of_state
from fastorder.trader.base import BaseTrader, PlacedT
from fastorder.trader.guarding import Guard
from fastorder.trader.loss_watch import LossWatch
from fastorder.trader.state_ports import state_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from fastorder._core.flow.result import OrderResult
    from fastorder.models import Contract, Price
    from fastorder.realtime.base import BaseHub
    from fastorder.realtime.state.looks import Reader
    from fastorder.realtime.state.store import State
    from fastorder.streams.callbacks import Callbacks
    from fastorder.trader.guarding import Act


LONGEST_MS = 3_600_000
"""The longest time that a guard may be told to wait, in milliseconds: an hour."""


@class_with_near_names
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
    _guards: list[Guard]
    _callbacks: Callbacks

    def _set_up(self, *given: Any) -> None:
        super()._set_up(*given)
        self._guards = []

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
            symbol: of a contract; with an event loop, of one that is loaded.
            price: of its last quote, say: ``trader.quote(symbol).last_price``.

        Returns:
            Dollars, below zero for a loss; None where the position cannot be relied on
            now.

        Raises:
            UnknownSymbol: the contract is not loaded.
            RealtimeUnavailable: realtime is switched off.
            ExecutorMisuse: the trader was not entered yet.
            InvalidField, WrongFieldType: an argument is not usable.
        """
        state = self.state
        self._load_now(symbol)
        contract_id = self.executor.get_contract_id(symbol_from(symbol))
        return state.open_result(self._contract_of(contract_id), price)

    def protect(
        self,
        symbol: str | None = None,
        *,
        within_ms: float = 1000,
        act: Act | None = None,
        stop_ticks: int | None = None,
        cancel_orphans: bool = False,
        on_alarm: Callable[[Danger], object] | None = None,
    ) -> Guard:
        """Guard the account: a position without a working stop is an alarm.

        So are legs that work though their contract is flat: one of them may open a
        position. Unless it is told to act, it tells and logs alone.

        Args:
            symbol: of a contract, with an event loop of one that is loaded; every
                contract where not given.
            within_ms: how long it may last, 0 to 3,600,000 milliseconds: legs take some
                20 to work.
            act: "stop" places a stop for what is not covered, ``stop_ticks`` from the
                average entry, and closes where the gateway refuses it; "close" closes
                the position. Once for each alarm, after a read that shows the same;
                a stop only where the state is proven. A contract has one such guard.
            stop_ticks: how far the stop of "stop" is from the average entry, 4 to 1000
                ticks; not given otherwise.
            cancel_orphans: cancel the legs of a contract that is proven to be flat.
            on_alarm: called with a Danger where the hub is read; it must not wait.

        Returns:
            A Guard: ``dangers`` of now, what was ``done``, ``stop()`` ends it.

        Raises:
            InvalidField, WrongFieldType, UnknownSymbol: an argument is not usable.
            RealtimeUnavailable, RealtimeClosed: realtime is switched off, or closed.
            ExecutorMisuse: another guard acts on the same contract, or the trader was
                not entered yet, or is another loop's. What is refused watches nothing.
        """
        self.state  # noqa: B018 (it is there)
        assert self.realtime is not None  # or there were no state
        self.realtime.check()
        within_ns = nanoseconds_from_ms("within_ms", within_ms)
        if act is not None and str(act) not in ("stop", "close"):
            raise InvalidField("act", 'must be "stop" or "close", or not given', act)
        if (act == "stop") != (stop_ticks is not None):
            raise InvalidField("stop_ticks", 'must come with act="stop"', stop_ticks)
        if stop_ticks is not None and type(stop_ticks) is not int:
            raise WrongFieldType("stop_ticks", "must be a whole number", stop_ticks)
        if stop_ticks is not None and not 4 <= stop_ticks <= 1000:
            raise InvalidField("stop_ticks", "must be from 4 to 1000", stop_ticks)
        if on_alarm is not None and not callable(on_alarm):
            raise WrongFieldType("on_alarm", "must be callable", on_alarm)
        if type(cancel_orphans) is not bool:
            raise WrongFieldType("cancel_orphans", "must be a bool", cancel_orphans)
        contracts = None
        if symbol is not None:
            self._load_now(symbol)
            contracts = frozenset({self.executor.get_contract_id(symbol_from(symbol))})
        self._check_alone(contracts, act, cancel_orphans)
        watch = Watch(within_ns, contracts)
        guard = Guard(self, watch, act, stop_ticks, cancel_orphans, on_alarm)
        self._guards.append(guard)
        return guard

    def _check_alone(
        self, contracts: frozenset[str] | None, act: Act | None, orphans: bool
    ) -> None:
        """Refuse a second guard that would act on the same danger as another one."""
        for other in self._guards:
            if other.interferes(contracts, act, orphans):
                raise ExecutorMisuse(
                    "a contract must have one guard that acts on it, and "
                    f"{other.whole_name} does: stop() that one first"
                )

    def _contract_of(self, contract_id: str) -> Contract:
        """A contract that was loaded, with its tick.

        Raises:
            UnknownSymbol: it was not.
        """
        for kept in self.executor._book._kept(False):
            for contract in kept.contracts:
                if contract.id == contract_id:
                    found: Contract = contract
                    return found
        raise UnknownSymbol(f"{contract_id} must be loaded: trader.contract loads it")

    def _open_realtime(self) -> None:
        if self.realtime is not None:
            hub: BaseHub = self.realtime.user
            settle_s = seconds_from("settle_s", self.settle_s)
            self._reader = self._make_reader(hub)
            self._state = state_of(
                self.account.id, self.executor, hub, self._reader, Clock(), settle_s
            )
            tell_of_state(self._state, self._callbacks)
            tell_of(hub, self._callbacks)  # after the state: it knows of a gap by then
            if self.risk is not None and self.risk.limits._has_loss:
                LossWatch(self, self.risk)  # the hubs hold it
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


def nanoseconds_from_ms(field: str, value: Any) -> int:
    """Milliseconds in nanoseconds.

    Raises:
        WrongFieldType, InvalidField: it is no such number, or not up to an hour.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise WrongFieldType(field, "must be a number of milliseconds", value)
    if not 0 <= value <= LONGEST_MS:  # true for NaN as well
        raise InvalidField(field, f"must be from 0 to {LONGEST_MS} milliseconds", value)
    return int(value * 1_000_000)
