"""The hub protocol without I/O: every case of a robust client, by its name."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastorder.errors import RealtimeUnavailable
from fastorder.realtime.commands import (
    Connect,
    Drop,
    Failure,
    Farewell,
    Negotiate,
    Probe,
    Renew,
    Tell,
    Write,
)
from fastorder.realtime.events import (
    ConnectFailed,
    Event,
    Gap,
    Live,
    Refused,
    Rolled,
    Subscription,
    Undecodable,
)
from fastorder.realtime.hub_protocol import HubProtocol
from fastorder.realtime.negotiation import Redirect, read_answer
from fastorder.realtime.overlap import Overlap

S = 1_000_000_000
ORDERS = Subscription("SubscribeOrders", (7,))
QUOTES = Subscription("SubscribeContractQuotes", ("CON.F.US.MNQ.U26",))
PING = b'{"type":6}'


class Clock:
    """A clock that stands still until it is moved; wall time may jump by itself."""

    def __init__(self):
        self.now_ns, self.jumped_s, self.drawn = 1000 * S, 0.0, 0.5

    def monotonic_ns(self):
        return self.now_ns

    def wall_s(self):
        return self.now_ns / S + self.jumped_s

    def spread(self):
        return self.drawn


class Scene:
    """A protocol, and what it wants done."""

    def __init__(self, *wanted, **options):
        self.clock = Clock()
        self.hub = HubProtocol(self.clock, base_url="https://rtc.x.com", **options)
        self.answers = []
        for each in wanted:
            self.hub.subscribe(each, self.now)

    @property
    def now(self):
        return self.clock.now_ns

    def taken(self, *kinds):
        """The commands since the last look, of these kinds."""
        found, self.hub.commands[:] = list(self.hub.commands), []
        return [each for each in found if not kinds or isinstance(each, kinds)]

    def told(self):
        return [command.event for command in self.taken(Tell)]

    def start(self):
        self.hub.start(self.now)
        return self.taken()

    def open(self, generation=1):
        """Connected, and greeted."""
        self.hub.opened(generation, self.now)
        self.record({}, generation)
        return self

    def record(self, message, generation=1):
        text = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.hub.record(generation, text, self.now)

    def written(self, commands=None):
        """What is written, as messages."""
        commands = self.taken() if commands is None else commands
        return [
            json.loads(part)
            for command in commands
            if isinstance(command, Write)
            for part in command.data.split(b"\x1e")[:-1]
        ]

    def acknowledge(self, generation=1):
        """Answer every call that was written."""
        writes = [each for each in self.hub.commands if isinstance(each, Write)]
        for message in self.written(writes):
            if message.get("type") == 1 and "invocationId" in message:
                number = message["invocationId"]
                answer = {"type": 3, "invocationId": number, "result": None}
                self.record(answer, generation)

    def live(self):
        """Connected, and everything that is wanted is there."""
        self.start()
        self.open()
        self.acknowledge()
        assert Live(1) in self.told()
        return self

    def invoke(self, target="Add", *arguments):
        self.hub.invoke(target, arguments, lambda *a: self.answers.append(a), self.now)

    def pass_s(self, seconds, step_s=1, heard=()):
        """Let time go by, called as often as the protocol wants it."""
        end = self.now + int(seconds * S)
        while self.now < end:
            self.clock.now_ns = min(self.now + int(step_s * S), end)
            for generation in heard:
                self.hub.heard(generation, self.now)
            if self.hub.due_ns <= self.now:
                self.hub.time(self.now)

    def fail(self, status=0, generation=None, **more):
        generation = generation or self.hub.generation
        self.hub.failed(generation, Failure("why", status, **more), self.now)


# ---------------------------------------------------------------- handshake


def test_case_01_handshake_sent_first():
    scene = Scene(ORDERS)
    assert scene.start() == [Connect(1)]
    scene.hub.opened(1, scene.now)
    assert scene.taken() == [Write(1, b'{"protocol":"json","version":1}\x1e')]


@pytest.mark.parametrize("answer", [{}, {"minorVersion": 1, "x": None}])
def test_case_02_handshake_ok(answer):
    scene = Scene()
    scene.start()
    scene.hub.opened(1, scene.now)
    scene.record(answer)
    assert scene.told() == [Live(1)]


@pytest.mark.parametrize(
    "text",
    [
        "The protocol 'messagepack' is not supported.",
        "The server does not support version 3 of the 'json' protocol.",
        "An unexpected error occurred during connection handshake.",
        "Handshake was canceled.",
    ],
)
def test_case_03_handshake_error(text):
    scene = Scene()
    scene.start()
    scene.hub.opened(1, scene.now)
    scene.record({"error": text})
    commands = scene.taken()
    (told,) = [each.event for each in commands if isinstance(each, Tell)]
    assert text in told.why
    assert told.next_ns >= scene.now + 15 * S
    assert Drop(1) in commands


def test_case_04_handshake_with_frames():
    scene = Scene()
    scene.start()
    scene.hub.opened(1, scene.now)
    scene.record({})
    scene.record({"type": 1, "target": "X", "arguments": [1]})
    assert scene.told() == [Live(1), Event("X", [1], 1)]


def test_case_06_handshake_is_a_frame():
    scene = Scene()
    scene.start()
    scene.hub.opened(1, scene.now)
    scene.record({"type": 6})
    (told,) = scene.told()
    assert "must have no type" in told.why


def test_case_07_handshake_silent():
    scene = Scene()
    scene.start()
    scene.hub.opened(1, scene.now)
    scene.pass_s(9.5)
    assert scene.told() == []
    scene.pass_s(1)
    assert "no answer to the handshake" in scene.told()[0].why
    scene.pass_s(1)
    assert Connect(2) in scene.taken()


# ---------------------------------------------------------------- upgrade and negotiate


@pytest.mark.parametrize("status", [401, 403])
def test_case_08_upgrade_401_403(status):
    scene = Scene()
    scene.start()
    scene.fail(status)
    assert scene.taken() == [Renew(), Drop(1), Connect(2)]
    scene.fail(status)
    drop, told = scene.taken()
    assert (drop, told.event.status) == (Drop(2), status)
    assert told.event.next_ns > scene.now + 15 * S


def test_case_09_upgrade_404():
    scene = Scene(negotiate=True)
    assert scene.start() == [Negotiate(1)]
    scene.hub.negotiated(1, negotiation(), scene.now)
    assert scene.taken() == [Connect(1, "tok")]
    scene.fail(404)
    assert scene.taken() == [Drop(1), Negotiate(2)]
    plain = Scene()
    plain.start()
    plain.fail(404)
    (told,) = plain.told()
    assert told.status == 404
    assert told.next_ns > plain.now + 15 * S


@pytest.mark.parametrize("status", [429, 503])
def test_case_10_upgrade_429_503(status):
    scene = Scene()
    scene.start()
    scene.fail(status, retry_ns=7 * S)
    assert scene.told()[0].next_ns == scene.now + 7 * S
    scene.pass_s(8)
    scene.fail(status, retry_ns=9000 * S)
    assert scene.told()[0].next_ns == scene.now + 300 * S


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_case_11_upgrade_301_302(status):
    scene = Scene()
    scene.start()
    scene.fail(status)
    commands = scene.taken()
    assert not [each for each in commands if isinstance(each, (Connect, Negotiate))]


def negotiation(**changes):
    answer = {
        "negotiateVersion": 1,
        "connectionId": "id",
        "connectionToken": "tok",
        "availableTransports": [{"transport": "WebSockets", "transferFormats": []}],
    }
    return json.dumps(answer | changes).encode()


def test_case_14_negotiate_v1():
    assert read_answer(negotiation(), "https://x.com", 0) == ("tok",)
    answer = negotiation(negotiateVersion=0)
    assert read_answer(answer, "https://x.com", 0) == ("id",)


def redirected(url, hops=0):
    answer = json.dumps({"url": url, "accessToken": "t"}).encode()
    return read_answer(answer, "https://rtc.x.com", hops)


def test_case_15_negotiate_redirect():
    assert redirected("https://eu.x.com/h") == Redirect("https://eu.x.com", "t")
    assert "'t'" not in repr(redirected("https://eu.x.com/h"))
    for url in (
        "http://eu.x.com",
        "https://evil.com",
        "wss://",
        "https://[",
        "ftp://x",
    ):
        with pytest.raises(RealtimeUnavailable):
            redirected(url)
    with pytest.raises(RealtimeUnavailable, match="at most 5 times"):
        redirected("https://eu.x.com", hops=5)
    scene = Scene(negotiate=True)
    scene.start()
    answer = json.dumps({"url": "https://eu.x.com/h", "accessToken": "t"}).encode()
    scene.hub.negotiated(1, answer, scene.now)
    assert scene.taken() == [Negotiate(1, "https://eu.x.com", "t")]
    scene.hub.negotiated(1, negotiation(), scene.now)
    assert scene.taken() == [Connect(1, "tok", "https://eu.x.com", "t")]


def test_case_16_negotiate_error():
    with pytest.raises(RealtimeUnavailable, match="refused to negotiate: no seats"):
        read_answer(b'{"error":"no seats"}', "https://x.com", 0)
    scene = Scene(negotiate=True)
    scene.start()
    scene.hub.negotiated(1, b'{"error":"no seats"}', scene.now)
    (told,) = scene.told()
    assert "no seats" in told.why
    assert told.next_ns >= scene.now + 15 * S


def test_case_17_negotiate_hangs():
    """The request's own time-out ends it, as a failure."""
    scene = Scene(negotiate=True)
    scene.start()
    scene.fail()
    assert scene.told()[0].next_ns > scene.now


