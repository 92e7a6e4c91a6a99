"""No window holds more than it may, whatever is asked: on a clock that a test moves."""

import heapq
import itertools
import random
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from still import StillClock

import fastorder
import fastorder.blocking
from fastorder import Budgets, Lane
from fastorder._core.flow.protocol import Send
from fastorder._core.transport.evidence import Evidence, Receiver
from fastorder.budgets.budget import budget_for
from fastorder.gateway.endpoints import Endpoint
from fastorder.runtime.clock import FOREVER_NS, SECOND_NS

NUMBERS = itertools.count()
POLICY = fastorder.RetryPolicy(quiet=5.0)
ENDPOINTS = {
    Lane.LESSENING: Endpoint.CANCEL,
    Lane.ACT_LOOKS: Endpoint.SEARCH_POSITIONS,
    Lane.LOOK_UPS: Endpoint.SEARCH_ORDERS,
    Lane.MODIFIES: Endpoint.MODIFY,
    Lane.PLACES: Endpoint.PLACE,
    Lane.READS: Endpoint.SEARCH_ORDERS,
    Lane.HISTORY: Endpoint.SEARCH_TRADES,
}


def budget_of(budgets, session, gateway):
    """As an executor has one."""
    return budget_for(budgets, session, gateway, POLICY, fastorder.Timeouts())


class Request(Receiver):
    """One request of the load."""

    def __init__(self, lane, called_ns):
        self.lane = lane
        self.called_ns = called_ns
        self.left_ns = None
        self.refused = None

    def _on_evidence(self, evidence):
        self.refused = evidence.held_back


class World:
    """A session whose network delays what it carries, and a gateway that counts."""

    closed = False

    def __init__(self, seed, **limits):
        self.clock = StillClock()
        self.clock.now_ns = 10**15
        self.engine = self
        self.chance = random.Random(seed)
        self.events = []
        self.arrivals = []
        self.left = []
        self.budgets = Budgets(**limits)
        self.budget = budget_of(self.budgets, self, f"http://{next(NUMBERS)}")

    # -- what the budget asks of its session

    def wake_at(self, due_ns, receiver):
        self.at(due_ns, receiver._on_timer)

    def leaves(self, receiver, command):
        self.ask(receiver, command)

    # -- the load

    def at(self, due_ns, what):
        heapq.heappush(self.events, (due_ns, next(NUMBERS), what))

    def ask(self, request, command=None):
        if command is None:
            gated = request.lane is Lane.PLACES
            command = Send(ENDPOINTS[request.lane], b"", gated)
        if self.budget.admits(command, request, int(request.lane), self.clock.now_ns):
            request.left_ns = self.clock.now_ns
            self.left.append(request)
            self.carry(request)

    def carry(self, request):
        """It comes some time later, and is answered later still, or never."""
        sent_ns, chance = self.clock.now_ns, self.chance
        if chance.random() < 0.05:  # it never got a connection
            gone = Evidence(curl_code=7, starts=0, http_status=0)
            self.at(sent_ns + SECOND_NS, lambda: self.end(gone, request))
            return
        comes_ns = sent_ns + int(chance.choice((0.001, 0.3, 3.0)) * 1e9)
        self.arrivals.append((comes_ns, request.lane is Lane.HISTORY))
        answer = Evidence(http_status=200)
        if chance.random() < 0.3:
            answer = Evidence(curl_code=28, http_status=0)
            ends_ns = sent_ns + int(0.5e9)  # given up on, and it comes all the same
        else:
            ends_ns = comes_ns + int(chance.choice((0.001, 0.5)) * 1e9)
        self.at(ends_ns, lambda: self.end(answer, request))

    def end(self, evidence, request):
        self.budget.ended(evidence, request, self.clock.now_ns)

    def run_until(self, until_ns):
        while self.events and self.events[0][0] <= until_ns:
            due_ns, _, what = heapq.heappop(self.events)
            self.clock.now_ns = max(self.clock.now_ns, due_ns)
            what()
        self.clock.now_ns = max(self.clock.now_ns, until_ns)

    # -- what the gateway saw

    def most_in_a_window(self, seconds, of_history=False):
        window, most = deque(), 0
        for comes_ns, is_history in sorted(self.arrivals):
            if of_history and not is_history:
                continue
            window.append(comes_ns)
            while window[0] < comes_ns - int(seconds * 1e9):
                window.popleft()
            most = max(most, len(window))
        return most


