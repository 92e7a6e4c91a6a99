"""What answers at once loads a contract by itself where the trader can wait."""

import pytest
from conftest import ACCOUNT

import fastorder
from fastorder import blocking

CALLS = {
    "quote": lambda trader: trader.quote("MES"),
    "protect": lambda trader: trader.protect("MES"),
    "open_result": lambda trader: trader.open_result("MES", 6_000),
    "on": lambda trader: trader.on("quote", print, symbol="MES"),
}


def options(gateway):
    key = gateway.gateway.tokens.keys["trader1"]
    return {
        "user_name": "trader1",
        "api_key": key,
        "account": ACCOUNT,
        "journal": False,
    }


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_without_an_event_loop_it_is_loaded(gateway, call):
    with blocking.Trader(gateway.base_url, **options(gateway)) as trader:
        call(trader)
        assert trader.executor.get_contract_id("MES") == "CON.F.US.MES.Z26"


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_with_one_it_says_what_loads_it(run, gateway, call):
    async def scene():
        async with fastorder.Trader(gateway.base_url, **options(gateway)) as trader:
            with pytest.raises(fastorder.UnknownSymbol) as raised:
                call(trader)
            return str(raised.value)

    assert "(await trader.contract('MES') gives it one" in run(scene())