def test_case_18_negotiate_old_signalr():
    with pytest.raises(RealtimeUnavailable, match="must speak ASP.NET Core SignalR"):
        read_answer(b'{"ProtocolVersion":"1.5"}', "https://x.com", 0)


@pytest.mark.parametrize("offer", [[], None, [{"transport": "LongPolling"}], [7]])
def test_case_19_no_websockets_in_available_transports(offer):
    with pytest.raises(RealtimeUnavailable, match="must offer WebSockets"):
        read_answer(negotiation(availableTransports=offer), "https://x.com", 0)


@pytest.mark.parametrize("token", [None, "", 7, "\u00e4"])
def test_a_negotiation_without_a_token_is_refused(token):
    with pytest.raises(RealtimeUnavailable, match="must give a connectionToken"):
        read_answer(negotiation(connectionToken=token), "https://x.com", 0)


def test_case_20_skip_negotiation():
    assert Scene().start() == [Connect(1)]
    assert Scene(negotiate=True).start() == [Negotiate(1)]


def test_case_21_token():
    for command in (Connect(1, "secret", "u", "secret"), Negotiate(1, "u", "secret")):
        assert "secret" not in repr(command)


# ---------------------------------------------------------------- messages


@pytest.mark.parametrize("bad", [b'{"a":"\\ud800"}', b'{"a":"\xff"}', b"[", b"7", b""])
def test_case_30_bad_utf_8(bad):
    market = Scene().live()
    market.record(bad)
    assert [type(event) for event in market.told()] == [Undecodable]
    assert market.hub.counts["undecodable"] == 1
    user = Scene(undecodable_is_gap=True).live()
    user.record(bad)
    assert [type(event) for event in user.told()] == [Undecodable, Gap, Live]