LIMITS = {
    "requests": 40,
    "seconds": 6.0,
    "history_requests": 10,
    "history_seconds": 3.0,
}


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    shares=st.lists(st.integers(0, 8), min_size=7, max_size=7).filter(any),
)
def test_at_ten_times_the_load_no_window_holds_more_than_it_may(seed, shares):
    world = World(seed, **LIMITS)
    chance, began_ns = random.Random(seed), world.clock.now_ns
    requests = []
    for index in range(1200):  # 18 s of ten times 40 in 6 s
        world.run_until(began_ns + index * 15_000_000)
        lane = chance.choices(list(Lane), shares)[0]
        requests.append(Request(lane, world.clock.now_ns))
        world.ask(requests[-1])
    world.run_until(world.clock.now_ns + 60 * SECOND_NS)
    assert world.most_in_a_window(6.0) <= 40
    assert world.most_in_a_window(3.0, of_history=True) <= 10
    for (
        request
    ) in requests:  # a place leaves at once, or hears at once that it does not
        if request.lane is Lane.PLACES:
            assert request.refused or request.left_ns == request.called_ns
        else:
            assert request.refused is None or "no room within" in request.refused
    for lane in Lane:  # first come, first served
        called = [r.called_ns for r in world.left if r.lane is lane]
        assert called == sorted(called)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), acts_look=st.booleans())
def test_the_first_lane_leaves_at_once_whatever_else_is_asked(seed, acts_look):
    """Up to its part: a cancel each 2 s; each 8 s where acts look and look."""
    world = World(seed, **LIMITS)
    began_ns, urgent = world.clock.now_ns, []
    lessening = (Lane.LESSENING, Lane.ACT_LOOKS)[: 1 if acts_look else 2]
    others = [lane for lane in Lane if lane not in lessening]
    for index in range(1200):
        world.run_until(began_ns + index * 15_000_000)
        world.ask(Request(world.chance.choice(others), world.clock.now_ns))
        if index % (533 if acts_look else 133) == 0:
            urgent.append(Request(Lane.LESSENING, world.clock.now_ns))
            world.ask(urgent[-1])
    assert [r.left_ns for r in urgent] == [r.called_ns for r in urgent]


def test_what_is_full_is_full_to_the_last_request():
    world = World(1, requests=10, seconds=6.0, history_requests=5, kept_for_orders=0.1)
    world.carry = lambda request: None  # they are on their way for ever
    count = dict.fromkeys(Lane, 0)
    for lane in (Lane.READS, Lane.PLACES, Lane.LOOK_UPS, Lane.LESSENING):
        for _ in range(11):
            before = len(world.left)
            world.ask(Request(lane, 0))
            count[lane] += len(world.left) - before
    assert [count[lane] for lane in Lane] == [1, 0, 1, 0, 1, 7, 0]


def test_a_place_hears_what_is_full_and_when_there_is_room():
    world = World(1, requests=10, seconds=60.0, history_requests=5)
    for _ in range(8):
        request = Request(Lane.PLACES, 0)
        world.ask(request)
        world.end(Evidence(http_status=200), request)
    turned_away = Request(Lane.PLACES, 0)
    world.ask(turned_away)
    assert turned_away.refused == (
        "the budget is full: 8 of 10 requests in 60 s, 2 of them kept for more urgent "
        "ones; there is room in 60.2 s"
    )


def test_what_never_left_does_not_count():
    world = World(1, requests=10, seconds=60.0, history_requests=5)
    for _ in range(50):
        request = Request(Lane.HISTORY, 0)
        world.ask(request)
        assert request.left_ns
        gone = Evidence(curl_code=7, starts=0, http_status=0)
        world.end(gone, request)
    left = world.budget.left()
    assert (left.used, left.history_used) == (0, 0)


# ---------------------------------------------------------------- HTTP 429


def closed_by(world, retry_after, lane=Lane.READS):
    request = Request(lane, 0)
    world.carry = lambda request: None
    world.ask(request)
    world.run_until(world.clock.now_ns)
    world.end(Evidence(http_status=429, retry_after=retry_after), request)


