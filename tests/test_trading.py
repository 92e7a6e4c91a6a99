"""What a trader does, against the gateway, and what its ledger says of it."""

import asyncio
import enum
from datetime import datetime, timezone

import pytest
from canary import API_KEY
from conftest import ACCOUNT, COMBINE, QUICK, prepared

import fastorder
from fastorder import Outcome, blocking
from fastorder.simulator import run_in_thread


def row(gateway, order_id):
    return gateway.call(
        lambda: gateway.gateway.exchange.accounts[ACCOUNT].by_id[order_id].to_wire()
    )


def test_the_usage_example_works_as_it_is_written(run, capsys):
    with run_in_thread(accept_tokens=("your_jwt_token",)) as gateway:
        executor = fastorder.OrderExecutor(base_url=gateway.base_url)
        executor.set_token("your_jwt_token")
        executor.set_contract_id("MNQ", 12345)

        async def main():
            result = await executor.place_market_order(
                symbol="MNQ",
                side="BUY",
                quantity=1,
                account_id=12345678,
                stop_loss_ticks=50,
                take_profit_ticks=100,
            )
            print(result)
            await executor.aclose()
            return result

        result = run(main())
        printed = f"{{'success': True, 'order_id': {result.order_id}, 'message': "
        assert capsys.readouterr().out.startswith(printed)
        assert result["order_id"] == result.order_id
        assert dict(result)["success"] is True
        (sent,) = gateway.ledger.requests("/api/Order/place")
        assert b'"contractId":"12345"' in sent.body


def test_a_bracketed_market_order_gets_its_legs(run, connect, gateway):
    async def main():
        async with connect() as executor:
            return await executor.place_market_order("MNQ", "BUY", 2, ACCOUNT, 50, 100)

    result = run(main())
    entry, loss, profit = (row(gateway, result.order_id + i) for i in range(3))
    assert entry["status"] == 2
    assert entry["size"] == 2
    assert loss["stopPrice"] == entry["filledPrice"] - 50 * 0.25
    assert profit["limitPrice"] == entry["filledPrice"] + 100 * 0.25
    assert entry["customTag"] == result.tag


@pytest.mark.parametrize(
    ("side", "loss_sign", "profit_sign"), [("BUY", -1, 1), ("SELL", 1, -1)]
)
def test_the_legs_lie_on_their_sides(trader, gateway, side, loss_sign, profit_sign):
    result = trader.place_market_order("MNQ", side, 1, ACCOUNT, 10, 20)
    fill = row(gateway, result.order_id)["filledPrice"]
    loss, profit = row(gateway, result.order_id + 1), row(gateway, result.order_id + 2)
    assert loss["stopPrice"] == fill + loss_sign * 10 * 0.25
    assert profit["limitPrice"] == fill + profit_sign * 20 * 0.25


@pytest.mark.parametrize("legs", [{"stop_loss_ticks": 8}, {"take_profit_ticks": 8}])
def test_a_bracket_may_have_one_leg(trader, gateway, legs):
    result = trader.place_market_order("MNQ", "BUY", 1, ACCOUNT, **legs)
    assert result.success
    leg = row(gateway, result.order_id + 1)
    assert leg["parentOrderId"] == result.order_id
    assert leg["type"] == (4 if "stop_loss_ticks" in legs else 1)


def test_the_stop_loss_of_a_bracket_may_trail(trader, gateway):
    result = trader.place_market_order(
        "MNQ", "SELL", 1, ACCOUNT, 40, trailing_stop_loss=True
    )
    leg = row(gateway, result.order_id + 1)
    assert leg["type"] == 5
    assert leg["trailDistance"] == 40


def test_every_kind_of_order_arrives_as_it_was_asked_for(run, connect, gateway):
    async def main():
        async with connect() as executor:
            return [
                await executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000.25),
                await executor.place_stop_order("MNQ", "BUY", 2, ACCOUNT, 35_000),
                await executor.place_trailing_stop_order(
                    "MNQ", "SELL", 3, ACCOUNT, 29_400
                ),
                await executor.place_join_order("MNQ", "BUY", 4, ACCOUNT),
                await executor.place_join_order("MNQ", "SELL", 5, ACCOUNT),
                await executor.place_market_order(
                    "MNQ", "BUY", 6, ACCOUNT, order_type="limit", limit_price=25_000
                ),
            ]

    results = run(main())
    assert [result.outcome for result in results] == [Outcome.ACCEPTED] * 6
    rows = [row(gateway, result.order_id) for result in results]
    assert [r["type"] for r in rows] == [1, 4, 5, 6, 7, 1]
    assert [r["side"] for r in rows] == [0, 0, 1, 0, 1, 0]
    assert [r["size"] for r in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[0]["limitPrice"] == 25_000.25
    assert rows[1]["stopPrice"] == 35_000


def test_a_resting_order_is_modified_and_cancelled(run, tls_gateway, certificate):
    async def main():
        executor = fastorder.OrderExecutor(
            tls_gateway.base_url, ca_file=certificate.authority
        )
        async with prepared(executor, tls_gateway):
            await executor.connect()
            placed = await executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000)
            modified = await executor.modify_order(
                placed.order_id, ACCOUNT, limit_price=24_999.75, quantity=2
            )
            changed = row(tls_gateway, placed.order_id)
            cancelled = await executor.cancel_order(str(placed.order_id), ACCOUNT)
            again = await executor.cancel_order(placed.order_id, ACCOUNT)
            return placed, modified, changed, cancelled, again

    placed, modified, changed, cancelled, again = run(main())
    assert placed.success
    assert modified.success
    assert (changed["limitPrice"], changed["size"]) == (24_999.75, 2)
    assert cancelled.success
    assert cancelled.order_id == placed.order_id
    assert row(tls_gateway, placed.order_id)["status"] == 3
    assert again.outcome is Outcome.REJECTED
    assert (again.error_code, again.error_name) == (2, "OrderNotFound")