@pytest.mark.parametrize("kind", [99, 0, None, "1", 2, 4, 5, 8, 9])
def test_case_31_unknown_type(kind):
    scene = Scene().live()
    scene.record({"type": kind, "target": "X", "arguments": []})
    assert scene.taken() == []


def test_case_32_33_unknown_member_and_any_order():
    scene = Scene().live()
    scene.record(
        {"headers": {"a": "b"}, "arguments": [1], "x": 1, "target": "T", "type": 1}
    )
    assert scene.told() == [Event("T", [1], 1)]


def test_case_35_unknown_target():
    scene = Scene().live()
    scene.record({"type": 1, "target": "GatewayLogout", "arguments": []})
    assert scene.told() == [Event("GatewayLogout", [], 1)]


def test_case_36_invocation_with_invocation_id():
    scene = Scene().live()
    scene.record({"type": 1, "invocationId": "s1", "target": "T", "arguments": []})
    answer = {
        "type": 3,
        "invocationId": "s1",
        "error": "Client didn't provide a result.",
    }
    assert scene.written() == [answer]


def test_case_37_stream_item_for_an_unknown_id():
    scene = Scene().live()
    scene.record({"type": 2, "invocationId": "9", "item": 1})
    assert scene.taken() == []


@pytest.mark.parametrize("result", [{"result": 5}, {"result": None}, {}])
def test_case_38_completion_result(result):
    scene = Scene().live()
    scene.invoke("Add", 2, 3)
    (sent,) = scene.written()
    assert sent == {
        "type": 1,
        "invocationId": "1",
        "target": "Add",
        "arguments": [2, 3],
    }
    scene.record({"type": 3, "invocationId": "1", **result})
    assert scene.answers == [(result.get("result"), None, False)]


