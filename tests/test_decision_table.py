"""The 26 rows of the decision table: what happened, and what is known and done then.

Each row has its tests, named after its number. Where the protocol alone shows the row,
it is run without sockets and with a clock that is moved by hand; where the executor has
a part in it, over the simulator.
"""

import asyncio
import json
import shutil
import time
from datetime import datetime

import orjson
import pytest
from conftest import ACCOUNT, prepared
from still import (
    ABSENT,
    BYTES,
    IN_USE,
    OLD,
    REJECTED_ROW,
    TAG,
    WHOLE,
    StillClock,
    accepted,
    audited,
    due,
    held_back,
    listing,
    made,
    no_answer,
    not_sent,
    ours,
    refused,
    status,
    told,
    wait,
)

import fastorder
from fastorder import Outcome, RetryPolicy, blocking, errors
from fastorder._core.flow.protocol import Finish, Halt, Pause, Send
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.order_tags import tag_of
from fastorder.journal import Intent, Journal, read
from fastorder.placement.protocol import State
from fastorder.simulator import Fault

PLACE = "/api/Order/place"
SEARCH = "/api/Order/search"
MNQ = "CON.F.US.MNQ.Z26"
MS = 1_000_000
SWIFT = RetryPolicy(base_delay=0.02, quiet=0.1)
"""Absence is proved some three seconds after the last send."""

REFUSALS = [1, 2, 3, 4, 5, 8, 9, 10]
AMBIGUOUS = {
    "OrderPending": refused(6, None),
    "UnknownError": refused(7, None),
    "a code that is not listed": refused(99),
    "success with a code": refused(2, None, success=True),
    "no success without a code": refused(0, None, success=False),
    "success without an id": accepted(None),
    "an id that no order has": accepted(0),
    "no JSON": status(200),
    "too large": no_answer(23),
    "cut": no_answer(18),
}


@pytest.fixture
def clock():
    return StillClock()


def is_order(command):
    return isinstance(command, Send) and command.endpoint is Endpoint.PLACE


def is_look_up(command):
    return isinstance(command, Send) and command.endpoint is Endpoint.SEARCH_ORDERS


def asked(placement, clock, *answers):
    """Start, and answer each exchange in turn; the last command. Pauses pass."""
    command = placement.start()
    for answer in answers:
        while not isinstance(command, (Send, Finish)):
            command = wait(placement, clock, command)
        command = placement.on_evidence(answer)
    return command


def quiet_down(placement, clock, command, answer=ABSENT, most=50):
    """Wait and look up until it ends or is stuck; the last command."""
    for _ in range(most):
        if isinstance(command, Finish) or placement.state is State.STUCK:
            return command
        if not isinstance(command, Send):
            command = wait(placement, clock, command)
        if isinstance(command, Send):
            assert not is_order(command), "it was sent again"
            command = placement.on_evidence(
                answer if is_look_up(command) else WHOLE[command.endpoint]
            )
    raise AssertionError("it never ends")


# ---------------------------------------------------------------- nothing left


@pytest.mark.parametrize("curl_code", [6, 7, 28, 35])
def test_row_01_what_never_left_is_sent_again_without_a_look_up(clock, curl_code):
    placement = made(clock)
    placement.start()
    for delay_ms in (750, 1500, 3000):
        pause = placement.on_evidence(not_sent(curl_code))
        assert due(pause) == clock.now_ns + delay_ms * MS
        again = wait(placement, clock, pause)
        assert is_order(again)
        assert again.body == BYTES
    finish = placement.on_evidence(not_sent(curl_code))
    assert finish.value.outcome is Outcome.NOT_SENT
    assert finish.value.attempts == 0
    assert "not a byte" in finish.value.proof
    assert not placement.in_doubt


def test_row_01_a_certificate_is_not_tried_twice(clock):
    finish = asked(made(clock), clock, not_sent(60))
    assert finish.value.outcome is Outcome.NOT_SENT


def test_row_01_it_is_not_sent_after_its_time(clock):
    placement = made(clock, valid_for=0.5)
    finish = wait(placement, clock, asked(placement, clock, not_sent()))
    assert finish.value.outcome is Outcome.NOT_SENT
    assert "its time was over" in finish.value.error


