"""Every limit at its edge, in every state, on a clock that is moved by hand."""

from datetime import datetime, timezone
from decimal import Decimal

import pytest
from conftest import ACCOUNT
from plain_http import MNQ
from still import StillClock

from fastorder import (
    Denied,
    InvalidField,
    OrderRequest,
    RiskDenied,
    RiskLimits,
    RiskState,
    WrongFieldType,
)
from fastorder.gateway.contracts import ContractCache
from fastorder.journal import Journal
from fastorder.models import Account, Contract, Position, Trade
from fastorder.risk.control import Risk
from fastorder.risk.hearing import Hearing
from fastorder.risk.ledger import SECONDS_BEHIND
from fastorder.risk.sightings import Sightings
from fastorder.risk.venue_rules import COMMISSIONS, MOST_COMMISSION

SECOND_NS = 1_000_000_000
OTHER = "CON.F.US.ENQ.Z26"
HARMLESS = {
    Denied.MAX_ORDER_SIZE, Denied.PRICE_COLLAR, Denied.PRICE_UNKNOWN, Denied.SYMBOL,
    Denied.ACCOUNT, Denied.MAX_ORDERS_PER_SECOND, Denied.DUPLICATE,
}  # fmt: skip
"""Codes that an order is held to although it lessens a position."""


class Desk:
    """Limits without an executor: what is read and answered is said by the test."""

    def __init__(self, journal=None, on_breach=None, clock=None, valued=True, **limits):
        self.clock = clock or StillClock()
        self.contracts = ContractCache()
        self.contracts.set("MNQ", MNQ, "0.25")
        self.contracts.set("NQ", OTHER, "0.25")
        self.risk = Risk(
            RiskLimits(**limits),
            self.contracts,
            self.clock,
            journal,
            on_breach,
            awaited=True,
        )
        self.guard = self.risk._guard
        self.book = self.risk._exposure
        self.sent = self.traded = 0
        for contract_id in (MNQ, OTHER) if valued else ():
            self.book.value_seen(contract_id)

    def reads(self, account=ACCOUNT, **positions):
        """The trades and the positions are read, and there is no working order."""
        sizes = {"MNQ": MNQ, "NQ": OTHER}
        self.clock.pass_s(0.001)
        begun_ns = self.clock.now_ns
        self.book.orders_listed(account, begun_ns)
        fills = []
        for symbol, contract_id in sizes.items():
            held = self.book.contract_of(account, contract_id).held.net
            more = positions.get(symbol, 0) - held
            self.traded += 1
            if more:
                number = 1_000_000 + self.traded
                fill = number, number, contract_id, more < 0, abs(more), True
                fills.append(fill)
        self.book.trades_seen(account, fills, True, begun_ns, self.clock.now_ns)
        self.clock.pass_s(0.001)
        shown = {sizes[symbol]: size for symbol, size in positions.items()}
        self.book.positions_seen(account, shown, begun_ns, self.clock.now_ns)
        self.clock.pass_s(0.001)
        return self

    def order(self, side="BUY", size=1, symbol="MNQ", account=ACCOUNT, **more):
        return OrderRequest(symbol, side, size, account, **more)

    def place(self, order=None, accepted=True, **what):
        """An order leaves, or RiskDenied is raised."""
        order = order or self.order(**what)
        listing = self.contracts.find(order.symbol)
        self.sent += 1
        self.guard.admit(order, listing, f"tag-{self.sent}", self.clock.now_ns)
        self.clock.pass_s(0.001)
        if accepted:
            self.book.accepted(order.account_id, f"tag-{self.sent}", self.sent)
        return self.sent

    def codes(self, order=None, **what):
        return {each.code for each in self.risk._denials(order or self.order(**what))}

    def possible(self, symbol="MNQ"):
        return self.risk.position(symbol, ACCOUNT)


def refused(code, place):
    with pytest.raises(RiskDenied) as told:
        place()
    assert told.value.code is code, told.value
    first = told.value.denials[0]
    assert first.text
    assert str(told.value).startswith(f"{code}: ")
    return first


# ------------------------------------------------------------ each at its edge


def test_an_order_is_of_as_many_contracts_as_is_allowed_and_of_no_more():
    desk = Desk(max_order_size=5)
    desk.place(size=5)
    first = refused(Denied.MAX_ORDER_SIZE, lambda: desk.place(size=6))
    assert (first.limit, first.value, first.found) == ("max_order_size", 5, 6)
    assert first.text == "an order must be of at most 5 contracts, was of 6"


@pytest.mark.parametrize(("side", "sign"), [("BUY", 1), ("SELL", -1)])
def test_a_position_reaches_the_limit_and_does_not_pass_it(side, sign):
    desk = Desk(max_position=3).reads(MNQ=sign * 2)
    desk.place(side=side)
    first = refused(Denied.MAX_POSITION, lambda: desk.place(side=side))
    assert (first.limit, first.value, first.found) == ("max_position", 3, 4)
    assert "load_exposure(12345678)" in first.text
    assert desk.codes(side=side, symbol="NQ", size=3) == set()
    assert desk.codes(side=side, symbol="NQ", size=4) == {Denied.MAX_POSITION}


def test_the_other_side_may_turn_the_position_round_up_to_the_limit():
    desk = Desk(max_position=3).reads(MNQ=3)
    assert desk.codes(side="SELL", size=6) == set()
    assert desk.codes(side="SELL", size=7) == {Denied.MAX_POSITION}