def test_case_39_completion_error():
    text = "Failed to invoke 'SubscribeOrders' due to an error on the server."
    scene = Scene(ORDERS)
    scene.start()
    scene.open()
    scene.taken()
    scene.record({"type": 3, "invocationId": "1", "error": text})
    assert scene.told() == [Refused(ORDERS, text), Live(1, (ORDERS,))]
    assert scene.hub.acknowledged == ()


def test_case_40_completion_for_an_unknown_id():
    scene = Scene().live()
    scene.record({"type": 3, "invocationId": "77", "result": 1})
    scene.record({"type": 3, "result": 1})
    assert scene.taken() == []


def test_case_41_result_and_error_both():
    scene = Scene().live()
    scene.record({"type": 3, "invocationId": "1", "result": 1, "error": "e"})
    told = scene.told()
    assert "it had both" in told[0].why
    assert isinstance(told[0], Gap)


def test_case_42_no_completion_in_10_s():
    scene = Scene(ORDERS)
    scene.start()
    scene.open()
    scene.taken()
    scene.pass_s(10.5, heard=[1])
    again = scene.written()
    assert [each["invocationId"] for each in again if each["type"] == 1] == ["2"]
    scene.pass_s(10.5, heard=[1])
    told = scene.told()
    assert "SubscribeOrders was not answered" in told[0].why


def test_case_43_invocations_run_one_at_a_time():
    """The time-out of a call begins with the answer to the one before it."""
    scene = Scene(ORDERS, QUOTES)
    scene.start()
    scene.open()
    scene.taken()
    scene.pass_s(9, heard=[1])
    scene.record({"type": 3, "invocationId": "1", "result": None})
    scene.pass_s(9, heard=[1])
    assert [each for each in scene.written() if each["type"] == 1] == []
    scene.record({"type": 3, "invocationId": "2", "result": None})
    assert scene.told() == [Live(1)]


def test_case_44_account_id_is_a_number_contract_id_a_string():
    scene = Scene(ORDERS, QUOTES)
    scene.start()
    scene.open()
    sent = [each for each in scene.written() if each.get("type") == 1]
    assert [each["arguments"] for each in sent] == [[7], ["CON.F.US.MNQ.U26"]]


# ---------------------------------------------------------------- liveness and close


def test_case_45_ping_out():
    """By the last send; what comes in does not put it off."""
    scene = Scene().live()
    scene.pass_s(9.5, step_s=0.5, heard=[1])
    assert scene.written() == []
    scene.pass_s(0.5, step_s=0.5, heard=[1])
    assert scene.written() == [{"type": 6}]
    scene.invoke()
    scene.taken()
    scene.pass_s(5, heard=[1])
    scene.record({"type": 3, "invocationId": "1"})
    scene.record({"type": 1, "target": "T", "arguments": []})
    scene.pass_s(4.5, step_s=0.5, heard=[1])
    assert scene.written() == []
    scene.pass_s(0.5, step_s=0.5, heard=[1])
    assert scene.written() == [{"type": 6}]


def test_case_46_server_silent_30_s():
    scene = Scene().live()
    heard = scene.now
    scene.pass_s(29)
    assert scene.told() == []
    scene.pass_s(1)
    assert scene.told() == [Gap(1, heard, "nothing came for 30 s")]


def test_case_47_clock():
    scene = Scene().live()
    scene.clock.jumped_s = 6
    scene.hub.time(scene.now)
    assert scene.taken() == [Probe(1)]
    scene.pass_s(5, heard=())
    assert "had slept" in scene.told()[0].why
    awake = Scene().live()
    awake.clock.jumped_s = -6
    awake.hub.time(awake.now)
    awake.pass_s(6, heard=[1])
    assert awake.told() == []


def test_case_48_close_allow_reconnect():
    scene = Scene().live()
    scene.record({"type": 7, "error": "bye", "allowReconnect": True})
    assert scene.told() == [Gap(1, scene.now, "bye")]
    scene.hub.time(scene.now)
    assert scene.taken() == [Connect(2)]
    scene.open(2)
    scene.taken()
    scene.record({"type": 7, "allowReconnect": True}, 2)
    assert scene.hub.due_ns > scene.now  # the second time by the schedule


