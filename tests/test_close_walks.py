"""A close, driven at random through whatever may come to it: what is told is true."""

import random
from datetime import datetime, timezone

import pytest
from conftest import ACCOUNT
from still import (
    CONTRACT,
    StillClock,
    answer,
    envelope,
    held_back,
    no_answer,
    not_sent,
    order_since,
    refused,
    status,
    told_the_time,
)

import fastorder
from fastorder import Outcome, Side
from fastorder._core.flow.protocol import Finish, Pause, Send, Tell
from fastorder.gateway.endpoints import Endpoint
from fastorder.requests.amendment import State
from fastorder.requests.position_close import PositionClose

LONG = {"id": 1, "accountId": ACCOUNT, "contractId": CONTRACT, "size": 2, "type": 1}
SHORT = {**LONG, "type": 2}
POSITIONS = [
    [],
    [LONG],
    [SHORT],
    [LONG, {**SHORT, "id": 2}],
    [{**LONG, "type": 7}],
    [{**LONG, "size": "?"}],
    [{**LONG, "size": 0}],
    [{**LONG, "contractId": "77"}],
    [{**LONG, "contractId": "CON.F.US.MES.Z26"}],
]
STATUSES = (302, 400, 401, 403, 429, 500, 503)
CODES = (*range(1, 9), 77)


def trades(clock, *sides):
    made = datetime.fromtimestamp(clock.wall, timezone.utc).isoformat()
    row = {
        "orderId": 9,
        "accountId": ACCOUNT,
        "contractId": CONTRACT,
        "size": 1,
        "creationTimestamp": made,
    }
    rows = [{**row, "id": n, "side": side} for n, side in enumerate(sides, 1)]
    return answer(envelope(trades=rows), date=clock.date())


class Walk:
    """One close, and what is known of it from outside."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.clock = StillClock()
        self.closing = PositionClose(
            ACCOUNT,
            CONTRACT,
            self.chance.choice([None, None, None, 1]),
            fastorder.RetryPolicy(quiet=self.chance.choice([0, 1, 30])),
            self.clock,
            self.clock.now_ns,
            server_clock=told_the_time(self.clock),
        )
        self.sends = 0
        self.has_looked = True
        self.is_told = self.has_ended = False

    def go(self):
        command = self.take(self.closing.start())
        for _ in range(200):
            if self.has_ended:
                assert self.closing.state is State.DONE
                return
            command = self.take(self.event(command))

    def take(self, command):
        if isinstance(command, Tell):
            assert not self.is_told
            self.judge(command.value)
            self.is_told = True
            command = command.then
        if isinstance(command, Finish):
            self.judge(command.value)
            self.has_ended = True
        return command

    def judge(self, result):
        assert result.attempts == self.sends
        assert (result.outcome is Outcome.NOT_SENT) == (not self.sends)

    def event(self, command):
        closing, chance = self.closing, self.chance
        if chance.random() < 0.1:
            kind, side = chance.choice(["MARKET", "STOP"]), chance.choice(list(Side))
            outcome = chance.choice([None, Outcome.ACCEPTED, Outcome.REJECTED])
            closing.orders_since.append(order_since(kind, side, outcome))
        if chance.random() < 0.02:
            closing.withdraw("somebody says so")
        if chance.random() < 0.02:
            return closing.on_stop(None)
        if chance.random() < 0.02:
            return closing.on_broken_off("Ctrl-C")
        if isinstance(command, Pause):
            if chance.random() < 0.2:
                return closing.on_new_token() or command
            self.clock.pass_s(max(0, command.due_ns - self.clock.now_ns) / 1e9)
            return closing.on_time()
        assert isinstance(command, Send)
        if chance.random() < 0.1:
            self.clock.pass_s(1)
            return closing.after_hold(command)
        closing.another_token = chance.random() < 0.5
        evidence = self.answer_to(command)
        following = closing.on_evidence(evidence)
        if isinstance(following, Send) and following.endpoint.changes:
            side = {1: Side.BUY, 2: Side.SELL}.get((self.shown or [{}])[0].get("type"))
            assert not any(o.may_have_opened(side) for o in closing.orders_since)
        return following

    def answer_to(self, command):
        chance, clock = self.chance, self.clock
        self.shown = None
        troubles = [
            no_answer(),
            not_sent(),
            not_sent(60),
            held_back(),
            status(chance.choice(STATUSES)),
            refused(chance.choice(CODES)),
            answer([]),
        ]
        if command.endpoint is Endpoint.SEARCH_POSITIONS:
            rows = chance.choice(POSITIONS)
            read = answer(envelope(positions=rows), date=clock.date())
            evidence = chance.choice([read, read, chance.choice(troubles)])
            if evidence is read:
                self.shown, self.has_looked = rows, True
            return evidence
        if command.endpoint is Endpoint.SEARCH_TRADES:
            read = trades(clock, *chance.choice([(), (0,), (0, 1)]))
            return chance.choice([read, read, chance.choice(troubles)])
        evidence = chance.choice([*troubles, answer(envelope())])
        if evidence.starts:
            assert self.has_looked, "sent twice, and not looked between"
            assert not self.is_told, "sent after it was told"
            assert self.closing.quantity is None or not self.sends
            self.sends, self.has_looked = self.sends + 1, False
        return evidence


@pytest.mark.parametrize("first", range(0, 4000, 500))
def test_whatever_comes_what_is_told_of_a_close_is_true(first):
    for seed in range(first, first + 500):
        try:
            Walk(seed).go()
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error


def test_a_refused_close_that_is_broken_off_is_told_refused():
    walk = Walk(0)
    walk.closing.start()
    look = walk.closing.on_evidence(refused(2))
    assert look.endpoint is Endpoint.SEARCH_POSITIONS
    result = walk.closing.on_broken_off("Ctrl-C").value
    assert result.outcome is Outcome.REJECTED
    assert result.error_name == "PositionNotFound"


def test_closes_are_let_go_with_their_tickets(trader, gateway):
    closes = trader._dispatcher.closes
    for _ in range(20):
        assert trader.close_position("MNQ", ACCOUNT).outcome is Outcome.REJECTED
    assert len(closes._closes) == 0
    assert closes.any
    assert trader.place_market_order("MNQ", "BUY", 1, ACCOUNT).success
    assert not closes.any
