"""Monte Carlo: how likely an account passes before it is lost, had luck been another.

Days, or single trades, are drawn again with replacement. Within a day the account is
tested at each trade with the worst of its open profit, as the firm does at every price.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.near_names import with_near_names
from fastorder.strategy.days import day_column
from fastorder.strategy.errors import StrategyError
from fastorder.strategy.firm import Firm
from fastorder.strategy.firm_rules import CONSISTENCY

if TYPE_CHECKING:
    from fastorder.strategy.result import Result

SURE = 1.959963984540054
"""The standard normal's quantile of 0.975: intervals are of 95 %."""


class Chance(NamedTuple):
    """A probability, and between which values it lies with 95 %: Wilson's interval.

    Source: Wilson, Probable Inference, Journal of the American Statistical Association,
    1927. It is the error of the simulation; that of the strategy is not in it.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, hits: int, runs: int) -> Chance:
        """So many of so many."""
        share, z = hits / runs, SURE * SURE
        middle = (share + z / (2 * runs)) / (1 + z / runs)
        root = math.sqrt(share * (1 - share) / runs + z / (4 * runs * runs))
        half = SURE * root / (1 + z / runs)
        return cls(share, max(0.0, middle - half), min(1.0, middle + half))


class MonteCarlo(NamedTuple):
    """What became of an account in many runs.

    Attributes:
        passed, lost, open: chances at the end of the days.
        median_days: of those that passed; NaN for none.
        runs, days: how many, and how long.
        by: what was drawn: ``days`` or ``trades``.
    """

    passed: Chance
    lost: Chance
    open: Chance
    median_days: float
    runs: int
    days: int
    by: str


@with_near_names
def monte_carlo(
    result: Result,
    account: str | Firm,
    *,
    by: str = "days",
    runs: int = 10_000,
    days: int = 120,
    seed: int = 0,
) -> MonteCarlo:
    """Draw the days or the trades of a backtest again, and see what becomes of it.

    Args:
        result: of a backtest; best one that no rule has stopped (``account=50_000``).
        account: a kind of account, or a Firm.
        by: ``days`` keeps what belongs together in a day; ``trades`` takes each alone.
        runs: how many.
        days: after how many an account counts as open.
        seed: of the draws.

    Raises:
        StrategyError: nothing to draw from, an unknown kind, or a number below 1.
    """
    import numpy as np

    if by not in ("days", "trades"):
        raise StrategyError(f"by must be days or trades, was {by!r}")
    if runs < 1 or days < 1:
        raise StrategyError(f"runs and days must be at least 1, were {runs} and {days}")
    firm = Firm.made(account)
    if firm is None:
        raise StrategyError(f"account must be a kind of account, was {account!r}")
    draw = np.random.default_rng(seed)
    drawn = _days_of(result, draw) if by == "days" else _trades_of(result, draw)
    return _simulated(firm, drawn, runs, days, by)


def _groups(result: Result) -> list[Any]:
    """The rows of the trades of each day that has data."""
    import numpy as np

    trades, run = result.trades, result._run
    if not len(trades["net"]):
        raise StrategyError("a result must have trades to be drawn from, had none")
    places, dates = day_column(trades["exit_ns"], run.first_ns, run.end_ns)
    traded = result.days["traded"]
    return [np.flatnonzero(places == i) for i in range(len(dates)) if traded[i]]


def _path(net: Any, worst: Any) -> tuple[float, float]:
    """What a row of trades brings, and the deepest it goes on the way."""
    import numpy as np

    after = np.cumsum(net)
    lowest = min(0.0, float((after - net + worst).min()), float(after.min()))
    return float(after[-1]), lowest


def _days_of(result: Result, draw: Any) -> Any:
    import numpy as np

    net, mae = result.trades["net"], result.trades["mae"]
    rows = [
        _path(net[group], mae[group]) if len(group) else (0.0, 0.0)
        for group in _groups(result)
    ]
    totals, lows = np.array(rows).T

    def drawn(runs: int) -> tuple[Any, Any]:
        at = draw.integers(0, len(totals), runs)
        return totals[at], lows[at]

    return drawn


def _trades_of(result: Result, draw: Any) -> Any:
    import numpy as np

    net, mae = result.trades["net"], result.trades["mae"]
    counts = np.array([len(group) for group in _groups(result)])

    def drawn(runs: int) -> tuple[Any, Any]:
        wanted = counts[draw.integers(0, len(counts), runs)]
        total, low = np.zeros(runs), np.zeros(runs)
        for nth in range(int(wanted.max())):
            at = draw.integers(0, len(net), runs)
            is_on = wanted > nth
            low = np.where(is_on, np.minimum(low, total + mae[at]), low)
            total = np.where(is_on, total + net[at], total)
            low = np.minimum(low, total)
        return total, low

    return drawn


def _simulated(firm: Firm, drawn: Any, runs: int, days: int, by: str) -> MonteCarlo:
    """All accounts at once, day by day: the loss, then the floor and the target."""
    import numpy as np

    start, room = firm.start_micros / 1e6, firm.loss_micros / 1e6
    target = math.inf if firm.target_micros is None else firm.target_micros / 1e6
    balance, floor = np.full(runs, start), np.full(runs, start - room)
    best, took = np.full(runs, -math.inf), np.zeros(runs)
    passed, lost = np.zeros(runs, bool), np.zeros(runs, bool)
    for day in range(1, days + 1):
        total, low = drawn(runs)
        if firm.daily_loss:
            stop = -firm.daily_micros / 1e6
            total, low = np.where(low <= stop, stop, total), np.maximum(low, stop)
        on = ~(passed | lost)
        lost |= on & (balance + low <= floor)
        on &= ~lost
        balance = np.where(on, balance + total, balance)
        best = np.where(on, np.maximum(best, total), best)
        floor = np.maximum(floor, np.minimum(start, balance - room))
        profit = balance - start
        new = on & (profit >= target) & (best <= float(CONSISTENCY.value) * profit)
        took = np.where(new, day, took)
        passed |= new
        if (passed | lost).all():
            break
    done = int(passed.sum()), int(lost.sum())
    return MonteCarlo(
        Chance.of(done[0], runs),
        Chance.of(done[1], runs),
        Chance.of(runs - sum(done), runs),
        float(np.median(took[passed])) if done[0] else math.nan,
        runs,
        days,
        by,
    )


for _public in (Chance, MonteCarlo, monte_carlo):
    _public.__module__ = "fastorder.strategy"  # where they are imported from