@pytest.mark.parametrize("close", [{"type": 7}, {"type": 7, "allowReconnect": False}])
def test_case_49_close_without_reconnect(close):
    scene = Scene().live()
    scene.record(close)
    assert scene.told() == [Gap(1, scene.now, "the server closed")]
    assert scene.hub.due_ns >= scene.now + 15 * S
    scene.pass_s(31)
    assert scene.taken() == [Connect(2)]


@pytest.mark.parametrize(
    "why", ["closed with 1000", "1001", "1008", "1009", "1011", "EOF", "RST"]
)
def test_case_50_ws_close_and_eof(why):
    scene = Scene().live()
    scene.hub.lost(1, why, scene.now)
    commands = scene.taken()
    assert Tell(Gap(1, scene.now, why)) in commands
    assert not [each for each in commands if isinstance(each, Farewell)]
    scene.pass_s(0.1, step_s=0.05)
    assert scene.taken() == [Connect(2)]


def test_case_51_our_close():
    scene = Scene().live()
    scene.hub.stop(scene.now)
    scene.hub.stop(scene.now)
    assert scene.taken() == [Write(1, b'{"type":7}\x1e'), Farewell(1, 1000)]
    scene.pass_s(3)
    assert scene.taken() == [Drop(1)]
    scene.pass_s(100)
    assert scene.taken() == []


def test_case_52_reconnect_schedule():
    scene = Scene()
    scene.clock.drawn = 1.0
    scene.start()
    pauses = []
    for _ in range(12):
        scene.fail()
        (told,) = scene.told()
        pauses.append((told.next_ns - scene.now) / S)
        scene.pass_s(pauses[-1] + 0.01, step_s=0.01)
        assert [each for each in scene.taken() if isinstance(each, Connect)]
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30, 30]


def test_case_52_the_schedule_begins_anew_after_a_minute_of_health():
    scene = Scene()
    scene.clock.drawn = 1.0
    scene.start()
    for _ in range(5):
        scene.fail()
        scene.pass_s(2, step_s=0.05)
    scene.open(scene.hub.generation)
    scene.pass_s(61, heard=[scene.hub.generation])
    scene.taken()
    scene.hub.lost(scene.hub.generation, "EOF", scene.now)
    assert scene.hub.due_ns <= scene.now + S // 10


@given(spreads=st.lists(st.floats(0, 1, exclude_max=True), min_size=40, max_size=40))
def test_case_52_there_is_never_a_second_connect_at_once(spreads):
    scene = Scene()
    scene.start()
    underway = 1
    for spread in spreads:
        scene.clock.drawn = spread
        scene.fail(503)
        underway -= 1
        scene.pass_s(31, step_s=3)
        underway += len([each for each in scene.taken() if isinstance(each, Connect)])
        assert underway == 1


@pytest.mark.parametrize("when", ["delay", "connect", "handshake"])
def test_case_53_close_during_connect(when):
    scene = Scene()
    scene.start()
    if when == "delay":
        scene.fail()
    if when == "handshake":
        scene.hub.opened(1, scene.now)
    scene.taken()
    scene.hub.stop(scene.now)
    scene.hub.opened(1, scene.now)
    scene.record({})
    scene.record({"type": 1, "target": "T", "arguments": []})
    scene.pass_s(100)
    assert not [e for e in scene.taken() if isinstance(e, (Tell, Connect, Negotiate))]


def test_case_54_pending_invocations_at_a_drop():
    scene = Scene(ORDERS).live()
    scene.invoke("Add", 1, 2)
    scene.taken()
    scene.hub.lost(1, "RST", scene.now)
    assert scene.answers == [(None, "RST, before it was answered", True)]
    scene.pass_s(1)
    scene.open(2)
    calls = [each for each in scene.written() if each.get("type") == 1]
    assert [each["target"] for each in calls] == ["SubscribeOrders"]
    scene.hub.lost(2, "RST", scene.now)
    scene.invoke()
    assert scene.answers[1:] == [(None, "there is no connection", False)]


# ---------------------------------------------------------------- subscriptions


