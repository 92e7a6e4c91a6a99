"""Acts of several requests, in both facades: what is done, and what is said of it."""

import asyncio
import contextlib
import inspect
import json
import pickle
import threading
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from conftest import ACCOUNT, COMBINE, QUICK, held, prepared

import fastorder
from fastorder import FillState, Outcome, RiskLimits, blocking
from fastorder.simulator import Fault

MNQ, MES = "CON.F.US.MNQ.Z26", "CON.F.US.MES.Z26"
CLOSE, CANCEL = "/api/Position/closeContract", "/api/Order/cancel"
PLACE, MODIFY = "/api/Order/place", "/api/Order/modify"
POSITIONS, QUERY = "/api/Position/searchOpen", "/api/Order/v2/query"
TRADES, BY_ID = "/api/Trade/search", "/api/Order/searchById"
BRACKET = {"stop_loss_ticks": 400, "take_profit_ticks": 800}


class Facade:
    """An executor of either kind, whose verbs give their results."""

    def __init__(self, kind, gateway, **options):
        self.loop = asyncio.new_event_loop() if kind == "async" else None
        module = fastorder if kind == "async" else blocking
        self.executor = prepared(
            module.OrderExecutor(gateway.base_url, retry=QUICK, **options), gateway
        )
        self.executor.set_contract_id("MES", MES, tick_size="0.25")

    def __getattr__(self, verb):
        def call(*given, **named):
            if self.loop is None:
                return getattr(self.executor, verb)(*given, **named)

            async def awaited():
                return await getattr(self.executor, verb)(*given, **named)

            return self.loop.run_until_complete(awaited())

        return call

    def end(self):
        if self.loop is None:
            self.executor.close(drain=0)
            return
        self.loop.run_until_complete(self.executor.aclose(drain=0))
        self.loop.close()


@pytest.fixture(params=["async", "blocking"])
def desk(request, gateway):
    facade = Facade(request.param, gateway)
    yield facade
    facade.end()


def account_of(gateway, number=ACCOUNT):
    return gateway.gateway.exchange.accounts[number]


def working(gateway, number=ACCOUNT):
    """Orders that may still fill, by what the gateway itself knows."""
    return gateway.call(lambda: len(account_of(gateway, number).working))


def sizes(gateway, number=ACCOUNT):
    account = account_of(gateway, number)
    return gateway.call(lambda: {k: p.size for k, p in account.positions.items()})


def bought(desk, quantity=1, symbol="MNQ", **options):
    result = desk.place_market_order(symbol, "BUY", quantity, ACCOUNT, **options)
    assert result.success
    return result


def resting(desk, count=1, **options):
    return [
        desk.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 20_000 - i, **options).order_id
        for i in range(count)
    ]


def outcomes(report, action):
    return [
        each.result.outcome for each in report.steps if each.result.action == action
    ]


# ------------------------------------------------------------ flatten


def test_flatten_leaves_nothing_and_says_what_it_did(desk, gateway):
    bought(desk, 2, **BRACKET)
    bought(desk, 1, "MES")
    resting(desk, 3, stop_loss_ticks=40)
    report = desk.flatten(ACCOUNT)
    assert report
    assert report.verified
    assert report.why == ""
    assert held(gateway) == 0
    assert working(gateway) == 0
    assert {each.contract_id for each in report.contracts} == {MNQ, MES}
    assert all(each.position == 0 and not each.working for each in report.contracts)
    assert outcomes(report, "close") == [Outcome.ACCEPTED] * 2
    assert outcomes(report, "cancel") == [Outcome.ACCEPTED] * 5
    assert "flatten of account 12345678: verified" in repr(report)


def test_flatten_of_one_symbol_touches_no_other(desk, gateway):
    bought(desk, 1, "MES")
    bought(desk, 1)
    report = desk.flatten(ACCOUNT, symbol="MNQ")
    assert report
    assert sizes(gateway) == {MES: 1}
    assert [each.contract_id for each in report.contracts] == [MNQ]


def test_flatten_of_a_flat_account_sends_no_change(desk, gateway):
    report = desk.flatten(ACCOUNT)
    assert report
    assert report.contracts == ()
    assert not gateway.ledger.requests(CLOSE)
    assert not gateway.ledger.requests(CANCEL)


def test_a_stop_stays_where_the_close_is_refused(desk, gateway):
    bought(desk, 1, **BRACKET)
    entries = resting(desk)
    gateway.faults.add(
        Fault(CLOSE, reply="code", effect="none", error_code=5, times=None)
    )
    report = desk.flatten(ACCOUNT, deadline=1)
    assert not report
    assert f"+1 {MNQ}" in report.why
    assert sizes(gateway) == {MNQ: 1}
    assert working(gateway) == 2  # both legs protect it; the entry is gone
    assert entries[0] not in [o.id for o in report.contracts[0].working]
    assert report.contracts[0].position == 1
    assert Outcome.REJECTED in outcomes(report, "close")
    assert "NOT verified" in repr(report)