def test_a_429_closes_all_lanes_and_they_leave_in_order_and_not_at_once():
    world = World(1, seconds=6.0)
    closed_by(world, b"5")
    began_ns = world.clock.now_ns
    waiting = [Request(lane, 0) for lane in reversed(Lane) for _ in range(10)]
    for request in waiting:
        world.ask(request)
    assert not [r for r in waiting if r.left_ns]
    places = [r for r in waiting if r.lane is Lane.PLACES]
    assert {r.refused for r in places} == {
        "the gateway has asked to be left alone (HTTP 429); there is room in 5.0 s"
    }
    world.run_until(began_ns + 5 * SECOND_NS - 1)
    assert not [r for r in waiting if r.left_ns]
    world.run_until(began_ns + 6 * SECOND_NS)
    left = world.left[1:]
    assert [r.lane for r in left] == sorted(r.lane for r in left)
    assert len(left) == 60
    for request in left:
        near = [r for r in left if 0 <= r.left_ns - request.left_ns < 20_000_000]
        assert len(near) <= 8


@pytest.mark.parametrize("lane", [lane for lane in Lane if lane is not Lane.PLACES])
def test_no_order_leaves_before_what_lessens_risk(lane):
    """Once the budget opens again there is room for all, and they leave bit by bit."""
    world = World(1, seconds=6.0)
    closed_by(world, b"5")
    world.run_until(world.clock.now_ns + 5 * SECOND_NS)
    waiting, place = [Request(lane, 0) for _ in range(2)], Request(Lane.PLACES, 0)
    for request in (*waiting, place):
        world.ask(request)
    assert not [request for request in waiting if request.left_ns]
    if lane is Lane.LESSENING:
        assert place.refused == (
            "closes, cancels, stop moves go first, and 2 requests wait for room"
        )
    else:
        assert place.left_ns
    world.run_until(world.clock.now_ns + SECOND_NS)
    assert all(request.left_ns for request in waiting)
    place = Request(Lane.PLACES, 0)
    world.ask(place)
    assert place.left_ns


def test_a_429_without_retry_after_closes_for_longer_each_time():
    world = World(1, seconds=6.0)
    pauses = []
    for _ in range(5):
        closed_by(world, b"")
        pauses.append(world.budget.left().closed_s)
        world.run_until(world.clock.now_ns + int(pauses[-1] * SECOND_NS))
    assert [round(pause) for pause in pauses] == [1, 2, 4, 8, 8]


def test_a_429_of_history_closes_history_alone():
    world = World(1, seconds=6.0)
    closed_by(world, b"5", Lane.HISTORY)
    for lane in Lane:
        request = Request(lane, 0)
        world.ask(request)
        assert bool(request.left_ns) is (lane is not Lane.HISTORY)


def test_a_retry_after_is_heeded_as_long_as_the_policy_does():
    world = World(1, seconds=6.0)
    closed_by(world, b"86400")
    assert world.budget.left().closed_s == POLICY.max_retry_after


# ---------------------------------------------------------------- waiting


def filled(**limits):
    world = World(1, requests=10, seconds=60.0, history_requests=5, **limits)
    world.carry = lambda request: None
    for _ in range(10):
        request = Request(Lane.LESSENING, 0)
        world.ask(request)
        world.end(Evidence(http_status=200), request)
    return world


def test_a_wait_is_told_after_a_second_and_once(caplog):
    world = filled()
    for _ in range(3):
        world.ask(Request(Lane.READS, 0))
    world.run_until(world.clock.now_ns + SECOND_NS - 1)
    assert caplog.messages == []
    world.run_until(world.clock.now_ns + 20 * SECOND_NS)
    assert caplog.messages == [
        "reads: 3 requests wait for room: the budget is full: 10 of 10 requests in "
        "60 s, 3 of them kept for more urgent ones; there is room in 59.2 s"
    ]


def test_a_wait_ends_after_the_longest_wait():
    world = filled(longest_wait=2.0)
    requests = [Request(lane, 0) for lane in (Lane.READS, Lane.LESSENING)]
    for request in requests:
        world.ask(request)
    world.run_until(world.clock.now_ns + 2 * SECOND_NS)
    for request in requests:
        assert request.refused.startswith("no room within 2 s: the budget is full: 10 ")
    assert world.budget.line.size == 0