def test_all_is_subscribed_anew_on_each_connection():
    scene = Scene(ORDERS, QUOTES).live()
    assert scene.hub.acknowledged == (ORDERS, QUOTES)
    scene.hub.lost(1, "EOF", scene.now)
    scene.pass_s(1)
    assert scene.told() == [Gap(1, 1000 * S, "EOF")]
    scene.open(2)
    assert scene.hub.current is None
    scene.acknowledge(2)
    assert scene.told() == [Live(2)]


def test_a_subscription_may_come_and_go_while_live():
    scene = Scene().live()
    scene.hub.subscribe(ORDERS, scene.now)
    scene.hub.subscribe(ORDERS, scene.now)
    assert scene.hub.acknowledged == ()
    scene.acknowledge()
    assert scene.hub.acknowledged == (ORDERS,) == scene.hub.subscriptions
    scene.taken()
    scene.hub.unsubscribe(ORDERS, scene.now)
    scene.hub.unsubscribe(ORDERS, scene.now)
    sent = scene.written()
    assert sent == [{"type": 1, "target": "UnsubscribeOrders", "arguments": [7]}]
    assert scene.hub.subscriptions == ()


def test_what_is_wanted_no_more_holds_nothing_up():
    scene = Scene(ORDERS, QUOTES)
    scene.start()
    scene.open()
    scene.taken()
    scene.record({"type": 3, "invocationId": "1", "result": None})
    scene.hub.unsubscribe(QUOTES, scene.now)
    assert scene.told() == [Live(1)]


@pytest.mark.parametrize("error", [None, "not now"])
@pytest.mark.parametrize("is_late", [False, True])
def test_what_is_wanted_again_is_answered_by_its_own_answer(error, is_late):
    """That it was answered before, or is yet to be, says nothing of the new wish."""
    scene = Scene().live()
    scene.hub.subscribe(ORDERS, scene.now)
    old, answer = scene.written(), {"type": 3, "result": None}
    refused = {"type": 3, "error": error} if error else answer
    if not is_late:
        scene.record(refused | {"invocationId": old[-1]["invocationId"]})
    scene.taken()
    scene.hub.unsubscribe(ORDERS, scene.now)
    scene.hub.subscribe(ORDERS, scene.now)
    new = scene.written()
    if is_late:
        scene.record(refused | {"invocationId": old[-1]["invocationId"]})
    assert scene.hub.acknowledged == ()
    assert scene.told() == []
    scene.record(answer | {"invocationId": new[-1]["invocationId"]})
    assert scene.hub.acknowledged == (ORDERS,)


def test_records_of_an_old_connection_are_dropped_and_counted():
    scene = Scene().live()
    scene.hub.lost(1, "EOF", scene.now)
    scene.taken()
    scene.record({"type": 1, "target": "T", "arguments": []}, 1)
    assert scene.taken() == []
    assert scene.hub.counts["of an old connection"] == 1


# ---------------------------------------------------------------- rolls


def test_a_hub_rolls_before_its_token_ends():
    scene = Scene(ORDERS).live()
    scene.hub.token_lasts(1000, scene.now)
    scene.pass_s(949, heard=[1])
    assert [e for e in scene.taken() if isinstance(e, Connect)] == []
    scene.pass_s(1, heard=[1])
    assert Connect(2) in scene.taken()
    scene.open(2)
    event = {"type": 1, "target": "T", "arguments": [1]}
    scene.record(event, 1)
    scene.record(event, 2)
    scene.acknowledge(2)
    commands = scene.taken()
    told = [e.event for e in commands if isinstance(e, Tell)]
    assert told == [Event("T", [1], 1), Rolled(2)]
    assert Farewell(1, 1000) in commands
    late = {"type": 1, "target": "T", "arguments": [2]}
    scene.record(late, 1)
    scene.hub.lost(1, "closed", scene.now, whole=True)
    scene.record(late, 2)
    assert scene.told() == [Event("T", [2], 1)]
    scene.pass_s(6, heard=[2])
    assert scene.hub.overlap is None
    scene.record(late, 2)
    assert scene.told() == [Event("T", [2], 2)]


def test_a_roll_that_fails_leaves_the_connection_that_is_there():
    scene = Scene(ORDERS).live()
    scene.hub.token_lasts(100, scene.now)
    scene.pass_s(95, heard=[1])
    scene.taken()
    scene.fail(503)
    assert [type(event) for event in scene.told()] == [ConnectFailed]
    assert scene.hub.current.generation == 1
    scene.pass_s(1, heard=[1])
    assert Connect(3) in scene.taken()
    scene.open(3)
    scene.acknowledge(3)
    assert scene.told() == [Rolled(3)]