def test_a_limit_of_none_at_all_lets_only_what_lessens_leave():
    desk = Desk(max_position=0).reads(MNQ=2)
    assert desk.codes() == {Denied.MAX_POSITION}
    assert desk.codes(side="SELL", size=2) == set()
    assert desk.codes(side="SELL", size=3) == {Denied.MAX_POSITION}


def test_lots_are_weighed_over_the_whole_account():
    desk = Desk(max_lots=1).reads(MNQ=5)
    assert desk.codes(size=5) == set()
    assert desk.codes(size=6) == {Denied.MAX_LOTS}
    assert desk.codes(symbol="NQ") == {Denied.MAX_LOTS}
    desk.reads()
    desk.place(symbol="NQ")
    first = refused(Denied.MAX_LOTS, lambda: desk.place())
    assert (first.value, first.found) == (1, 1.1)


def test_short_micros_do_not_make_room_for_minis():
    desk = Desk(max_lots=1).reads(MNQ=-10)
    assert desk.codes(symbol="NQ") == {Denied.MAX_LOTS}
    assert desk.codes(side="BUY", size=20) == set()


def test_open_orders_are_counted_with_the_legs_of_their_brackets():
    desk = Desk(max_open_orders=3).reads()
    both = {"stop_loss_ticks": 8, "take_profit_ticks": 8}
    limit = {"order_type": "limit", "limit_price": 29_500}
    assert desk.codes(**limit, **both) == set()
    desk.place(**limit)
    assert desk.codes(**limit, **both) == {Denied.MAX_OPEN_ORDERS}
    desk.place(**limit, stop_loss_ticks=8)
    assert desk.risk.open_orders(ACCOUNT) == 3
    first = refused(Denied.MAX_OPEN_ORDERS, lambda: desk.place())
    assert (first.value, first.found) == (3, 4)


def test_a_market_order_is_open_until_it_is_answered():
    desk = Desk(max_open_orders=1).reads()
    number = desk.place(accepted=False)
    assert desk.codes() == {Denied.MAX_OPEN_ORDERS}
    desk.book.accepted(ACCOUNT, f"tag-{number}", 7)
    assert desk.codes() == set()


PRICED = [
    lambda price: {"order_type": "limit", "limit_price": price},
    lambda price: {"order_type": "stop", "stop_price": price},
    lambda price: {"order_type": "trailing_stop", "trail_price": price},
    lambda price: {
        "order_type": "stop_limit", "limit_price": 29_500, "stop_price": price,
    },
]  # fmt: skip


@pytest.mark.parametrize("priced", PRICED)
def test_a_price_lies_within_the_collar_above_and_below(priced):
    desk = Desk(price_collar_ticks=4)
    assert desk.codes(**priced(29_500)) == {Denied.PRICE_UNKNOWN}
    desk.risk.note_price("MNQ", 29_500)
    for price in (29_499, 29_501.0, Decimal("29500.750")):
        assert desk.codes(**priced(price)) == set()
    for price in (29_498.75, 29_501.25):
        assert desk.codes(**priced(price)) == {Denied.PRICE_COLLAR}
    assert desk.codes() == set()


def test_a_price_that_is_too_old_is_not_known():
    desk = Desk(price_collar_ticks=4, price_max_age=5)
    desk.risk.note_price("MNQ", 29_500)
    order = desk.order(order_type="limit", limit_price=29_500)
    desk.clock.pass_s(5)
    assert desk.codes(order) == set()
    desk.clock.pass_s(0.001)
    first = refused(Denied.PRICE_UNKNOWN, lambda: desk.place(order))
    assert "(it is 5.0 s old)" in first.text
    assert "risk.note_price(symbol, price) gives one" in first.text


def test_a_contract_without_a_tick_has_no_collar_to_be_held_to():
    desk = Desk(price_collar_ticks=4)
    desk.contracts.set("MES", "CON.F.US.MES.Z26")
    desk.risk.note_price("MES", 7_730)
    order = desk.order(symbol="MES", order_type="limit", limit_price=7_730)
    first = refused(Denied.PRICE_UNKNOWN, lambda: desk.place(order))
    assert "the tick of MES" in first.text


@pytest.mark.parametrize("rate", [1, 3, 1_000])
def test_so_many_orders_leave_in_any_second_and_no_more(rate):
    desk = Desk(max_orders_per_second=rate)
    began_ns = desk.clock.now_ns
    for _ in range(rate):
        desk.clock.now_ns = began_ns
        desk.place()
    desk.clock.now_ns = began_ns + SECOND_NS - 1
    refused(Denied.MAX_ORDERS_PER_SECOND, lambda: desk.place())
    desk.clock.now_ns = began_ns + SECOND_NS
    desk.place()


def test_the_same_order_does_not_follow_within_the_window():
    desk = Desk(duplicate_window=2)
    limit = {"order_type": "limit", "limit_price": 29_500}
    began_ns = desk.clock.now_ns
    desk.place(**limit)
    for same in (29_500.0, Decimal("29500.00")):
        again = {**limit, "limit_price": same}
        refused(Denied.DUPLICATE, lambda again=again: desk.place(**again))
    desk.place(**limit, idempotency_key="another")
    desk.place(**{**limit, "limit_price": 29_500.25})
    desk.place(**limit, size=2)
    desk.place(**limit, side="SELL")
    desk.place(**limit, symbol="NQ")
    desk.place(**limit, account=ACCOUNT + 1)
    desk.place(order_type="stop", stop_price=29_500)
    desk.clock.now_ns = began_ns + 2 * SECOND_NS - 1
    refused(Denied.DUPLICATE, lambda: desk.place(**limit))
    desk.clock.now_ns = began_ns + 3 * SECOND_NS
    desk.place(**limit)