def test_who_has_gone_does_not_wait():
    world = filled()
    gone, stays = Request(Lane.READS, 0), Request(Lane.READS, 0)
    world.ask(gone)
    world.ask(stays)
    world.budget.forgets(gone)
    world.run_until(world.clock.now_ns + 61 * SECOND_NS)
    assert gone.left_ns is None
    assert stays.left_ns


def test_what_is_left_is_shown_to_people():
    assert repr(filled().budget.left()) == (
        "<budgets: 10 of 10 requests in 60 s, 0 of 5 of history in 30 s; left for "
        "closes, cancels, stop moves: 0, room in 60.2 s; "
        "looks of flatten, close, cancel_all, move_stop: 0, room in 60.2 s; "
        "look-ups of orders in doubt: 0, room in 60.2 s; modifies: 0, room in 60.2 s; "
        "places: 0, room in 60.2 s; reads: 0, room in 60.2 s; "
        "history: 0, room in 60.2 s>"
    )


def test_a_second_executor_of_a_process_does_not_begin_anew():
    world = filled()
    other = World(1)
    other.clock = world.clock
    other.budget = budget_of(world.budgets, other, f"http://{next(NUMBERS)}")
    assert other.budget.left().used == 0
    same = "http://same"
    first, second = (budget_of(world.budgets, w, same) for w in (world, other))
    request = Request(Lane.READS, 0)
    assert first.admits(Send(Endpoint.SEARCH_ORDERS, b""), request, 4, 1) == FOREVER_NS
    first.close()  # it may come later than the executor's end
    assert second.left().used == 1


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"requests": 0}, "requests must be a whole number from 1 to 100000, was 0"),
        (
            {"requests": 1.5},
            "requests must be a whole number from 1 to 100000, was 1.5",
        ),
        ({"requests": True}, "requests must be a whole number"),
        ({"requests": "200"}, "requests must be a whole number"),
        ({"seconds": -1}, "seconds must be 0.1 to 600, was -1"),
        ({"seconds": float("nan")}, "seconds must be 0.1 to 600, was nan"),
        ({"seconds": "60"}, "seconds must be a number, was str"),
        ({"history_requests": -5}, "history_requests must be a whole number"),
        ({"history_seconds": 0}, "history_seconds must be 0.1 to 600, was 0"),
        ({"kept": 1.5}, "kept must be 0 to 1, was 1.5"),
        ({"kept": -0.1}, "kept must be 0 to 1, was -0.1"),
        ({"kept": True}, "kept must be a number, was bool"),
        ({"kept": 1.0}, "must leave at least 1 request to reads, were 1.0 and 0.1"),
        ({"kept": 0.6, "kept_for_orders": 0.4}, "must leave at least 1 request"),
        (
            {"requests": 40},
            "history_requests must be at most requests, as history counts in both, "
            "was 50 of 40",
        ),
        ({"longest_wait": -1}, "longest_wait must be 0 to 86400, was -1"),
        ({"shared": 1}, "shared must be True or False, was 1"),
        ({"path": "x"}, "path must come with shared=True, was 'x' without it"),
        ({"path": 5, "shared": True}, "path must be a path, was int"),
        ({"path": "", "shared": True}, "path must be the path of a file, was ''"),
    ],
)
def test_limits_that_make_no_sense_are_refused(given, text):
    with pytest.raises(fastorder.ConfigurationError) as raised:
        Budgets(**given)
    assert text in str(raised.value)


@pytest.mark.parametrize(
    "kind", [fastorder.OrderExecutor, fastorder.blocking.OrderExecutor]
)
def test_budgets_of_another_type_are_refused(kind):
    for wrong, text in ((True, "was bool (write Budgets())"), (200, "was int")):
        with pytest.raises(fastorder.ConfigurationError, match="budgets must be") as e:
            kind("http://127.0.0.1:1", budgets=wrong)
        assert text in str(e.value)


def test_the_venues_limits_are_the_default():
    budgets = Budgets()
    assert (budgets.requests, budgets.seconds) == (200, 60.0)
    assert (budgets.history_requests, budgets.history_seconds) == (50, 30.0)
    assert budgets._most_by_lane == (200, 195, 180, 160, 160, 140, 140)
