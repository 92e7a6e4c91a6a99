"""The live screen: what it shows is what the ledger says, over whatever goes wrong."""

import asyncio
from decimal import Decimal

import pytest
from canary import API_KEY
from conftest import ACCOUNT, COMBINE
from test_examples import ROOT

import fastorder
from fastorder.simulator import Fault

pytest.importorskip("textual")

from fastorder.cli.watch_screen import Confirm, Watch

POSITIONS = "/api/Position/searchOpen"


@pytest.fixture
def watched(gateway):
    """Run a scene on the screen, with the keys of a keyboard."""

    def run(scene, *, hears=False):
        async def whole():
            trader = fastorder.Trader(
                gateway.base_url,
                user_name="trader1",
                api_key=API_KEY,
                account="PRAC",
                journal=False,
                realtime=hears,
            )
            trader.settle_s = 0.2
            async with trader:
                screen = Watch(trader, every_s=3600)  # a scene looks when it wants to
                async with screen.run_test(size=(110, 40)) as pilot:
                    await screen.action_look()
                    await scene(trader, screen, pilot)

        asyncio.run(asyncio.wait_for(whole(), 60))

    return run


def rows(screen, name):
    table = screen.query_one(f"#{name}")
    return [table.get_row_at(n) for n in range(table.row_count)]


def status(screen):
    return screen.feed.board.status()


async def asked(screen, pilot):
    """Until the question is there."""
    for _ in range(500):
        if isinstance(screen.screen, Confirm):
            return screen.screen.question
        await pilot.pause(0.01)
    raise AssertionError("nobody asked")


async def said(screen, pilot, word):
    for _ in range(2000):
        text = str(screen.query_one("#said").content)
        if word in text:
            return text
        await pilot.pause(0.01)
    raise AssertionError(f"{word} was not said")


def test_it_shows_what_is_there(watched):
    async def scene(trader, screen, pilot):
        assert rows(screen, "positions") == []
        assert "PRAC-" in status(screen)
        await trader.buy("MNQ", 2, stop_loss_ticks=400, take_profit_ticks=800)
        await screen.action_look()
        (position,) = await trader.positions()
        ((contract, net, entry, last, profit),) = rows(screen, "positions")
        assert (contract, net) == ("MNQ.Z26", "+2")
        assert Decimal(entry) == position.average_price
        exact = (Decimal(last) - position.average_price) / Decimal("0.25") * 2
        assert Decimal(profit) == exact * Decimal("0.5")
        assert {row[4] for row in rows(screen, "orders")} == {"STOP", "LIMIT"}
        assert [row[3] for row in rows(screen, "fills")] == ["2"]

    watched(scene)


def test_flatten_asks_first_and_then_the_account_is_flat(watched, gateway):
    async def scene(trader, screen, pilot):
        await trader.buy("MNQ", 1, stop_loss_ticks=400)
        await pilot.press("f")
        assert "FLATTEN PRAC-" in await asked(screen, pilot)
        await pilot.press("n")
        await pilot.pause()
        assert len(await trader.positions()) == 1
        await pilot.press("f")
        await asked(screen, pilot)
        await pilot.press("y")
        await said(screen, pilot, "verified")
        await screen.action_look()
        assert rows(screen, "positions") == rows(screen, "orders") == []

    watched(scene)
    positions = gateway.call(lambda: gateway.gateway.exchange.accounts[ACCOUNT])
    assert not any(each.size for each in positions.positions.values())


def test_kill_holds_back_what_it_would_send(watched):
    async def scene(trader, screen, pilot):
        await pilot.press("k")
        await asked(screen, pilot)
        await pilot.press("y")
        await said(screen, pilot, "killed")
        assert trader.halted is not None

    watched(scene)


def test_what_cannot_be_read_is_said_and_comes_back(watched, gateway):
    async def scene(trader, screen, pilot):
        await trader.buy("MNQ", 1)
        await screen.action_look()
        before = rows(screen, "positions")
        for _ in range(20):
            gateway.faults.add(Fault(POSITIONS, reply="status", status=503))
        await screen.action_look()
        assert status(screen).startswith("NOT CURRENT")
        assert screen.query_one("#status").has_class("old")
        assert rows(screen, "positions") == before
        gateway.faults.clear()
        await screen.action_look()
        assert "NOT CURRENT" not in status(screen)
        assert not screen.query_one("#status").has_class("old")

    watched(scene)


def test_another_account_is_not_shown(watched):
    async def scene(trader, screen, pilot):
        await trader.buy("MNQ", 1, account=COMBINE)
        await screen.action_look()
        assert rows(screen, "positions") == []

    watched(scene)