def test_no_order_of_the_window_is_forgotten_however_many_there_are():
    desk = Desk(duplicate_window=3_600)
    for size in range(1, 1_500):
        desk.place(size=size)
    assert desk.codes(size=1) == {Denied.DUPLICATE}
    assert desk.codes(size=1_500) == set()


def test_symbols_and_accounts_that_are_not_named_are_refused():
    desk = Desk(symbols=["mnq"], accounts=[ACCOUNT])
    assert desk.codes() == set()
    assert desk.codes(symbol="NQ", account=5) == {Denied.SYMBOL, Denied.ACCOUNT}
    assert desk.codes(symbol="Mnq") == set()
    assert desk.codes(symbol=MNQ) == {Denied.SYMBOL}
    assert Desk(symbols=[MNQ]).codes() == set()


def test_all_refusals_are_told_at_once_the_most_telling_first():
    desk = Desk(
        max_order_size=2, max_position=2, symbols=["NQ"], accounts=[5],
        max_orders_per_second=1, max_daily_loss=1,
    )  # fmt: skip
    desk.risk.halt("enough")
    with pytest.raises(RiskDenied) as told:
        desk.place(size=3)
    assert [each.code for each in told.value.denials] == [
        Denied.HALTED, Denied.ACCOUNT, Denied.SYMBOL, Denied.MAX_ORDER_SIZE,
        Denied.LOSS_UNKNOWN, Denied.EXPOSURE_UNKNOWN,
    ]  # fmt: skip
    assert desk.possible() is None
    assert desk.book.contract_of(ACCOUNT, MNQ).possible == (0, 0)


# ------------------------------------------------------------ what is not known


@pytest.mark.parametrize("limit", ["max_position", "max_lots", "max_open_orders"])
def test_nothing_leaves_while_what_a_limit_needs_is_not_known(limit):
    desk = Desk(**{limit: 3})
    first = refused(Denied.EXPOSURE_UNKNOWN, lambda: desk.place())
    missing = "its positions, its working orders and the day's trades were not read"
    assert missing in first.text
    assert "await load_exposure(12345678) reads them" in first.text
    desk.book.positions_seen(ACCOUNT, {}, 1, 2)
    first = refused(Denied.EXPOSURE_UNKNOWN, lambda: desk.place())
    assert "its working orders and the day's trades were not read" in first.text
    desk.book.orders_listed(ACCOUNT, 3)
    first = refused(Denied.EXPOSURE_UNKNOWN, lambda: desk.place())
    assert "known, the day's trades were not read" in first.text
    desk.book.trades_seen(ACCOUNT, [], False, 4, 5)
    refused(Denied.EXPOSURE_UNKNOWN, lambda: desk.place())
    desk.book.trades_seen(ACCOUNT, [], True, 4, 5)
    desk.place()
    assert desk.codes(account=ACCOUNT + 1) == {Denied.EXPOSURE_UNKNOWN}


def test_limits_that_need_no_position_ask_for_none():
    Desk(max_order_size=1).place()


def test_an_older_answer_replaces_no_newer_one():
    desk = Desk(max_position=5).reads(MNQ=2)
    now_ns = desk.clock.now_ns
    assert desk.book.positions_seen(ACCOUNT, {MNQ: 3}, now_ns + 20, now_ns + 30)
    assert not desk.book.positions_seen(ACCOUNT, {}, now_ns + 10, now_ns + 40)
    assert desk.possible() == (2, 3)


def test_an_order_that_arrives_late_leaves_nothing_known():
    desk = Desk(max_position=5).reads()
    desk.risk._late_arrival(ACCOUNT)
    assert desk.codes() == {Denied.EXPOSURE_UNKNOWN}
    assert desk.reads().codes() == {Denied.EXPOSURE_UNKNOWN}  # it may not show it yet
    desk.clock.pass_s(SECONDS_BEHIND)
    assert desk.reads().codes() == set()


def test_an_order_in_doubt_counts_as_filled_until_it_is_proved_absent():
    desk = Desk(max_position=1).reads()
    number = desk.place(accepted=False)
    assert desk.possible() == (0, 1)
    desk.reads()
    assert desk.possible() == (0, 1)
    assert desk.codes() == {Denied.MAX_POSITION}
    desk.book.released(ACCOUNT, f"tag-{number}")
    assert desk.possible() == (0, 0)
    assert desk.codes() == set()


# ------------------------------------------------------------ states


@pytest.mark.parametrize(
    ("held", "side", "size", "passes"),
    [
        (2, "SELL", 1, True), (2, "SELL", 2, True), (2, "SELL", 3, False),
        (2, "BUY", 1, False), (-2, "BUY", 2, True), (-2, "BUY", 3, False),
        (-2, "SELL", 1, False), (0, "SELL", 1, False), (0, "BUY", 1, False),
    ],
)  # fmt: skip
def test_only_what_lessens_a_position_leaves_in_reducing(held, side, size, passes):
    desk = Desk(max_position=5).reads(MNQ=held)
    desk.risk.reduce("the news")
    assert desk.risk.state is RiskState.REDUCING
    expected = set() if passes else {Denied.REDUCING}
    assert desk.codes(side=side, size=size) == expected
    desk.risk.halt("more news")
    assert Denied.HALTED in desk.codes(side=side, size=size)
    desk.risk.reduce("less news")
    assert desk.risk.state is RiskState.HALTED
    desk.risk.resume("no news")
    assert desk.codes(side=side, size=size) == set()


