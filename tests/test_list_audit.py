"""The proof of absence: look-ups that miss an order have to be whole, and alive."""

from email.utils import formatdate

import pytest
from still import (
    ABSENT,
    CONTRACT,
    OLD,
    SECOND_NS,
    YOUNG,
    StillClock,
    answer,
    envelope,
    knowing,
    listing,
    made,
    no_answer,
    ours,
    shown,
    status,
    told,
    trades,
    wait,
)

from fastorder import Outcome
from fastorder._core.flow.protocol import Send, Tell
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.server_clock import ServerClock
from fastorder.placement.list_audit import ListAudit
from fastorder.placement.protocol import State


@pytest.fixture
def clock():
    return StillClock()


def missed(clock, *listings, known=3, **options):
    """A placement that three look-ups after the quiet time do not list."""
    placement = made(clock, max_retries=0, interlock=knowing(known), **options)
    placement.start()
    command = placement.on_evidence(no_answer())
    listings = [*listings]
    while placement.state is not State.AUDITING:
        if not isinstance(command, Send):
            command = wait(placement, clock, command)
        given = listings[0] if listings else ABSENT
        if clock.now_ns > 32_000_000_000 and len(listings) > 1:
            listings.pop(0)
        command = placement.on_evidence(given() if callable(given) else given)
    assert command.endpoint is Endpoint.SEARCH_TRADES
    return placement


def test_absence_is_told_once_the_trades_and_a_known_order_were_read(clock):
    placement = missed(clock)
    probe = placement.on_evidence(trades())
    assert probe.endpoint is Endpoint.ORDER_BY_ID
    assert placement.probed == 3
    result = placement.on_evidence(shown(3)).value
    assert result.outcome is Outcome.NOT_PLACED
    assert "Trade/search lists no trade of the contract" in result.proof
    assert "Order/searchById shows order 3" in result.proof


def test_a_trade_that_no_list_shows_is_asked_for_and_adopted(clock):
    placement = missed(clock)
    assert placement.on_evidence(trades(7)).endpoint is Endpoint.ORDER_BY_ID
    result = placement.on_evidence(answer(envelope(order=ours()))).value
    assert (result.outcome, result.order_id) == (Outcome.ACCEPTED, 7)
    assert "Order/searchById shows order 7" in result.proof


def test_a_trade_of_another_contract_needs_no_explanation(clock):
    placement = missed(clock)
    rows = [{"id": 1, "orderId": 9, "contractId": "CON.F.US.MES.Z26"}]
    placement.on_evidence(answer(envelope(trades=rows)))
    assert placement.probed == 3


def test_a_trade_of_an_order_from_before_the_window_is_matched(clock):
    placement = missed(clock)
    placement.on_evidence(trades(8, 9))
    assert placement.on_evidence(shown(8, OLD)).endpoint is Endpoint.ORDER_BY_ID
    assert placement.probed == 9
    assert placement.on_evidence(shown(9, OLD)).value.outcome is Outcome.NOT_PLACED


@pytest.mark.parametrize("created", [YOUNG, None, "soon"])
def test_a_list_that_lacks_an_order_of_its_window_proves_nothing(clock, created):
    placement = missed(clock)
    placement.on_evidence(trades(9))
    command = placement.on_evidence(shown(9, created))
    assert told(command).outcome is Outcome.UNKNOWN
    assert "order 9 is there, and no look-up lists it" in told(command).error
    assert placement.state is State.WATCHING


@pytest.mark.parametrize(
    "inconclusive", [status(500), status(401), no_answer(), listing(), trades(0)]
)
def test_trades_that_are_not_read_in_full_prove_nothing(clock, inconclusive):
    placement = missed(clock)
    assert told(placement.on_evidence(inconclusive)).outcome is Outcome.UNKNOWN
    assert placement.state is State.WATCHING


@pytest.mark.parametrize("inconclusive", [status(500), answer(envelope(1, order=None))])
def test_a_known_order_that_is_not_shown_proves_nothing(clock, inconclusive):
    placement = missed(clock)
    placement.on_evidence(trades())
    command = placement.on_evidence(inconclusive)
    assert told(command).outcome is Outcome.UNKNOWN
    assert "order 3 is not shown" in told(command).error


