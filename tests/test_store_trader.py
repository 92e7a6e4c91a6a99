"""A trader's store: filled from the gateway and its hub, and held against it."""

import asyncio
from decimal import Decimal

import pytest
from canary import API_KEY
from conftest import ACCOUNT, QUICK, bought_elsewhere

import fastorder
from fastorder import blocking
from fastorder.errors import (
    ConfigurationError,
    ExecutorMisuse,
    InvalidField,
    StoreForeign,
    WrongFieldType,
)
from fastorder.models import Trade
from fastorder.simulator.corrections import void
from fastorder.store import Store

MNQ = "CON.F.US.MNQ.Z26"


def options(gateway, **other):
    return {
        "user_name": "trader1",
        "api_key": API_KEY,
        "account": ACCOUNT,
        "journal": False,
        "retry": QUICK,
        "base_url": gateway.base_url,
    } | other


@pytest.fixture
def waiting(gateway, kept):
    """A trader with a store, for plain code."""
    given = options(gateway, store=kept)
    with blocking.Trader(**given, realtime=False) as trader:  # what a sync finds
        yield trader


def money_of(gateway):
    return gateway.ledger.accounts[ACCOUNT]


def made(store):
    days = store.daily()
    return sum(day.net for day in days)


def test_a_sync_fetches_what_happened_and_a_second_one_nothing_new(gateway, waiting):
    for side in ("BUY", "BUY", "SELL"):
        bought_elsewhere(gateway, side)
    seen = []
    report = waiting.store.sync(3, progress=lambda done, of: seen.append((done, of)))
    assert (report.account_id, report.orders) == (ACCOUNT, 3)
    assert report.trades == 3
    assert seen[-1][0] == seen[-1][1] == len(seen) == 3
    assert len(waiting.store.orders()) == len(waiting.store.fills()) == 3
    money = money_of(gateway)
    assert made(waiting.store) == money.profit - money.fees
    assert waiting.store.trades()[0].gross is not None  # its contract was fetched too
    before = waiting.store.state.discrepancies
    again = waiting.store.sync(3)
    assert again.since > report.since
    assert len(waiting.store.fills()) == 3
    assert waiting.store.state.discrepancies == before == 0


def test_a_sync_goes_on_from_the_last_proven_point(gateway, waiting):
    waiting.store.sync(1)
    asked = len(gateway.ledger.requests("/api/Trade/search"))
    waiting.store.sync(
        1
    )  # a day more than the last one, so that it finds what was voided
    assert len(gateway.ledger.requests("/api/Trade/search")) - asked <= 4
    further = waiting.store.sync(5)
    assert (further.until - further.since).days == 5


def test_what_was_missed_is_repaired_and_what_was_voided_is_seen(gateway, waiting):
    bought_elsewhere(gateway)
    waiting.store.sync(1)
    bought_elsewhere(gateway, "SELL")  # nobody has told us
    trade = gateway.call(lambda: voided_first(gateway))
    report = waiting.store.sync(1)
    assert report.voided == 1
    assert [f.trade_id for f in waiting.store.fills(voided=True) if f.voided] == [trade]
    money = money_of(gateway)
    assert made(waiting.store) == money.profit - money.fees


def voided_first(gateway):
    exchange = gateway.gateway.exchange
    account = exchange.accounts[ACCOUNT]
    return void(exchange, account, account.trades[0].id).id


def test_a_reconciliation_that_finds_nothing_says_nothing(gateway, waiting):
    bought_elsewhere(gateway)
    waiting.store.sync(1)
    assert waiting.store.reconcile() == []
    assert len(waiting.store.discrepancies()) == 0


def test_a_reconciliation_names_each_difference_and_puts_in_what_was_missing(
    gateway, waiting
):
    bought_elsewhere(gateway)
    waiting.store.sync(1)
    bought_elsewhere(gateway)
    strange = {
        "id": 1,
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "creationTimestamp": an_hour_ago(),
        "price": 1,
        "profitAndLoss": None,
        "fees": 1.5,
        "side": 0,
        "size": 5,
        "voided": False,
        "orderId": 1,
    }
    waiting.store.take(Trade.from_wire(strange))
    found = waiting.store.reconcile()
    kinds = {each.kind for each in found}
    assert kinds == {"fill missing here", "fill missing there", "position", "balance"}
    (position,) = (each for each in found if each.kind == "position")
    assert (position.item, position.ours, position.theirs) == (MNQ, 7, 2)
    assert "7 here, 2 there" in str(position)
    assert len(waiting.store.fills()) == 3  # what was missing here is here now
    kinds = {told.kind for told in waiting.store.discrepancies()}
    assert "reconcile: position" in kinds
    later = {each.kind for each in waiting.store.reconcile()}
    assert "fill missing here" not in later