def test_orders_that_lessen_it_already_are_counted():
    desk = Desk(max_position=5).reads(MNQ=2)
    desk.risk.reduce("the news")
    desk.place(side="SELL", order_type="limit", limit_price=29_600)
    assert desk.codes(side="SELL") == set()
    assert desk.codes(side="SELL", size=2) == {Denied.REDUCING}


def test_a_bracket_lessens_nothing():
    desk = Desk(max_position=5).reads(MNQ=2)
    desk.risk.reduce("the news")
    assert desk.codes(side="SELL", stop_loss_ticks=8) == {Denied.REDUCING}


def test_where_the_position_is_not_known_nothing_is_sure_to_lessen_it():
    desk = Desk(max_order_size=5)
    desk.risk.reduce("the news")
    assert desk.codes() == {Denied.REDUCING, Denied.EXPOSURE_UNKNOWN}


def test_what_lessens_a_position_passes_every_limit_of_exposure():
    desk = Desk(
        max_position=1, max_lots=0, max_open_orders=0, max_daily_loss=1,
        trailing_loss=1, flat_by="00:00", max_order_size=1,
    )  # fmt: skip
    desk.reads(MNQ=3)
    assert desk.codes(side="SELL") == set()
    assert not desk.codes() & HARMLESS
    assert desk.codes() >= {
        Denied.FLAT_BY, Denied.LOSS_UNKNOWN, Denied.MAX_POSITION, Denied.MAX_LOTS,
        Denied.MAX_OPEN_ORDERS,
    }  # fmt: skip


@pytest.mark.parametrize("reason", ["", "  ", None, 5])
@pytest.mark.parametrize("verb", ["halt", "reduce", "resume"])
def test_a_state_is_changed_for_a_reason(verb, reason):
    desk = Desk(max_order_size=1)
    with pytest.raises((ValueError, TypeError), match="reason must"):
        getattr(desk.risk, verb)(reason)
    assert desk.risk.state is RiskState.ACTIVE


def test_states_are_kept_over_restarts_with_their_reason_and_time(tmp_path):
    path = tmp_path / "orders.db"
    for verb, state in (
        ("reduce", "REDUCING"), ("halt", "HALTED"), ("resume", "ACTIVE"),
    ):  # fmt: skip
        with Journal(path) as journal:
            desk = Desk(journal, max_order_size=1)
            getattr(desk.risk, verb)(f"why {verb}")
        with Journal(path) as journal:
            again = Desk(journal, max_order_size=1)
            assert again.risk.state.name == state
            if state != "ACTIVE":
                assert again.risk.why == f"why {verb} (since 2026-08-19 19:49:25 UTC)"
                assert again.codes()
            note = journal.notes()["risk/state"]
            assert (note.value, note.reason) == (state, f"why {verb}")
            assert note.at_s == desk.clock.wall


def test_a_journal_from_before_is_read_and_keeps_its_orders(tmp_path):
    import sqlite3

    path = tmp_path / "orders.db"
    Journal(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    with Journal(path) as journal:
        assert journal.notes() == {}
        Desk(journal, max_order_size=1).risk.halt("a reason")
    with Journal(path) as journal:
        assert Desk(journal, max_order_size=1).risk.state is RiskState.HALTED


def test_where_it_cannot_be_written_down_the_stricter_state_holds(tmp_path):
    with Journal(tmp_path / "orders.db") as journal:
        desk = Desk(journal, max_order_size=1)
        journal.close()
        with pytest.raises(Exception, match="was closed"):
            desk.risk.halt("a reason")
        assert desk.risk.state is RiskState.HALTED
        with pytest.raises(Exception, match="was closed"):
            desk.risk.resume("another")
        assert desk.risk.state is RiskState.HALTED


# ------------------------------------------------------------ times of day


def wall(text):
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("edge", "ends"),
    [
        ("2026-03-06T21:08:00+00:00", "2026-03-06T23:00:00+00:00"),  # Chicago at UTC-6
        ("2026-03-09T20:08:00+00:00", "2026-03-09T22:00:00+00:00"),  # at UTC-5
        ("2026-10-30T20:08:00+00:00", "2026-10-30T22:00:00+00:00"),
        ("2026-11-02T21:08:00+00:00", "2026-11-02T23:00:00+00:00"),
    ],
)
def test_nothing_adds_exposure_from_flat_by_to_the_days_end(edge, ends):
    desk = Desk(max_position=5, flat_by="15:08")
    for at, found in (
        (wall(edge) - 0.001, set()),
        (wall(edge), {Denied.FLAT_BY}),
        (wall(ends) - 0.001, {Denied.FLAT_BY}),
        (wall(ends), set()),
        (wall(edge) - 0.001, set()),  # the clock was set back
    ):
        desk.reads(MNQ=2)
        desk.clock.wall = at
        assert desk.codes() == found
        assert desk.codes(side="SELL") == set()


# ------------------------------------------------------------ losses


def trade(number, profit, at_s, fees="0.37", product=MNQ, price="29500", **more):
    return Trade(
        number, ACCOUNT, product, number, 0, 1, Decimal(price),
        None if profit is None else Decimal(profit), Decimal(fees),
        created=datetime.fromtimestamp(at_s, timezone.utc), **more,
    )  # fmt: skip


def position(size, average, product=MNQ):
    kind = 1 if size > 0 else 2
    row = {
        "id": 1, "accountId": ACCOUNT, "contractId": product, "type": kind,
        "size": abs(size), "averagePrice": average,
    }  # fmt: skip
    return Position.from_wire(row)