def test_a_refusal_is_a_result_with_code_name_and_text(trader):
    result = trader.place_market_order("MNQ", "BUY", 1, COMBINE, 50, 100)
    assert result.outcome is Outcome.REJECTED
    assert result.error_name == "OrderRejected"
    assert "Auto OCO" in result.error
    assert result.attempts == 1
    with pytest.raises(fastorder.OrderRejected) as raised:
        result.raise_for_outcome()
    assert raised.value.result is result


def test_a_refused_contract_and_account_have_their_names(trader):
    trader.set_contract_id("ESU6", "CON.F.US.EP.U26")
    trader.set_contract_id("NOPE", "CON.F.US.NOPE.Z26")
    results = [
        trader.place_market_order("ESU6", "BUY", 1, ACCOUNT),
        trader.place_market_order("NOPE", "BUY", 1, ACCOUNT),
        trader.place_market_order("MNQ", "BUY", 1, 1),
    ]
    assert [result.error_name for result in results] == [
        "ContractNotActive",
        "ContractNotFound",
        "AccountNotFound",
    ]


def test_timing_runs_forward(run, connect):
    async def main():
        async with connect() as executor:
            await executor.connect()
            return await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)

    timing = run(main()).timing
    assert timing.called < timing.written <= timing.first_byte < timing.parsed
    assert timing.call_to_written <= timing.call_to_first_byte < timing.call_to_result


def test_the_order_is_on_the_wire_when_the_call_returns(run, connect, gateway):
    async def main():
        async with connect() as executor:
            await executor.connect()
            ticket = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            while not gateway.ledger.placements(ticket.tag):  # the loop does not run
                pass
            return await ticket

    assert run(main()).success


def test_a_ticket_is_taken_wherever_a_coroutine_is(run, connect):
    async def main():
        async with connect() as executor:
            task = asyncio.create_task(executor.cancel_order(1, ACCOUNT))
            gathered = await asyncio.gather(
                task,
                executor.cancel_order(2, ACCOUNT),
                asyncio.wait_for(executor.cancel_order(3, ACCOUNT), 10),
            )
            ticket = executor.cancel_order(4, ACCOUNT)
            assert await ticket is await ticket
            return gathered

    assert [result.order_id for result in run(main())] == [1, 2, 3]


def test_tags_are_unique_and_the_callers_own_is_kept(run, connect, gateway):
    async def main():
        async with connect() as executor:
            results = await asyncio.gather(
                *(
                    executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
                    for _ in range(50)
                )
            )
            own = await executor.place_market_order(
                "MNQ", "BUY", 1, ACCOUNT, custom_tag="my-signal.7"
            )
            return results, own

    results, own = run(main())
    assert len({result.tag for result in results}) == 50
    assert all(len(result.tag) + len("-SL") <= 40 for result in results)
    assert own.tag == "my-signal.7"
    assert len(gateway.ledger.placements("my-signal.7")) == 1


def test_a_thousand_orders_in_flight_all_come_back(run, connect, gateway):
    async def main():
        async with connect(max_connections=50) as executor:
            tickets = [
                executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
                for _ in range(1000)
            ]
            return await asyncio.gather(*tickets)

    results = run(main())
    assert len({result.order_id for result in results}) == 1000
    assert len(gateway.ledger.placements()) == 1000


def test_login_contracts_accounts_and_orders_are_read(run, gateway):
    async def main():
        async with fastorder.OrderExecutor(gateway.base_url) as executor:
            await executor.login("trader1", API_KEY)
            contract = await executor.load_contract("MNQ")
            accounts = await executor.accounts()
            placed = await executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000)
            (listed,) = await executor.open_orders(ACCOUNT)
            with pytest.raises(fastorder.UnknownSymbol, match="XYZ"):
                await executor.load_contract("XYZ")
            with pytest.raises(fastorder.RequestFailed, match="InvalidCredentials"):
                await executor.login("trader1", "wrong")
            found = await executor.search_orders(ACCOUNT, listed.created)
            return contract, accounts, placed, listed, found

    contract, accounts, placed, listed, found = run(main())
    assert contract.id == "CON.F.US.MNQ.Z26"
    assert [account.id for account in accounts] == [ACCOUNT, COMBINE]
    assert listed.id == placed.order_id
    assert [order.id for order in found] == [placed.order_id]


