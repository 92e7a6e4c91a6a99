"""A trader under limits, two at once, and one that ends in the middle of an act."""

import threading
from datetime import datetime, timedelta, timezone

import pytest
from conftest import ACCOUNT, QUICK, held
from test_acts import CLOSE, PLACE, POSITIONS, TRADES, working
from test_risk_trader import chicago_at, move
from test_trader import Form, own_folders  # noqa: F401 (for all tests)

import fastorder
from fastorder import Outcome, RiskLimits, blocking
from fastorder.risk.venue_rules import ACCOUNT_KINDS
from fastorder.simulator import Fault

BRACKET = {"stop_loss_ticks": 400, "take_profit_ticks": 800}
MNQ = "CON.F.US.MNQ.Z26"


@pytest.fixture(params=["async", "blocking"])
def form(request, gateway):
    form = Form(request.param, gateway)
    yield form
    form.leave()
    if form.loop is not None:
        form.loop.close()


# ------------------------------------------------------------ limits


def test_acts_tell_the_limits_what_they_have_read(form, gateway):
    """No read of its own follows an act, and the limits know that it is flat."""
    form.enter(journal=False, risk=RiskLimits(max_position=2))
    for _ in range(2):
        assert form.buy("MNQ", 2, **BRACKET)
        with pytest.raises(fastorder.RiskDenied):
            form.buy("MNQ", 1)
        assert form.flatten()
    assert form.buy("MNQ", 2)
    assert form.close("MNQ")
    assert form.sell("MNQ", 2)
    assert form.reverse("MNQ")
    with pytest.raises(fastorder.RiskDenied):
        form.buy("MNQ", 1)
    assert form.partial_close("MNQ", 1).position == 1
    assert form.buy("MNQ", 1)
    assert held(gateway) == 2


def test_the_report_waits_for_no_room_among_the_reads(gateway):
    """The budget of reads is used up: flatten reports all the same, at once."""
    budgets = fastorder.Budgets()
    trader = blocking.Trader(
        gateway.base_url,
        user_name="trader1",
        api_key=gateway.gateway.tokens.keys["trader1"],
        account="PRAC",
        journal=False,
        retry=QUICK,
        budgets=budgets,
        risk=RiskLimits(max_position=5),
    )
    with trader:
        assert trader.buy("MNQ", 1)
        tickets = [
            type(trader.executor).positions.ticket(trader.executor, ACCOUNT)
            for _ in range(200)
        ]
        report = trader.flatten()
        assert report
        assert any(not ticket.done for ticket in tickets), "reads still wait"
        trader.shutdown(drain=0)


def test_a_stop_leg_is_moved_under_a_price_collar(form, gateway):
    form.enter(
        journal=False, risk=RiskLimits(price_collar_ticks=4000), symbols=("MNQ",)
    )
    gateway.set_price(MNQ, 25_000)
    form.trader.risk.note_price("MNQ", 25_000)
    placed = form.buy("MNQ", 1, **BRACKET)
    assert placed
    moved = form.move_stop("MNQ", 24_950)
    assert moved.outcome is Outcome.ACCEPTED


def test_after_flat_by_only_what_lessens_passes(form, gateway):
    form.enter(journal=False, risk=RiskLimits(flat_by="15:08"))
    move(form, wall_s=chicago_at("2026-12-01T15:08:00"))
    with pytest.raises(fastorder.RiskDenied):
        form.buy("MNQ", 1)
    assert form.flatten()
    assert not gateway.ledger.requests(PLACE)


@pytest.mark.parametrize("preset", ACCOUNT_KINDS)
def test_a_preset_holds_through_a_trader(form, gateway, preset):
    limits = RiskLimits.preset(preset)
    form.enter(journal=False, risk=limits)
    assert form.trader.risk.limits == limits
    with pytest.raises(fastorder.RiskDenied):
        form.buy("ES", 16)
    assert not gateway.ledger.requests(PLACE)


def test_a_breach_flattens_and_says_what_it_did(gateway, caplog):
    """The loss is seen by a read; the flatten needs nobody who waits for it."""
    form = Form("async", gateway)
    limits = RiskLimits(max_daily_loss=100, flatten_on_breach=True)
    try:
        form.enter(journal=False, risk=limits)
        assert form.buy("MNQ", 2)
        gateway.set_price(MNQ, 20_000)
        form.trader.risk.note_price("MNQ", 20_000)
        form.positions()
        form.wait(lambda: form.trader.trades(datetime.now(timezone.utc) - timedelta(1)))
        form.positions()
        (act,) = [
            each for each in form.trader.executor.acts() if each.kind == "flatten"
        ]

        async def ended():
            return await act

        assert form.loop.run_until_complete(ended())
        assert held(gateway) == 0
        assert "flatten after a breach: <flatten of account" in caplog.text
        with pytest.raises(fastorder.RiskDenied):
            form.buy("MNQ", 1)
    finally:
        form.leave()
        form.loop.close()


