"""Flatten under random faults: what it reports against what the gateway's books say.

Scenarios run side by side, each with a gateway of its own. Whatever goes wrong, a
report never says flat where the ledger is not; and where the faults end in time, the
account is flat. FASTORDER_FULL=1 runs many more.
"""

import asyncio
import os
import random
from contextlib import ExitStack

import pytest
from conftest import ACCOUNT, QUICK, prepared

import fastorder
from fastorder import Outcome
from fastorder.simulator import Fault, run_in_thread

CLOSE, CANCEL = "/api/Position/closeContract", "/api/Order/cancel"
PLACE, SEARCH = "/api/Order/place", "/api/Order/search"
POSITIONS, QUERY = "/api/Position/searchOpen", "/api/Order/v2/query"
TRADES = "/api/Trade/search"
READS = (POSITIONS, QUERY, TRADES, SEARCH)
AT_ONCE = 16
ROUNDS = 40 if os.environ.get("FASTORDER_FULL") else 2

STALE = {
    POSITIONS: b'{"positions":[],"success":true,"errorCode":0,"errorMessage":null}',
    QUERY: b'{"orders":[],"totalCount":0,"success":true,"errorCode":0}',
    TRADES: b'{"trades":[],"success":true,"errorCode":0,"errorMessage":null}',
    SEARCH: b'{"orders":[],"success":true,"errorCode":0,"errorMessage":null}',
}


def random_fault(dice):
    """One that may pass, may last, may have had its effect."""
    endpoint = dice.choice((CLOSE, CANCEL, *READS))
    times = dice.choice((1, 2, 4, None) if dice.random() < 0.3 else (1, 2))
    after = dice.randrange(3)
    kind = dice.randrange(6)
    common = {"times": times, "after": after}
    if kind == 0 and endpoint in STALE:
        return Fault(endpoint, reply="body", body=STALE[endpoint], **common)
    if kind == 1:
        return Fault(endpoint, reply="status", status=429, effect="none", **common)
    if kind == 2:
        effect = dice.choice(("now", "none"))
        return Fault(endpoint, reply="status", status=500, effect=effect, **common)
    if kind == 3 and endpoint in (CLOSE, CANCEL):
        return Fault(endpoint, effect="late", reply="hang_up", delay_s=0.7, **common)
    if kind == 4 and endpoint in (CLOSE, CANCEL):
        code = dice.choice((3, 4, 5, 6))
        return Fault(endpoint, reply="code", error_code=code, effect="none", **common)
    effect = dice.choice(("now", "none"))
    return Fault(endpoint, reply="hang_up", effect=effect, **common)


def strike_at_closes(gateway, dice):
    """Move the market beyond the stops right after a close, a few times."""
    exchange, left = gateway.gateway.exchange, [dice.randrange(3)]
    close = exchange.close

    def closed(account, position, size):
        close(account, position, size)
        if left[0]:
            left[0] -= 1
            contract = position.contract
            move = dice.choice((-300, 300))
            exchange.set_price(contract, exchange.last(contract) + move)

    exchange.close = closed


async def scenario(gateway, seed):
    """One account with some orders, some faults, one flatten; and what it came to."""
    dice = random.Random(seed)
    strike_at_closes(gateway, dice)
    executor = prepared(fastorder.OrderExecutor(gateway.base_url, retry=QUICK), gateway)
    executor.set_contract_id("MES", "CON.F.US.MES.Z26", tick_size="0.25")
    async with executor:
        for _ in range(dice.randrange(5)):
            bracket = {"stop_loss_ticks": 400} if dice.random() < 0.6 else {}
            symbol, side = dice.choice(("MNQ", "MES")), dice.choice(("BUY", "SELL"))
            await executor.place_market_order(symbol, side, 1, ACCOUNT, **bracket)
        for _ in range(dice.randrange(4)):
            await executor.place_limit_order(
                "MNQ", "BUY", 1, ACCOUNT, 20_000, dice.choice((None, 40))
            )
        if dice.random() < 0.3:
            gateway.gateway.search_lag_s = dice.choice((1, 60))
        gateway.faults.add(*(random_fault(dice) for _ in range(dice.randrange(5))))
        if dice.random() < 0.4:  # a copy that is behind, for a while or for ever
            behind = dice.choice(((POSITIONS,), (QUERY,), (POSITIONS, QUERY)))
            times = dice.choice((3, 5, None))
            gateway.faults.add(
                *(
                    Fault(each, reply="body", body=STALE[each], times=times)
                    for each in behind
                )
            )

        in_doubt = None
        if dice.random() < 0.2:
            effect = dice.choice(("now", "none"))
            gateway.faults.add(Fault(PLACE, reply="hang_up", effect=effect))
            in_doubt = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
        symbol = dice.choice((None, "MNQ"))
        report = await executor.flatten(ACCOUNT, symbol=symbol, deadline=6)
        shown = gateway.call(lambda: books(gateway, symbol))
        if in_doubt is not None:
            await asyncio.wait([asyncio.ensure_future(in_doubt)], timeout=3)
        await executor.aclose(drain=0)
    return seed, report, shown


def books(gateway, symbol):
    """What is really left: contracts held, and orders that may fill."""
    account = gateway.gateway.exchange.accounts[ACCOUNT]
    wanted = "" if symbol is None else "CON.F.US.MNQ"
    held = {k: p.size for k, p in account.positions.items() if k.startswith(wanted)}
    working = [
        o.id for o in account.working.values() if o.contract.id.startswith(wanted)
    ]
    return held, working


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_report_never_says_flat_where_the_ledger_is_not(round_number):
    first, flat = round_number * AT_ONCE, 0

    async def main():
        each = (scenario(gateway, first + i) for i, gateway in enumerate(gateways))
        return await asyncio.gather(*each)

    with ExitStack() as stack:
        gateways = [
            stack.enter_context(run_in_thread(rate_limit=False)) for _ in range(AT_ONCE)
        ]
        ended = asyncio.run(main())
    for seed, report, (held, working) in ended:
        if report.verified:
            assert (held, working) == ({}, []), (seed, report)
            assert report.why == ""
            flat += 1
        else:
            assert report.why, seed
        for step in report.steps:
            if (
                step.result.action == "cancel"
                and step.result.outcome is Outcome.ACCEPTED
            ):
                assert step.result.order_id not in working, (seed, report)
    assert flat  # most scenarios end well
