"""What a trader refuses has no effect at all: another thread, a close, no entry."""

import asyncio
import threading

import pytest
from conftest import ACCOUNT, held
from realtime_scene import until
from test_state_trader import MNQ, entered, options, proven, waiting

import fastorder
from fastorder import blocking
from fastorder.errors import (
    ExecutorMisuse,
    InvalidField,
    RealtimeClosed,
    RealtimeUnavailable,
    UnknownSymbol,
)


def in_thread(call):
    """What a call in another thread has raised."""
    raised = []

    def run():
        try:
            call()
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    return raised[0] if raised else None


def recorders():
    return [each for each in threading.enumerate() if "recorder" in each.name]


# ------------------------------------------------------------ closing


@pytest.mark.parametrize("where", ["thread", "callback"])
def test_a_shutdown_elsewhere_is_refused_and_the_guard_lives_on(gateway, where):
    with waiting(gateway) as trader:
        until(lambda: trader.state.proven, "the proof")
        guard = trader.protect("MNQ", within_ms=20, act="close")
        if where == "thread":
            assert isinstance(in_thread(trader.shutdown), ExecutorMisuse)
        else:
            stop = trader.on("fill", lambda fill: trader.shutdown())
        trader.buy("MNQ", 1)
        until(lambda: guard.done, "the guard's close")
        until(lambda: held(gateway) == 0, "flat")
        assert not trader.state.is_closed
        assert not trader.realtime.is_closed
        if where == "callback":
            stop()
            assert trader.callback_failures == {"fill": 2}


def test_an_aclose_in_another_loop_is_refused_and_the_guard_lives_on(gateway, run):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            guard = trader.protect("MNQ", within_ms=20, act="close")
            error = await asyncio.to_thread(
                in_thread, lambda: asyncio.run(trader.aclose())
            )
            assert isinstance(error, ExecutorMisuse)
            assert not trader.state.is_closed
            await trader.buy("MNQ", 1)
            while not guard.done:
                await asyncio.sleep(0.005)
            assert trader.callback_failures == {}

    run(day())


def test_a_close_with_a_wrong_drain_closes_nothing(gateway, run):
    with waiting(gateway) as trader:
        with pytest.raises(InvalidField):
            trader.shutdown(drain=-1)
        assert not trader.state.is_closed

    async def day():
        async with entered(gateway) as trader:
            with pytest.raises(InvalidField):
                await trader.aclose(drain=-1)
            assert not trader.state.is_closed

    run(day())


def test_a_second_entry_is_refused_and_the_first_one_stays(gateway, run):
    with waiting(gateway) as trader:
        with pytest.raises(ExecutorMisuse, match="once only"), trader:
            pass
        assert isinstance(in_thread(trader.__enter__), ExecutorMisuse)
        assert trader.buy("MNQ", 1).result.success

    async def day():
        async with entered(gateway) as trader:
            with pytest.raises(ExecutorMisuse, match="once only"):
                async with trader:
                    pass
            assert (await trader.buy("MNQ", 1)).result.success

    run(day())


def test_an_entry_in_a_wrong_thread_may_be_made_in_the_right_one(gateway):
    trader = waiting(gateway)
    trader.executor._engine.check()  # it belongs to this thread
    assert isinstance(in_thread(trader.__enter__), ExecutorMisuse)
    with trader:
        assert trader.account.id == ACCOUNT


# ------------------------------------------------------------ hearing, guarding


def test_what_another_thread_asks_of_a_loop_leaves_nothing_behind(
    gateway, run, tmp_path
):
    async def day():
        async with entered(gateway) as trader:
            await proven(trader)
            told = []
            asked = [
                lambda: trader.on("quote", told.append, symbol="MNQ"),
                lambda: trader.protect("MNQ", act="close"),
                lambda: trader.record("MNQ", folder=tmp_path / "ticks"),
                lambda: trader.quotes("MNQ"),
                lambda: trader.live_bars("MNQ", "1m"),
            ]
            for ask in asked:
                error = await asyncio.to_thread(in_thread, ask)
                assert isinstance(error, ExecutorMisuse), error
            assert recorders() == []
            trader.protect("MNQ", act="close")
            assert trader.market.feed(MNQ) is None
            trader.on("quote", told.append, symbol="MNQ")
            while not trader.realtime.market.acknowledged:
                await asyncio.sleep(0.005)
            row = {"bestBid": 29000.25, "bestAsk": 29000.5}
            gateway.call(lambda: gateway.hubs.quote(MNQ, **row))
            while not told:
                await asyncio.sleep(0.005)
            assert len(told) == 1
            trader.record("MNQ", folder=tmp_path / "ticks").close()

    run(day())