# ------------------------------------------------------------ two at once


def in_turn(gateway, *calls):
    """Run each call in a thread and a trader of its own, at the same time."""
    results, gate = [None] * len(calls), threading.Barrier(len(calls))

    def run(place, call):
        trader = blocking.Trader(
            gateway.base_url,
            user_name="trader1",
            api_key=gateway.gateway.tokens.keys["trader1"],
            account="PRAC",
            symbols=("MNQ",),
            journal=False,
            retry=QUICK,
        )
        with trader:
            gate.wait()
            results[place] = call(trader)

    threads = [
        threading.Thread(target=run, args=(place, call))
        for place, call in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def seed(gateway):
    in_turn(
        gateway,
        lambda trader: (
            trader.buy("MNQ", 2, **BRACKET),
            trader.buy("MNQ", 1, limit=20_000),
        ),
    )


def test_two_flattens_of_one_account_leave_it_flat(gateway):
    seed(gateway)
    one, other = in_turn(
        gateway, lambda trader: trader.flatten(), lambda trader: trader.flatten()
    )
    assert held(gateway) == 0
    assert working(gateway) == 0
    assert one, one.why
    assert other, other.why


def test_two_reverses_of_one_position_tell_the_truth(gateway):
    """Both may open, or one may close what the other has opened; none opens twice."""
    seed(gateway)
    reports = in_turn(
        gateway, lambda trader: trader.reverse("MNQ"), lambda t: t.reverse("MNQ")
    )
    position = gateway.call(
        lambda: gateway.gateway.exchange.accounts[ACCOUNT].positions.get(MNQ)
    )
    opened = sum(bool(report.placed) for report in reports)
    assert (position.size if position else 0) in {-2 * n for n in range(opened + 1)}
    assert all(report.placed or report.why for report in reports)


def test_a_flatten_against_one_who_buys_claims_nothing_false(gateway):
    """What is verified was flat; what was bought after the last look is held."""
    seed(gateway)

    def buys(trader):
        return [trader.buy("MNQ", 1) for _ in range(20)]

    report, placed = in_turn(gateway, lambda t: t.flatten(deadline=5), buys)
    assert all(each.outcome is Outcome.ACCEPTED for each in placed)
    if report:
        assert held(gateway) == 0
    else:
        assert report.why


# ------------------------------------------------------------ a restart


def test_a_restart_in_an_act_finds_what_was_left(gateway, tmp_path):
    """The close's answer is lost with the program; the next one flattens anew."""

    def trader():
        return blocking.Trader(
            gateway.base_url,
            user_name="trader1",
            api_key=gateway.gateway.tokens.keys["trader1"],
            account="PRAC",
            journal=tmp_path / "journal",
            retry=QUICK,
            realtime=False,  # its own reads would be struck too
        )

    first = trader()
    first.__enter__()
    assert first.buy("MNQ", 2, **BRACKET)
    gateway.faults.add(
        Fault(CLOSE, reply="stall"), Fault(POSITIONS, reply="stall", times=None)
    )
    report = first.flatten("MNQ", deadline=0.2)
    assert not report
    first.shutdown(drain=0)
    gateway.faults.clear()
    with trader() as second:
        assert second.executor.intents() == ()
        assert second.flatten()
    assert held(gateway) == 0
    assert working(gateway) == 0


def test_a_restart_between_close_and_open_of_a_reverse(gateway, tmp_path):
    """The reverse has closed and not opened: nothing is opened by the next start."""

    def trader():
        return blocking.Trader(
            gateway.base_url,
            user_name="trader1",
            api_key=gateway.gateway.tokens.keys["trader1"],
            account="PRAC",
            journal=tmp_path / "journal",
            retry=QUICK,
            realtime=False,  # its own reads would be struck too
        )

    first = trader()
    first.__enter__()
    assert first.buy("MNQ", 2)
    gateway.faults.add(Fault(TRADES, reply="stall", times=None, after=1))
    report = first.reverse("MNQ", deadline=1)
    assert report.placed is None
    first.shutdown(drain=0)
    gateway.faults.clear()
    before = len(gateway.ledger.requests(PLACE))
    with trader() as second:
        assert second.executor.recover() == []
        assert second.positions() == []
    assert len(gateway.ledger.requests(PLACE)) == before
    assert held(gateway) == 0