def test_a_connection_that_ends_during_a_roll_leaves_a_gap():
    scene = Scene(ORDERS).live()
    scene.hub.token_lasts(100, scene.now)
    scene.pass_s(95, heard=[1])
    scene.open(2)
    calls = scene.written()
    scene.hub.lost(1, "RST", scene.now)
    assert scene.told() == [Gap(1, scene.now, "RST")]
    number = calls[-1]["invocationId"]
    scene.record({"type": 3, "invocationId": number, "result": None}, 2)
    assert scene.told() == [Live(2)]


def rolled(**options):
    """A hub whose second connection has taken over; the first is still read."""
    scene = Scene(ORDERS, **options).live()
    scene.hub.token_lasts(100, scene.now)
    scene.pass_s(95, heard=[1])
    scene.open(2)
    scene.acknowledge(2)
    assert scene.told() == [Rolled(2)]
    return scene


def test_a_connection_that_was_left_and_is_cut_off_may_have_kept_an_event():
    """What it was sent before the new one listened comes by no other way."""
    scene = rolled()
    scene.hub.lost(1, "RST", scene.now)
    why = "a connection was left: RST"
    assert scene.told() == [Gap(2, scene.now, why), Live(2)]
    assert scene.hub.current.generation == 2


def test_a_connection_that_was_left_and_does_not_end_may_have_kept_an_event():
    scene = rolled()
    scene.pass_s(3, heard=[2])
    gap, live = scene.told()
    assert gap.why == "a connection was left: no answer to its close in time"
    assert live == Live(2)


def test_a_connection_that_was_left_and_read_to_its_end_leaves_no_gap():
    scene = rolled()
    scene.hub.lost(1, "closed", scene.now, whole=True)
    assert scene.told() == []


def test_the_next_roll_waits_for_a_connection_that_was_left():
    """What it still brings would be taken for one of an old connection, and lost."""
    scene = rolled()
    scene.hub.token_lasts(0.0, scene.now)
    scene.pass_s(1, heard=[2])
    assert scene.taken(Connect) == []
    event = {"type": 1, "target": "T", "arguments": [1]}
    scene.record(event, 1)
    assert [told.arguments for told in scene.told()] == [[1]]
    scene.record(event, 2)
    scene.hub.lost(1, "closed", scene.now, whole=True)
    scene.pass_s(4, heard=[2])
    assert scene.taken(Connect) == []  # 2 may be behind what 1 has brought
    scene.record(event | {"arguments": [2]}, 2)
    assert [told.arguments for told in scene.told()] == [[2]]
    scene.pass_s(2, heard=[2])
    assert scene.taken(Connect) == [Connect(3)]
    assert scene.hub.counts["of an old connection"] == 0


def test_what_cannot_be_read_of_a_connection_that_was_left_is_a_gap():
    scene = rolled(undecodable_is_gap=True)
    scene.hub.record(1, b"{", scene.now)
    assert [type(event) for event in scene.told()] == [Undecodable, Gap, Live]


@given(
    events=st.integers(0, 12).map(lambda n: [b"%d" % i for i in range(n)]),
    data=st.data(),
)
def test_two_connections_bring_each_event_once(events, data):
    """The newer one gets a tail of what the older one gets, which may end early."""
    joined = data.draw(st.integers(0, len(events)))
    ended = data.draw(st.integers(joined, len(events)))
    streams = {1: events[:ended], 2: events[joined:]}
    overlap, passed = Overlap(1, 2), []
    ahead = [[1] * ended, [2] * (len(events) - joined)]
    turns = data.draw(st.permutations(ahead[0] + ahead[1]))
    before = data.draw(st.integers(0, joined))
    for record in streams[1][:before]:  # before the second one counts
        passed.append(record)
    streams[1] = streams[1][before:]
    for generation in turns:
        if streams[generation]:
            record = streams[generation].pop(0)
            if overlap.passes(generation, record):
                passed.append(record)
    assert sorted(passed) == sorted(events)


def test_two_events_that_look_alike_are_two():
    overlap = Overlap(1, 2)
    brought = [overlap.passes(generation, b"a") for generation in (1, 1, 2, 2, 2, 1)]
    assert brought == [True, True, False, False, True, False]
    assert overlap.passes(3, b"a")


