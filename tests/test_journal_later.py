"""Outcomes that are committed later, and sends that are written down first."""

import asyncio
import contextlib
import sqlite3

import pytest
from conftest import ACCOUNT, prepared

import fastorder
from fastorder import Outcome, RetryPolicy, errors
from fastorder.journal import Intent, Journal, read
from fastorder.simulator import Fault

PLACE = "/api/Order/place"
SWIFT = RetryPolicy(base_delay=0.02, quiet=0.1)


def intent(number, key=None):
    return Intent(f"t{number}", key, 5, "C", b"{}", None, 1000.0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "orders.db"


@pytest.fixture
def journal(path):
    with Journal(path) as journal:
        yield journal


def outcomes(path):
    return [entry.outcome for entry in read(path)]


def put_off(journal, number=1):
    journal.resolve_later(f"t{number}", "ACCEPTED", 7, "shown", 1001.0)


def test_an_outcome_that_is_put_off_is_shown_here_and_not_yet_elsewhere(path, journal):
    journal.intent(intent(1))
    put_off(journal)
    assert journal.by_tag("t1").outcome == "ACCEPTED"
    assert journal.unresolved() == []
    assert outcomes(path) == [None]


@pytest.mark.parametrize("durability", ["process", "power"])
def test_the_next_intent_takes_it_along(path, durability):
    with Journal(path, durability) as journal:
        journal.intent(intent(1))
        put_off(journal)
        journal.intent(intent(2))
        assert outcomes(path) == ["ACCEPTED", None]


@pytest.mark.parametrize(
    "write",
    [
        lambda journal: journal.attempt("t1", 2, 1001.0),
        lambda journal: journal.commit(),
        lambda journal: journal.tidy(),
        lambda journal: journal.close(),
    ],
)
def test_whatever_is_written_takes_it_along(path, journal, write):
    journal.intent(intent(1))
    put_off(journal)
    write(journal)
    assert outcomes(path) == ["ACCEPTED"]


def test_many_do_not_wait_for_the_next_intent(path, journal):
    for number in range(40):
        journal.intent(intent(number))
    for number in range(40):
        put_off(journal, number)
    assert outcomes(path)[:32] == 32 * ["ACCEPTED"]
    assert journal.commit()
    assert not journal.commit()
    assert outcomes(path) == 40 * ["ACCEPTED"]


def test_a_commit_that_fails_halts_it_and_loses_no_word_of_this_process(path, journal):
    journal.intent(intent(1))
    put_off(journal)
    run, journal._writer.run = journal._writer.run, refuse
    with pytest.raises(errors.JournalFailed, match="disk is full"):
        journal.commit()
    journal._writer.run = run
    assert journal.by_tag("t1").outcome == "ACCEPTED"
    with pytest.raises(errors.JournalFailed, match="disk is full"):
        journal.intent(intent(2))
    journal.close()
    assert outcomes(path) == [None]


def refuse(*statement):
    import sqlite3

    raise sqlite3.OperationalError("database or disk is full")


class Failing:
    """Runs statements; the n-th fails, once it has had its effect or before."""

    def __init__(self, run, nth, is_done):
        self._run, self._left, self._is_done = run, nth, is_done

    def __call__(self, *statement):
        self._left -= 1
        if self._left or self._is_done:
            done = self._run(*statement)
        if not self._left:
            refuse()
        return done


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("nth", range(1, 7))
@pytest.mark.parametrize("waiting", [1, 2, 3, 4])
def test_wherever_a_commit_fails_the_file_can_be_opened_anew(
    path, waiting, nth, is_done
):
    numbers = range(waiting)
    with Journal(path) as journal:
        for number in numbers:
            journal.intent(intent(number))
        for number in numbers:
            put_off(journal, number)
        journal._writer.run = Failing(journal._writer.run, nth, is_done)
        with contextlib.suppress(errors.JournalFailed):
            journal.commit()
    with Journal(path) as again:
        assert len({entry.outcome for entry in read(path)}) == 1
        again.intent(intent(9))


def test_a_commit_that_meets_another_writer_leaves_the_file_to_him(path, journal):
    for number in range(3):
        journal.intent(intent(number))
    for number in range(3):
        put_off(journal, number)
    journal._lock.release()
    with Journal(path) as other:
        other.intent(intent(8))
        with pytest.raises(errors.JournalFailed, match="UNIQUE"):
            journal.commit()
        other.intent(intent(9))
    assert [entry.intent.tag for entry in read(path)][-1] == "t9"


# ---------------------------------------------------------------- the executor


def test_an_outcome_is_committed_soon_after_it_was_told(run, connect, path):
    async def main():
        async with connect(journal=path) as executor:
            result = await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            for _ in range(2_000):
                if outcomes(path) == ["ACCEPTED"]:
                    return result
                await asyncio.sleep(0.005)
        return None

    assert run(main()).success


def test_the_blocking_executor_commits_it_before_it_returns(gateway, path):
    with fastorder.blocking.OrderExecutor(gateway.base_url, journal=path) as trader:
        prepared(trader, gateway).place_market_order("MNQ", "BUY", 1, ACCOUNT)
        assert outcomes(path) == ["ACCEPTED"]


def test_a_commit_that_fails_later_shuts_the_gate(run, connect, path, gateway):
    async def main():
        executor = connect(journal=path)
        result = await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
        executor._journal._writer.run = refuse
        for _ in range(2_000):
            if executor.halted:
                break
            await asyncio.sleep(0.005)
        with pytest.raises(fastorder.Halted, match="disk is full"):
            executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
        await executor.aclose()
        return result

    assert run(main()).success
    assert len(gateway.ledger.requests(PLACE)) == 1


def test_each_send_after_the_first_is_written_down(run, connect, path, gateway):
    async def main():
        gateway.faults.add(Fault(PLACE, reply="status", effect="none", times=2))
        async with connect(journal=path, retry=SWIFT) as executor:
            return await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)

    result = run(main())
    assert (result.outcome, result.attempts) == (Outcome.ACCEPTED, 3)
    (entry,) = read(path)
    assert [attempt.number for attempt in entry.attempts] == [2, 3]
    assert entry.sends == 3


