"""live: a strategy on a trader's account; its orders are real."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.near_names import with_near_names
from fastorder.strategy.arriving import ArrivingTicks
from fastorder.strategy.errors import BadData, StrategyError
from fastorder.strategy.instruments import KNOWN, Instrument
from fastorder.strategy.live_firm import LiveFirm
from fastorder.strategy.live_loop import Live
from fastorder.strategy.on_paper import PATIENCE_S, _check_prepare
from fastorder.strategy.running import _strategies
from fastorder.strategy.tags import checked_name

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from fastorder.strategy.strategy import Strategy

ON_FAILURE = ("cancel", "flatten", "leave")


@with_near_names
def live(
    strategy: Any,
    trader: Any,
    *,
    symbols: Sequence[str] = (),
    store: str | os.PathLike[str] | bool | None = None,
    on_failure: str = "cancel",
    on_end: Callable[[Live], object] | None = None,
    patience_s: float = PATIENCE_S,
    sessions: Any = None,
    parameters: Mapping[str, Any] | None = None,
    account: Any = None,
    begin_ns: int | None = None,
) -> Live:
    """Run strategies on a trader's account: what they ask for is ordered.

    Their orders go out by the trader's verbs, with its journal, budgets, limits and
    kill switch. It returns at once; the strategies start once the account's state is
    proven, reconciled with what they kept. With an event loop, handlers are called on
    it; a blocking trader's strategies are called in ``run`` and ``work``.

    Args:
        strategy: a class, an object of one, or several; or a mapping of names to them.
            The name, of the class where none is given, stands in the tags of its
            orders, and finds them again: do not change it.
        trader: an entered ``Trader`` of either kind, with the symbols loaded.
        symbols: contracts that are heard, beside those of the strategies.
        store: the folder of what is kept over a restart; without it one in the
            platform's folder for data, False for none.
        on_failure: what becomes of a strategy that raises or takes too long: "cancel"
            its orders but the legs of brackets, "flatten" it, or "leave" all as it is.
        on_end: called with the Live once no strategy runs any more.
        patience_s: what takes a handler longer ends its strategy, in seconds.
        sessions: when the market is open, for bars.
        parameters: of the strategy, where a class is given.
        account: the firm's rules that the account is held to, as in a backtest: its
            kind (``combine-50k``) or a ``Firm``. The trader's limits have to hold it to
            them: ``Trader(risk=Firm("combine-50k").limits())``.
        begin_ns: for a feed that is replayed: time is that of its trades, and begins
            then. Without it time is the machine's.

    Raises:
        BadParameter, StrategyError: before anything is heard.
        UnknownSymbol, RealtimeUnavailable, ExecutorMisuse: of the trader.
    """
    named = _named(strategy, parameters)
    made = list(named.values())
    _check_prepare(made)
    if on_failure not in ON_FAILURE:
        raise StrategyError(
            f"on_failure must be {', '.join(ON_FAILURE)}, was {on_failure!r}"
        )
    if not patience_s > 0:
        raise StrategyError(f"patience_s must be above 0, was {patience_s!r}")
    if on_end is not None and not callable(on_end):
        raise StrategyError(f"on_end must be callable, was {on_end!r}")
    names = sorted({*symbols, *(one.symbol for one in made if one.symbol)})
    if not names:
        raise StrategyError("symbols must be given: the strategy has no symbol")
    firm = LiveFirm.of(account, trader)
    trader.state  # noqa: B018 (it was entered, and hears its account)
    return Live(
        named, trader, _ticks(names, trader), store=store, on_failure=on_failure,
        on_end=on_end, patience_s=patience_s, sessions=sessions, begin_ns=begin_ns,
        firm=firm,
    )  # fmt: skip


def _named(given: Any, parameters: Mapping[str, Any] | None) -> dict[str, Strategy]:
    """The strategies by their names.

    Raises:
        StrategyError: a name is none, or is there twice.
    """
    if hasattr(given, "keys"):
        made = _strategies([given[name] for name in given], parameters)
        return {checked_name(name): one for name, one in zip(given, made, strict=True)}
    made = _strategies(given, parameters)
    found = {checked_name(type(one).__name__): one for one in made}
    if len(found) < len(made):
        raise StrategyError(
            "each strategy must have a name of its own: give live({name: strategy})"
        )
    return found


def _ticks(names: list[str], trader: Any) -> dict[str, ArrivingTicks]:
    found = {}
    for number, name in enumerate(names):
        grid = trader.grid_of(name)
        if grid is None:
            raise BadData(f"the tick of {name} must be known: trader.contract loads it")
        known = KNOWN.get(name)
        # what a tick is worth is not asked for here: the venue says what a trade brings
        value = grid.size if known is None else known.tick_value
        instrument = Instrument(name, grid.size, value)
        found[name] = ArrivingTicks(instrument, number, keeps=False)
    return found


live.__module__ = "fastorder.strategy"  # where it is imported from
