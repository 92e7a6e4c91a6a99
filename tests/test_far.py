"""Prices that nobody means: a distance given as a price, a price as a distance."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from fastorder import InvalidField, OrderType, Side
from fastorder._core.codec.price import TickGrid
from fastorder.acts.far import FARTHEST, check_near, check_near_ticks, is_far
from fastorder.trader.entry import Entry
from fastorder.trader.market_legs import last_known

ACCOUNT = 7


class Ticks:
    """Knows one tick, of every symbol."""

    def __init__(self, size):
        self.grid = TickGrid(size)

    def grid_of(self, symbol):
        return self.grid

    def check_sign(self, symbol, name, price):
        """Every price has its sign."""


def entry(side=Side.BUY, tick="0.25", **how):
    return Entry(side, "MNQ", 1, how).order(ACCOUNT, Ticks(tick))


LIMIT = {"limit": 29_400}
STOP = {"stop": 29_400}
BOTH = {"limit": 29_400, "stop": 29_350}

MISTAKEN = [
    (Side.BUY, {**LIMIT, "stop_loss": 50}, "stop_loss must be a price within 50 %"),
    (Side.BUY, {**LIMIT, "stop_loss": 14_000}, "stop_loss_ticks takes a distance"),
    (Side.BUY, {**LIMIT, "take_profit": 44_200}, "take_profit must be a price"),
    (Side.SELL, {**LIMIT, "take_profit": 50.25}, "take_profit must be a price"),
    (Side.BUY, {**LIMIT, "stop_loss_ticks": 29_400}, "stop_loss_ticks must be a dist"),
    (Side.SELL, {**LIMIT, "stop_loss_ticks": 28_000}, "is it a price?"),
    (Side.BUY, {**LIMIT, "take_profit_ticks": 200_000}, "from the limit of 29400"),
    (Side.BUY, {**STOP, "stop_loss_ticks": 29_400}, "from the stop of 29400"),
    (Side.BUY, {**BOTH, "stop_loss_ticks": 29_400}, "from the limit of 29400"),
    (Side.BUY, {"limit": 4_000, "tick": "0.1", "stop_loss_ticks": 4_000}, "a price?"),
    (Side.BUY, {"limit": 2_390, "tick": "0.1", "stop_loss_ticks": 2_400}, "a price?"),
    (Side.BUY, {"stop": 44_000, "tick": "1", "take_profit_ticks": 44_100}, "a price?"),
]


@pytest.mark.parametrize(("side", "how", "why"), MISTAKEN, ids=str)
def test_a_leg_that_nobody_means_is_refused(side, how, why):
    with pytest.raises(InvalidField) as told:
        entry(side, **how)
    assert why in str(told.value)


MEANT = [
    (Side.BUY, {**LIMIT, "stop_loss": 29_000, "take_profit": 30_000}),
    (Side.SELL, {**LIMIT, "stop_loss": 35_000, "take_profit": 24_000}),
    (Side.BUY, {**LIMIT, "stop_loss_ticks": 400, "take_profit_ticks": 20_000}),
    (Side.BUY, {**STOP, "stop_loss_ticks": 400}),
    (Side.BUY, {"stop_loss_ticks": 29_400}),  # at the market, nothing is known
    (Side.BUY, {"limit": 60, "tick": "0.01", "stop_loss_ticks": 60}),  # crude oil
    (Side.BUY, {"limit": 3_000, "tick": "0.5", "take_profit": 3_700}),  # ether
    (Side.BUY, {"limit": 3_000, "tick": "0.5", "take_profit_ticks": 1_400}),
    (Side.BUY, {"limit": 100_000, "tick": "5", "take_profit_ticks": 4_200}),  # bitcoin
    (Side.BUY, {"limit": 1.1, "tick": "0.00005", "stop_loss_ticks": 200}),  # the euro
]


@pytest.mark.parametrize(("side", "how"), MEANT, ids=str)
def test_a_leg_that_is_meant_passes(side, how):
    assert entry(side, **how).order_type in list(OrderType)


@pytest.mark.parametrize("reference", ["0", "-37.63", "0.01", "29400"])
def test_the_bound_is_half_and_none_at_zero_and_below(reference):
    reference, near = Decimal(reference), Decimal(0)
    bound = reference * FARTHEST
    if reference <= 0:
        assert not is_far(Decimal(10_000), reference, near)
        check_near_ticks("stop_loss_ticks", 10**6, "", reference, TickGrid("0.01"))
        return
    for price in (reference + bound, reference - bound):
        assert not is_far(price, reference, near)
    for price in (reference + bound * 2, reference - bound * 2, Decimal(0)):
        assert is_far(price, reference, near)


@pytest.mark.parametrize("price", ["-37.63", "0", "0.01", "5.5", "61.2", "29400"])
@pytest.mark.parametrize("ticks", [4, 1_000, 1_001, 1_900, 3_100, 10**6])
@pytest.mark.parametrize("tick", ["0.01", "0.25"])
def test_a_distance_is_as_far_as_the_price_that_it_comes_to(price, ticks, tick):
    price, grid = Decimal(price), TickGrid(tick)
    far = is_far(price + ticks * grid.size, price, 1_000 * grid.size)
    try:
        check_near_ticks("stop_loss_ticks", ticks, "the limit", price, grid)
    except InvalidField:
        assert far
    else:
        assert not far


QUOTED, NOTED = Decimal(29_400), (Decimal(29_300), 5)


@pytest.mark.parametrize(
    ("quoted", "noted", "last"),
    [
        (QUOTED, NOTED, QUOTED),
        (None, NOTED, NOTED[0]),
        (None, (Decimal(0), 0), None),
        (QUOTED, None, QUOTED),
        (None, None, None),
    ],
)
@pytest.mark.parametrize("is_heard", [True, False])
def test_the_last_price_is_of_a_quote_or_of_the_limits(quoted, noted, last, is_heard):
    feed = SimpleNamespace(quote=SimpleNamespace(last_price=quoted))
    losses = SimpleNamespace(price_of={"id": noted}.get)
    trader = SimpleNamespace(
        realtime=True if is_heard else None,
        market=SimpleNamespace(feed={"id": feed}.get),
        executor=SimpleNamespace(risk=noted and SimpleNamespace(_losses=losses)),
    )
    of_limits = noted[0] if noted and noted[1] else None
    assert last_known(trader, "id") == (last if is_heard else of_limits)


def test_a_thousand_ticks_of_a_low_price_are_not_far():
    grid = TickGrid("0.01")
    check_near("price", -9, "the limit", 1, grid, "")
    with pytest.raises(InvalidField, match="price must be a price within 50 %"):
        check_near("price", Decimal("-9.01"), "the limit", 1, grid, "")
    with pytest.raises(InvalidField, match="price must be a price within 50 %"):
        check_near("price", 2, "the limit", 1, None, "")