def test_where_no_order_is_known_the_dates_have_to_move_on(clock):
    placement = missed(clock, lambda: listing(date=clock.date()), known=None)
    result = placement.on_evidence(trades()).value
    assert result.outcome is Outcome.NOT_PLACED
    assert "the answers' Dates move on" in result.proof


@pytest.mark.parametrize("known", [None, 3])
def test_dates_that_stand_still_are_those_of_a_cache(clock, known):
    placement = missed(clock, listing(date=clock.date()), known=known)
    command = placement.on_evidence(trades())
    assert told(command).outcome is Outcome.UNKNOWN
    assert "stand still" in told(command).error


def test_without_a_date_and_without_an_order_nothing_is_proved(clock):
    placement = missed(clock, known=None)
    command = placement.on_evidence(trades())
    assert told(command).outcome is Outcome.UNKNOWN
    assert "nothing shows that the answers are new" in told(command).error


def watched(clock, server_clock, seconds, on_look=lambda: None):
    """What is told of an order that no look-up lists; nothing once that is enough.

    Args:
        on_look: is called before each answer from the end of the quiet time on.
    """
    placement = made(
        clock, max_retries=0, interlock=knowing(3), server_clock=server_clock
    )
    placement.start()
    command = placement.on_evidence(no_answer())
    quiet_ns, end_ns = clock.now_ns + 30 * SECOND_NS, clock.now_ns + seconds * SECOND_NS
    errors = set()
    while clock.now_ns < end_ns:
        if placement.state is State.AUDITING:
            return set()
        if not isinstance(command, Send):
            if isinstance(command, Tell):
                errors.add(told(command).error)
            command = wait(placement, clock, command)
            continue
        if clock.now_ns >= quiet_ns:
            on_look()
        command = placement.on_evidence(ABSENT)
    return errors


def test_while_no_answer_tells_the_time_no_window_is_known_to_begin_early(clock):
    """This machine's clock may be days ahead: the lists would be empty, and right."""
    assert any("no Date" in error for error in watched(clock, ServerClock(clock), 300))


@pytest.mark.parametrize("ahead_days", [-40, -2, 0, 2, 40])
@pytest.mark.parametrize("undated", [1, 2, 3])
def test_windows_from_before_the_time_was_told_count_where_they_were_early(
    clock, ahead_days, undated
):
    """One that began after the order had been sent is no look-up at all."""
    server_clock = ServerClock(clock)
    looks = []

    def tells():
        looks.append(clock.now_ns)
        if len(looks) == undated:
            gateway_s = clock.wall - 86_400 * ahead_days
            server_clock.note(formatdate(gateway_s, usegmt=True).encode(), clock.now_ns)

    assert watched(clock, server_clock, 600, tells) == set()
    # three in a row are needed, and three that do not count are told after the third
    assert len(looks) == (6 if ahead_days > 1 else 3)


def test_a_newer_order_in_the_list_is_a_sign_of_life(clock):
    """It has to be newer by its own time, and not to have been listed before."""
    newer = listing({"id": 9, "customTag": "x", "creationTimestamp": YOUNG})
    placement = missed(clock, ABSENT, newer)
    result = placement.on_evidence(trades(9)).value
    assert result.outcome is Outcome.NOT_PLACED
    assert "order 9, which is newer, is listed" in result.proof


def test_that_no_order_is_known_is_a_sign_of_life_only_while_none_is(clock):
    """A send that never left begins nothing anew; a list may show the first order."""
    audit = ListAudit(CONTRACT, None)
    for seconds in (0, 2):
        clock.pass_s(seconds)
        audit.lookup_ended([], clock.date(), clock.now_ns, 1 + seconds)
    audit.judge_dates()
    assert "no other order is known" in audit.alive
    older = {"id": 9, "customTag": "x", "creationTimestamp": OLD}
    audit.lookup_ended([older], clock.date(), clock.now_ns, 0)
    assert audit.alive == ""
    assert audit.listed_order == 9