def test_a_leg_that_fills_while_its_position_is_closed_is_closed_too(desk, gateway):
    placed = bought(desk, 1, **BRACKET)

    class Struck(Exception):
        pass

    exchange = gateway.gateway.exchange
    close, strikes = exchange.close, []

    def closed_and_stopped(account, position, size):
        close(account, position, size)
        if not strikes:
            strikes.append(1)
            contract = position.contract
            exchange.set_price(contract, exchange.last(contract) - 200)

    exchange.close = closed_and_stopped
    report = desk.flatten(ACCOUNT)
    assert strikes
    filled = gateway.call(lambda: account_of(gateway).by_id[placed.order_id + 1])
    assert filled.fill_volume == 1
    assert report
    assert held(gateway) == 0
    assert working(gateway) == 0
    assert outcomes(report, "close").count(Outcome.ACCEPTED) == 2


def test_a_positions_list_that_is_behind_is_not_believed(desk, gateway):
    bought(desk, 1)
    empty = b'{"positions":[],"success":true,"errorCode":0,"errorMessage":null}'
    gateway.faults.add(Fault(POSITIONS, reply="body", body=empty, times=4))
    report = desk.flatten(ACCOUNT)
    assert report
    assert held(gateway) == 0


def test_what_a_stale_list_hides_for_ever_is_not_called_flat(desk, gateway):
    bought(desk, 1)
    empty = b'{"positions":[],"success":true,"errorCode":0,"errorMessage":null}'
    gateway.faults.add(Fault(POSITIONS, reply="body", body=empty, times=None))
    report = desk.flatten(ACCOUNT, deadline=3)
    assert not report
    assert "the trades of CON.F.US.MNQ.Z26 add up to 1 contract" in report.why
    assert held(gateway) == 1


def test_a_look_that_time_cuts_off_hides_nothing_that_was_known(desk, gateway):
    bought(desk, 1)
    empty = b'{"positions":[],"success":true,"errorCode":0,"errorMessage":null}'
    gateway.faults.add(Fault(POSITIONS, reply="body", body=empty, times=5))
    gateway.faults.add(Fault(POSITIONS, reply="stall", times=None))
    report = desk.flatten(ACCOUNT, deadline=9)
    assert not report
    assert "when its time was over" in report.why
    assert "the trades of CON.F.US.MNQ.Z26 add up to 1 contract" in report.why


def test_an_order_that_no_list_shows_yet_is_not_called_flat(desk, gateway):
    resting(desk)
    empty = b'{"orders":[],"totalCount":0,"success":true,"errorCode":0}'
    gateway.faults.add(Fault(QUERY, reply="body", body=empty, times=None))
    gateway.gateway.search_lag_s = 60
    report = desk.flatten(ACCOUNT, deadline=3)
    assert not report
    assert "of this executor is not listed yet" in report.why


def test_an_order_in_doubt_is_not_called_flat(desk, gateway):
    gateway.faults.add(
        Fault(PLACE, reply="hang_up", effect="none"),
        Fault("/api/Order/search", reply="status", status=500, times=None),
    )
    placed = desk.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    assert placed.outcome is Outcome.UNKNOWN
    report = desk.flatten(ACCOUNT, deadline=1)
    assert not report
    assert placed.tag in report.why
    assert "in doubt" in report.why


def test_a_lost_answer_of_the_close_is_no_lie(desk, gateway):
    bought(desk, 1)
    gateway.faults.add(Fault(CLOSE, reply="hang_up"))
    report = desk.flatten(ACCOUNT)
    assert report
    assert held(gateway) == 0


def test_a_busy_gateway_is_waited_for(desk, gateway):
    bought(desk, 1, **BRACKET)
    gateway.faults.add(
        Fault(CLOSE, reply="status", status=429, effect="none"),
        Fault(CANCEL, reply="status", status=500, effect="none"),
        Fault(POSITIONS, reply="status", status=503),
    )
    assert desk.flatten(ACCOUNT)
    assert held(gateway) == working(gateway) == 0


def test_a_deadline_ends_it_and_nothing_is_claimed(desk, gateway):
    bought(desk, 1)
    gateway.faults.add(Fault(CLOSE, reply="stall", effect="none", times=None))
    report = desk.flatten(ACCOUNT, deadline=0.3)
    assert not report
    assert report.took_s < 5
    assert outcomes(report, "close") == [Outcome.UNKNOWN]
    assert "when the act ended" in report.steps[0].result.error