CONTRACT = Contract(MNQ, "MNQZ6", "", Decimal("0.25"), Decimal("0.5"), True, "F.US.MNQ")


class Money(Desk):
    """A desk whose account is read as ``load_exposure`` does it."""

    def loads(self, trades=(), positions=(), balance=None):
        from fastorder.gateway.endpoints import Endpoint
        from fastorder.risk.sightings import Sightings

        heard = Sightings(self.risk)
        day = self.risk._losses.of(ACCOUNT).day.start_s
        start = datetime.fromtimestamp(day, timezone.utc).isoformat()
        request = {"accountId": ACCOUNT, "startTimestamp": start}
        reads = [(Endpoint.SEARCH_TRADES, list(trades))]
        if balance is not None:
            account = Account(ACCOUNT, "PRAC", Decimal(balance), True, True)
            reads.append((Endpoint.SEARCH_ACCOUNTS, [account]))
        reads.append((Endpoint.SEARCH_POSITIONS, list(positions)))
        reads.append((Endpoint.SEARCH_TRADES, list(trades)))
        self.book.orders_listed(ACCOUNT, self.clock.now_ns)
        for endpoint, found in reads:
            convert = heard.watching(endpoint, request, lambda document: document)
            self.clock.pass_s(0.01)
            convert(found)
            self.clock.pass_s(0.01)
        return self


def test_the_days_loss_counts_fees_and_the_commissions_that_are_left_out():
    desk = Money(max_daily_loss=100)
    now_s = desk.clock.wall
    found = [trade(1, None, now_s), trade(2, "-50", now_s)]
    desk.loads(found)
    assert desk.risk.daily_loss(ACCOUNT) == Decimal("51.24")  # 0.37 + 0.25 for each
    voided = trade(3, "-999", now_s, voided=True)
    yesterday = trade(4, "-999", now_s - 86_400)
    desk.loads([*found, voided, yesterday])
    assert desk.risk.daily_loss(ACCOUNT) == Decimal("51.24")


@pytest.mark.parametrize(("loss", "breached"), [("-98.74", False), ("-98.76", True)])
def test_a_loss_that_touches_the_limit_is_a_breach(loss, breached):
    heard = []
    desk = Money(
        max_daily_loss=Decimal("100"), flatten_on_breach=True,
        on_breach=lambda *what: heard.append(what),
    )  # fmt: skip
    now_s = desk.clock.wall
    desk.loads([trade(1, None, now_s), trade(2, loss, now_s)])
    assert bool(heard) is breached
    if not breached:
        assert desk.codes() == set()
        desk.loads([trade(1, None, now_s), trade(2, "-98.76", now_s)])
    (code, account, text) = heard[0]
    assert (code, account) == (Denied.MAX_DAILY_LOSS, ACCOUNT)
    assert text == "account 12345678 has lost 100.00 dollars today, the limit is 100"
    assert desk.risk.state is RiskState.REDUCING
    assert desk.codes() == {Denied.REDUCING, Denied.MAX_DAILY_LOSS}
    assert len(heard) == 1
    desk.loads([trade(1, None, now_s), trade(2, "-98.76", now_s)])
    assert len(heard) == 1


def test_what_a_days_loss_has_brought_ends_with_the_day_and_outlives_a_restart(
    tmp_path,
):
    path = tmp_path / "orders.db"
    with Journal(path) as journal:
        desk = Money(journal, max_daily_loss=100)
        desk.loads([trade(1, "-500", desk.clock.wall)])
        assert desk.risk.state is RiskState.REDUCING
        ends_s = desk.risk._losses.of(ACCOUNT).day.end_s
    with Journal(path) as journal:
        again = Money(journal, clock=StillClock(wall=ends_s - 1), max_daily_loss=100)
        assert again.risk.state is RiskState.REDUCING
        again.clock.wall = ends_s
        assert again.codes() == {Denied.LOSS_UNKNOWN}
        assert again.risk.state is RiskState.ACTIVE
        again.loads()
        assert again.codes() == set()


def test_resume_does_not_lift_a_loss():
    desk = Money(max_daily_loss=100).loads()
    lost = [trade(1, "-500", desk.clock.wall)]
    desk.loads(lost)
    desk.risk.resume("I know better")
    assert desk.codes() == {Denied.MAX_DAILY_LOSS}
    desk.loads(lost)
    assert desk.risk.state is RiskState.REDUCING


@pytest.mark.parametrize(("size", "price"), [(2, 29_450), (-2, 29_550)])
def test_open_loss_is_counted_at_the_last_price(size, price):
    desk = Money(max_daily_loss=200)
    side = "BUY" if size > 0 else "SELL"
    desk.loads(positions=[position(size, 29_500)])
    first = refused(Denied.LOSS_UNKNOWN, lambda: desk.place(side=side))
    assert "the tick value of CON.F.US.MNQ.Z26 is not known" in first.text
    desk.risk._losses.contract_seen(CONTRACT)
    desk.loads(positions=[position(size, 29_500)])
    first = refused(Denied.LOSS_UNKNOWN, lambda: desk.place(side=side))
    assert "no price of CON.F.US.MNQ.Z26 is known" in first.text
    desk.risk.note_price("MNQ", price + (0.25 if size > 0 else -0.25))
    assert desk.codes(side=side) == set()
    assert desk.risk.daily_loss(ACCOUNT) == Decimal("199")
    desk.risk.note_price("MNQ", price)
    assert desk.risk.daily_loss(ACCOUNT) == Decimal("200")
    assert desk.codes(side=side) == {Denied.REDUCING, Denied.MAX_DAILY_LOSS}