def test_row_01_what_never_left_this_time_may_have_left_before(clock):
    placement = made(clock)
    pause = asked(placement, clock, no_answer(), ABSENT, not_sent())
    assert isinstance(pause, Pause)
    assert is_look_up(wait(placement, clock, pause))


def test_row_02_what_the_gate_held_back_was_not_sent(clock):
    finish = asked(made(clock), clock, held_back())
    assert finish.value.outcome is Outcome.NOT_SENT
    assert "kill() was called" in finish.value.error
    assert finish.value.proof


def test_row_02_a_resend_that_the_gate_held_back_is_only_looked_up(clock):
    placement = made(clock)
    pause = asked(placement, clock, no_answer(), ABSENT, held_back())
    finish = quiet_down(placement, clock, pause)
    assert finish.value.outcome is Outcome.NOT_PLACED


def test_row_02_a_kill_while_the_connection_is_made_lets_nothing_out(
    run, connect, gateway
):
    async def main():
        async with connect() as executor:
            ticket = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            executor.kill("enough")
            result = await ticket
            with pytest.raises(fastorder.Halted, match="enough"):
                executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            executor.resume()
            return result, await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)

    held, after = run(main())
    assert held.outcome is Outcome.NOT_SENT
    assert "enough" in held.error
    assert after.success
    assert len(gateway.ledger.requests(PLACE)) == 1


def test_row_02_an_order_whose_time_is_over_does_not_leave(trader, gateway):
    result = buy(trader, valid_for=1e-9)
    assert result.outcome is Outcome.NOT_SENT
    assert "its time was over" in result.error
    assert buy(trader).success
    assert len(gateway.ledger.requests(PLACE)) == 1


# ---------------------------------------------------------------- it left, no answer


def test_row_03_a_timeout_is_looked_up_after_750_ms_and_adopted(clock):
    placement = made(clock)
    pause = asked(placement, clock, no_answer())
    assert due(pause) == clock.now_ns + 750 * MS
    assert is_look_up(wait(placement, clock, pause))
    finish = placement.on_evidence(listing(ours()))
    assert (finish.value.outcome, finish.value.order_id) == (Outcome.ACCEPTED, 7)
    assert finish.value.attempts == 1
    assert "lists order 7" in finish.value.proof


def test_row_03_absent_and_valid_it_is_sent_again_the_same(clock):
    again = asked(made(clock), clock, no_answer(), ABSENT)
    assert is_order(again)
    assert again.body == BYTES


@pytest.mark.parametrize("options", [{"valid_for": 0.5}, {"resend": "never"}])
def test_row_03_absent_and_not_to_be_sent_again_it_is_waited_for(clock, options):
    placement = made(clock, **options)
    finish = quiet_down(placement, clock, asked(placement, clock, no_answer()))
    assert finish.value.outcome is Outcome.NOT_PLACED
    assert "3 look-ups in a row" in finish.value.proof


@pytest.mark.parametrize("curl_code", [52, 55, 56, 92, 65])
def test_row_04_a_connection_that_died_proves_nothing(clock, curl_code):
    placement = made(clock)
    pause = asked(placement, clock, no_answer(curl_code))
    assert isinstance(pause, Pause)
    assert placement.in_doubt


def test_row_04_a_resend_of_libcurl_that_was_blocked_counts_once(clock):
    placement = made(clock)
    asked(placement, clock, no_answer(42, starts=2))
    assert placement.state is State.LOOKUP_WAIT
    assert placement.attempts == 1


# ---------------------------------------------------------------- a status


@pytest.mark.parametrize("number", [500, 502, 503, 504])
@pytest.mark.parametrize("row_status", [1, 2, 3, 4, 6, 7])
def test_row_05_a_server_error_with_an_effect_is_adopted(clock, number, row_status):
    row = listing(ours(status=row_status))
    finish = asked(made(clock), clock, status(number), row)
    assert finish.value.outcome is Outcome.ACCEPTED
    assert finish.value.attempts == 1


