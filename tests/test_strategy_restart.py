"""Restart: a live strategy is killed at each event of a day, and goes on."""

import sqlite3
import time
from typing import ClassVar

import pytest
from conftest import ACCOUNT
from realtime_scene import until
from strategy_scenes import MONDAY, walk
from test_strategy_live import LiveForm
from test_strategy_paper import MNQ, row
from test_streams_trader import at_hubs, subscribed

from fastorder.strategy import BadData, Strategy, StrategyError, live
from fastorder.strategy.keeping import Kept
from fastorder.strategy.live_run import LiveRun

DAYS, TICKS = 6, 10
SECOND = 1_000_000_000


class Keeps(Strategy):
    """All that it decides by is what it keeps, its orders, and its position."""

    symbol = "MNQ"
    starts: ClassVar = []

    def start(self):
        orders = sorted((one.id, one.role, one.status) for one in self.orders)
        self.starts.append((self.position, orders, dict(self.state)))

    def on_tick(self, tick):
        turn = self.state["ticks"] = self.state.get("ticks", 0) + 1
        if self.flat and turn % 3:
            self.buy(2, stop_loss_ticks=6, take_profit_ticks=6)
        elif self.flat:
            self.sell(1, limit=tick.price + 0.5, stop_loss_ticks=8)
        elif turn % 5 == 0:
            self.flatten()

    def on_fill(self, fill):
        self.state["held"] = self.state.get("held", 0) + fill.side * fill.size
        self.state["fills"] = [*self.state.get("fills", []), fill.price]

    def on_order(self, event):
        self.state["orders"] = self.state.get("orders", 0) + 1


@pytest.fixture(params=["async", "blocking"])
def form(request, gateway):
    form = LiveForm(request.param, gateway)
    yield form
    form.end()


def begin(form, strategy, store, **options):
    form.store = store
    form.enter(risk=False, budgets=False)
    run = form.live(strategy, store=store, **options)
    subscribed(form.gateway, "ContractTrades")
    return run


class Killer:
    """Ends a run without a word at each so many-th time that it keeps something.

    Args:
        before: lose what was to be kept.
    """

    def __init__(self, monkeypatch, before):
        self.kills = self.kept = 0
        self.nth, self.left = 0, 0
        self.run = None
        real = LiveRun.keep

        def keep(run):
            if has_changed(run) and self.run is not None:
                self.kept += 1
                if self.kept % DAYS == self.nth:
                    if not before:
                        real(run)
                    self.kills += 1
                    abandon(self.run)
                    self.run = None
                    return
            real(run)

        monkeypatch.setattr(LiveRun, "keep", keep)


def has_changed(run):
    return any(
        desk._changed
        or desk._new_trades
        or desk.strategy.state.changes != desk._state_kept
        for desk in run.desks
    )


def abandon(run):
    """What is left of a process that was killed: nothing."""
    run._is_over = True
    run._hear_no_more()
    run._close_files()


def truth(gateway):
    """What the account holds, and which orders work, at the gateway."""

    def look():
        account = gateway.gateway.exchange.accounts[ACCOUNT]
        held = sum(each.size for each in account.positions.values())
        return held, sorted(order.id for order in account.working.values())

    return gateway.call(look)


def known(run):
    desk = run._run.desks[0]
    return desk.position("MNQ"), sorted(desk.numbers.get(o.id, 0) for o in desk.live())


@pytest.mark.parametrize("before", [False, True], ids=["kept", "not kept"])
def test_a_restart_at_each_event_of_a_day(form, gateway, monkeypatch, tmp_path, before):
    """Each of the days ends the process at other events; together at each of one."""
    form.gateway = gateway
    kind = type("Keeping", (Keeps,), {"starts": []})
    killer = Killer(monkeypatch, before)
    prices = walk(TICKS, seed=4, step=6)
    gateway.set_price(MNQ, float(prices[0]))
    run = killer.run = begin(form, kind, tmp_path)
    for day in range(DAYS):
        killer.nth, killer.kept = day, 0
        for n, price in enumerate(prices):
            run = step(form, gateway, killer, run, kind, day * TICKS + n, price)
    form.call(run.stop)
    assert killer.kills >= TICKS * 2
    rows = fills(gateway)
    assert len(rows) >= TICKS * 2
    tags = [row.custom_tag for row in gateway.ledger.placements()]
    assert len(set(tags)) == len(tags)


def step(form, gateway, killer, run, kind, n, price):
    """One tick of the day, and as many restarts as it takes to its rest."""
    gateway.set_price(MNQ, float(price))
    tick = [row(MONDAY + n * SECOND, float(price), 1, 1)]
    taken = run._run.ticks["MNQ"]
    before = taken.taken
    at_hubs(gateway, lambda hubs: hubs.trades(MNQ, tick))
    form.until(lambda: run.is_over or taken.taken > before, "the tick")
    while True:
        form.until(lambda r=run: r.is_over or at_rest(r, gateway), "rest")
        if not run.is_over:
            break
        form.leave()
        form.trader = None
        until(lambda: not gateway.hubs.connections)
        run = begin(form, kind, form.store)
        position, _, _ = kind.starts[-1]
        assert position == truth(gateway)[0]
        killer.run = run
    assert known(run) == truth(gateway)
    strategy = run.strategies["Keeping"]
    assert strategy.state.get("held", 0) == strategy.position
    assert strategy.state.get("fills", []) == fills(gateway)
    return run