def test_a_loss_is_known_once_the_contract_is():
    desk = Money(max_daily_loss=200)
    desk.loads([trade(1, None, desk.clock.wall)], [position(1, 29_500)])
    assert desk.codes() == {Denied.LOSS_UNKNOWN}
    Sightings(desk.risk).contracts([CONTRACT])
    assert desk.codes() == set()


@pytest.mark.parametrize("limit", ["max_daily_loss", "trailing_loss"])
@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_a_contract_whose_loss_could_never_be_told_is_not_entered(limit, side):
    desk = Money(valued=False, **{limit: 1_000}).loads(balance="50000")
    first = refused(Denied.LOSS_UNKNOWN, lambda: desk.place(side=side))
    assert first.text == (
        "the loss of account 12345678 must be known: the tick value of "
        "CON.F.US.MNQ.Z26 is not known: load_contract('MNQ') gives it"
    )
    assert first.limit == limit
    assert desk.book.contract_of(ACCOUNT, MNQ).possible == (0, 0)
    Sightings(desk.risk).contracts([CONTRACT])
    assert desk.codes(side=side) == set()
    assert desk.codes(side=side, symbol="NQ") == {Denied.LOSS_UNKNOWN}


def test_without_a_limit_on_losses_a_tick_value_is_not_asked_for():
    assert Desk(valued=False, max_position=5).reads().codes() == set()


def test_what_lessens_a_position_needs_no_tick_value():
    desk = Desk(valued=False, max_daily_loss=1_000).reads(MNQ=2)
    assert desk.codes(side="SELL", size=2) == set()
    assert desk.codes(side="SELL", size=3) == {Denied.LOSS_UNKNOWN}


def test_what_else_is_not_known_of_a_loss_is_told_with_the_tick_value():
    desk = Money(valued=False, max_daily_loss=1_000)
    first = refused(Denied.LOSS_UNKNOWN, desk.place)
    assert "load_contract('MNQ') gives it; the day's trades and" in first.text
    desk.loads(positions=[position(1, 29_500)])
    first = refused(Denied.LOSS_UNKNOWN, desk.place)
    assert first.text.count("the tick value of") == 1


def test_a_larger_order_of_a_contract_that_tells_no_loss_is_refused():
    desk = Money(valued=False, max_daily_loss=1_000)
    desk.loads().reads()
    order = desk.order()
    desk.guard.recalled(order, "tag-1", MNQ, desk.clock.wall)  # of an earlier run
    desk.book.accepted(ACCOUNT, "tag-1", 1)

    def enlarge():
        desk.risk._admit_change(ACCOUNT, 1, {"size": 2})

    first = refused(Denied.LOSS_UNKNOWN, enlarge)
    assert f"load_contract('{MNQ}') gives it" in first.text
    desk.book.value_seen(MNQ)
    enlarge()


def test_a_tick_value_is_that_of_an_id_in_other_letters_too():
    desk = Desk(valued=False, max_daily_loss=1_000)
    small = desk.book.contract_of(ACCOUNT, MNQ.lower())
    assert not small.price.is_valued
    desk.book.value_seen(MNQ)
    assert desk.book.contract_of(ACCOUNT, MNQ) is small
    assert small.price.is_valued


def test_a_price_that_came_without_a_look_is_told_as_such():
    desk = Money(max_daily_loss=200)
    desk.risk._losses.contract_seen(CONTRACT)
    desk.loads(positions=[position(1, 29_500)])
    assert desk.risk._heard_price(MNQ, Decimal(29_500), desk.clock.now_ns)
    first = refused(Denied.LOSS_UNKNOWN, desk.place)
    assert "what was missing has come just now, and was not looked at yet" in first.text
    assert "await load_exposure(12345678) looks at it now" in first.text


BELOW = [0, -1, -0.25, Decimal("-0.00"), Decimal("-37.5")]


@pytest.mark.parametrize("price", BELOW)
@pytest.mark.parametrize("way", ["note_price", "hub", "fill", "position"])
@pytest.mark.parametrize("is_listed", [True, False])
def test_a_price_that_the_contract_cannot_have_is_believed_by_nobody(
    price, way, is_listed
):
    heard = []
    desk = Money(max_daily_loss=200, on_breach=lambda *what: heard.append(what))
    if not is_listed:  # its product tells then
        desk.contracts = desk.risk._contracts = ContractCache()
        desk.risk._losses._may_cost = desk.contracts.may_cost
    desk.risk._losses.contract_seen(CONTRACT)
    desk.loads(positions=[position(1, 29_500)])
    desk.risk.note_price(MNQ, 29_500)
    assert desk.codes(symbol=MNQ) == set()
    if way == "note_price":
        with pytest.raises(InvalidField, match=r"price must be positive.*negative_pri"):
            desk.risk.note_price(MNQ, price)
    elif way == "hub":
        assert Hearing(desk.risk).price(MNQ, Decimal(str(price))) == []
        desk.risk._look_at_loss(ACCOUNT)
    elif way == "fill":
        desk.clock.pass_s(1)
        fills = [trade(1, None, desk.clock.wall, price=price)]
        desk.loads(fills, [position(1, 29_500)])
    else:
        for size in (1, -1):
            desk.loads(positions=[position(size, price)])
            first = refused(Denied.LOSS_UNKNOWN, lambda: desk.place(symbol=MNQ))
            assert f"position of {MNQ} is listed at an average price of" in first.text
            assert "await load_exposure(12345678) reads it again" in first.text
        desk.loads(positions=[position(1, 29_500)])
    assert desk.risk._losses._prices[MNQ][0] == 29_500
    assert not heard
    assert desk.risk.state is RiskState.ACTIVE
    assert desk.codes(symbol=MNQ) == set()