def test_row_06_a_server_error_without_an_effect_is_sent_again_three_times(clock):
    placement = made(clock)
    begun_ns = clock.now_ns
    command, left_ms = placement.start(), []
    while is_order(command):
        left_ms.append((clock.now_ns - begun_ns) // MS)
        pause = placement.on_evidence(status(500))
        assert is_look_up(wait(placement, clock, pause))
        command = placement.on_evidence(ABSENT)
    assert left_ms == [0, 750, 750 + 1500, 750 + 1500 + 3000]
    assert told(command).outcome is Outcome.UNKNOWN
    assert told(command).attempts == 4
    assert quiet_down(placement, clock, command).value.outcome is Outcome.NOT_PLACED


def test_row_06_a_tag_in_use_at_the_resend_means_that_the_first_one_landed(clock):
    command = asked(made(clock), clock, status(500), ABSENT, refused(2, IN_USE))
    assert is_look_up(command)


def test_row_07_a_429_is_waited_out_looked_up_and_sent_again(clock):
    placement = made(clock)
    pause = asked(placement, clock, status(429, retry_after=b"5"))
    assert due(pause) == clock.now_ns + 5000 * MS
    assert is_look_up(wait(placement, clock, pause))
    assert is_order(placement.on_evidence(ABSENT))


def test_row_07_the_last_look_up_waits_out_a_429_too(clock):
    placement = made(clock, max_retries=0)
    pause = asked(placement, clock, status(429, retry_after=b"5"))
    assert due(pause) == clock.now_ns + 5000 * MS


def test_row_08_a_401_is_looked_up_and_sent_again_once(clock):
    placement = made(clock)
    assert is_order(asked(placement, clock, status(401), ABSENT))
    pause = placement.on_evidence(status(401))
    finish = quiet_down(placement, clock, pause)
    assert finish.value.outcome is Outcome.NOT_PLACED
    assert finish.value.attempts == 2


def test_row_08_with_the_new_token_the_order_goes_out_once(run, connect, gateway):
    async def main():
        policy = RetryPolicy(base_delay=0.2)
        async with connect(retry=policy) as executor:
            good = executor.get_token()
            executor.set_token("expired")
            ticket = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            while "in doubt" not in ticket.state:
                await asyncio.sleep(0.005)
            executor.set_token(good)
            return await ticket

    result = run(main())
    assert result.outcome is Outcome.ACCEPTED
    assert len(gateway.ledger.placements(result.tag)) == 1


def test_row_08_without_one_it_is_looked_up_in_vain_and_never_sent_again(clock):
    placement = made(clock)
    command = asked(placement, clock, *[status(401)] * 4)
    assert told(command).outcome is Outcome.UNKNOWN
    assert "401" in told(command).error
    quiet_down(placement, clock, command, status(401), most=200)
    assert placement.attempts == 1


@pytest.mark.parametrize("number", [302, 307, 400, 403, 404, 405, 413, 415])
def test_row_09_a_client_error_is_looked_up_once_and_never_sent_again(clock, number):
    placement = made(clock)
    assert is_look_up(asked(placement, clock, status(number)))
    command = placement.on_evidence(ABSENT)
    assert told(command).outcome is Outcome.UNKNOWN
    assert f"HTTP {number}" in told(command).error
    finish = quiet_down(placement, clock, command)
    assert finish.value.outcome is Outcome.NOT_PLACED
    assert finish.value.attempts == 1


@pytest.mark.parametrize("number", [302, 400, 403])
def test_row_09_an_order_that_landed_is_found_after_a_client_error(clock, number):
    finish = asked(made(clock), clock, status(number), listing(ours()))
    assert finish.value.outcome is Outcome.ACCEPTED


# ---------------------------------------------------------------- a refusal

IN_USE_TEXTS = [
    IN_USE,
    "The custom tag 'tag-1' is already in use.",
    "CustomTag already exists",
    "CUSTOM TAG IN USE",
]


@pytest.mark.parametrize("text", IN_USE_TEXTS)
def test_row_10_a_tag_in_use_is_looked_up_at_once_and_adopted(clock, text):
    placement = made(clock)
    assert is_look_up(asked(placement, clock, refused(2, text)))
    assert placement.on_evidence(listing(ours())).value.outcome is Outcome.ACCEPTED


def test_row_10_it_is_never_a_rejection_and_never_sent_again(clock):
    placement = made(clock)
    command = asked(placement, clock, refused(2, IN_USE))
    seen = []
    while placement.state is not State.STUCK:
        if isinstance(command, Send):
            assert is_look_up(command)
            command = placement.on_evidence(ABSENT)
        else:
            command = wait(placement, clock, command)
        seen.append(placement.state)
    assert told(command).outcome is Outcome.UNKNOWN
    assert placement.tag == TAG
    assert State.DONE not in seen
    assert placement.on_evidence(ABSENT) is None


def test_row_10_its_owner_is_looked_for_further_back_each_time(clock):
    placement = made(clock)
    command, begins = asked(placement, clock, refused(2, IN_USE)), []
    for _ in range(4):
        while not isinstance(command, Send):
            command = wait(placement, clock, command)
        begins.append(json.loads(command.body)["startTimestamp"])
        command = placement.on_evidence(ABSENT)
    assert begins == sorted(begins, reverse=True)
    assert begins[-1][:4] == "2025"  # a year before


OTHERS = [ours(contractId="CON.F.US.MES.Z26"), ours(side=1)]


@pytest.mark.parametrize("row", OTHERS)
def test_row_10_another_order_that_owns_it_is_why_the_only_send_failed(clock, row):
    command = asked(made(clock), clock, refused(2, IN_USE), listing(row))
    assert command.value.outcome is Outcome.REJECTED
    assert "another order, 7" in command.value.error
    assert command.value.order_id is None


@pytest.mark.parametrize("row", OTHERS)
def test_row_10_after_an_earlier_send_its_owner_proves_nothing(clock, row):
    placement = made(clock)
    sends = no_answer(), ABSENT, refused(2, IN_USE)
    command = asked(placement, clock, *sends, listing(row))
    assert told(command).outcome is Outcome.UNKNOWN
    assert "another order, 7" in told(command).error
    assert placement.state is State.STUCK


@pytest.mark.parametrize("text", ["Invalid symbol", None, ""])
def test_row_11_the_refusal_of_the_only_send_is_a_rejection(clock, text):
    result = asked(made(clock), clock, refused(2, text)).value
    assert result.outcome is Outcome.REJECTED
    assert (result.error_code, result.error_name) == (2, "OrderRejected")
    assert "the only send" in result.proof


def test_row_11_sends_that_never_left_do_not_count(clock):
    finish = asked(made(clock), clock, not_sent(), refused(2))
    assert finish.value.outcome is Outcome.REJECTED


@pytest.mark.parametrize("text", ["Invalid symbol", None, "Tag déjà utilisé"])
def test_row_12_a_refusal_after_another_send_is_looked_up(clock, text):
    placement = made(clock)
    command = asked(placement, clock, status(500), ABSENT, refused(2, text))
    assert is_look_up(command)
    finish = placement.on_evidence(listing(REJECTED_ROW))
    assert finish.value.outcome is Outcome.REJECTED
    assert "as rejected, unfilled" in finish.value.proof


@pytest.mark.parametrize("row", [ours(), ours(status=5, fillVolume=1), ours(status=1)])
def test_row_12_a_row_that_lives_is_adopted(clock, row):
    finish = asked(made(clock), clock, status(500), ABSENT, refused(2), listing(row))
    assert finish.value.outcome is Outcome.ACCEPTED


def test_row_12_absent_it_is_never_sent_again_and_never_a_rejection(clock):
    placement = made(clock)
    command = asked(placement, clock, status(500), ABSENT, refused(2))
    finish = quiet_down(placement, clock, placement.on_evidence(ABSENT))
    assert is_look_up(command)
    assert finish.value.outcome is Outcome.NOT_PLACED


@pytest.mark.parametrize("code", REFUSALS)
def test_row_13_a_code_that_refuses_the_first_send_is_a_rejection(clock, code):
    result = asked(made(clock), clock, refused(code, None)).value
    assert (result.outcome, result.error_code) == (Outcome.REJECTED, code)


@pytest.mark.parametrize("code", REFUSALS)
def test_row_13_at_a_later_send_it_is_looked_up_first(clock, code):
    command = asked(made(clock), clock, no_answer(), ABSENT, refused(code, None))
    assert is_look_up(command)


@pytest.mark.parametrize("answer", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_row_14_an_answer_that_decides_nothing_is_looked_up(clock, answer):
    placement = made(clock)
    pause = asked(placement, clock, answer)
    assert due(pause) == clock.now_ns + 750 * MS
    assert placement.in_doubt
    assert is_look_up(wait(placement, clock, pause))


# ---------------------------------------------------------------- the process ends


def buy(executor, **options):
    return executor.place_market_order("MNQ", "BUY", 1, ACCOUNT, **options)


@pytest.fixture
def journaled(gateway, tmp_path):
    """Makes executors over one journal, one after the other."""

    def make(**options):
        executor = blocking.OrderExecutor(
            gateway.base_url, retry=SWIFT, journal=tmp_path / "orders.db", **options
        )
        return prepared(executor, gateway)

    return make


def wait_for_the_end(executor):
    """Run a blocking executor until nothing is open."""
    while executor.intents():
        for ticket in executor.intents():
            executor.resolve(ticket.tag)
        time.sleep(0.3)


def test_row_15_without_an_intent_nothing_was_sent_and_the_key_is_free(
    journaled, gateway, tmp_path
):
    Journal(tmp_path / "orders.db").close()  # killed before the first intent
    with journaled() as executor:
        assert executor.recover() == []
        result = buy(executor, idempotency_key="signal-42")
    assert result.success
    assert result.tag == tag_of(ACCOUNT, "signal-42")
    assert len(gateway.ledger.placements()) == 1


def test_row_15_an_intent_that_cannot_be_written_does_not_leave(
    journaled, gateway, monkeypatch
):
    with journaled() as executor:

        def fail(journal, intent):
            raise errors.JournalFailed("orders.db", "must be written", "disk full")

        monkeypatch.setattr(Journal, "intent", fail)
        with pytest.raises(errors.JournalFailed):
            buy(executor)
        with pytest.raises(fastorder.Halted, match="disk full"):
            buy(executor)
        with pytest.raises(fastorder.Halted):
            executor.resume()
    assert gateway.ledger.requests(PLACE) == []


def intent_of(gateway, tag="fo1-earlier", key="signal-1"):
    body = {"accountId": ACCOUNT, "contractId": MNQ, "type": 2, "side": 0, "size": 1}
    return Intent(
        tag,
        key,
        ACCOUNT,
        MNQ,
        orjson.dumps({**body, "customTag": tag}),
        None,
        time.time(),
    )


def left_behind(gateway, path, sent):
    """A journal with one intent that a killed process did not resolve."""
    tag = tag_of(ACCOUNT, "signal-1")
    if sent:
        with blocking.OrderExecutor(gateway.base_url) as executor:
            assert buy(prepared(executor, gateway), custom_tag=tag).success
    with Journal(path) as journal:
        journal.intent(intent_of(gateway, tag))
    return tag


def test_row_16_an_order_that_had_left_is_found_after_the_restart(
    journaled, gateway, tmp_path
):
    tag = left_behind(gateway, tmp_path / "orders.db", sent=True)
    with journaled() as executor:
        (result,) = executor.recover()
        again = buy(executor, idempotency_key="signal-1")
    assert (result.outcome, result.tag) == (Outcome.ACCEPTED, tag)
    assert again.order_id == result.order_id
    assert len(gateway.ledger.requests(PLACE)) == 1


def test_row_16_its_tag_can_be_resolved_at_once(journaled, gateway, tmp_path):
    tag = left_behind(gateway, tmp_path / "orders.db", sent=True)
    with journaled() as executor:
        assert executor.resolve(tag).outcome is Outcome.ACCEPTED


def test_row_16_one_that_had_not_is_proved_absent_and_never_sent(
    journaled, gateway, tmp_path
):
    left_behind(gateway, tmp_path / "orders.db", sent=False)
    with journaled() as executor:
        with pytest.raises(fastorder.Interlocked, match="in doubt"):
            buy(executor)
        wait_for_the_end(executor)
        assert executor.recent()[-1].result.outcome is Outcome.NOT_PLACED
        assert buy(executor).success
    assert read(tmp_path / "orders.db")[0].outcome == "NOT_PLACED"
    assert len(gateway.ledger.requests(PLACE)) == 1


def test_row_16_after_a_restart_the_protocol_looks_up_and_never_sends(clock):
    placement = made(clock)
    command = placement.resume(clock.wall - 3600)
    assert is_look_up(command)
    assert window_s(command) <= clock.wall - 3600 - 120
    finish = quiet_down(placement, clock, placement.on_evidence(ABSENT))
    assert finish.value.outcome is Outcome.NOT_PLACED


def test_row_17_a_torn_intent_was_never_sent_and_is_gone(journaled, gateway, tmp_path):
    place = tmp_path / "elsewhere"
    place.mkdir()
    with Journal(place / "orders.db") as journal:
        journal.intent(intent_of(gateway, "fo1-whole", "signal-1"))
        journal.intent(intent_of(gateway, "fo1-torn", "signal-2"))
        for end in ("", "-wal"):
            shutil.copy(f"{place / 'orders.db'}{end}", f"{tmp_path / 'orders.db'}{end}")
    log = tmp_path / "orders.db-wal"
    log.write_bytes(log.read_bytes()[:-1])
    with journaled() as executor:
        assert [result.tag for result in executor.recover()] == ["fo1-whole"]
        assert [ticket.tag for ticket in executor.intents()] == ["fo1-whole"]


def test_row_17_a_journal_that_is_damaged_lets_nothing_start(
    journaled, gateway, tmp_path
):
    path = tmp_path / "orders.db"
    left_behind(gateway, path, sent=False)
    content = bytearray(path.read_bytes())
    at = content.find(b"signal-1")
    content[at] ^= 1
    path.write_bytes(content)
    with pytest.raises(errors.JournalDamaged):
        journaled()
    assert gateway.ledger.requests() == []


# ---------------------------------------------------------------- looking up


def test_row_18_absent_and_then_present_it_is_adopted(clock):
    placement = made(clock, max_retries=0)
    command = asked(placement, clock, no_answer(), ABSENT)
    assert told(command).outcome is Outcome.UNKNOWN
    for answer in (ABSENT, ABSENT, listing(ours())):
        assert is_look_up(wait(placement, clock, command))
        command = placement.on_evidence(answer)
    assert command.value.outcome is Outcome.ACCEPTED


def test_row_18_look_ups_before_the_quiet_time_prove_nothing(clock):
    placement = made(clock, max_retries=0, quiet=30.0)
    left_ns = clock.now_ns
    command = asked(placement, clock, no_answer(), ABSENT)
    counted = 0
    while not isinstance(command, Finish):
        assert is_look_up(wait(placement, clock, command))
        counted += clock.now_ns >= left_ns + 30_000 * MS
        command = audited(placement, placement.on_evidence(ABSENT))
    assert command.value.outcome is Outcome.NOT_PLACED
    assert counted >= 3


def test_row_19_an_order_that_filled_at_once_is_found(trader, gateway):
    gateway.faults.add(Fault(PLACE, reply="hang_up"))
    result = buy(trader)
    assert result.outcome is Outcome.ACCEPTED
    assert trader.open_orders(ACCOUNT) == []
    assert len(gateway.ledger.requests(SEARCH)) == 1


def test_row_20_the_legs_of_a_bracket_are_not_the_order(clock):
    leg = ours(id=8, parentOrderId=7, customTag=f"{TAG}-SL")
    placement = made(clock)
    assert is_order(asked(placement, clock, no_answer(), listing(leg)))
    finish = asked(made(clock), clock, no_answer(), listing(leg, ours()))
    assert finish.value.order_id == 7


def test_row_20_a_leg_with_the_very_tag_speaks_for_its_order(clock):
    """Whose leg is it, if not ours? So it is not sent again, nor told as absent."""
    leg = ours(id=8, parentOrderId=7)
    placement = made(clock)
    assert not is_order(asked(placement, clock, no_answer(), listing(leg)))
    finish = asked(made(clock), clock, no_answer(), listing(leg, ours()))
    assert finish.value.order_id == 7


def test_row_20_a_bracket_in_doubt_is_one_order(trader, gateway):
    gateway.faults.add(Fault(PLACE, reply="hang_up"))
    result = buy(trader, stop_loss_ticks=10, take_profit_ticks=20)
    assert result.outcome is Outcome.ACCEPTED
    (booked,) = gateway.ledger.placements(result.tag)
    assert booked.order_id == result.order_id


def test_row_21_two_orders_with_the_tag_halt_everything(clock):
    placement = made(clock)
    rows = listing(ours(), ours(id=8))
    command = asked(placement, clock, no_answer(), rows)
    assert isinstance(command, Halt)
    assert "7, 8" in command.reason
    assert told(command.then).outcome is Outcome.UNKNOWN
    assert placement.state is State.STUCK


def test_row_21_the_same_order_twice_in_a_list_is_one_order(clock):
    finish = asked(made(clock), clock, no_answer(), listing(ours(), ours()))
    assert finish.value.outcome is Outcome.ACCEPTED


def test_row_21_after_it_nothing_new_leaves_and_cancels_pass(trader, gateway):
    resting = trader.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000)
    rows = [
        {
            "id": number,
            "customTag": "signal-1",
            "contractId": MNQ,
            "side": 0,
            "status": 1,
        }
        for number in (77, 78)
    ]
    body = json.dumps({"orders": rows, "success": True, "errorCode": 0}).encode()
    gateway.faults.add(
        Fault(PLACE, reply="hang_up"), Fault(SEARCH, reply="body", body=body)
    )
    result = buy(trader, custom_tag="signal-1")
    assert result.outcome is Outcome.UNKNOWN
    assert "77, 78" in result.error
    with pytest.raises(fastorder.Halted, match="several orders carry the tag: 77, 78"):
        buy(trader)
    with pytest.raises(fastorder.Halted):
        trader.resume()
    assert trader.cancel_order(resting.order_id, ACCOUNT).success


INCONCLUSIVE = {
    "429": status(429),
    "500": status(500),
    "401": status(401),
    "timeout": no_answer(),
    "null": listing() and refused(1),
    "no list": accepted(),
    "a row without an id": listing({"customTag": TAG}),
    "a row with an id that no order has": listing(ours(id=0)),
}


@pytest.mark.parametrize("inconclusive", INCONCLUSIVE.values(), ids=INCONCLUSIVE)
def test_row_22_while_it_is_inconclusive_it_is_not_sent_again(clock, inconclusive):
    placement = made(clock)
    command = asked(placement, clock, no_answer())
    for _ in range(100):
        command = wait(placement, clock, command)
        if isinstance(command, Send):
            assert is_look_up(command)
            command = placement.on_evidence(inconclusive)
        if placement.state is State.STUCK:
            break
    assert told(command).outcome is Outcome.UNKNOWN
    assert "look-up failed" in told(command).error
    assert placement.attempts == 1


def test_row_22_the_interlock_stays_until_it_is_known(trader, gateway):
    gateway.faults.add(
        Fault(PLACE, reply="hang_up"),
        Fault(SEARCH, effect="none", reply="status", times=3),
    )
    result = buy(trader)
    assert result.outcome is Outcome.UNKNOWN
    with pytest.raises(fastorder.Interlocked) as raised:
        buy(trader)
    assert raised.value.tags == (result.tag,)
    assert trader.resolve(result.tag).outcome is Outcome.ACCEPTED
    assert buy(trader).success


def test_row_22_a_look_up_that_is_limited_waits_as_it_is_asked_to(clock):
    placement = made(clock)
    command = asked(placement, clock, no_answer(), status(429, retry_after=b"20"))
    assert due(command) == clock.now_ns + 20_000 * MS
    placement = made(clock, max_retries=0)
    command = asked(placement, clock, no_answer(), status(429, retry_after=b"20"))
    assert due(command) == clock.now_ns + 20_000 * MS


# ---------------------------------------------------------------- the rest


def test_row_23_an_await_that_is_cancelled_ends_the_wait_not_the_order(
    run, connect, gateway
):
    async def main():
        gateway.faults.add(Fault(PLACE, reply="hang_up"))
        async with connect() as executor:
            ticket = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            waiting = asyncio.create_task(ticket)
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert executor.intents() == (ticket,)
            return await executor.resolve(ticket.tag)

    result = run(main())
    assert result.outcome is Outcome.ACCEPTED
    assert len(gateway.ledger.placements(result.tag)) == 1


def test_row_24_filled_in_part_and_cancelled_it_was_placed(clock):
    row = listing(ours(status=3, fillVolume=1, size=3))
    assert asked(made(clock), clock, no_answer(), row).value.outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("jump_s", [-3600, -5, 5, 3600])
def test_row_25_a_clock_that_jumps_begins_the_quiet_time_anew(clock, jump_s):
    placement = made(clock, max_retries=0, quiet=30.0)
    command = asked(placement, clock, no_answer(), ABSENT)
    while clock.now_ns < 31_500 * MS:  # one look-up has counted
        wait(placement, clock, command)
        command = placement.on_evidence(ABSENT)
    jumped_ns = clock.now_ns
    clock.wall += jump_s
    finish = quiet_down(placement, clock, command)
    assert finish.value.outcome is Outcome.NOT_PLACED
    assert clock.now_ns >= jumped_ns + 30_000 * MS


def test_row_25_after_a_sleep_the_window_still_reaches_back_to_the_order(clock):
    placement = made(clock)
    called_s = clock.wall
    pause = asked(placement, clock, no_answer())
    clock.sleep_s(2 * 86_400)
    assert window_s(wait(placement, clock, pause)) <= called_s


def test_row_25_the_time_of_an_order_runs_on_while_the_machine_sleeps(clock):
    placement = made(clock, valid_for=60.0)
    pause = asked(placement, clock, no_answer())
    clock.sleep_s(7200)
    assert is_look_up(wait(placement, clock, pause))
    assert not is_order(placement.on_evidence(ABSENT))


def window_s(look_up):
    text = json.loads(look_up.body)["startTimestamp"].replace("Z", "+00:00")
    return datetime.fromisoformat(text).timestamp()


def test_row_26_a_second_writer_of_the_journal_is_refused(journaled):
    with journaled(), pytest.raises(errors.JournalLocked):
        journaled()


def test_row_26_the_orders_of_others_are_never_adopted(clock):
    others = listing(
        ours(customTag="another"), ours(id=8, customTag=None, creationTimestamp=OLD)
    )
    assert is_order(asked(made(clock), clock, no_answer(), others))


# ---------------------------------------------------------------- 7 and 8: turned away


@pytest.mark.parametrize("number", [401, 429])
def test_row_08_what_was_turned_away_cannot_be_booked_late(clock, number):
    """A third of the quiet time is enough: lists may be behind, and no more."""
    placement = made(clock, resend="never", max_retries=0)
    command = quiet_down(placement, clock, asked(placement, clock, status(number)))
    assert command.value.outcome is Outcome.NOT_PLACED
    assert "at least 10 s after the last send" in command.value.proof


@pytest.mark.parametrize("number", [401, 429])
@pytest.mark.parametrize("first", [True, False])
def test_row_08_after_a_send_that_was_not_all_of_it_has_to_pass(clock, number, first):
    placement = made(clock, max_retries=1)
    sends = no_answer(), ABSENT, status(number)
    if not first:
        sends = status(number), ABSENT, no_answer()
    command = quiet_down(placement, clock, asked(placement, clock, *sends))
    assert command.value.outcome is Outcome.NOT_PLACED
    assert "at least 30 s after the last send" in command.value.proof