def test_a_close_passes_the_kill_switch(desk, gateway):
    bought(desk, 1, **BRACKET)
    desk.executor.kill("enough")
    assert desk.flatten(ACCOUNT)
    assert held(gateway) == working(gateway) == 0


def test_an_account_that_is_not_there_is_an_error(desk):
    with pytest.raises(fastorder.RequestFailed):
        desk.flatten(999)


def test_with_a_symbol_the_close_leaves_first(desk, gateway):
    bought(desk, 1)
    before = len(gateway.ledger.requests())
    desk.flatten(ACCOUNT, symbol="MNQ")
    first = gateway.ledger.requests()[before:][:3]
    assert CLOSE.lower() in [each.endpoint for each in first]


def test_two_accounts_are_flattened_apart(desk, gateway):
    bought(desk, 1)
    assert desk.place_market_order("MNQ", "SELL", 2, COMBINE).success
    assert desk.flatten(ACCOUNT)
    assert sizes(gateway) == {}
    assert sizes(gateway, COMBINE) == {MNQ: -2}
    assert desk.flatten(COMBINE)
    assert sizes(gateway, COMBINE) == {}


# ------------------------------------------------------------ cancel all, close


def test_cancel_all_leaves_the_position_alone(desk, gateway):
    bought(desk, 1, **BRACKET)
    resting(desk, 3, stop_loss_ticks=40)
    report = desk.cancel_all(ACCOUNT)
    assert report
    assert working(gateway) == 0
    assert sizes(gateway) == {MNQ: 1}
    assert not gateway.ledger.requests(CLOSE)
    assert outcomes(report, "cancel") == [Outcome.ACCEPTED] * 5


def test_cancel_all_sends_at_once(desk, gateway):
    resting(desk, 5)
    gateway.faults.add(Fault(CANCEL, reply="answer", delay_s=0.4, times=None))
    report = desk.cancel_all(ACCOUNT)
    asked = [each.time_s for each in gateway.ledger.requests(CANCEL)]
    assert report
    assert len(asked) == 5
    connections = {each.connection for each in gateway.ledger.requests(CANCEL)}
    assert len(connections) == 5  # none waited for another's answer


def test_cancel_all_of_a_symbol_leaves_the_others(desk, gateway):
    resting(desk)
    desk.place_limit_order("MES", "BUY", 1, ACCOUNT, 1_000)
    assert desk.cancel_all(ACCOUNT, symbol="MES")
    assert working(gateway) == 1


def test_more_orders_than_a_page_are_all_cancelled(desk, gateway):
    resting(desk, 120)
    report = desk.cancel_all(ACCOUNT)
    assert report
    assert working(gateway) == 0
    assert len(report.steps) == 120


def test_close_takes_the_legs_and_leaves_the_entries(desk, gateway):
    bought(desk, 2, **BRACKET)
    resting(desk, 1, stop_loss_ticks=40)
    report = desk.close_out("MNQ", ACCOUNT)
    assert report
    assert held(gateway) == 0
    assert working(gateway) == 2  # an entry, and the leg that waits for it


def test_partial_close_says_what_is_left_unprotected(desk, gateway):
    bought(desk, 3, **BRACKET)
    report = desk.partial_close_out("MNQ", ACCOUNT, 1)
    assert report
    assert report.position == 2
    assert [leg.size for leg in report.oversized] == [3, 3]
    assert held(gateway) == 2


def test_a_partial_close_of_too_much_is_refused(desk, gateway):
    bought(desk, 1)
    report = desk.partial_close_out("MNQ", ACCOUNT, 2)
    assert not report
    assert report.result.outcome is Outcome.REJECTED
    assert report.position == 1


@pytest.mark.parametrize("behind", ["positions", "both"])
def test_a_partial_close_believes_no_list_that_is_behind(desk, gateway, behind):
    """One list from before the close, or both of them, until they are up to date."""
    bought(desk, 3)
    for path in (POSITIONS, TRADES) if behind == "both" else (POSITIONS,):
        body = gateway.call(lambda path=path: answer_of(gateway, path))
        gateway.faults.add(Fault(path, reply="body", body=body, times=2))
    report = desk.partial_close_out("MNQ", ACCOUNT, 1)
    assert report
    assert report.position == 2


def test_a_partial_close_that_no_list_shows_has_no_position(desk, gateway):
    bought(desk, 3)
    body = gateway.call(lambda: answer_of(gateway, POSITIONS))
    gateway.faults.add(Fault(POSITIONS, reply="body", body=body, times=None))
    report = desk.partial_close_out("MNQ", ACCOUNT, 1)
    assert report
    assert report.position is None
    assert "3 contracts listed, the trades add up to 2" in report.why


