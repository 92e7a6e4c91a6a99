"""The compiled exchange against the simulator's: the same streams, the same ends."""

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import pytest
from matching.compare import contract_of, differences, exchange
from matching.oracle import CONTRACTS, AtItsPrice, Oracle

from fastorder.matching import Account, Latencies, Queue, Touch, TradeThrough
from fastorder.simulator.book import Status

STREAMS = int(os.environ.get("FASTORDER_STREAMS", "240"))
AT_LEAST, CHUNK = 240, 60


def failures(first, last):
    """The seeds of a row of streams that differ, each with its first difference."""
    found = {}
    for seed in range(first, last):
        wrong = differences(seed)
        if wrong:
            found[seed] = wrong[0]
    return found


@pytest.mark.parametrize("first", range(0, AT_LEAST, CHUNK))
def test_both_exchanges_come_to_the_same(first):
    assert failures(first, first + CHUNK) == {}


def test_a_leg_that_was_modified_asleep_wakes_alike():
    assert differences(19_185) == []


@pytest.mark.skipif(STREAMS <= AT_LEAST, reason="make campaign-matching")
def test_a_campaign_of_streams():
    rows = range(AT_LEAST, STREAMS, CHUNK)
    context = get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        ends = [min(first + CHUNK, STREAMS) for first in rows]
        for found in pool.map(failures, rows, ends):
            assert found == {}


def test_long_streams_come_to_the_same():
    for seed in range(max(1, STREAMS // 1000)):
        assert differences(seed, steps=1500) == []


# ------------------------------------------------------------ planted mistakes


class NoOco(AtItsPrice):
    def _cancel_sibling(self, account, leg):
        pass


class ClosesTakeTheLegs(AtItsPrice):
    def close(self, account, position, size):
        super().close(account, position, size)
        for order in [o for o in account.working.values() if o.parent_id]:
            self._end(account, order, Status.CANCELLED)


class LegsAtOnce(AtItsPrice):
    def book(self, account, order, legs=()):
        for leg in legs:
            leg.status = Status.OPEN
            leg.limit_price = leg.stop_price = None
        super().book(account, order, legs)


class FreeTags(AtItsPrice):
    def reject(self, account, order):
        super().reject(account, order)
        account.tags.pop(order.custom_tag, None)


class StopsTrailBothWays(AtItsPrice):
    def _trail(self, order):
        if order.trail_ticks is not None:
            order.stop_price = None
        super()._trail(order)


class LastInFirstOut(AtItsPrice):
    def _open(self, account, position, order, price, size):
        if position is not None:
            position.average = price
        return super()._open(account, position, order, price, size)


class BetterPrices(AtItsPrice):
    def _fill_price(self, order):
        return super(AtItsPrice, self)._fill_price(order)


def contracts(**changed):
    rows = [contract_of(row) for row in CONTRACTS]
    return [type(row)(**{**row.__dict__, **changed}) for row in rows]


MISTAKES = {
    "no OCO": {"oracle": NoOco},
    "a close takes the legs": {"oracle": ClosesTakeTheLegs},
    "legs that do not sleep": {"oracle": LegsAtOnce},
    "a rejected order frees its tag": {"oracle": FreeTags},
    "a stop that trails both ways": {"oracle": StopsTrailBothWays},
    "another average": {"oracle": LastInFirstOut},
    "better than the limit": {"oracle": BetterPrices},
    "legs late": {"latency": Latencies(entry=1, response=0, leg=25, oco=0)},
    "OCO late": {"latency": Latencies(entry=1, response=0, leg=0, oco=25)},
    "touch": {"fills": Touch()},
    "two ticks": {"fills": TradeThrough(2)},
    "a queue": {"fills": Queue(3)},
    "a stop that slips": {"contracts": contracts(stop_slippage_ticks=1)},
    "a market order that slips": {"contracts": contracts(slippage_ticks=1)},
    "a cent of fees": {"contracts": contracts(fee_micros=370_000)},
    "a micro-dollar": {"contracts": contracts(commission_micros=1)},
    "another tick value": {"contracts": contracts(tick_value_micros=500_001)},
    "no negative prices": {"contracts": contracts(negative_prices=False)},
    "brackets for all": {"accounts": [Account(50_000_000_000)] * 2},
    "no trading": {"accounts": [Account(50_000_000_000, may_trade=False)] * 2},
    "stop-limit orders refused": {"stop_limits": False},
    "a tick of depth": {"contracts": contracts(depth=1)},
}


def is_caught(mistake):
    oracle = mistake.get("oracle", AtItsPrice)
    settings = {name: value for name, value in mistake.items() if name != "oracle"}
    run = partial(differences, steps=120)
    for seed in range(100):
        try:
            if run(seed, compiled=exchange(**settings), oracle=Oracle(oracle)):
                return True
        except ValueError as error:  # a price that the contract must not have
            return "price" in str(error)
    return False


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_planted_mistake_is_caught(mistake):
    assert is_caught(mistake)


def test_no_mistake_is_caught_where_none_is():
    assert not is_caught({})