def fills(gateway):
    account = gateway.gateway.exchange.accounts[ACCOUNT]
    return gateway.call(lambda: [float(trade.price) for trade in account.trades])


def at_rest(run, gateway):
    if not (run.has_begun and run._inbox.empty() and not run._is_busy):
        return False
    if any(desk.is_under_way for desk in run._run.desks):
        return False
    return run.trader.state.proven and known(run) == truth(gateway)


# ---------------------------------------------------------------- one restart


class Notes(Strategy):
    """Notes what it starts with and what it is told; buys with its first tick ever."""

    symbol = "MNQ"

    def start(self):
        self.began = (self.position, [one.status for one in self.orders], self.flat)
        self.told = []

    def on_tick(self, tick):
        if "bought" not in self.state:
            self.state["bought"] = self.buy(
                2, stop_loss_ticks=40, take_profit_ticks=40, tag="mine"
            ).id

    def on_order(self, event):
        self.told.append((event.what, event.order.role, event.order.tag))

    def on_fill(self, fill):
        self.told.append(("fill", fill.order.role, fill.position))


def again(form, store, **options):
    if form.trader is not None:
        form.leave()
        form.trader = None
        until(lambda: not form.gateway.hubs.connections)
    return begin(form, Notes, store, **options)


def bought(form, gateway, store):
    """A run that has bought with a bracket, and was stopped."""
    form.gateway = gateway
    run = again(form, store)
    tick = [row(MONDAY, 20_000, 1, 1)]
    at_hubs(gateway, lambda hubs: hubs.trades(MNQ, tick))
    form.until(lambda: len(run.strategies["Notes"].told) == 5)
    form.call(run.stop)
    return run


@pytest.mark.parametrize("keeps", [True, False], ids=["kept", "by tags alone"])
def test_what_has_happened_meanwhile_is_told_after_the_start(
    form, gateway, tmp_path, keeps
):
    store = tmp_path if keeps else False
    run = bought(form, gateway, store)
    assert run.strategies["Notes"].began == (0, [], True)
    price = run.fills["Notes"][0].price
    run = again(form, store)
    notes = run.strategies["Notes"]
    assert notes.began == (2, ["accepted", "accepted"], False)
    assert ("fill", "entry", 2) not in notes.told or not keeps
    form.call(run.stop)
    gateway.set_price(MNQ, price + 30)  # the target fills while nobody runs
    run = again(form, store)
    notes = run.strategies["Notes"]
    assert notes.began == (0, [], True)
    form.until(lambda: ("cancelled", "stop loss", "") in notes.told)
    told = [("fill", "take profit", 0), ("filled", "take profit", ""),
            ("cancelled", "stop loss", "")]  # fmt: skip
    assert [each for each in notes.told if each[1] != "entry"][-3:] == told
    assert notes.state.get("bought") == (1 if keeps else None)
    form.call(run.stop)


def test_what_others_have_closed_meanwhile_is_not_held(form, gateway, tmp_path):
    bought(form, gateway, tmp_path)
    form.call(form.trader.flatten)
    run = again(form, tmp_path)
    assert run.strategies["Notes"].began == (0, [], True)
    form.call(run.stop)
    assert again(form, tmp_path).positions["Notes"]["MNQ"] == 0


def test_an_order_that_nobody_lists_is_unknown_and_not_sent_again(
    form, gateway, tmp_path
):
    run = bought(form, gateway, tmp_path)
    (path,) = tmp_path.glob("*-Notes.db")
    kept = Kept(path)
    rows = kept.orders()
    lost = {**rows[0], "id": 9, "status": "asked", "filled": 0, "gateway_id": None,
            "sent_as": "Notes.zzz.9e", "ended_ns": None}  # fmt: skip
    kept.save([("order", "9", lost), ("number", "", 9)], time.time_ns())
    kept.close()
    run = again(form, tmp_path)
    notes = run.strategies["Notes"]
    assert ("unknown", "entry", "mine") in notes.told
    assert len(gateway.ledger.placements()) == 1
    assert run._run.number >= 9
    form.call(run.stop)


def test_a_file_is_of_one_run(form, gateway, tmp_path):
    form.gateway = gateway
    run = again(form, tmp_path)
    with pytest.raises(StrategyError, match="used by another run"):
        form.call(live, Notes, form.trader, store=tmp_path)
    other = form.call(live, {"other": Notes}, form.trader, store=tmp_path)
    form.call(other.stop)
    form.call(run.stop)
    form.call(form.call(live, Notes, form.trader, store=tmp_path).stop)


def test_a_file_that_cannot_be_used_is_refused(form, gateway, tmp_path):
    form.gateway = gateway
    form.call(again(form, tmp_path).stop)
    (path,) = tmp_path.glob("*-Notes.db")
    kept = Kept(path)
    kept.save([("position", "MES", 3)], time.time_ns())
    kept.close()
    with pytest.raises(BadData, match="Notes holds 3 MES"):
        form.call(live, Notes, form.trader, store=tmp_path)
    run = form.call(live, Notes, form.trader, store=tmp_path, symbols=["MES"])
    assert run.positions["Notes"]["MES"] == 3
    form.call(run.stop)
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA user_version = 99")
    file.close()
    with pytest.raises(StrategyError, match="a later version"):
        form.call(live, Notes, form.trader, store=tmp_path)
    path.write_bytes(b"some other file" * 100)
    with pytest.raises(StrategyError, match="no file of a strategy"):
        form.call(live, Notes, form.trader, store=tmp_path)