def answer_of(gateway, path):
    """What the gateway answers to a read of the account now."""
    request = {"accountId": ACCOUNT}
    if path == TRADES:
        request["startTimestamp"] = "2020-01-01T00:00:00Z"
    body = json.dumps(request).encode()
    answer = gateway.gateway.handle(path.lower(), gateway.token, body)
    assert answer.status == 200
    return answer.body


# ------------------------------------------------------------ reverse


def test_reverse_closes_nothing_where_it_could_not_open_as_much(gateway):
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK, max_quantity=2) as desk:
        prepared(desk, gateway)
        bought(desk, 2)
        bought(desk, 2)
        with pytest.raises(fastorder.InvalidField, match="max_quantity"):
            desk.reverse("MNQ", ACCOUNT)
        assert held(gateway) == 4


def test_reverse_closes_then_opens_as_much(desk, gateway):
    bought(desk, 2, **BRACKET)
    report = desk.reverse("MNQ", ACCOUNT, stop_loss_ticks=100)
    assert report
    assert report.closed.verified
    assert sizes(gateway) == {MNQ: -2}
    assert working(gateway) == 1  # the new stop; the old legs are gone
    last = gateway.ledger.requests(PLACE)[-1]
    assert b'"size":2' in last.body  # and never four


def test_reverse_of_nothing_opens_nothing(desk, gateway):
    report = desk.reverse("MNQ", ACCOUNT)
    assert not report
    assert report.why == "no position is held"
    shown = "<reverse: no order was sent: no position is held; nothing was closed>"
    assert repr(report) == shown
    assert not gateway.ledger.requests(PLACE)


def test_reverse_opens_nothing_where_it_is_not_flat(desk, gateway):
    bought(desk, 1)
    gateway.faults.add(
        Fault(CLOSE, reply="code", effect="none", error_code=5, times=None)
    )
    report = desk.reverse("MNQ", ACCOUNT, deadline=1)
    assert not report
    assert report.placed is None
    assert "not proved flat" in report.why
    assert sizes(gateway) == {MNQ: 1}


def test_reverse_under_the_kill_switch_closes_nothing(desk, gateway):
    bought(desk, 1, stop_loss_ticks=400)
    desk.executor.kill("enough")
    with pytest.raises(fastorder.Halted, match="enough"):
        desk.reverse("MNQ", ACCOUNT)
    assert sizes(gateway) == {MNQ: 1}
    assert working(gateway) == 1
    assert not gateway.ledger.requests(CLOSE)


class KillsAtAnEnd:
    """Switches off once a change has ended."""

    def __init__(self, executor):
        self.executor = executor

    def change_began(self, ticket):
        """Nothing yet."""

    def change_ended(self, ticket, result):
        self.executor.kill("enough")


def test_a_kill_while_a_reverse_closes_is_told(desk, gateway):
    bought(desk, 1)
    desk.executor.observe(KillsAtAnEnd(desk.executor))
    report = desk.reverse("MNQ", ACCOUNT)
    assert not report
    assert "enough" in report.why
    assert sizes(gateway) == {}


@pytest.mark.parametrize("why", ["halted", "reducing", "size"])
@pytest.mark.parametrize("kind", [fastorder, blocking])
def test_reverse_closes_nothing_where_limits_refuse_the_other_half(kind, why, gateway):
    limits = RiskLimits(max_order_size=2, max_position=4)

    async def scene():
        executor = kind.OrderExecutor(gateway.base_url, retry=QUICK, risk=limits)
        prepared(executor, gateway)
        await given(executor.load_exposure(ACCOUNT))
        await given(executor.place_market_order("MNQ", "BUY", 2, ACCOUNT))
        if why == "size":
            await given(executor.place_market_order("MNQ", "BUY", 1, ACCOUNT))
        if why == "halted":
            executor.risk.halt("enough")
        if why == "reducing":
            executor.risk.reduce("enough")
        with pytest.raises(fastorder.RiskDenied, match="enough|MAX_ORDER_SIZE"):
            await given(executor.reverse("MNQ", ACCOUNT))
        await given(executor.aclose() if kind is fastorder else executor.close())

    async def given(result):
        return await result if inspect.isawaitable(result) else result

    asyncio.run(scene())
    assert held(gateway) == (3 if why == "size" else 2)
    assert not gateway.ledger.requests(CLOSE)


def test_reverse_of_all_that_may_be_held_is_no_refusal(gateway):
    limits = RiskLimits(max_order_size=2, max_position=2)
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK, risk=limits) as desk:
        prepared(desk, gateway)
        desk.load_exposure(ACCOUNT)
        bought(desk, 2, **BRACKET)
        report = desk.reverse("MNQ", ACCOUNT)
        assert report.closed, report


# ------------------------------------------------------------ legs


