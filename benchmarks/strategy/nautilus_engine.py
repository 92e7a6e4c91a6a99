"""nautilus_trader: the cross of two means over bars, and a handler for each tick.

With its fastest settings: no log, no analysis, no checks of risk, its own means. It is
given its own objects, made before the clock starts.
"""

from __future__ import annotations

import time

from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig
from nautilus_trader.indicators import SimpleMovingAverage
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import Bar, BarType, TradeTick
from nautilus_trader.model.enums import (
    AccountType,
    AggressorSide,
    AssetClass,
    OmsType,
    OrderSide,
)
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import FuturesContract
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy
from rows import FAST, SLOW, bar_columns, tick_columns

MNQ = InstrumentId.from_str("MNQ.SIM")
MINUTES = BarType.from_str("MNQ.SIM-1-MINUTE-LAST-EXTERNAL")
NO_END = 2**62


def contract():
    """Micro E-mini Nasdaq-100, on its grid."""
    return FuturesContract(
        instrument_id=MNQ,
        raw_symbol=Symbol("MNQ"),
        asset_class=AssetClass.INDEX,
        currency=USD,
        price_precision=2,
        price_increment=Price.from_str("0.25"),
        multiplier=Quantity.from_int(2),
        lot_size=Quantity.from_int(1),
        underlying="NQ",
        activation_ns=0,
        expiration_ns=NO_END,
        ts_event=0,
        ts_init=0,
    )


class Orders(Strategy):
    """Counts the market orders that it sends."""

    def __init__(self):
        super().__init__()
        self.sent = 0

    def send(self, is_buy, size):
        side = OrderSide.BUY if is_buy else OrderSide.SELL
        quantity = Quantity.from_int(size)
        self.submit_order(self.order_factory.market(MNQ, side, quantity))
        self.sent += 1


class Cross(Orders):
    def on_start(self):
        self.fast, self.slow = SimpleMovingAverage(FAST), SimpleMovingAverage(SLOW)
        self.register_indicator_for_bars(MINUTES, self.fast)
        self.register_indicator_for_bars(MINUTES, self.slow)
        self.subscribe_bars(MINUTES)
        self.way = 0

    def on_bar(self, bar):
        if not self.slow.initialized:
            return
        way = 1 if self.fast.value > self.slow.value else -1
        if way != self.way:
            self.send(way > 0, 2 if self.way else 1)
            self.way = way


class Each(Orders):
    def on_start(self):
        self.subscribe_trade_ticks(MNQ)
        self.n = 0

    def on_trade_tick(self, tick):
        self.n += 1
        if self.n % 10_000 == 0:
            is_long = self.portfolio.is_net_long(MNQ)
            self.send(not is_long, 2 if is_long else 1)


def ran(strategy, data, **venue):
    """The processor's time at which it began, and how many orders it sent."""
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(bypass=True),
            run_analysis=False,
        )
    )
    engine.add_venue(
        Venue("SIM"),
        OmsType.NETTING,
        AccountType.MARGIN,
        [Money(10_000_000, USD)],
        base_currency=USD,
        **venue,
    )
    engine.add_instrument(contract())
    engine.add_data(data)
    engine.add_strategy(strategy)
    begun = time.process_time()
    engine.run()
    return begun, strategy.sent


def cross(n):
    """``n`` bars of a minute."""
    columns = bar_columns(n)
    names = ("open", "high", "low", "close")
    prices = zip(*(columns[name].tolist() for name in names), strict=True)
    one = Quantity.from_int(1)
    bars = [
        Bar(MINUTES, *(Price(each, 2) for each in row), one, when, when)
        for row, when in zip(prices, columns["time_ns"].tolist(), strict=True)
    ]
    return ran(Cross(), bars)


def each(n):
    """``n`` trades."""
    sides = {
        -1: AggressorSide.SELLER,
        0: AggressorSide.NO_AGGRESSOR,
        1: AggressorSide.BUYER,
    }
    columns = (column.tolist() for column in tick_columns(n))
    trades = [
        TradeTick(
            MNQ,
            Price(price * 0.25, 2),
            Quantity.from_int(size),
            sides[side],
            TradeId(str(nth)),
            when,
            when,
        )
        for nth, (when, price, size, side) in enumerate(zip(*columns, strict=True))
    ]
    return ran(Each(), trades, trade_execution=True)