@pytest.mark.parametrize("price", BELOW)
def test_a_contract_that_trades_below_zero_has_such_a_price(price):
    desk = Money(max_daily_loss=200)
    desk.contracts.set("MNQ", MNQ, "0.25", negative_prices=True)
    desk.risk._losses.contract_seen(CONTRACT)
    desk.loads(positions=[position(1, price)])
    desk.risk.note_price("MNQ", price)
    assert desk.risk.daily_loss(ACCOUNT) == 0
    assert Hearing(desk.risk).price(MNQ, Decimal(str(price))) == [ACCOUNT]
    assert desk.codes() == set()


@pytest.mark.parametrize(
    "price", ["x", "29000.25", None, [1], (0, (1,), 0), True, b"1"]
)
@pytest.mark.parametrize("symbol", ["MNQ", "CON.F.US.ZZZ.Z26"])
def test_what_is_no_number_is_no_price_to_note(price, symbol):
    with pytest.raises(WrongFieldType, match="price must be"):
        Desk(max_daily_loss=1).risk.note_price(symbol, price)


@pytest.mark.parametrize("price", [float("nan"), float("inf"), Decimal("NaN")])
@pytest.mark.parametrize("symbol", ["MNQ", "CON.F.US.ZZZ.Z26"])
def test_what_is_not_finite_is_no_price_to_note(price, symbol):
    with pytest.raises(InvalidField, match="price must be a finite number"):
        Desk(max_daily_loss=1).risk.note_price(symbol, price)


def test_the_newest_fill_is_a_price_and_an_older_one_is_none():
    desk = Money(max_daily_loss=500)
    desk.risk._losses.contract_seen(CONTRACT)
    now_s = desk.clock.wall
    fills = [
        trade(1, None, now_s - 60, price="29500"),
        trade(2, None, now_s - 90, price="1"),
    ]
    desk.loads(fills, [position(1, 29_500)])
    assert desk.risk.daily_loss(ACCOUNT) == Decimal("1.24")
    desk.risk.note_price("MNQ", 29_510)
    desk.loads(fills, [position(1, 29_500)])
    assert desk.risk.daily_loss(ACCOUNT) == Decimal("-18.76")


ENQ = "CON.F.US.ENQ.Z26"


@pytest.mark.parametrize(
    ("own", "told", "loss"),
    [
        (None, None, Decimal("105.74")),  # twice the bound
        ({"ENQ": 1.25}, None, Decimal("103.24")),  # twice the fees and that
        ({"ENQ": 0}, None, Decimal("100.74")),
        (None, Decimal("2"), Decimal("104.74")),
        ({"ENQ": 1.25}, Decimal("2"), Decimal("104.74")),  # the answer's own counts
    ],
)
def test_costs_are_never_understated(own, told, loss, caplog):
    """A bound stands for a commission that nobody tells, and the log says so once."""
    desk = Money(max_daily_loss=1_000, commissions=own)
    now_s = desk.clock.wall
    more = {"product": ENQ, "commissions": told}
    for _ in range(3):
        desk.loads([trade(1, None, now_s, **more), trade(2, "-100", now_s, **more)])
    assert desk.risk.daily_loss(ACCOUNT) == loss
    assert desk.codes() == set()
    is_bound = own is None and told is None
    assert caplog.text.count("the commission of ENQ is not known") == is_bound
    if is_bound:
        assert "RiskLimits(commissions={'ENQ': ...}) gives it" in caplog.text


@pytest.mark.parametrize("limit", ["max_daily_loss", "trailing_loss"])
def test_a_limit_acts_where_the_commission_is_not_known(limit):
    desk = Money(**{limit: 200})
    enq = Contract(ENQ, "NQZ6", "", Decimal("0.25"), Decimal("5"), True, "F.US.ENQ")
    desk.risk._losses.contract_seen(enq)
    bought = trade(1, None, desk.clock.wall, product=ENQ)
    desk.loads(balance="50000")
    desk.loads([bought], [position(1, 29_500, ENQ)], balance="50000")
    desk.risk.note_price("NQ", 29_491)  # 180 dollars, and the costs of 2.87
    assert desk.risk.daily_loss(ACCOUNT) == Decimal("182.87")
    assert desk.risk.state is RiskState.ACTIVE
    desk.risk.note_price("NQ", 29_490)
    assert desk.risk.state is not RiskState.ACTIVE


def test_the_bound_is_no_less_than_any_commission_that_is_known():
    assert MOST_COMMISSION == 10 * max(COMMISSIONS.value.values())


@pytest.mark.parametrize("what", ["read", "price"])
def test_a_loss_is_known_for_so_long_and_no_longer(what):
    desk = Money(max_daily_loss=1_000, loss_max_age=30)
    desk.risk._losses.contract_seen(CONTRACT)
    held = [position(1, 29_500)] if what == "price" else []
    desk.loads(positions=held)
    desk.risk.note_price("MNQ", 29_500)
    today = desk.risk._losses.of(ACCOUNT)
    begun_ns = min(today.trades_ns[0], today.positions_ns)
    at_ns = begun_ns + 30 * SECOND_NS
    desk.clock.pass_s((at_ns - desk.clock.now_ns) / 1e9 - 0.001)
    assert desk.codes() == set()
    if what == "price":  # read again, and no price since
        desk.loads(positions=held)
        desk.clock.pass_s(1)
    else:
        desk.clock.pass_s(0.002)
        desk.risk.note_price("MNQ", 29_500)  # it is no read
    first = refused(Denied.LOSS_UNKNOWN, lambda: desk.place())
    missing = {"read": "it was read 30 s ago", "price": "the price of CON.F.US.MNQ.Z26"}
    assert missing[what] in first.text
    desk.loads(positions=held)
    desk.risk.note_price("MNQ", 29_500)
    assert desk.codes() == set()