def test_72_hours_of_tokens_that_end_each_hour():
    scene = Scene(ORDERS).live()
    number, expected, told = 0, [], []
    for hour in range(72):
        scene.hub.token_lasts(3600, scene.now)
        for _ in range(3600 // 30):
            scene.pass_s(30, step_s=10, heard=[hour + 1])
            if Connect(hour + 2) in scene.hub.commands:
                break
            number += 1
            expected.append(number)
            scene.record({"type": 1, "target": "T", "arguments": [number]}, hour + 1)
            told += scene.told()
        scene.open(hour + 2)
        scene.acknowledge(hour + 2)
        scene.hub.lost(hour + 1, "closed", scene.now, whole=True)
        told += scene.told()
    assert [e.arguments[0] for e in told if isinstance(e, Event)] == expected
    assert [type(e) for e in told if not isinstance(e, Event)] == [Rolled] * 72


def test_a_roll_without_a_newer_token_is_done_again_once_there_is_one():
    scene = Scene(ORDERS).live()
    scene.hub.token_lasts(1000, scene.now, waits=True)
    scene.hub.token_changed(scene.now)
    scene.pass_s(1, heard=[1])
    assert Connect(2) in scene.taken()
    scene.open(2)
    scene.hub.token_lasts(1000, scene.now)
    scene.acknowledge(2)
    scene.hub.lost(1, "closed", scene.now)
    scene.hub.token_changed(scene.now)  # in time: it is taken by the next roll
    scene.pass_s(900, heard=[2])
    assert Connect(3) not in scene.taken()


def test_a_new_token_ends_the_pause():
    scene = Scene(ORDERS)
    scene.start()
    scene.fail(401)
    scene.fail(401)
    scene.taken()
    scene.hub.token_changed(scene.now)
    scene.pass_s(1, step_s=0.1)
    assert Connect(3) in scene.taken()


def test_a_token_that_came_during_a_connect_is_tried_at_once():
    scene = Scene(ORDERS)
    scene.start()
    scene.fail(401)
    scene.hub.token_changed(scene.now)
    scene.taken()
    scene.fail(401)
    assert Connect(3) in scene.taken()


def test_a_frozen_feed_is_given_up_and_connected_anew():
    scene = Scene(ORDERS).live()
    scene.hub.give_up("frozen", scene.now)
    told = scene.told()
    assert [type(event) for event in told] == [Gap]
    assert told[0].why == "frozen"
    scene.pass_s(1, step_s=0.1)
    assert Connect(2) in scene.taken()
    scene.hub.stop(scene.now)
    scene.hub.give_up("frozen", scene.now)
    assert scene.told() == []


# ---------------------------------------------------------------- user events


def test_user_events_are_unwrapped():
    row = {"id": 1}
    wrapped = {"action": 1, "data": row}
    for given_, expected in (
        ([wrapped], [(1, row)]),
        ([row], [(None, row)]),
        ([[wrapped, row]], [(1, row), (None, row)]),
        ([[]], []),
        ([None, 7], []),
    ):
        assert Event("GatewayUserOrder", given_, 1).rows == expected


def test_prices_of_user_events_are_exact():
    scene = Scene().live()
    scene.record(b'{"type":1,"target":"T","arguments":[{"p":0.1,"id":3425270858}]}')
    (event,) = scene.told()
    assert event.arguments == [{"p": Decimal("0.1"), "id": 3425270858}]


@pytest.mark.parametrize(
    "bad",
    [
        b"[" * 10_000 + b"]" * 10_000,
        b'{"type":1,"target":' * 2000,
        b'{"type":1,"type":3}',
        b'{"type":NaN}',
        b'{"type":1,"target":"T","arguments":[1e999]}',
    ],
)
def test_bad_json_counts_for_nothing(bad):
    scene = Scene().live()
    scene.record(bad)
    assert [type(event) for event in scene.told()] == [Undecodable]
    assert scene.hub.current is not None


@given(data=st.binary(max_size=60) | st.from_regex(rb'\{"type":[1-9],[^\x00]{0,40}\}'))
def test_no_record_raises(data):
    scene = Scene(ORDERS).live()
    scene.record(data)
    scene.hub.time(scene.now)