def test_a_read_that_waits_to_be_repeated_is_told_as_that(gateway):
    gateway.faults.add(
        Fault(BY_ID, reply="status", status=429, effect="none", times=None)
    )
    with blocking.OrderExecutor(gateway.base_url) as desk:
        prepared(desk, gateway)
        fill = desk.filled(bought(desk, 1), ACCOUNT, timeout=0.3)
    assert fill.state is FillState.UNKNOWN
    assert "sent again" not in fill.why


def leg_price(gateway, order_id):
    order = gateway.call(lambda: account_of(gateway).by_id[order_id])
    return order.stop_price or order.limit_price


def test_the_legs_of_a_bracket_are_moved(desk, gateway):
    placed = bought(desk, 1, **BRACKET)
    stop, target = placed.order_id + 1, placed.order_id + 2
    new_stop = leg_price(gateway, stop) + 5
    new_target = leg_price(gateway, target) + 5
    assert desk.move_stop("MNQ", ACCOUNT, new_stop).order_id == stop
    assert desk.move_target("MNQ", ACCOUNT, float(new_target)).order_id == target
    assert leg_price(gateway, stop) == new_stop
    assert leg_price(gateway, target) == new_target


def test_of_several_legs_it_says_which(desk, gateway):
    first, second = (bought(desk, 1, **BRACKET).order_id for _ in range(2))
    price = leg_price(gateway, first + 1) + 5
    with pytest.raises(fastorder.InvalidField, match="which stop leg") as told:
        desk.move_stop("MNQ", ACCOUNT, price)
    assert str(first + 1) in str(told.value)
    assert str(second + 1) in str(told.value)
    assert not gateway.ledger.requests(MODIFY)
    assert desk.move_stop("MNQ", ACCOUNT, price, order_id=second).success
    assert leg_price(gateway, second + 1) == price
    assert desk.move_stop("MNQ", ACCOUNT, price, order_id=first + 1).success


def test_a_suspended_leg_is_none_to_move(desk, gateway):
    resting(desk, 1, stop_loss_ticks=40)
    with pytest.raises(fastorder.InvalidField, match="suspended until"):
        desk.move_stop("MNQ", ACCOUNT, 19_000)
    assert not gateway.ledger.requests(MODIFY)


def test_no_leg_lists_what_works(desk, gateway):
    (order_id,) = resting(desk)
    with pytest.raises(fastorder.InvalidField, match=f"live target leg.*{order_id}"):
        desk.move_target("MNQ", ACCOUNT, 30_000)


def test_a_price_off_the_tick_or_beyond_the_other_leg_is_refused(desk, gateway):
    placed = bought(desk, 1, **BRACKET)
    beyond = leg_price(gateway, placed.order_id + 2) + 1
    for price, why in ((25_000.1, "tick"), (beyond, "must be below"), ("x", "price")):
        with pytest.raises(
            (fastorder.InvalidField, fastorder.WrongFieldType), match=why
        ):
            desk.move_stop("MNQ", ACCOUNT, price)
    assert not gateway.ledger.requests(MODIFY)


@pytest.mark.parametrize(
    ("number", "share", "why"),
    [
        (1, "0.0013", "price within 50 % of the stop leg's price of now"),
        (1, "0.49", "price within 50 %"),
        (1, "1.51", "must be below the other leg"),
        (2, "0.0013", "must be above the other leg"),
        (2, "1.51", "price within 50 % of the target leg's price of now"),
        (2, "7", "price within 50 %"),
    ],
)
def test_a_leg_is_not_moved_to_where_nobody_means_it(desk, gateway, number, share, why):
    placed = bought(desk, 1, **BRACKET)
    price = int(leg_price(gateway, placed.order_id + number) * Decimal(share))
    move = desk.move_stop if number == 1 else desk.move_target
    with pytest.raises(fastorder.InvalidField, match=why) as told:
        move("MNQ", ACCOUNT, price)
    assert f"was {price}" in str(told.value)
    assert not gateway.ledger.requests(MODIFY)


def test_a_leg_is_moved_by_less_than_half(desk, gateway):
    placed = bought(desk, 1, **BRACKET)
    price = int(leg_price(gateway, placed.order_id + 1) * Decimal("0.51"))
    assert desk.move_stop("MNQ", ACCOUNT, price).success


def test_a_trailing_leg_has_no_price_of_its_own(desk, gateway):
    bought(desk, 1, stop_loss_ticks=400, trailing_stop_loss=True)
    with pytest.raises(fastorder.InvalidField, match="it trails"):
        desk.move_stop("MNQ", ACCOUNT, 25_000)


# ------------------------------------------------------------ many orders


def order(symbol="MNQ", account=ACCOUNT, **changes):
    made = fastorder.OrderRequest(symbol, "BUY", 1, account)
    return made.replace(**changes)