def an_hour_ago():
    from datetime import datetime, timedelta, timezone

    return (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat()


def test_a_record_that_begins_with_an_open_position_is_no_difference(gateway, kept):
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as other:
        other.set_token(gateway.token)
        other.set_contract_id("MNQ", MNQ)
        other.place_market_order("MNQ", "BUY", 3, ACCOUNT)
    gateway.call(lambda: gateway.gateway.exchange.accounts[ACCOUNT].trades.clear())
    with blocking.Trader(**options(gateway, store=kept)) as trader:
        trader.store.sync(1)
        assert trader.store.reconcile() == []
        bought_elsewhere(gateway, "SELL")
        trader.store.sync(1)
        assert trader.store.reconcile() == []
        assert len(trader.store.trades()) == 0  # nobody knows what it was bought at


def test_what_the_hub_tells_is_kept(gateway, waiting):
    from fastorder.realtime.blocking_hub import BlockingHub

    hub = BlockingHub("user", gateway.base_url, gateway.token)
    hub.subscribe_account(ACCOUNT)
    hub.on("event", waiting.store.listen)
    hub.on("event", told := Told())
    with hub:
        bought_elsewhere(gateway)
        account = gateway.gateway.exchange.accounts[ACCOUNT]
        gateway.call(
            lambda: gateway.hubs.user("Trade", ACCOUNT, 0, account.trades[0].to_wire())
        )
        told.wait()
        assert waiting.store.flush()
        assert len(waiting.store.fills()) == 1


class Told:
    def __init__(self):
        import threading

        self.flag = threading.Event()

    def __call__(self, event):
        self.flag.set()

    def wait(self):
        assert self.flag.wait(30)


def test_it_is_the_same_from_an_event_loop(gateway, kept, run, tmp_path):
    async def day():
        given = options(gateway, store=kept, journal=tmp_path / "journal.db")
        async with fastorder.Trader(**given) as trader:
            placed = await trader.buy("MNQ", 2, idempotency_key="mine")
            report = await trader.store.sync(2)
            assert report.trades == 1
            (order,) = await asyncio.to_thread(trader.store.orders)
            assert order.order_id == placed.order_id
            assert (order.key, order.outcome) == ("mine", "ACCEPTED")
            assert await trader.store.reconcile() == []
            return trader.store.daily()

    days = run(day())
    money = money_of(gateway)
    assert sum(each.net for each in days) == money.profit - money.fees


def test_a_breach_of_a_limit_is_kept(gateway, kept):
    heard = []
    with blocking.Trader(
        **options(
            gateway,
            store=kept,
            risk=fastorder.RiskLimits(max_order_size=1),
            on_breach=lambda *given: heard.append(given),
        )
    ) as trader:
        breached = trader.executor._risk._on_breach
        breached(fastorder.RiskLimits, ACCOUNT, "lost 500 of 500")
        assert kept.flush()
        rows = kept.rows("SELECT account_id, why FROM risk_events")
        assert rows == [(ACCOUNT, "lost 500 of 500")]
        assert len(heard) == 1


def test_a_trader_closes_the_store_that_it_has_made_and_no_other(
    gateway, tmp_path, kept
):
    with blocking.Trader(**options(gateway, store=tmp_path / "mine.db")) as trader:
        store = trader.store.kept
    assert store.closed
    with blocking.Trader(**options(gateway, store=kept)):
        pass
    assert not kept.closed


def test_without_a_store_a_trader_says_so(gateway):
    with (
        blocking.Trader(**options(gateway)) as trader,
        pytest.raises(ExecutorMisuse, match="a store must be given"),
    ):
        trader.store.sync()


@pytest.mark.parametrize(
    ("given", "error"), [(5, ConfigurationError), ("mysql://x/y", ConfigurationError)]
)
def test_what_is_no_store_is_refused(gateway, given, error):
    with pytest.raises(error, match="store must be"):
        blocking.Trader(**options(gateway, store=given))


def test_a_store_of_something_else_is_refused(gateway, tmp_path):
    (tmp_path / "x.db").write_bytes(b"nothing of ours" * 100)
    with pytest.raises(StoreForeign):
        blocking.Trader(**options(gateway, store=tmp_path / "x.db"))


@pytest.mark.parametrize(
    ("days", "error"), [(0, InvalidField), (10**6, InvalidField), (1.5, WrongFieldType)]
)
def test_days_that_make_no_sense_are_refused(waiting, days, error):
    for ask in (waiting.store.sync, waiting.store.reconcile):
        with pytest.raises(error, match="days must be"):
            ask(days)


def test_a_sync_that_fails_half_way_keeps_what_it_had(gateway, waiting):
    from fastorder.errors import RequestFailed
    from fastorder.simulator import Fault

    bought_elsewhere(gateway)
    waiting.store.sync(1)
    proven = waiting.store.rows("SELECT since_ns, up_to_ns FROM watermarks")
    gateway.faults.add(Fault("/api/Trade/search", "status", times=50))
    with pytest.raises(RequestFailed):
        waiting.store.sync(30)
    assert waiting.store.flush()
    assert waiting.store.rows("SELECT since_ns, up_to_ns FROM watermarks") == proven
    assert len(waiting.store.fills()) == 1


def test_an_order_does_not_wait_for_a_store_that_fails(gateway, tmp_path, monkeypatch):
    import sqlite3

    monkeypatch.setattr("fastorder.store.sqlite.BUSY_S", 0.01)
    path = tmp_path / "record.db"
    with Store(path) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with blocking.Trader(**options(gateway, store=store)) as trader:
            placed = trader.buy("MNQ", 1)
            assert placed.result.outcome is fastorder.Outcome.ACCEPTED
            trades = trader.trades(since_yesterday())
            trader.store.take(*trades)
            placed = trader.sell("MNQ", 1)
            assert placed.result.outcome is fastorder.Outcome.ACCEPTED
        other.execute("ROLLBACK")
        other.close()
        assert store.flush()
        assert store.fills()[0].price > Decimal(0)


def since_yesterday():
    from datetime import datetime, timedelta, timezone

    return datetime.now(timezone.utc) - timedelta(days=1)
