"""The guard of a trader: tells of positions without a stop, and acts where it may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from fastorder._base.outside_text import from_outside
from fastorder._core.codec.order import OrderRequest
from fastorder._core.transport.engine import monotonic_ns
from fastorder.acts.desk import Desk
from fastorder.acts.looks import look
from fastorder.enums import OrderType, Outcome, Side
from fastorder.errors import FastOrderError
from fastorder.realtime.listeners import raise_later
from fastorder.realtime.state.protection import UNPROTECTED, Danger, Watch
from fastorder.runtime.clock import FOREVER_NS, SECOND_NS
from fastorder.runtime.log import log
from fastorder.trader.guard_sight import GuardSight
from fastorder.trader.state_ports import Alarm

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder.acts.looks import Sight
    from fastorder.session.ticket_group import Steps

AGAIN_NS = SECOND_NS
"""How soon it tries again where it could not act."""

READ_S = 5

PROTECTED = "a read shows it protected, or flat"

Act = Literal["stop", "close"]


class Guarded(NamedTuple):
    """What the guard has done about a danger.

    Attributes:
        danger: which.
        results: what became of each change that it sent; none where it sent none.
        why: why it sent none.
    """

    danger: Danger
    results: tuple[OrderResult, ...] = ()
    why: str = ""


class Guard:
    """Watches what a trader's state shows; made by ``trader.protect``.

    Attributes:
        done: what it has done, oldest first.
    """

    def __init__(
        self,
        trader: Any,
        watch: Watch,
        act: Act | None,
        stop_ticks: int | None,
        cancel_orphans: bool,
        on_alarm: Callable[[Danger], object] | None,
    ) -> None:
        self.done: list[Guarded] = []
        self._trader = trader
        self._state = trader.state
        self._sight = GuardSight(
            Desk(trader.executor, trader.state.account_id), trader.state
        )
        self._watch = watch
        self._act = act
        self._stop_ticks = stop_ticks
        self._cancel_orphans = cancel_orphans
        self._on_alarm = on_alarm
        self._acted: set[tuple[str, str]] = set()  # once for each, while it lasts
        self._acting: set[tuple[str, str]] = set()
        self._again_ns = FOREVER_NS
        self._alarm = Alarm(trader.realtime.user, self._look)
        self._stop = self._state.watch(self._look)
        self._is_stopped = False
        trader.realtime.user._act(lambda _now_ns: self._look())

    def __repr__(self) -> str:
        what = "; ".join(str(each) for each in self.dangers) or "no danger"
        return f"<Guard of account {self._state.account_id}: {what}>"

    @property
    def dangers(self) -> list[Danger]:
        """Those that last now."""
        return list(self._watch.lasting.values())

    def stop(self) -> None:
        """Watch no more; what was sent stays."""
        self._is_stopped = True
        self._stop()
        if self in self._trader._guards:
            self._trader._guards.remove(self)

    @property
    def whole_name(self) -> str:
        """The call that has made it."""
        whose = ", ".join(sorted(self._watch.contracts or ()))
        given = [repr(whose)] if whose else []
        if self._act:
            given.append(f'act="{self._act}"')
        if self._cancel_orphans:
            given.append("cancel_orphans=True")
        return f"protect({', '.join(given)})"

    def interferes(
        self, contracts: frozenset[str] | None, act: Act | None, orphans: bool
    ) -> bool:
        """Whether it may act on the same danger as a guard with these arguments."""
        both_act = bool(self._act and act) or (self._cancel_orphans and orphans)
        mine = self._watch.contracts
        return both_act and (
            mine is None or contracts is None or bool(mine & contracts)
        )

    # ------------------------------------------------------------ watching

    def _look(self) -> None:
        if self._is_stopped or self._state.is_closed:
            return
        now_ns = monotonic_ns()
        state, watch = self._state, self._watch
        for danger in watch.look(state.rows, now_ns, proven=state.proven):
            self._tell(danger)
        lasting = watch.lasting.keys()
        self._acted &= lasting
        if now_ns >= self._again_ns or self._again_ns == FOREVER_NS:
            self._again_ns = FOREVER_NS
            for danger in list(watch.lasting.values()):
                self._consider(danger)
        due_ns = min(watch.due_ns, self._again_ns)
        if due_ns != FOREVER_NS:
            self._alarm.set(due_ns)

    def _tell(self, danger: Danger) -> None:
        log().warning("account %s: %s", self._state.account_id, danger)
        if self._on_alarm is None:
            return
        try:
            self._on_alarm(danger)
        except BaseException as error:  # one of asyncio's too
            raise_later(error)
            log().error("on_alarm has failed: %s", from_outside(repr(error)))

    # ------------------------------------------------------------ acting

    def _consider(self, danger: Danger) -> None:
        wanted = self._act if danger.kind == UNPROTECTED else self._cancel_orphans
        key = danger.key
        if not wanted or key in self._acted or key in self._acting:
            return
        self._acting.add(key)
        self._trader._reader.do(
            lambda executor: self._steps(executor, danger),
            lambda ticket: self._ended(danger, ticket),
        )

    def _ended(self, danger: Danger, ticket: Ticket[Guarded]) -> None:
        try:
            guarded = ticket._value()
        except FastOrderError as error:
            guarded = Guarded(danger, why=str(error))
        if guarded.results:
            self._acted.add(danger.key)  # it may have been taken in another thread
        self._acting.discard(danger.key)
        if guarded.results:
            self.done.append(guarded)
            log().warning("the guard has acted on %s: %s", danger, guarded.results)
        else:
            log().info("the guard waits with %s: %s", danger, guarded.why)
            self._again_ns = monotonic_ns() + AGAIN_NS
        self._look()

    def _steps(self, executor: Any, danger: Danger) -> Steps[Guarded]:
        """Read first; act on what the state and the read both show."""
        desk = Desk(executor, self._state.account_id)
        if why := self._sight.why_wait(danger.contract_id):
            return Guarded(danger, why=why)
        sight = yield from look(desk, desk.now_ns() + READ_S * SECOND_NS)
        if sight.why:
            return Guarded(danger, why=f"the account could not be read: {sight.why}")
        if danger.kind == UNPROTECTED:
            return (yield from self._protect(executor, desk, danger, sight))
        return (yield from self._tidy(desk, danger, sight))

    def _protect(
        self, executor: Any, desk: Desk, danger: Danger, sight: Sight
    ) -> Steps[Guarded]:
        contract_id, state = danger.contract_id, self._state
        if why := self._sight.why_wait(contract_id, sight):
            return Guarded(danger, why=why)
        net = sight.positions.of(contract_id)
        if net is None:
            return Guarded(danger, why="what is held may be of another contract")
        missing = self._sight.missing(contract_id, sight)
        held = state.rows.positions.get(contract_id)
        if missing <= 0:
            return Guarded(danger, why=PROTECTED)
        if state.proven and (held is None or held.net != net):
            return Guarded(danger, why="a read shows another position: one is behind")
        if self._act == "stop" and not state.proven:
            return Guarded(danger, why="no stop is placed while nothing is proven")
        if danger.key in self._acted or self._is_stopped:
            return Guarded(danger, why="it was acted upon already")
        self._acted.add(danger.key)
        results = []
        if self._act == "stop":
            key = f"guard-{contract_id}-{danger.since_ns}"
            try:
                stop = self._place_stop(executor, contract_id, net, missing, key)
                results.append((yield stop))
            except (
                FastOrderError
            ) as error:  # a limit, the kill switch: nothing was sent
                log().warning("the guard could place no stop: %s", error)
            if self._is_placed(results):
                return Guarded(danger, tuple(results))
            why = self._sight.why_wait(contract_id, sight)
            if why or self._sight.missing(contract_id, sight) <= 0:
                self._acted.discard(danger.key)  # of that key no second stop is sent
                return Guarded(danger, why=why or PROTECTED)
        results.append((yield desk.close(contract_id)))
        return Guarded(danger, tuple(results))

    def _is_placed(self, results: list[OrderResult]) -> bool:
        """Whether a stop is there, or may be; where it is not, it is closed."""
        for placed in results:
            if placed.outcome is Outcome.ACCEPTED and placed.order_id is not None:
                self._watch.own_stops.add(placed.order_id)
            if placed.outcome in (Outcome.ACCEPTED, Outcome.UNKNOWN):
                return True
        return False

    def _place_stop(
        self, executor: Any, contract_id: str, net: int, size: int, key: str
    ) -> Ticket[OrderResult]:
        """A stop under (or over) the average entry; of one key, one is sent."""
        contract = self._trader._contract_of(contract_id)
        position = self._state.rows.positions[contract_id].row
        away = contract.tick_size * (self._stop_ticks or 0)
        entry = position.average_price // contract.tick_size * contract.tick_size
        symbol = f"GUARD-{contract_id}"
        executor.set_contract_id(symbol, contract_id, tick_size=contract.tick_size)
        order = OrderRequest(
            symbol,
            Side.SELL if net > 0 else Side.BUY,
            size,
            self._state.account_id,
            OrderType.STOP,
            stop_price=entry - away if net > 0 else entry + away,
            idempotency_key=key,
        )
        ticket: Ticket[OrderResult] = executor._submitter.submit(order, monotonic_ns())
        return ticket

    def _tidy(self, desk: Desk, danger: Danger, sight: Sight) -> Steps[Guarded]:
        """Cancel legs that state and read both show, where both show it flat."""
        if not self._state.proven or sight.positions.of(danger.contract_id) != 0:
            return Guarded(danger, why="it is not proven that the contract is flat")
        if why := self._sight.why_wait(danger.contract_id, sight):
            return Guarded(danger, why=why)
        listed = {order.id for order in sight.orders}
        numbers = [order.id for order in danger.orders if order.id in listed]
        if not numbers or danger.key in self._acted or self._is_stopped:
            return Guarded(danger, why="a read does not list them any more")
        self._acted.add(danger.key)
        results = yield [desk.cancel(number) for number in numbers]
        return Guarded(danger, tuple(results))