def test_many_orders_tell_each_outcome_in_order(desk, gateway):
    gateway.faults.add(
        Fault(PLACE, reply="code", effect="none", error_code=2, message="no", after=1)
    )
    placed = desk.place_many([order(), order(), order(account=COMBINE)])
    outcomes = [each.outcome for each in placed]
    assert sorted(map(str, outcomes)) == ["ACCEPTED", "ACCEPTED", "REJECTED"]
    assert len(placed) == 3
    assert not placed
    assert "2 of 3 orders accepted" in repr(placed)


def test_one_wrong_order_lets_none_leave(desk, gateway):
    for wrong in (
        [order(), order("XYZ")],
        [order(), order(order_type="limit", limit_price=25_000.1)],
        [order(), "order"],
        [order(), order(quantity=101)],
        order(),
        "orders",
    ):
        with pytest.raises(fastorder.FastOrderError):
            desk.place_many(wrong)
    assert not gateway.ledger.requests(PLACE)


@pytest.mark.parametrize(
    "options",
    [
        [{"idempotency_key": "k", "quantity": 2}],
        [{"custom_tag": "t"}, {"custom_tag": "t", "quantity": 2}],
        [{"custom_tag": "t"}, {"custom_tag": "t", "account_id": COMBINE}],
        [{"idempotency_key": "n"}, {"idempotency_key": "n", "quantity": 2}],
    ],
)
def test_a_key_or_a_tag_that_was_used_lets_none_leave(desk, gateway, options):
    assert desk.place_order(order(idempotency_key="k")).success
    with pytest.raises(fastorder.KeyReused):
        desk.place_many([order(), *(order(**each) for each in options)])
    assert len(gateway.ledger.placements()) == 1


NAMED = [{"idempotency_key": "one"}, {"custom_tag": "one"}]


@pytest.mark.parametrize("name", NAMED)
def test_equal_orders_with_one_name_in_one_call_are_one_order(desk, gateway, name):
    placed = desk.place_many([order(**name), order(), order(**name)])
    assert placed
    assert len(placed) == 3
    assert placed[0].order_id == placed[2].order_id != placed[1].order_id
    assert placed[0].tag == placed[2].tag
    assert len(gateway.ledger.placements()) == 2
    assert held(gateway) == 2


@pytest.mark.parametrize("name", NAMED)
def test_such_an_order_that_is_refused_is_told_to_both(desk, gateway, name):
    gateway.faults.add(
        Fault(PLACE, reply="code", effect="none", error_code=2, message="no")
    )
    placed = desk.place_many([order(**name), order(**name)])
    assert [each.outcome for each in placed] == [Outcome.REJECTED] * 2
    assert len(gateway.ledger.requests(PLACE)) == 1


@pytest.mark.parametrize("name", NAMED)
def test_other_orders_with_one_name_in_one_call_are_refused_whole(desk, gateway, name):
    with pytest.raises(fastorder.KeyReused) as told:
        desk.place_many([order(), order(**name), order(), order(quantity=2, **name)])
    ((field, value),) = name.items()
    text = str(told.value)
    assert text.startswith(
        f"{field} '{value}' must stand for one order, orders[1] has "
    )
    assert " and orders[3] has " in text
    assert told.value.places == (1, 3)
    assert str(pickle.loads(pickle.dumps(told.value))) == text
    assert not gateway.ledger.requests(PLACE)


def test_one_key_names_an_order_in_each_account(desk, gateway):
    named = order(idempotency_key="one")
    assert desk.place_many([named, named.replace(account_id=COMBINE)])
    assert len(gateway.ledger.placements()) == 2


def test_an_order_in_doubt_or_a_kill_lets_none_leave(desk, gateway):
    gateway.faults.add(
        Fault(PLACE, reply="hang_up", effect="none"),
        Fault("/api/Order/search", reply="status", status=500, times=None),
    )
    desk.place_market_order("MES", "BUY", 1, ACCOUNT)
    with pytest.raises(fastorder.Interlocked):
        desk.place_many([order(), order(symbol="MES")])
    desk.executor.kill()
    with pytest.raises(fastorder.Halted):
        desk.place_many([order()])
    assert len(gateway.ledger.requests(PLACE)) == 1


def test_what_the_limits_refuse_a_later_one_is_its_result(gateway):
    limits = fastorder.RiskLimits(max_orders_per_second=1)
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK, risk=limits) as trader:
        prepared(trader, gateway)
        placed = trader.place_many([order(), order()])
    assert placed[0].success
    assert placed[1].outcome is Outcome.NOT_SENT
    assert len(gateway.ledger.placements()) == 1


def test_none_at_all_is_none(desk):
    assert len(desk.place_many([])) == 0