def test_a_record_that_is_refused_leaves_no_thread_and_no_lock(gateway, tmp_path):
    with waiting(gateway, realtime=False) as trader:
        for _ in range(2):
            with pytest.raises(RealtimeUnavailable):
                trader.record("MNQ", folder=tmp_path)
    with waiting(gateway) as trader:
        pass
    with pytest.raises(RealtimeClosed):
        trader.record("MNQ", folder=tmp_path)
    assert recorders() == []
    with waiting(gateway) as trader:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(trader, "on", lambda *given, **named: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                trader.record("MNQ", folder=tmp_path)
        assert recorders() == []
        trader.record("MNQ", folder=tmp_path).close()


def test_a_closed_trader_gives_no_bars_that_look_open(gateway, run):
    with waiting(gateway) as trader:
        pass
    with pytest.raises(RealtimeClosed):
        trader.live_bars("MNQ", "1m")

    async def day():
        async with entered(gateway) as trader:
            pass
        with pytest.raises(RealtimeClosed):
            trader.live_bars("MNQ", "1m")

    run(day())


@pytest.mark.parametrize("kind", [fastorder.Trader, blocking.Trader])
def test_a_trader_that_was_not_entered_says_so(gateway, kind, tmp_path):
    trader = kind(gateway.base_url, **options(gateway))
    for ask in (
        lambda: trader.on("quote", print, symbol="MNQ"),
        lambda: trader.quote("MNQ"),
        lambda: trader.quotes("MNQ"),
        lambda: trader.record("MNQ", folder=tmp_path / "ticks"),
        lambda: trader.protect("MNQ"),
        lambda: trader.open_result("MNQ", 20_000),
    ):
        with pytest.raises(ExecutorMisuse, match="entered first"):
            ask()
    assert not (tmp_path / "ticks").exists()
    trader.executor.close()


def test_a_contract_that_is_not_loaded_names_the_traders_own_verb(gateway, run):
    with waiting(gateway) as trader:
        trader.on("quote", print, symbol="ES")  # it can wait, and loads it

    async def day():
        async with entered(gateway) as trader:
            with pytest.raises(UnknownSymbol, match=r"await trader\.contract\('ES'\)"):
                trader.quote("ES")

    run(day())


def test_one_end_of_two_registrations_ends_one_alone_however_often(gateway):
    with waiting(gateway) as trader:
        until(lambda: trader.state.proven, "the proof")
        told = []
        for on in (trader.on, trader.state.on):
            first, _second = on("fill", told.append), on("fill", told.append)
            first()
            first()
        trader.buy("MNQ", 1)
        until(lambda: len(told) == 2, "both")
        gone = trader.realtime.user.on("gap", told.append)
        gone()
        stays = trader.realtime.user.on("gap", told.append)
        gone()
        trader.realtime.user.reconnect("a test")
        until(lambda: len(told) == 3, "the gap")
        stays()


# ------------------------------------------------------------ one guard that acts


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"symbol": "MNQ", "act": "close"}, {"symbol": "MNQ", "act": "close"}),
        ({"act": "stop", "stop_ticks": 40}, {"symbol": "MNQ", "act": "close"}),
        ({"symbol": "MNQ", "act": "close"}, {"act": "stop", "stop_ticks": 40}),
        ({"cancel_orphans": True}, {"symbol": "MNQ", "cancel_orphans": True}),
    ],
)
def test_a_second_guard_that_acts_is_refused_and_names_the_first(
    gateway, first, second
):
    with waiting(gateway) as trader:
        kept = trader.protect(**first)
        with pytest.raises(ExecutorMisuse, match=r"protect\(.*stop\(\) that one"):
            trader.protect(**second)
        kept.stop()
        kept.stop()
        trader.protect(**second)


def test_guards_that_do_not_meet_live_side_by_side(gateway):
    with waiting(gateway) as trader:
        trader.executor.set_contract_id("MES", "CON.F.US.MES.Z26")
        trader.protect(on_alarm=print)
        trader.protect("MNQ", act="close")
        trader.protect("MES", act="close", cancel_orphans=True)
        trader.protect("MNQ", cancel_orphans=True)
        trader.protect("MNQ")


def test_a_guard_may_wait_for_seconds_and_names_its_unit(gateway):
    with waiting(gateway) as trader:
        trader.protect(within_ms=5000)
        with pytest.raises(InvalidField, match="3600000 milliseconds"):
            trader.protect(within_ms=3_600_001)
