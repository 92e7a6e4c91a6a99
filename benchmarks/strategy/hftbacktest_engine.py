"""hftbacktest: trades, a strategy once a minute that numba compiles, resting orders.

It makes no bars: the strategy reads the time a minute on, which is its fastest way, and
has no rules of a firm. A depth of one level a side, which never changes, is there from
the first trade on, as a market order needs one; it costs the same wherever it fills.
"""

from __future__ import annotations

import time

import numpy as np
from hftbacktest import (
    BUY_EVENT,
    DEPTH_EVENT,
    EXCH_EVENT,
    GTC,
    LIMIT,
    LOCAL_EVENT,
    MARKET,
    SELL_EVENT,
    TRADE_EVENT,
    BacktestAsset,
    HashMapMarketDepthBacktest,
    event_dtype,
)
from numba import njit
from rows import MINUTE, tick_columns

BOTH = EXCH_EVENT | LOCAL_EVENT
SIDES = np.array([SELL_EVENT, 0, BUY_EVENT], np.uint64)
PRICE_TICK = 0.25


def events(n):
    """A level a side, then the trades, each heard a nanosecond after it is made."""
    times, prices, sizes, sides = tick_columns(n)
    rows = np.zeros(n + 2, event_dtype)
    rows["ev"][:2] = [
        DEPTH_EVENT | BOTH | BUY_EVENT,
        DEPTH_EVENT | BOTH | SELL_EVENT,
    ]
    rows["px"][:2] = [
        (prices[0] - 20_000) * PRICE_TICK,
        (prices[0] + 20_000) * PRICE_TICK,
    ]
    rows["qty"][:2] = 1e9
    rows["exch_ts"][:2] = times[0]
    rows["ev"][2:] = np.uint64(TRADE_EVENT | BOTH) | SIDES[sides + 1]
    rows["exch_ts"][2:] = times
    rows["px"][2:] = prices * PRICE_TICK
    rows["qty"][2:] = sizes
    rows["local_ts"] = rows["exch_ts"] + 1
    return rows


@njit
def run(engine, middle):
    """The strategy of fastorder's own scene; how many orders it sent."""
    sent = minutes = 0
    while engine.elapse(MINUTE) == 0:
        minutes += 1
        if minutes % 1_000 == 1:
            for nth in range(5):
                away = 3_000.0 + nth
                engine.submit_buy_order(0, sent, middle - away, 1.0, GTC, LIMIT, False)
                engine.submit_sell_order(
                    0, sent + 1, middle + away, 1.0, GTC, LIMIT, False
                )
                sent += 2
        elif minutes % 100 == 50:
            if engine.position(0) == 0:
                engine.submit_buy_order(0, sent, middle, 1.0, GTC, MARKET, False)
            else:
                engine.submit_sell_order(0, sent, middle, 1.0, GTC, MARKET, False)
            sent += 1
        engine.clear_inactive_orders(0)
    return sent


def backtest(rows):
    """An engine over these events."""
    asset = (
        BacktestAsset()
        .data(rows)
        .linear_asset(2.0)
        .constant_order_latency(1, 1)
        .risk_adverse_queue_model()
        .no_partial_fill_exchange()
        .trading_qty_fee_model(0.0, 0.0)
        .tick_size(PRICE_TICK)
        .lot_size(1.0)
    )
    return HashMapMarketDepthBacktest([asset])


def each(n):
    """``n`` trades; numba has compiled before the clock starts."""
    rows = events(n)
    middle = rows["px"][2]
    run(backtest(rows[:1_000]), middle)
    engine = backtest(rows)
    begun = time.process_time()
    return begun, run(engine, middle)