# ------------------------------------------------------------ fills


def test_a_market_order_is_told_to_be_filled(desk, gateway):
    fill = desk.filled(bought(desk, 2), ACCOUNT)
    assert fill
    assert fill.state is FillState.FILLED
    assert fill.quantity == 2
    assert fill.average_price == fill.trades[0].price == Decimal(fill.average_price)
    assert sum(trade.size for trade in fill.trades) == 2
    assert "FILLED, 2 at" in repr(fill)


def test_an_order_that_rests_is_told_to_work(desk, gateway):
    placed = desk.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 20_000)
    fill = desk.filled(placed, ACCOUNT, timeout=0.2)
    assert fill.state is FillState.WORKING
    assert fill.quantity == 0
    desk.cancel_order(placed.order_id, ACCOUNT)
    assert desk.filled(placed, ACCOUNT).state is FillState.CANCELLED


def test_a_part_is_told_as_a_part(desk, gateway):
    placed = desk.place_limit_order("MNQ", "BUY", 3, ACCOUNT, 20_000)

    def fill_one():
        account = account_of(gateway)
        order = account.by_id[placed.order_id]
        order.fill_volume, order.filled_price = 1, order.limit_price
        gateway.gateway.exchange._open(account, None, order, order.limit_price, 1)
        gateway.gateway.exchange._book_trade(account, order, order.limit_price, 1, None)

    gateway.call(fill_one)
    fill = desk.filled(placed, ACCOUNT, timeout=0.3)
    assert fill.state is FillState.PARTLY_FILLED
    assert (fill.quantity, fill.average_price) == (1, 20_000)
    desk.cancel_order(placed.order_id, ACCOUNT)
    fill = desk.filled(placed, ACCOUNT, timeout=0.3)
    assert fill.state is FillState.CANCELLED
    assert fill.quantity == 1


def test_what_was_not_placed_is_told_at_once(desk, gateway):
    gateway.faults.add(
        Fault(PLACE, reply="code", effect="none", error_code=2, message="no money")
    )
    placed = desk.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    fill = desk.filled(placed, ACCOUNT)
    assert fill.state is FillState.REJECTED
    assert "no money" in fill.why


def test_an_order_in_doubt_stays_unknown(desk, gateway):
    gateway.faults.add(
        Fault(PLACE, reply="hang_up"),
        Fault("/api/Order/search", reply="status", status=500, times=None),
    )
    placed = desk.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    assert placed.outcome is Outcome.UNKNOWN
    fill = desk.filled(placed, ACCOUNT, timeout=0.2)
    assert fill.state is FillState.UNKNOWN
    gateway.faults.clear()
    desk.resolve(placed.tag)
    assert desk.filled(placed, ACCOUNT).state is FillState.FILLED


def test_trades_that_lag_are_waited_for_and_then_told(desk, gateway):
    placed = bought(desk, 1)
    none = b'{"trades":[],"success":true,"errorCode":0,"errorMessage":null}'
    gateway.faults.add(Fault(TRADES, reply="body", body=none, times=2))
    assert len(desk.filled(placed, ACCOUNT).trades) == 1
    gateway.faults.add(Fault(TRADES, reply="body", body=none, times=None))
    fill = desk.filled(placed, ACCOUNT, timeout=0.2)
    assert fill.state is FillState.FILLED
    assert fill.trades == ()
    assert "0 of 1 filled are listed" in fill.why


def test_what_cannot_be_read_is_unknown(desk, gateway):
    placed = bought(desk, 1)
    gateway.faults.add(Fault(BY_ID, reply="status", status=404, times=None))
    fill = desk.filled(placed, ACCOUNT, timeout=0.2)
    assert fill.state is FillState.UNKNOWN
    assert "could not be read" in fill.why


def filled_row(placed, **changes):
    row = {
        "id": placed.order_id,
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "status": 2,
        "type": 2,
        "side": 0,
        "size": 2,
        "fillVolume": 2,
        "filledPrice": 20_000.0,
    } | changes
    return {name: value for name, value in row.items() if value is not ...}


@pytest.mark.parametrize("trades_are_listed", [True, False])
@pytest.mark.parametrize(
    "changes",
    [
        {"fillVolume": 0},
        {"fillVolume": 1},
        {"fillVolume": ...},
        {"size": 3},
        {"status": 3, "fillVolume": 0},
        {"status": 1, "fillVolume": 0},
        {"accountId": COMBINE},
        {"id": 1},
    ],
    ids=str,
)
def test_a_row_that_contradicts_makes_no_fill(
    desk, gateway, changes, trades_are_listed
):
    """Whatever a row says: what is told is traded, or the text says what is not."""
    placed = bought(desk, 2)
    answer = {"success": True, "errorCode": 0, "order": filled_row(placed, **changes)}
    body = json.dumps(answer).encode()
    gateway.faults.add(Fault(BY_ID, reply="body", body=body, times=None))
    if not trades_are_listed:
        none = b'{"trades":[],"success":true,"errorCode":0,"errorMessage":null}'
        gateway.faults.add(Fault(TRADES, reply="body", body=none, times=None))
    fill = desk.filled(placed, ACCOUNT, timeout=0.1)
    assert fill.why
    if fill.state is FillState.FILLED:
        assert fill.quantity == 2


