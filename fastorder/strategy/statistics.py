"""Statistics of returns and trades, with the source of each formula.

Returns are daily: dollars of a trading day over the capital, which stays what it was.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

DAYS = 252
"""Trading days of a year."""

EULER = 0.5772156649015329


def sharpe(returns: Any) -> float:
    """Mean over standard deviation (of n - 1), times the root of 252.

    Source: Sharpe, The Sharpe Ratio, Journal of Portfolio Management, 1994; annualised
    as independent days. NaN for less than two days, or where none differs.
    """
    if len(returns) < 2:
        return math.nan
    spread = float(returns.std(ddof=1))
    return float(returns.mean()) / spread * math.sqrt(DAYS) if spread > 0 else math.nan


def sortino(returns: Any) -> float:
    """Mean over the root of the mean square of losses, times the root of 252.

    Source: Sortino and Price, Performance Measurement in a Downside Risk Framework,
    Journal of Investing, 1994, with a target of zero. NaN without a loss.
    """
    if len(returns) < 2:
        return math.nan
    losses = returns.clip(max=0.0)
    spread = math.sqrt(float((losses * losses).mean()))
    return float(returns.mean()) / spread * math.sqrt(DAYS) if spread > 0 else math.nan


def profit_factor(profits: Any) -> float:
    """What winning trades brought over what losing ones cost; net of costs.

    Infinite without a loss, NaN without a trade that won or lost.
    """
    won, lost = float(profits[profits > 0].sum()), -float(profits[profits < 0].sum())
    if lost > 0:
        return won / lost
    return math.inf if won > 0 else math.nan


def max_drawdown(equity: Any, start: float) -> float:
    """The deepest fall below the highest equity before it, in dollars, at most 0."""
    import numpy as np

    if not len(equity):
        return 0.0
    highest = np.maximum.accumulate(np.maximum(equity, start))
    return float((equity - highest).min())


def deflated_sharpe(returns: Any, tried: int, spread_of_tried: float) -> float:
    """How likely the true Sharpe ratio is above zero, given how many were tried.

    Source: Bailey and Lopez de Prado, The Deflated Sharpe Ratio, Journal of Portfolio
    Management, 2014: the ratio against the largest that so many worthless trials would
    show by luck, with the skewness and kurtosis of the returns.

    Args:
        returns: daily, of the one that was chosen.
        tried: how many were.
        spread_of_tried: the standard deviation of their Sharpe ratios, not annualised.

    Returns:
        A probability; NaN for less than three days, or where none differs.
    """
    n = len(returns)
    spread = float(returns.std(ddof=1)) if n > 2 else 0.0
    if n < 3 or spread == 0:
        return math.nan
    ratio = float(returns.mean()) / spread
    centred = (returns - returns.mean()) / float(returns.std())
    skew, kurtosis = float((centred**3).mean()), float((centred**4).mean())
    luck = spread_of_tried * expected_best(tried)
    inner = 1 - skew * ratio + (kurtosis - 1) / 4 * ratio * ratio
    if inner <= 0:
        return math.nan
    return NormalDist().cdf((ratio - luck) * math.sqrt(n - 1) / math.sqrt(inner))


def expected_best(tried: int) -> float:
    """The largest of so many standard normal draws, as it is expected."""
    if tried < 2:
        return 0.0
    normal = NormalDist()
    return (1 - EULER) * normal.inv_cdf(1 - 1 / tried) + EULER * normal.inv_cdf(
        1 - 1 / (tried * math.e)
    )


def summary(result: Any) -> dict[str, float]:
    """The numbers of a run by name; dollars, and shares from 0 to 1."""
    trades, equity, returns = result.trades, result.equity, result.daily_returns
    net = trades["net"]
    held = trades["exit_ns"] - trades["entry_ns"]
    days = max(1, int(result.days["traded"].sum()))
    return {
        "trades": float(len(net)),
        "net": float(net.sum()),
        "gross": float(trades["gross"].sum()),
        "costs": float(trades["costs"].sum()),
        "won": float((net > 0).mean()) if len(net) else math.nan,
        "profit_factor": profit_factor(net),
        "average": float(net.mean()) if len(net) else math.nan,
        "sharpe": sharpe(returns),
        "sortino": sortino(returns),
        "max_drawdown": float(equity["drawdown"].min(initial=0.0)),
        "exposure": float((equity["position"] > 0).mean())
        if len(equity["position"])
        else 0.0,
        "trades_a_day": len(net) / days,
        "median_held_s": float(_median(held)) / 1e9 if len(held) else math.nan,
        "ambiguous": float(trades["ambiguous"].mean()) if len(net) else 0.0,
    }


def _median(column: Any) -> float:
    import numpy as np

    return float(np.median(column))