def test_a_search_for_nq_is_not_answered_with_mnq(trader):
    assert trader.load_contract("NQ").id == "CON.F.US.ENQ.Z26"


def test_blocking_reads_work_too(gateway):
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        executor.login("trader1", API_KEY)
        executor.connect(2)
        assert executor.load_contract("MNQ").active
        assert len(executor.accounts()) == 2
        placed = executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000)
        assert [order.id for order in executor.open_orders(ACCOUNT)] == [
            placed.order_id
        ]


class Name(str, enum.Enum):
    MNQ = "MNQ"
    BUY = "Buy"
    LIMIT = "limit"
    TAG = "signal-1"
    CONTRACT = "CON.F.US.MNQ.Z26"


def test_text_may_be_of_an_enum(trader, gateway):
    trader.set_contract_id(Name.MNQ, Name.CONTRACT)
    result = trader.place_market_order(Name.MNQ, "BUY", 1, ACCOUNT, custom_tag=Name.TAG)
    assert (result.success, result.tag) == (True, "signal-1")
    assert type(result.tag) is str


def test_a_side_and_a_kind_may_be_of_an_enum_of_the_callers_own(trader, gateway):
    joined = trader.place_join_order("MNQ", Name.BUY, 1, ACCOUNT)
    limited = trader.place_market_order(
        "MNQ", Name.BUY, 1, ACCOUNT, order_type=Name.LIMIT, limit_price=25_000
    )
    rows = [row(gateway, result.order_id) for result in (joined, limited)]
    assert [(r["side"], r["type"]) for r in rows] == [(0, 6), (0, 1)]


class Whole:
    """A whole number that is no int, as NumPy's are."""

    def __init__(self, value):
        self.value = value

    def __index__(self):
        if self.value is None:
            raise TypeError("only scalars")
        return self.value


def test_a_whole_number_need_not_be_an_int(trader):
    order_id = trader.place_limit_order("MNQ", "BUY", Whole(1), ACCOUNT, 25_000)
    changed = trader.modify_order(order_id.order_id, ACCOUNT, quantity=Whole(2))
    assert changed.success
    with pytest.raises(fastorder.WrongFieldType, match="quantity"):
        trader.place_market_order("MNQ", "BUY", Whole(None), ACCOUNT)
    trader.connect(Whole(1))


@pytest.mark.parametrize("connections", [True, "1", 1.0, None, 0, 65, 10**30])
def test_a_wrong_number_of_connections_is_told(trader, gateway, connections):
    kind = fastorder.InvalidField
    if type(connections) is not int:
        kind = fastorder.WrongFieldType
    with pytest.raises(kind, match="connections must be") as raised:
        trader.connect(connections)
    assert raised.value.value is connections
    assert gateway.ledger.requests() == []


def test_a_time_before_1970_is_told_as_it_was_given(trader, gateway):
    long_ago = datetime(1969, 12, 31, tzinfo=timezone.utc)
    with pytest.raises(fastorder.InvalidField, match="since must not be") as raised:
        trader.search_orders(ACCOUNT, long_ago)
    assert raised.value.value is long_ago
    assert gateway.ledger.requests() == []


@pytest.mark.parametrize("tags", ["fo1-a", 5, None, (5,), b"fo1-a"])
def test_a_waiver_names_its_orders_by_tags(tags):
    with pytest.raises(fastorder.WrongFieldType, match="tags must be a tuple"):
        fastorder.DespiteUnknown(tags)


@pytest.mark.parametrize("symbol", [5, None, b"MNQ", "", "M Q"])
def test_a_contract_is_listed_under_a_symbol_and_nothing_else(trader, symbol):
    with pytest.raises((fastorder.WrongFieldType, fastorder.InvalidField)):
        trader.set_contract_id(symbol, "C")


def test_a_key_that_is_no_text_is_refused_without_being_shown(trader, gateway):
    with pytest.raises(fastorder.WrongFieldType) as raised:
        trader.login("trader1", b"s3cret")
    assert "s3cret" not in str(raised.value) + repr(raised.value.args)
    assert gateway.ledger.requests() == []


@pytest.mark.parametrize("url", ["https://[::1", "https://h:x", "https://h:99999"])
def test_a_url_that_is_none_is_a_configuration_error(url):
    with pytest.raises(fastorder.ConfigurationError, match="base_url"):
        fastorder.OrderExecutor(url)


def test_the_scheme_is_taken_in_any_letter_case(gateway):
    url = gateway.base_url.replace("http", "HTTP")
    with blocking.OrderExecutor(url) as executor:
        executor.connect()