def test_a_send_that_cannot_be_written_down_does_not_leave(
    run, connect, path, gateway, monkeypatch
):
    def fail(journal, tag, number, at_s):
        raise errors.JournalFailed("orders.db", "must be written", "disk full")

    async def main():
        gateway.faults.add(Fault(PLACE, reply="status", effect="none"))
        monkeypatch.setattr(Journal, "attempt", fail)
        async with connect(journal=path, retry=SWIFT) as executor:
            result = await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)
            return result, executor.halted

    result, halted = run(main())
    assert result.outcome is not Outcome.ACCEPTED
    assert "disk full" in halted
    assert len(gateway.ledger.requests(PLACE)) == 1


def test_the_intent_stands_for_the_first_send(run, connect, path):
    async def main():
        async with connect(journal=path) as executor:
            await executor.place_market_order("MNQ", "BUY", 1, ACCOUNT)

    run(main())
    (entry,) = read(path)
    assert entry.attempts == ()
    assert entry.sends == 1


def test_a_log_that_a_reader_keeps_from_being_emptied_is_told_of(
    run, connect, path, caplog
):
    async def main():
        async with connect(journal=path) as executor:
            reader = sqlite3.connect(path, isolation_level=None)
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM event").fetchone()
            log = executor._dispatcher.outcome_log
            log._log_told = 1 << 20
            for round_ in range(3):
                for number in range(200):
                    made = Intent(
                        f"r{round_}-{number}", None, 5, "C", b"x" * 3000, None, 1.0
                    )
                    executor._journal.intent(made)
                    executor._journal.resolve(made.tag, "NOT_SENT", None, "", 1.0)
                executor._dispatcher.tidy()
            reader.close()

    run(main())
    told = [each for each in caplog.messages if "has grown to" in each]
    assert len(told) == 2  # once it is long, and once it is twice as long
    assert str(path) in told[0]


def test_the_log_that_one_has_left_does_not_stay_long(path):
    reader = None
    with Journal(path) as journal:
        journal.intent(intent(0))
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        for number in range(1, 9):
            body = b"x" * 4_000_000
            journal.intent(Intent(f"t{number}", None, 5, "C", body, None, 1000.0))
        assert journal._log_bytes > 30 << 20
        reader.close()
        journal._writer.tidied()
        journal.intent(intent(10))
        assert journal._log_bytes <= 16 << 20
    assert len(read(path)) == 10