@pytest.mark.parametrize("missing", ["trades", "positions"])
def test_a_loss_of_which_a_part_was_not_read_is_not_known(missing):
    desk = Money(max_daily_loss=100)
    desk.loads()
    today = desk.risk._losses.of(ACCOUNT)
    if missing == "trades":
        today.is_whole = False
    else:
        today.positions = None
    desk.risk._look_at_loss(ACCOUNT)
    assert desk.codes() == {Denied.LOSS_UNKNOWN}


def test_trades_of_a_part_of_the_day_are_not_the_days_trades():
    desk = Money(max_daily_loss=100)
    day = desk.risk._losses.of(ACCOUNT)
    since_s = day.day.start_s + 1
    desk.risk._losses.trades_seen(ACCOUNT, [], since_s, 1, 2, True)
    assert not day.is_whole
    desk.risk._losses.trades_seen(ACCOUNT, [], day.day.start_s, 3, 4, False)
    assert not day.is_whole
    desk.risk._losses.trades_seen(ACCOUNT, [], day.day.start_s, 5, 6, True)
    assert day.is_whole


def test_the_floor_follows_the_balance_at_the_days_ends_alone(tmp_path):
    path = tmp_path / "orders.db"
    with Journal(path) as journal:
        desk = Money(journal, trailing_loss=2_000, commissions={"ENQ": 0})
        desk.loads(balance="50000")
        assert desk.risk._losses.floor(ACCOUNT) == (48_000, 50_000)
        now_s = desk.clock.wall
        won = trade(1, "900", now_s, fees="0", product="CON.F.US.ENQ.Z26")
        desk.loads([won], balance="50900")
        assert desk.risk._losses.floor(ACCOUNT) == (48_000, 50_900)
        desk.clock.wall = desk.risk._losses.of(ACCOUNT).day.end_s
        assert desk.codes() == {Denied.LOSS_UNKNOWN}
        desk.loads(balance="50900")
        assert desk.risk._losses.floor(ACCOUNT) == (48_900, 50_900)
        later_s = desk.clock.wall
    with Journal(path) as journal:  # and it never falls, whatever the balance
        again = Money(journal, clock=StillClock(wall=later_s), trailing_loss=2_000)
        again.loads(balance="49000")
        assert again.risk._losses.floor(ACCOUNT) == (48_900, 49_000)
        assert again.codes() == set()
        again.loads(balance="48900")
        assert again.risk.state is RiskState.HALTED
        assert "is at 48900 dollars, its floor is 48900" in again.risk.why


def test_the_floor_stops_to_rise_where_it_is_told():
    desk = Money(trailing_loss=2_000, trailing_stops_at=50_000)
    desk.loads(balance="53000")
    assert desk.risk._losses.floor(ACCOUNT) == (50_000, 53_000)


def test_the_floor_begins_below_what_the_account_has_begun_with():
    """Whoever looks first when a part is lost must not be given more to lose."""
    desk = Money(trailing_loss=2_000, trailing_from=50_000, trailing_stops_at=50_000)
    desk.loads(balance="49000")
    assert desk.risk._losses.floor(ACCOUNT) == (48_000, 49_000)


def test_a_balance_between_two_readings_with_other_trades_tells_nothing():
    desk = Money(trailing_loss=2_000)
    losses = desk.risk._losses
    day_s = losses.of(ACCOUNT).day.start_s
    losses.trades_seen(ACCOUNT, [], day_s, 1, 2, True)
    losses.balance_seen(Account(ACCOUNT, "", Decimal(50_000), True, True), 3, 4)
    new = trade(1, "-100", desk.clock.wall)
    losses.trades_seen(ACCOUNT, [new], day_s, 5, 6, True)
    assert losses.of(ACCOUNT).began_with is None
    losses.balance_seen(Account(ACCOUNT, "", Decimal(49_900), True, True), 5, 8)
    losses.trades_seen(ACCOUNT, [new], day_s, 9, 10, True)
    assert losses.of(ACCOUNT).began_with is None  # asked for before the trades came


def test_a_hook_that_raises_changes_nothing(caplog):
    def fails(*what):
        raise RuntimeError("no")

    desk = Money(max_daily_loss=100, on_breach=fails)
    desk.loads([trade(1, "-500", desk.clock.wall)])
    assert desk.risk.state is RiskState.REDUCING
    assert "on_breach raised" in caplog.text


def test_the_codes_of_the_check_are_those_of_the_enum():
    import re
    from pathlib import Path

    source = Path(__file__).parent.parent / "fastorder" / "risk" / "check.pyx"
    if not source.exists():
        pytest.skip("not in a checkout")
    text = source.read_text(encoding="utf-8")
    found = dict(re.findall(r"^    ([A-Z_]+) = 1 << (\d+)$", text, re.M))
    assert len(found) == 16
    for name, bit in found.items():
        assert Denied[name].value == 1 << int(bit)
