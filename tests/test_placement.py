"""The protocol of a placement without any I/O: what comes in, what goes out."""

import json
import time
from datetime import datetime
from email.utils import formatdate
from itertools import pairwise

import pytest
from still import (
    ABSENT,
    BYTES,
    CONTRACT,
    INPUTS,
    SECOND_NS,
    TAG,
    WHOLE,
    StillClock,
    accepted,
    audited,
    due,
    listing,
    made,
    no_answer,
    ours,
    status,
    told,
    wait,
)

from fastorder import Outcome, RetryPolicy
from fastorder._base.timestamps import http_date_s
from fastorder._core.flow.protocol import Finish, Pause, Send
from fastorder._core.flow.ticket import DispatcherBase, Ticket
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.server_clock import MARGIN_S, UNSYNCED_MARGIN_S, ServerClock
from fastorder.placement.interlock import Interlock
from fastorder.placement.protocol import TRANSITIONS, Event, State
from fastorder.requests.repeated_looks import RepeatedLooks
from fastorder.runtime.retry_schedule import RetrySchedule, retry_after_s


@pytest.fixture
def clock():
    return StillClock()


@pytest.fixture
def server_clock(clock):
    return ServerClock(clock)


@pytest.fixture
def placement(clock, server_clock):
    return made(clock, server_clock=server_clock)


def test_the_first_command_is_to_send(placement):
    command = placement.start()
    assert isinstance(command, Send)
    assert (command.endpoint, command.body) == (Endpoint.PLACE, BYTES)


def test_a_closed_executor_knows_what_was_not_sent(placement):
    placement.start()
    finish = placement.on_stop(None)
    assert isinstance(finish, Finish)
    assert finish.value.outcome is Outcome.NOT_SENT


def window(placement):
    body = json.loads(in_doubt(placement).body)
    return datetime.fromisoformat(body["startTimestamp"].replace("Z", "+00:00"))


@pytest.mark.parametrize("ahead_s", [-7200, -60, 0, 60, 7200])
def test_the_window_of_a_look_up_lies_on_the_earlier_of_the_two_clocks(
    placement, server_clock, clock, ahead_s
):
    sent_s = clock.wall
    server_clock.note(formatdate(sent_s + ahead_s, usegmt=True).encode(), clock.now_ns)
    assert window(placement).timestamp() == sent_s + min(ahead_s, 0) - MARGIN_S


def test_a_gateway_whose_clock_was_never_set_is_looked_up_all_the_same(
    placement, server_clock, clock
):
    server_clock.note(b"Thu, 01 Jan 1970 00:00:10 GMT", clock.now_ns)
    assert window(placement).timestamp() == 0


@pytest.mark.parametrize(
    "date",
    [
        b"Wed, 19 Aug 2026 20:00:30 GMT",
        b"Wednesday, 19-Aug-26 20:00:30 GMT",
        b"Wed Aug 19 20:00:30 2026",
    ],
    ids=["common", "older", "oldest"],
)
def test_a_date_is_in_utc_wherever_this_machine_is(monkeypatch, date):
    monkeypatch.setenv("TZ", "America/Chicago")
    time.tzset()
    try:
        assert http_date_s(date) == 1_787_169_630
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "seconds", [0, 1_787_169_630, 951_782_399, 1_709_164_800, 4_102_444_800]
)
def test_a_date_is_read_as_it_was_written(seconds):
    assert http_date_s(formatdate(seconds, usegmt=True).encode()) == seconds


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"GMT",
        b"\xff",
        b"Wed, 31 Jun 2026 20:00:30 GMT",
        b"Wed, 19 Aug 2026 24:00:30 GMT",
        b"Wed, 19 Agu 2026 20:00:30 GMT",
        b"Wed, 19 Aug 2026 20:00:30 CST",
        b"Wed, 19 Aug 2026 20:00 GMT",
        b"Wed, 1_9 Aug 2026 20:00:30 GMT",
        b"Wed, 19 Aug 999999999999 20:00:30 GMT",
        b"Wed, \xb29 Aug 2026 20:00:30 GMT",
    ],
)
def test_what_is_no_date_is_not_taken_for_one(text):
    assert http_date_s(text) is None