# ---------------------------------------------------------------- by events


async def shown(screen, pilot, holds):
    """Until the screen shows it, without being asked to."""
    for _ in range(2000):
        if holds():
            return
        await pilot.pause(0.01)
    raise AssertionError(f"not shown: {status(screen)}")


def asked_of(gateway):
    """How often each read was asked."""
    names = ("/api/position/searchopen", "/api/order/searchopen", "/api/trade/search")
    return [len(gateway.ledger.requests(name)) for name in names]


def test_events_are_shown_as_they_come_and_nothing_is_read(watched, gateway):
    async def scene(trader, screen, pilot):
        await shown(screen, pilot, lambda: trader.state.proven)
        await screen.action_look()
        assert "by events" in status(screen)
        before = asked_of(gateway)
        await trader.buy("MNQ", 2, stop_loss_ticks=400)
        await shown(screen, pilot, lambda: len(rows(screen, "orders")) == 1)
        await shown(screen, pilot, lambda: rows(screen, "positions"))
        assert rows(screen, "positions")[0][:2] == ["MNQ.Z26", "+2"]
        group = ("ContractQuotes", "CON.F.US.MNQ.Z26")
        hubs = gateway.hubs
        await shown(
            screen, pilot, lambda: any(group in x.groups for x in [*hubs.connections])
        )
        told(gateway, 29_600)
        await shown(screen, pilot, lambda: rows(screen, "positions")[0][3] == "29600.0")
        assert asked_of(gateway) == before
        await trader.flatten()
        await shown(screen, pilot, lambda: not rows(screen, "positions"))
        await shown(screen, pilot, lambda: not rows(screen, "orders"))
        await shown(screen, pilot, lambda: len(rows(screen, "fills")) == 2)

    def told(gateway, price):
        contract = "CON.F.US.MNQ.Z26"
        gateway.call(lambda: gateway.hubs.quote(contract, lastPrice=float(price)))

    watched(scene, hears=True)


def test_what_cannot_be_heard_is_read(watched, gateway):
    async def scene(trader, screen, pilot):
        await shown(screen, pilot, lambda: trader.state.proven)
        gateway.call(lambda: setattr(gateway.hubs.faults, "refuse", 503))
        gateway.call(gateway.hubs.stop)
        await shown(screen, pilot, lambda: not trader.state.proven)
        await trader.buy("MNQ", 1)
        await screen.action_look()
        assert "by reads (" in status(screen)
        assert len(rows(screen, "positions")) == 1
        before = asked_of(gateway)
        for _ in range(5):
            screen.feed.has_news = True
            screen._show_news()
            await pilot.pause()
        assert asked_of(gateway) == before, "news make it read no sooner"
        gateway.call(lambda: setattr(gateway.hubs.faults, "refuse", 0))
        trader.realtime.user.reconnect("a test wants it now")
        await shown(screen, pilot, lambda: trader.state.proven)
        await shown(screen, pilot, lambda: "by events" in status(screen))
        assert len(rows(screen, "positions")) == 1

    watched(scene, hears=True)


def test_a_look_waits_for_the_one_under_way_and_sees_what_came_since(watched):
    async def scene(trader, screen, pilot):
        began, may_end, looks = asyncio.Event(), asyncio.Event(), []
        look = screen.feed.look

        async def slow():
            looks.append(1)
            began.set()
            await may_end.wait()
            return await look()

        screen.feed.look = slow
        first = asyncio.ensure_future(screen.action_look())
        await began.wait()
        others = [asyncio.ensure_future(screen.action_look()) for _ in range(5)]
        await asyncio.sleep(0)
        assert not any(each.done() for each in others)
        may_end.set()
        await asyncio.gather(first, *others)
        assert len(looks) == 2, "the next one serves all"

    watched(scene)


def test_before_the_first_look_no_age_is_shown(watched):
    async def scene(trader, screen, pilot):
        from fastorder.cli.watch_feed import Feed

        assert Feed(trader).board.status().startswith("NOT CURRENT: not read yet")
        assert " ago" not in Feed(trader).board.status()
        assert " ago" in status(screen)

    watched(scene)


def test_the_picture_of_the_guide_asks_no_server():
    path = ROOT / "docs" / "guide" / "watch.svg"
    if not path.exists():
        pytest.skip("not in a checkout")
    text = path.read_text(encoding="utf-8")
    assert "@font-face" not in text
    assert "url(http" not in text
