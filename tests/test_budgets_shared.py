"""Budgets that several processes share through a file."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ACCOUNT, prepared

import fastorder
from fastorder import Budgets, Lane, blocking
from fastorder.budgets import folder, shared_file
from fastorder.budgets.claims import Claim, Unusable
from fastorder.budgets.leases import LEASE_NS, Leases
from fastorder.budgets.shared_file import SharedFile
from fastorder.runtime.clock import SECOND_NS
from fastorder.simulator import limits, run_in_thread

WORKER = Path(__file__).with_name("budgets_worker.py")
SPAN_NS = 60 * SECOND_NS
NOW_NS = 10**13
ORDERS = "/api/Order/v2/query"


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "budgets.sqlite")


def claim_of(now_ns=NOW_NS, want=10, most=10, history=0, ends_ns=5 * SECOND_NS):
    spans = SPAN_NS, history, SPAN_NS // 2
    return Claim(now_ns, want, most, *spans, now_ns + ends_ns)


@pytest.fixture
def opened(path):
    """Makes one more user of the file."""
    files = []

    def make(filled=8):
        files.append(SharedFile(path, True, filled))
        return files[-1]

    yield make
    for file in files:
        file.close()


def leases_of(file, **limits):
    return Leases(file, Budgets(**limits), SPAN_NS, SPAN_NS // 2, 5.0)


# ---------------------------------------------------------------- two processes


def worker(gateway, path, *given, program="budgets_worker.py"):
    return subprocess.Popen(
        [
            sys.executable,
            str(WORKER.with_name(program)),
            gateway.base_url,
            gateway.token,
            path,
            *map(str, given),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(fastorder.__file__).parent.parent)},
    )


@pytest.fixture
def strict(monkeypatch):
    """A gateway that answers 429 to the 21st request in half a second."""
    monkeypatch.setattr(limits, "BUDGETS", {"history": (10, 0.5), "general": (20, 0.5)})
    answered = []
    with run_in_thread() as gateway:
        handle = gateway.gateway.handle

        def noted(*given):
            answer = handle(*given)
            answered.append(answer.status)
            return answer

        gateway.gateway.handle = noted
        gateway.answered = answered
        yield gateway


def test_two_processes_at_full_load_get_no_429(strict, path):
    with worker(strict, path, 40) as first, worker(strict, path, 40) as second:
        for each in (first, second):
            assert each.stdout.readline() == "ready\n"
        for each in (first, second):
            each.stdin.write("\n")
            each.stdin.flush()
        for each in (first, second):
            assert each.communicate(timeout=60)[0] == "done\n"
    assert strict.answered == [200] * 80


def test_a_process_that_is_killed_leaves_no_lock_and_its_requests_count(strict, path):
    with worker(strict, path, 400) as killed:
        assert killed.stdout.readline() == "ready\n"
        killed.stdin.write("\n")
        killed.stdin.flush()
        while len(strict.answered) < 5:
            assert killed.poll() is None
        killed.kill()
    with worker(strict, path, 20) as other:
        assert other.stdout.readline() == "ready\n"
        assert other.communicate("\n", timeout=100)[0] == "done\n"
    assert set(strict.answered) == {200}


def go(process):
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("\n")
    process.stdin.flush()


READS_MOST, ORDERS_MOST = 14, 16  # of 20: a fifth is kept, and a tenth for orders


@pytest.mark.parametrize("readers", [1, 2])
def test_what_lessens_risk_has_its_room_whatever_other_processes_read(path, readers):
    """In a window that does not end, so that whoever has to wait waits for ever."""
    with run_in_thread(rate_limit=False) as gateway, contextlib.ExitStack() as stack:
        reading = []
        for _ in range(readers):
            process = worker(gateway, path, 40, 600)
            stack.enter_context(process)
            stack.callback(process.kill)
            reading.append(process)
            go(process)

        def reads():
            return len(gateway.ledger.requests(ORDERS.lower()))

        until(lambda: reads() == READS_MOST)
        other = stack.enter_context(worker(gateway, path, program="flatten_worker.py"))
        stack.callback(other.kill)
        go(other)
        outcomes = other.communicate(timeout=60)[0].split()
        # two orders have room, none of what is kept; their cancels have that
        assert outcomes == ["ACCEPTED", "ACCEPTED", "NOT_SENT", "ACCEPTED", "ACCEPTED"]
        assert reads() == READS_MOST  # none in between
        assert [each.poll() for each in reading] == [None] * readers  # they wait


def until(holds):
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# ---------------------------------------------------------------- the file


def test_what_one_has_claimed_another_has_not(opened):
    first, second = opened(), opened()
    assert len(first.claim(claim_of(want=7)).numbers) == 7
    assert len(second.claim(claim_of(want=7)).numbers) == 3
    assert second.claim(claim_of()).numbers == []


def test_it_says_when_there_is_room(opened):
    first, second = opened(), opened()
    numbers = first.claim(claim_of()).numbers
    for index, number in enumerate(numbers):
        first.note_end(number, NOW_NS + index)
    first.claim(claim_of(want=0))
    assert second.claim(claim_of(now_ns=NOW_NS + 20)).room_ns == NOW_NS + SPAN_NS
    assert len(second.claim(claim_of(NOW_NS + SPAN_NS + 3)).numbers) == 4


def test_the_rows_of_a_process_that_was_killed_run_out(opened):
    opened().claim(claim_of(ends_ns=5 * SECOND_NS))
    other = opened()
    late_ns = NOW_NS + SPAN_NS + 5 * SECOND_NS
    assert other.claim(claim_of(late_ns - 1)).numbers == []
    assert len(other.claim(claim_of(late_ns)).numbers) == 10


def test_history_counts_in_both(opened):
    file = opened()
    assert len(file.claim(claim_of(history=4)).numbers) == 4
    assert len(file.claim(claim_of()).numbers) == 6
    assert file.used(NOW_NS, SPAN_NS, True) == 4


def test_after_a_restart_of_the_machine_all_count_from_now(opened, monkeypatch):
    """Its monotonic clock began anew: how long ago they were nobody knows."""
    first = opened()
    first.claim(claim_of(want=6))
    monkeypatch.setattr(shared_file, "boot_id", lambda: "another")
    second = opened()
    now_ns = 5 * SECOND_NS
    assert len(second.claim(claim_of(now_ns)).numbers) == 4
    assert len(second.claim(claim_of(now_ns + SPAN_NS)).numbers) == 6


def test_a_clock_that_jumped_back_takes_no_room_for_ever(opened):
    file = opened()
    file.claim(claim_of(now_ns=10**18))
    assert file.claim(claim_of()).numbers == []
    assert len(file.claim(claim_of(NOW_NS + SPAN_NS)).numbers) == 10


def test_a_429_is_told_to_the_others(opened):
    first, second = opened(), opened()
    first.close_until(NOW_NS + SECOND_NS, False)
    first.close_until(NOW_NS + 5, False)
    claimed = second.claim(claim_of())
    assert (claimed.closed_ns, claimed.history_closed_ns) == (NOW_NS + SECOND_NS, 0)
    assert second.claim(claim_of(NOW_NS + SECOND_NS + 1)).closed_ns == 0


# ---------------------------------------------------------------- trouble


def test_a_damaged_file_is_put_aside_and_the_next_is_nearly_full(path, opened, caplog):
    first, second = opened(), opened()
    first.claim(claim_of(want=5))
    Path(path).write_bytes(b"no database" * 1000)
    with pytest.raises(Unusable, match="was damaged"):
        first.claim(claim_of())
    assert "was damaged, and is" in caplog.text
    assert Path(f"{path}.damaged").exists()
    assert len(first.claim(claim_of()).numbers) == 2  # of 10, as 8 may be of others
    assert second.claim(claim_of()).numbers == []
    assert caplog.text.count("was damaged, and is") == 1
    late_ns = NOW_NS + SPAN_NS + 5 * SECOND_NS
    assert len(second.claim(claim_of(late_ns)).numbers) == 10


def test_a_file_that_was_taken_away_is_made_anew_and_nearly_full(path, opened):
    file = opened()
    file.claim(claim_of(want=5))
    os.unlink(path)
    assert len(file.claim(claim_of()).numbers) == 2


def test_where_it_cannot_be_used_only_what_lessens_risk_leaves(path, opened, caplog):
    file = opened()
    leases = leases_of(file, requests=15, history_requests=5)  # 3 of them are kept
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        taken = {lane: leases.take(lane, NOW_NS) for lane in reversed(Lane)}
        assert [lane for lane, number in taken.items() if number] == [
            Lane.LOOK_UPS,
            Lane.ACT_LOOKS,
            Lane.LESSENING,
        ]
        assert not leases.take(Lane.LESSENING, NOW_NS)
        assert "locked" in leases.trouble
        assert caplog.text.count("only closes, cancels, stop moves and look-ups") == 1
        leases.ended(taken[Lane.LESSENING], NOW_NS)
        leases.ended(taken[Lane.LOOK_UPS], NOW_NS)
        assert not leases.take(Lane.LESSENING, NOW_NS + SPAN_NS - 1)
        assert leases.take(Lane.LESSENING, NOW_NS + SPAN_NS)
    assert leases.take(Lane.PLACES, NOW_NS + SPAN_NS + 2 * SECOND_NS) > 0
    assert leases.trouble is None


def test_an_order_hears_that_the_file_cannot_be_used(path, gateway):
    budgets = Budgets(shared=True, path=path)
    with blocking.OrderExecutor(gateway.base_url, budgets=budgets) as executor:
        prepared(executor, gateway)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            order = executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            assert order.outcome is fastorder.Outcome.NOT_SENT
            assert "the file of shared budgets cannot be used" in order.error
            assert executor.cancel_order(1, ACCOUNT).error_code is not None
            assert "locked" in executor.budgets.trouble


@pytest.mark.parametrize("content", ["text", "database"])
def test_a_file_of_something_else_is_refused_and_left_alone(path, content):
    if content == "text":
        Path(path).write_text("my notes\n" * 100)
    else:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE mine (number)")
            connection.commit()
    before = Path(path).read_bytes()
    with pytest.raises(
        fastorder.ConfigurationError, match="path must be a file of budgets"
    ):
        SharedFile(path, True, 8)
    assert Path(path).read_bytes() == before


def test_a_path_that_cannot_be_used_is_refused(tmp_path):
    with pytest.raises(
        fastorder.ConfigurationError, match="path must be a file that can"
    ):
        SharedFile(str(tmp_path / "no" / "budgets"), True, 8)


# ---------------------------------------------------------------- leases


def test_a_lease_is_given_back_where_it_was_not_used(opened):
    leases, other = leases_of(opened(), requests=10, history_requests=5), opened()
    assert leases.take(Lane.READS, NOW_NS) > 0
    assert other.used(NOW_NS, SPAN_NS, False) == 2
    assert leases.until_ns == NOW_NS + LEASE_NS
    late_ns = NOW_NS + LEASE_NS
    leases.tend(late_ns)
    assert other.used(late_ns, SPAN_NS, False) == 1


def test_a_close_gives_back_what_was_not_used(opened):
    leases, other = leases_of(opened(), requests=10, history_requests=5), opened()
    leases.take(Lane.READS, NOW_NS)
    leases.close()
    assert other.used(NOW_NS, SPAN_NS, False) == 1


def test_orders_have_more_rows_before_they_need_them(opened):
    leases = leases_of(opened())
    for _ in range(5):
        assert leases.take(Lane.PLACES, NOW_NS) > 0
    assert leases.wants_more
    leases.tend(NOW_NS)
    assert not leases.wants_more


def test_a_lane_uses_what_is_claimed_for_one_behind_it_and_no_other(opened):
    leases = leases_of(opened(), requests=10, history_requests=5)
    assert leases.take(Lane.READS, NOW_NS) > 0  # and three more
    for _ in range(3):
        assert leases.take(Lane.LESSENING, NOW_NS) > 0
    for _ in range(10):
        leases.take(Lane.LESSENING, NOW_NS)
    assert not leases.take(Lane.READS, NOW_NS)


@pytest.mark.parametrize("others", [1, 3])
def test_a_stock_of_one_process_takes_no_close_of_another_its_room(opened, others):
    """What is claimed ahead stays unused for seconds."""
    limits = {"requests": 20, "history_requests": 5}
    reading, flattening = leases_of(opened(), **limits), leases_of(opened(), **limits)
    while reading.take(Lane.READS, NOW_NS):
        pass
    for _ in range(others):
        assert leases_of(opened(), **limits).take(Lane.LESSENING, NOW_NS)
    closes = 0
    while flattening.take(Lane.LESSENING, NOW_NS):
        closes += 1
    assert closes >= 20 - 14 - 2 * others
    assert closes


# ---------------------------------------------------------------- where it lies


def test_it_lies_where_programs_keep_their_state(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = folder.path_for("https://api.topstepx.com/")
    assert path == str(tmp_path / "fastorder" / "budgets-api.topstepx.com.sqlite")
    assert Path(path).parent.stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder.state_folder() == tmp_path / ".local" / "state"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert folder.state_folder() == tmp_path / "Library" / "Application Support"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert folder.state_folder() == tmp_path


def test_a_gateway_on_a_port_has_a_file_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert folder.path_for("http://127.0.0.1:5000").endswith(
        "budgets-127.0.0.1-5000.sqlite"
    )