def test_without_a_date_the_window_is_a_day(placement, clock):
    assert window(placement).timestamp() == clock.wall - UNSYNCED_MARGIN_S


def test_an_old_date_is_counted_on(server_clock, clock):
    server_clock.note(formatdate(clock.wall, usegmt=True).encode(), clock.now_ns)
    clock.now_ns += 50_000_000_000
    clock.wall += 50
    assert server_clock.ahead_s() == 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"3", 3.0),
        (b" 120 ", 120.0),
        (b"Wed, 19 Aug 2026 20:00:30 GMT", 30.0),
        (b"Wed, 19 Aug 2026 19:00:00 GMT", 0.0),
        (b"soon", 0.0),
        (b"-5", 0.0),
        (b"\xff", 0.0),
        (b"9" * 60, 999_999_999.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert retry_after_s(value, b"Wed, 19 Aug 2026 20:00:00 GMT") == seconds


def test_pauses_follow_the_schedule(clock):
    schedule = RetrySchedule(RetryPolicy(), clock)
    dues = [schedule.next_due_ns() - clock.now_ns for _ in range(3)]
    assert dues == [750_000_000, 1_500_000_000, 3_000_000_000]
    assert schedule.spent
    assert isinstance(Pause(5).due_ns, int)


def in_doubt(placement):
    """A placement after a send without an answer; the look-up that it asks for."""
    placement.start()
    placement.on_evidence(status(500))
    return placement.on_resolve()


@pytest.mark.parametrize("order_id", [0, -5, True, "7", None])
def test_a_row_with_an_id_that_no_order_has_is_no_row(placement, order_id):
    in_doubt(placement)
    assert isinstance(placement.on_evidence(listing(ours(id=order_id))), Pause)


def test_a_parent_of_nought_is_no_parent(placement):
    in_doubt(placement)
    assert isinstance(placement.on_evidence(listing(ours(parentOrderId=0))), Finish)


def test_an_unreadable_list_is_not_said_to_be_accepted(clock):
    placement = made(clock, max_retries=0)
    wait(placement, clock, (placement.start(), placement.on_evidence(no_answer()))[1])
    command = placement.on_evidence(accepted())
    assert "lists no orders that can be read" in told(command).error


def test_the_window_survives_a_wall_clock_that_is_set_back(
    placement, server_clock, clock
):
    clock.wall -= 86_400
    server_clock.note(formatdate(clock.wall, usegmt=True).encode(), clock.now_ns)
    assert window(placement).timestamp() <= clock.wall - MARGIN_S


def test_the_window_survives_a_machine_that_slept(placement, server_clock, clock):
    called_s = clock.wall
    placement.start()
    placement.on_evidence(no_answer())
    clock.sleep_s(7200)
    server_clock.note(formatdate(clock.wall, usegmt=True).encode(), clock.now_ns)
    body = json.loads(placement.on_resolve().body)
    begin = datetime.fromisoformat(body["startTimestamp"].replace("Z", "+00:00"))
    assert begin.timestamp() == called_s - MARGIN_S


# ---------------------------------------------------------------- every state and event

MISSED = [
    *(Event.START, Event.CLIENT_ERROR, Event.ABSENT),
    *(3 * [Event.TIME, Event.ABSENT]),
]
WAYS = {
    State.READY: [],
    State.SENDING: [Event.START],
    State.RETRY_WAIT: [Event.START, Event.NOT_SENT],
    State.LOOKUP_WAIT: [Event.START, Event.UNANSWERED],
    State.LOOKING_UP: [Event.START, Event.UNANSWERED, Event.TIME],
    State.WATCHING: [Event.START, Event.CLIENT_ERROR, Event.ABSENT],
    State.CHECKING: [Event.START, Event.CLIENT_ERROR, Event.ABSENT, Event.TIME],
    State.AUDITING: [*MISSED],
    State.PROBING: [*MISSED, Event.MATCHED],
    State.STUCK: [Event.START, Event.CLIENT_ERROR, Event.MISMATCH],
    State.DONE: [Event.START, Event.ACCEPTED],
}
"""How each state is come to."""

PAIRS = [(state, event) for state in State for event in Event]


def at(state, clock):
    placement = made(clock)
    for event in WAYS[state]:
        INPUTS[event](placement, clock)
    assert placement.state is state
    return placement


def named(value):
    return value.name


def test_every_state_has_its_row():
    assert list(TRANSITIONS) == list(State)
    assert set(INPUTS) == set(Event)


@pytest.mark.parametrize(
    ("state", "event"),
    [pair for pair in PAIRS if pair[1] not in TRANSITIONS[pair[0]]],
    ids=named,
)
def test_what_the_table_does_not_list_changes_nothing(clock, state, event):
    placement = at(state, clock)
    before = placement.attempts, placement.in_doubt, placement.evidence
    assert placement._handle(event) is None
    assert placement.state is state
    assert (placement.attempts, placement.in_doubt, placement.evidence) == before


@pytest.mark.parametrize(
    ("state", "event"),
    [pair for pair in PAIRS if pair[1] in TRANSITIONS[pair[0]]],
    ids=named,
)
def test_what_the_table_lists_asks_for_what_comes_next(clock, state, event):
    placement = at(state, clock)
    command = INPUTS[event](placement, clock)
    if (state, event) == (State.SENDING, Event.WITNESSED):
        assert command is None  # it is remembered: the answer is on its way
        return
    assert command is not None
    assert isinstance(command, Finish) == (placement.state is State.DONE)


@pytest.mark.parametrize(
    "state", [State.READY, State.RETRY_WAIT, State.LOOKUP_WAIT, State.DONE]
)
def test_an_answer_that_nobody_waits_for_changes_nothing(clock, state):
    placement = at(state, clock)
    assert placement.on_evidence(accepted()) is None
    assert placement.state is state


@pytest.mark.parametrize("state", State, ids=named)
def test_a_closed_executor_ends_it_in_every_state(clock, state):
    if state is State.DONE:
        return
    placement = at(state, clock)
    result = placement.on_stop(None).value
    expected = Outcome.UNKNOWN if placement.in_doubt else Outcome.NOT_SENT
    assert result.outcome is expected
    assert "the executor was closed" in result.error


def test_a_closed_executor_does_not_know_what_had_begun(placement):
    placement.start()
    result = placement.on_stop(no_answer()).value
    assert (result.outcome, result.attempts) == (Outcome.UNKNOWN, 1)


# ---------------------------------------------------------------- once it is unknown


def unknown(clock, **options):
    """A placement that has told UNKNOWN; what it asks for."""
    placement = made(clock, max_retries=0, **options)
    placement.start()
    wait(placement, clock, placement.on_evidence(no_answer()))
    return placement, placement.on_evidence(ABSENT)


def test_an_unknown_order_is_settled_by_a_later_look_up(clock):
    interlock = Interlock()
    placement, command = unknown(clock, interlock=interlock)
    assert told(command).outcome is Outcome.UNKNOWN
    assert told(command).proof is None
    assert interlock.of(5, CONTRACT) == (TAG,)
    wait(placement, clock, command)
    result = placement.on_evidence(listing(ours())).value
    assert result.outcome is Outcome.ACCEPTED
    assert interlock.of(5, CONTRACT) == ()


def test_a_wake_up_that_was_replaced_counts_for_nothing(clock):
    placement, command = unknown(clock)
    placement.on_resolve()
    assert placement.on_time() is None  # while it is being looked up
    later = placement.on_evidence(ABSENT)
    clock.now_ns = due(command)
    if clock.now_ns < due(later):
        assert placement.on_time() is None
    clock.now_ns = due(later) - 1
    assert placement.on_time() is None
    clock.now_ns += 1
    assert isinstance(placement.on_time(), Send)


def test_looking_early_shortens_no_pause_before_a_resend(placement, clock):
    placement.start()
    pause = placement.on_evidence(status(500))
    for _ in range(5):
        assert placement.on_resolve().endpoint is Endpoint.SEARCH_ORDERS
        clock.pass_s(0.01)
        assert due(placement.on_evidence(ABSENT)) == due(pause)
    wait(placement, clock, pause)
    assert placement.on_evidence(ABSENT).endpoint is Endpoint.PLACE


def test_looking_early_and_in_vain_uses_up_no_try(placement, clock):
    placement.start()
    pause = placement.on_evidence(status(500))
    for _ in range(5):
        placement.on_resolve()
        assert due(placement.on_evidence(status(500))) == due(pause)


def test_a_failure_of_the_client_is_looked_up_and_never_sent_again(
    placement, clock, server_clock
):
    server_clock.note(clock.date(), clock.now_ns)
    placement.start()
    command = placement.on_failure("a bug")
    assert told(command).outcome is Outcome.UNKNOWN
    while not isinstance(command, Finish):
        command = wait(placement, clock, command)
        if isinstance(command, Send):
            assert command.endpoint is Endpoint.SEARCH_ORDERS
            command = audited(placement, placement.on_evidence(ABSENT))
    assert command.value.outcome is Outcome.NOT_PLACED


def test_after_the_watch_it_is_looked_up_only_when_asked(clock):
    placement, command = unknown(clock, watch=20.0, quiet=60.0)
    while placement.state is not State.STUCK:
        command = wait(placement, clock, command)
        if isinstance(command, Send):
            command = placement.on_evidence(ABSENT)
    assert command.then is None
    clock.pass_s(3600)
    assert placement.on_time() is None
    assert placement.on_resolve().endpoint is Endpoint.SEARCH_ORDERS
    assert placement.on_evidence(listing(ours())).value.outcome is Outcome.ACCEPTED


# ---------------------------------------------------------------- how it is sent again


def sends(clock, **options):
    """The seconds at which an order leaves whose every send is silent and absent."""
    placement, begun_ns = made(clock, **options), clock.now_ns
    command, left_s, results = placement.start(), [], []
    while not isinstance(command, Finish) and placement.state is not State.STUCK:
        if isinstance(command, Send):
            is_order = command.endpoint is Endpoint.PLACE
            if is_order:
                left_s.append((clock.now_ns - begun_ns) / SECOND_NS)
                assert not results, "it was sent after it was told UNKNOWN"
            command = placement.on_evidence(
                status(500) if is_order else WHOLE[command.endpoint]
            )
        else:
            if hasattr(command, "then"):
                results.append(command.value.outcome)
            command = wait(placement, clock, command)
    assert set(results) <= {Outcome.UNKNOWN}
    return left_s, command


def test_lookup_first_sends_on_the_schedule(clock):
    left_s, end = sends(clock)
    assert left_s == [0, 0.75, 2.25, 5.25]
    assert end.value.outcome is Outcome.NOT_PLACED


def test_after_quiet_sends_once_absence_is_proved(clock):
    left_s, end = sends(clock, resend="after_quiet", max_retries=2, quiet=30.0)
    assert len(left_s) == 3
    assert all(later - first >= 30 for first, later in pairwise(left_s))
    assert end.value.outcome is Outcome.NOT_PLACED


def test_never_sends_once(clock):
    left_s, end = sends(clock, resend="never")
    assert left_s == [0]
    assert end.value.outcome is Outcome.NOT_PLACED


@pytest.mark.parametrize("resend", ["lookup_first", "after_quiet", "never"])
@pytest.mark.parametrize("valid_for", [0.5, 1.0, 2.0, 40.0])
def test_nothing_leaves_after_its_time(clock, resend, valid_for):
    left_s, _ = sends(clock, resend=resend, valid_for=valid_for)
    assert max(left_s) < valid_for
    assert left_s[0] == 0


def test_a_send_carries_the_end_of_its_time(clock):
    command = made(clock, valid_for=2.0).start()
    assert command.gated
    assert command.valid_until_ns == clock.now_ns + 2 * SECOND_NS


# ---------------------------------------------------------------- the proof of absence


@pytest.fixture
def proof(clock):
    return RepeatedLooks(30.0, clock)


def missed(proof, times=1):
    for _ in range(times):
        proof.begins()
        proof.agrees()


def test_absence_is_three_look_ups_a_second_apart_after_the_quiet(proof, clock):
    clock.pass_s(30)
    for _ in range(2):
        missed(proof)
        clock.pass_s(1)
    assert not proof.complete
    missed(proof)
    assert proof.complete


def test_look_ups_in_the_quiet_time_do_not_count(proof, clock):
    for _ in range(29):
        clock.pass_s(1)
        missed(proof)
    assert not proof.complete


def test_one_that_began_in_the_quiet_time_does_not_count(proof, clock):
    clock.pass_s(29.9)
    proof.begins()
    clock.pass_s(10)
    proof.agrees()
    missed(proof)
    clock.pass_s(1)
    missed(proof)
    assert not proof.complete


def test_look_ups_in_quick_succession_count_once(proof, clock):
    clock.pass_s(30)
    missed(proof, times=100)
    clock.pass_s(1)
    missed(proof, times=100)
    assert not proof.complete


def test_an_inconclusive_one_in_between_begins_the_row_anew(proof, clock):
    clock.pass_s(30)
    for _ in range(2):
        missed(proof)
        clock.pass_s(1)
    proof.begins()
    proof.inconclusive()
    for _ in range(2):
        clock.pass_s(1)
        missed(proof)
    assert not proof.complete
    clock.pass_s(1)
    missed(proof)
    assert proof.complete


@pytest.mark.parametrize("jump_s", [-100, -1.5, 1.5, 100])
def test_a_jump_of_the_wall_clock_begins_all_anew(proof, clock, jump_s):
    clock.pass_s(30)
    for _ in range(2):
        missed(proof)
        clock.pass_s(1)
    clock.wall += jump_s
    missed(proof)
    assert not proof.complete
    clock.pass_s(29)
    missed(proof, 3)
    assert not proof.complete


def test_a_clock_that_drifts_a_little_has_not_jumped(proof, clock):
    clock.pass_s(30)
    for _ in range(3):
        clock.wall += 0.1
        missed(proof)
        clock.pass_s(1)
    assert proof.complete


def test_after_another_send_absence_is_proved_anew(clock):
    placement = made(clock, resend="after_quiet", max_retries=1, quiet=30.0)
    placement.start()
    command = placement.on_evidence(no_answer())
    while not (isinstance(command, Send) and command.endpoint is Endpoint.PLACE):
        if isinstance(command, Send):
            command = placement.on_evidence(WHOLE[command.endpoint])
        else:
            command = wait(placement, clock, command)
    sent_ns = clock.now_ns
    command = placement.on_evidence(no_answer())
    while not isinstance(command, Finish):
        command = wait(placement, clock, command)
        if isinstance(command, Send):
            command = audited(placement, placement.on_evidence(ABSENT))
    assert clock.now_ns - sent_ns >= 32 * SECOND_NS


# ---------------------------------------------------------------- a ticket's book


class Bookless(DispatcherBase):
    """A dispatcher whose book-keeping fails at the end of a ticket."""

    def dispatch(self, command, ticket):
        pass

    def exchange_ended(self, evidence, receiver):
        pass

    def ticket_ended(self, ticket):
        raise OSError("no book")

    def client_failed(self, ticket, error):
        assert str(error) == "no book"


def test_a_failure_in_the_book_keeping_leaves_a_proved_result_alone(placement):
    ticket = Ticket(Bookless(), placement, "place", TAG)
    ticket._execute(placement.start())
    with pytest.raises(OSError, match="no book"):
        ticket._on_evidence(accepted())
    ticket._on_error(OSError("no book"))
    assert ticket.result.outcome is Outcome.ACCEPTED
