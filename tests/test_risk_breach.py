"""A breach is told for each account that holds something, whatever the state."""

from dataclasses import replace
from datetime import datetime, timezone

import pytest
from conftest import ACCOUNT, COMBINE
from plain_http import MNQ
from still import StillClock
from test_risk_check import CONTRACT, Money, position, trade

from fastorder import Denied, RiskState, Side
from fastorder.gateway.endpoints import Endpoint
from fastorder.journal import Journal
from fastorder.risk.sightings import Sightings

BROUGHT = {
    "max_daily_loss": (Denied.MAX_DAILY_LOSS, RiskState.REDUCING),
    "trailing_loss": (Denied.TRAILING_LOSS, RiskState.HALTED),
}


class Told(Money):
    """A desk that keeps what it is told of breaches."""

    def __init__(self, journal=None, clock=None, **limits):
        self.heard = []
        super().__init__(
            journal, lambda *what: self.heard.append(what[:2]), clock, **limits
        )
        self.risk._losses.contract_seen(CONTRACT)

    def lose(self, size=1, account=ACCOUNT, number=1):
        """The day has lost 500 dollars, and so much is still open."""
        first, now_s = 10 * number, self.clock.wall
        sold = replace(trade(first + 1, "-500", now_s), side=Side.SELL)
        fills = [trade(first, None, now_s), sold]
        if size:
            fills.append(trade(first + 2, None, now_s))
        self.loads_of(account, fills, [position(size, 29_500)] if size else [])
        return self

    def loads_of(self, account, trades, positions):
        """What ``load_exposure`` reads of an account."""
        heard = Sightings(self.risk)
        losses, clock = self.risk._losses, self.clock
        start_s = losses.of(account).day.start_s
        start = datetime.fromtimestamp(start_s, timezone.utc).isoformat()
        request = {"accountId": account, "startTimestamp": start}
        losses.of(account).began_with = losses.of(account).high = 50_000
        self.book.orders_listed(account, clock.now_ns)
        for endpoint, found in (
            (Endpoint.SEARCH_TRADES, trades),
            (Endpoint.SEARCH_POSITIONS, positions),
            (Endpoint.SEARCH_TRADES, trades),
        ):
            hear = heard.watching(endpoint, request, lambda document: document)
            clock.pass_s(0.01)
            hear(found)
            clock.pass_s(0.01)


@pytest.mark.parametrize("limit", BROUGHT)
@pytest.mark.parametrize("state", ["reduce", "halt"])
def test_a_breach_in_any_state_is_told_where_something_is_held(limit, state):
    desk = Told(**{limit: 100})
    getattr(desk.risk, state)("a lunch break")
    desk.lose()
    assert desk.heard == [(BROUGHT[limit][0], ACCOUNT)]
    assert desk.risk.state is (
        RiskState.HALTED if state == "halt" else BROUGHT[limit][1]
    )
    for _ in range(3):
        desk.lose()
        desk.risk.note_price("MNQ", 29_400)
    assert len(desk.heard) == 1


@pytest.mark.parametrize("limit", BROUGHT)
def test_the_breach_of_a_second_account_is_told_after_that_of_the_first(limit):
    desk = Told(**{limit: 100})
    code, state = BROUGHT[limit]
    desk.lose()
    assert desk.risk.state is state
    desk.lose(account=COMBINE, number=2)
    assert desk.heard == [(code, ACCOUNT), (code, COMBINE)]


@pytest.mark.parametrize("limit", BROUGHT)
@pytest.mark.parametrize("size", [1, 0])
def test_a_breach_is_told_after_a_restart_where_something_is_held(
    limit, size, tmp_path
):
    code, state = BROUGHT[limit]
    with Journal(tmp_path / "orders.db") as journal:
        desk = Told(journal, **{limit: 100}).lose()
        assert desk.heard == [(code, ACCOUNT)]
        wall = desk.clock.wall + 60
    with Journal(tmp_path / "orders.db") as journal:
        again = Told(journal, StillClock(wall=wall), **{limit: 100})
        assert again.risk.state is state
        for _ in range(3):
            again.lose(size)
        assert again.heard == [(code, ACCOUNT)] * size


def test_a_flat_account_with_an_order_that_may_fill_is_told_of(tmp_path):
    desk = Told(max_daily_loss=100, max_position=5).reads()
    desk.risk.reduce("a lunch break")
    desk.lose(0)
    assert desk.heard == []
    desk.book.order_seen(
        ACCOUNT, MNQ, 7, "tag", None, False, 1, 0, False, False, True,
        desk.clock.wall, desk.clock.wall, False, desk.clock.now_ns, desk.clock.now_ns,
    )  # fmt: skip
    desk.lose(0)
    assert desk.heard == [(Denied.MAX_DAILY_LOSS, ACCOUNT)]


def test_a_days_loss_lowers_no_stricter_state():
    desk = Told(max_daily_loss=100)
    desk.risk.halt("something is odd")
    desk.lose()
    assert desk.risk.state is RiskState.HALTED
    assert "something is odd" in desk.risk.why


def test_what_is_still_breached_is_told_anew_after_resume_and_the_next_day():
    desk = Told(max_daily_loss=100).lose()
    desk.risk.resume("I know better")
    desk.lose()
    assert desk.heard == [(Denied.MAX_DAILY_LOSS, ACCOUNT)] * 2
    desk.clock.wall = desk.risk._losses.of(ACCOUNT).day.end_s
    desk.risk.reduce("a quiet day")
    desk.lose(number=3)
    assert desk.heard == [(Denied.MAX_DAILY_LOSS, ACCOUNT)] * 3


@pytest.mark.parametrize("limit", BROUGHT)
def test_a_price_that_was_told_before_the_positions_counts_once_they_are(limit):
    desk = Told(**{limit: 100})
    desk.risk.halt("something is odd")
    desk.risk.note_price("MNQ", 29_400)
    assert desk.heard == []
    desk.loads_of(ACCOUNT, [], [position(1, 29_500)])
    assert desk.heard == [(BROUGHT[limit][0], ACCOUNT)]
