"""An executor and its journal: files that it cannot use, and what it finds in them."""

import sqlite3

import pytest
from conftest import ACCOUNT, QUICK, prepared

import fastorder
from fastorder import blocking, errors
from fastorder.journal import Journal, read
from fastorder.journal.files import APPLICATION_ID

PLACE = "/api/Order/place"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "orders.db"


@pytest.fixture
def journaled(gateway, path):
    """Makes blocking executors with a journal, and closes them."""
    made = []

    def make():
        executor = blocking.OrderExecutor(gateway.base_url, retry=QUICK, journal=path)
        made.append(executor)
        return prepared(executor, gateway)

    yield make
    for executor in made:
        executor.close()


def buy(executor, quantity=1, **options):
    return executor.place_limit_order(
        "MNQ", "BUY", quantity, ACCOUNT, 25_000, **options
    )


# ---------------------------------------------------------------- files it cannot use


def not_ours(path):
    sqlite3.connect(path).execute("CREATE TABLE mine (id)").connection.close()


def read_only(path):
    Journal(path).close()
    path.chmod(0o400)


def from_the_future(path):
    Journal(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 3")
    connection.close()


CANNOT_BE_USED = {
    "not ours": (
        not_ours,
        errors.JournalForeign,
        f"must be a journal of fastorder (application_id {APPLICATION_ID:#x}), "
        "had the application_id 0x0",
    ),
    "read-only": (
        read_only,
        errors.JournalUnavailable,
        "must be writable, was read-only",
    ),
    "a directory": (
        lambda path: path.mkdir(),
        errors.JournalUnavailable,
        "must be a plain file, was a directory",
    ),
    "newer": (
        from_the_future,
        errors.JournalTooNew,
        "must have the schema 2 or older, had 3: a later fastorder wrote it",
    ),
    "in use": (
        Journal,
        errors.JournalLocked,
        "must have one writer, is in use by another trader, executor or Journal of "
        "this process: close the trader or executor that has it there, or give this "
        "one a file of its own (journal=...)",
    ),
}


@pytest.mark.parametrize("why", CANNOT_BE_USED)
@pytest.mark.parametrize("kind", [fastorder.OrderExecutor, blocking.OrderExecutor])
def test_a_journal_that_cannot_be_used_is_refused_before_any_order(path, kind, why):
    spoil, error, text = CANNOT_BE_USED[why]
    held = spoil(path)
    with pytest.raises(error) as raised:
        kind("http://127.0.0.1:1", journal=path)
    assert str(raised.value) == f"journal {path} {text}"
    if held is not None:
        held.close()


# ---------------------------------------------------------------- a disk that is full


def buy_on(executor):
    for _ in range(500):
        assert buy(executor).success


def test_on_a_full_disk_nothing_is_sent_any_more(journaled, gateway, path):
    executor = journaled()
    resting = buy(executor)
    executor._journal._writer.run("PRAGMA max_page_count = 1")
    with pytest.raises(
        (errors.JournalFailed, errors.Halted), match="database or disk is full"
    ):
        buy_on(executor)
    sent = len(gateway.ledger.requests(PLACE))
    assert "the journal failed" in executor.halted
    with pytest.raises(fastorder.Halted, match="database or disk is full"):
        buy(executor)
    with pytest.raises(fastorder.Halted, match="the gate must be free to open"):
        executor.resume()
    assert executor.cancel_order(resting.order_id, ACCOUNT).success
    assert len(gateway.ledger.requests(PLACE)) == sent
    assert len(read(path)) == sent


class Refusing:
    """A dispatcher that launches nothing."""

    def __init__(self, inner, error):
        self._inner = inner
        self._error = error

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def launch(self, ticket):
        raise self._error


def misuse():
    """A new one each time: a raised error keeps the frames that it came through."""
    return fastorder.ExecutorMisuse("another loop was expected")


def test_a_send_that_was_refused_is_written_down(journaled, gateway, path):
    executor = journaled()
    executor._idempotency._dispatcher = Refusing(executor._dispatcher, misuse())
    with pytest.raises(fastorder.ExecutorMisuse):
        buy(executor)
    (entry,) = read(path)
    assert (entry.outcome, executor.halted) == ("NOT_SENT", None)


def test_a_send_that_was_interrupted_may_have_left(journaled, path):
    executor = journaled()
    executor._idempotency._dispatcher = Refusing(
        executor._dispatcher, KeyboardInterrupt()
    )
    with pytest.raises(KeyboardInterrupt):
        buy(executor)
    (entry,) = read(path)
    assert not entry.resolved


def test_where_that_cannot_be_written_the_gate_is_shut_at_once(
    journaled, gateway, monkeypatch, caplog
):
    def fail(journal, *outcome):
        raise errors.JournalFailed("orders.db", "must take every write", "disk full")

    executor = journaled()
    executor._idempotency._dispatcher = Refusing(executor._dispatcher, misuse())
    monkeypatch.setattr(Journal, "resolve", fail)
    with pytest.raises(fastorder.ExecutorMisuse, match="another loop"):
        buy(executor)
    assert "disk full" in executor.halted
    assert "disk full" in caplog.text
    with pytest.raises(fastorder.Halted, match="the gate must be free to open"):
        executor.resume()
    assert gateway.ledger.requests(PLACE) == []


# ---------------------------------------------------------------- what it finds in one


def test_after_a_restart_a_key_with_other_bytes_is_refused(journaled, gateway):
    first = journaled()
    assert buy(first, idempotency_key="signal-1").success
    first.close()
    with pytest.raises(fastorder.KeyReused) as raised:
        buy(journaled(), 2, idempotency_key="signal-1")
    assert '"size":1' in raised.value.before
    assert '"size":2' in raised.value.now
    assert str(raised.value) == (
        "idempotency_key 'signal-1' must stand for one order, it was used for one with "
        "quantity 1, and this one has quantity 2"
    )
    assert len(gateway.ledger.requests(PLACE)) == 1


def test_a_custom_tag_that_is_in_the_journal_is_refused(journaled, gateway):
    first = journaled()
    assert buy(first, custom_tag="mine-1").success
    first.close()
    second = journaled()
    with pytest.raises(fastorder.KeyReused) as raised:
        buy(second, 2, custom_tag="mine-1")
    for shown in ("custom_tag", "mine-1", "quantity 1", "quantity 2"):
        assert shown in str(raised.value)
    assert second.halted is None
    assert buy(second, custom_tag="mine-2").success
    assert len(gateway.ledger.requests(PLACE)) == 2


def test_a_tag_of_an_earlier_run_that_has_ended_is_unknown_to_resolve(journaled):
    first = journaled()
    tag = buy(first).tag
    first.close()
    with pytest.raises(fastorder.UnknownTag, match=tag):
        journaled().resolve(tag)


@pytest.mark.parametrize("valid_for", [0, -1.5])
def test_an_order_that_is_over_before_it_began_leaves_no_intent(
    journaled, path, valid_for
):
    with pytest.raises(fastorder.InvalidField) as raised:
        buy(journaled(), valid_for=valid_for)
    assert f"was {valid_for!r}" in str(raised.value)
    assert read(path) == []
