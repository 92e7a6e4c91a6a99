"""The adapter of the examples: one suite, over fastorder and over plain Python."""

import asyncio
import sys
import warnings
from decimal import Decimal

import pytest
from canary import API_KEY
from conftest import ACCOUNT
from test_examples import ROOT, module_at

from fastorder.simulator import Fault

ADAPTER = ROOT / "examples" / "topstepx_adapter.py"
PLACE = "/api/Order/place"


@pytest.fixture(params=["fast", "plain"])
def day(request, gateway):
    """Run a day with either adapter."""
    module = module_at("topstepx_adapter", ADAPTER)
    is_plain = request.param == "plain"

    def run(act):
        async def whole():
            options = {} if is_plain else {"journal": False}
            adapter = await module.connect(
                "trader1", API_KEY, "PRAC", gateway.base_url, plain=is_plain, **options
            )
            assert type(adapter) is (
                module.PlainAdapter if is_plain else module.FastAdapter
            )
            try:
                return await act(adapter)
            finally:
                await adapter.close()

        return asyncio.run(whole())

    run.is_plain = is_plain
    return run


def test_a_bracket_is_bought_moved_and_cancelled(day, gateway):
    async def act(adapter):
        bought = await adapter.place_market_order(
            "MNQ", "BUY", 2, stop_loss_ticks=400, take_profit_ticks=800
        )
        assert set(bought) == {"success", "outcome", "order_id", "error"}
        assert bought["outcome"] == "ACCEPTED"
        assert bought["error"] is None
        (position,) = await adapter.get_positions()
        assert (position["contract_id"], position["size"]) == ("CON.F.US.MNQ.Z26", 2)
        legs = await adapter.get_open_orders()
        assert [leg["side"] for leg in legs] == ["SELL", "SELL"]
        (stop,) = [leg for leg in legs if leg["stop_price"] is not None]
        away = (position["average_price"] - Decimal(str(stop["stop_price"]))) / 2
        assert away == Decimal(50)
        moved = await adapter.modify_order(stop["id"], stop_price=Decimal("20000.25"))
        assert moved == {
            "success": True,
            "outcome": "ACCEPTED",
            "order_id": stop["id"],
            "error": None,
        }
        assert (await adapter.cancel_order(stop["id"]))["success"]
        refused = await adapter.cancel_order(stop["id"])
        assert refused["outcome"] == "REJECTED"
        sold = await adapter.place_market_order("MNQ", "SELL", 2)
        assert sold["success"]
        assert await adapter.get_positions() == []

    day(act)
    assert len(gateway.ledger.placements()) == 2
    assert {row.account_id for row in gateway.ledger.placements()} == {ACCOUNT}


def test_bars_are_the_same_rows(day):
    bars = day(lambda adapter: adapter.get_bars("MNQ", "1m", days=0.1))
    times = [bar["time_ns"] for bar in bars]
    assert times == sorted(times)
    assert len(times) > 100
    assert all(bar["low"] <= bar["close"] <= bar["high"] for bar in bars)
    assert list(bars[0]) == ["time_ns", "open", "high", "low", "close", "volume"]


@pytest.mark.parametrize(
    ("fault", "fast", "plain"),
    [
        (Fault(PLACE, reply="code", effect="none", error_code=2), "REJECTED", None),
        (Fault(PLACE, reply="hang_up"), "ACCEPTED", "UNKNOWN"),
        (Fault(PLACE, reply="status", status=500), "ACCEPTED", "UNKNOWN"),
    ],
)
def test_an_order_is_there_once_and_never_told_otherwise(
    day, gateway, fault, fast, plain
):
    gateway.faults.add(fault)
    told = day(lambda adapter: adapter.place_market_order("MNQ", "BUY", 1))
    assert told["outcome"] == ((day.is_plain and plain) or fast)
    assert len(gateway.ledger.placements()) == (fast == "ACCEPTED")


def test_nobody_there_is_not_sent():
    module = module_at("topstepx_adapter", ADAPTER)
    adapter = module.PlainAdapter("http://127.0.0.1:9")
    adapter._contracts["MNQ"] = "CON.F.US.MNQ.Z26"
    told = asyncio.run(adapter.place_market_order("MNQ", "BUY", 1))
    assert told["outcome"] == "NOT_SENT"


def test_without_compiled_modules_it_warns_and_goes_on(gateway, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastorder", None)  # an import of it fails
    module = module_at("topstepx_adapter", ADAPTER)
    assert module.fastorder is None
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        adapter = asyncio.run(
            module.connect("trader1", API_KEY, ACCOUNT, gateway.base_url)
        )
    assert type(adapter) is module.PlainAdapter
    assert "plain Python" in str(said[0].message)