# ------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("verb", "given", "named"),
    [
        ("flatten", ("x",), {}),
        ("flatten", (ACCOUNT,), {"symbol": "XYZ"}),
        ("flatten", (ACCOUNT,), {"deadline": -1}),
        ("flatten", (ACCOUNT,), {"deadline": float("nan")}),
        ("flatten", (ACCOUNT,), {"deadline": True}),
        ("cancel_all", (ACCOUNT,), {"symbol": 5}),
        ("close_out", (None, ACCOUNT), {}),
        ("partial_close_out", ("MNQ", ACCOUNT, 0), {}),
        ("reverse", ("MNQ", ACCOUNT), {"stop_loss_ticks": -1}),
        ("move_stop", ("MNQ", ACCOUNT, 25_000), {"order_id": "x"}),
        ("filled", ("placed", ACCOUNT), {}),
    ],
)
def test_bad_input_sends_nothing(desk, gateway, verb, given, named):
    before = len(gateway.ledger.requests())
    with pytest.raises(fastorder.FastOrderError):
        getattr(desk, verb)(*given, **named)
    assert len(gateway.ledger.requests()) == before


# ------------------------------------------------------------ under full read load


@pytest.mark.parametrize("symbol", [None, "MNQ"])
def test_flatten_leaves_before_the_reads_that_wait(gateway, symbol):
    """Four connections are busy with reads, sixty more wait: the act goes first."""
    since = datetime.now(timezone.utc) - timedelta(minutes=1)

    async def main():
        executor = prepared(
            fastorder.OrderExecutor(
                gateway.base_url, retry=QUICK, max_connections=4, budgets=None
            ),
            gateway,
        )
        async with executor:
            await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            slow = Fault(TRADES, reply="answer", delay_s=0.05, times=None)
            gateway.faults.add(slow)
            before = len(gateway.ledger.requests())
            reads = [executor.trades(ACCOUNT, since) for _ in range(64)]
            report = await executor.flatten(ACCOUNT, symbol=symbol)
            await asyncio.gather(*reads)
            return report, gateway.ledger.requests()[before:]

    report, requests = asyncio.run(main())
    assert report.verified
    order = [each.endpoint for each in requests]
    if symbol is not None:
        assert order.index(CLOSE.lower()) <= 4  # behind those on their way alone
    else:
        assert order.index(POSITIONS.lower()) <= 4  # what it has to know goes first too
    assert order.index(CLOSE.lower()) < len(order) / 2


def test_a_busy_budget_has_room_for_a_flatten(gateway):
    """Reads have used all that they may: what lessens still leaves at once."""
    since = datetime.now(timezone.utc) - timedelta(minutes=1)

    async def main():
        executor = prepared(
            fastorder.OrderExecutor(
                gateway.base_url,
                retry=QUICK,
                budgets=fastorder.Budgets(requests=60, history_requests=5, seconds=30),
            ),
            gateway,
        )
        async with executor:
            await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            reads = [executor.trades(ACCOUNT, since) for _ in range(100)]
            report = await executor.flatten(ACCOUNT, symbol="MNQ", deadline=4)
            assert not all(each.done for each in reads)  # many wait for their turn
            await executor.aclose(drain=0)
            for each in reads:
                with contextlib.suppress(fastorder.RequestFailed):
                    await each
            return report

    report = asyncio.run(main())
    assert report.steps[0].result.outcome is Outcome.ACCEPTED
    assert held(gateway) == 0


def test_no_act_is_verified_while_its_close_may_still_be_sent_again(trader, gateway):
    """The stop fills meanwhile: what is bought next is another position."""
    entry = trader.place_market_order("MNQ", "BUY", 2, ACCOUNT, 40)
    price = float(trader.filled(entry, ACCOUNT).average_price)
    gateway.faults.add(Fault(CLOSE, effect="none", reply="stall"))
    fills = threading.Timer(0.7, gateway.set_price, (MNQ, price - 20))
    fills.start()
    report = trader.flatten(ACCOUNT, symbol="MNQ")
    fills.join()
    under_way = [each for each in trader.intents() if "close" in each.kind]
    assert not (report and any(not each.done for each in under_way)), report
    assert held(gateway) == 0
