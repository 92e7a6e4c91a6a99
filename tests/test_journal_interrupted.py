"""A journal whose calls are broken off, or that another thread closes meanwhile."""

import inspect
import sqlite3
import threading

import pytest

from fastorder import errors
from fastorder.journal import Intent, Journal, Note, read


def intent(number):
    return Intent(f"t{number}", f"key-{number}", 5, "C", b"{}", None, 1000.0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "orders.db"


@pytest.fixture
def journal(path):
    with Journal(path) as journal:
        for number in range(3):
            journal.intent(intent(number))
        yield journal


class Stopped(BaseException):
    """Out of the handler of a signal."""


class BrokenOff:
    """Runs statements; the n-th is broken off, before it has its effect or after."""

    def __init__(self, run, nth, is_done, error):
        self._run, self._left, self._is_done = run, nth, is_done
        self._error = error

    def __call__(self, *statement):
        self._left -= 1
        if self._left:
            return self._run(*statement)
        if self._is_done:
            self._run(*statement)
        raise self._error


CALLS = {
    "intent": lambda journal: journal.intent(intent(8)),
    "attempt": lambda journal: journal.attempt("t0", 2, 1001.0),
    "resolve": lambda journal: journal.resolve("t0", "ACCEPTED", 7, "shown", 1001.0),
    "note": lambda journal: journal.note(Note("risk/state", "HALTED", "a test", 1.0)),
    "commit": lambda journal: journal.commit(),
    "tidy": lambda journal: [journal.commit(), journal._writer.tidied()],
    "by_tag": lambda journal: journal.by_tag("t0"),
    "unresolved": lambda journal: journal.unresolved(),
    "since": lambda journal: journal.since(0.0),
}


def story(entries):
    return [
        (each.intent.tag, [one.number for one in each.attempts], each.outcome)
        for each in entries
    ]


@pytest.mark.parametrize("error", [Stopped(), MemoryError("none left")], ids=repr)
@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("put_off", [0, 1, 3])
@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_is_broken_off_is_no_failed_write(
    path, journal, call, put_off, nth, is_done, error
):
    for number in range(put_off):
        journal.resolve_later(f"t{number}", "REJECTED", None, "shown", 1001.0)
    run = journal._writer.run
    journal._writer.run = BrokenOff(run, nth, is_done, error)
    try:
        CALLS[call](journal)
    except type(error) as raised:
        assert raised is error
    journal._writer.run = run
    assert journal.failure is None
    shown = story(journal.since(0.0))
    journal.commit()
    assert story(read(path)) == shown
    journal.intent(intent(9))
    journal.resolve("t9", "ACCEPTED", 9, "shown", 1002.0)
    now = story(read(path))
    assert now[-1] == ("t9", [], "ACCEPTED")
    assert now == story(journal.since(0.0))
    kept = now[call == "resolve" : put_off]
    assert {outcome for *_, outcome in kept} <= {"REJECTED"}


@pytest.mark.parametrize("is_done", [False, True])
def test_it_knows_whether_the_intent_stands(path, journal, is_done):
    run = journal._writer.run
    mine, like_mine = intent(8), intent(8)
    journal._writer.run = BrokenOff(run, 1, is_done, Stopped())
    with pytest.raises(Stopped):
        journal.intent(mine)
    journal._writer.run = run
    assert journal._holds(mine) is is_done
    assert not journal._holds(like_mine)
    assert ("t8" in [entry.intent.tag for entry in read(path)]) is is_done


def test_where_the_file_cannot_say_whether_it_stands_it_halts(journal):
    run = journal._writer.run

    def refuse(*statement):
        raise sqlite3.OperationalError("disk I/O error")

    journal._writer.run = BrokenOff(run, 1, True, Stopped())
    with pytest.raises(Stopped):
        journal.intent(intent(8))
    journal._writer.run = refuse
    with pytest.raises(errors.JournalFailed, match="disk I/O error"):
        journal.intent(intent(9))
    assert "disk I/O error" in journal.failure


def test_an_interrupted_attempt_does_not_leave_two(path, journal):
    """The event that was broken off is in the file: the next has the next number."""
    run = journal._writer.run
    journal._writer.run = BrokenOff(run, 1, True, Stopped())
    with pytest.raises(Stopped):
        journal.attempt("t0", 2, 1001.0)
    journal._writer.run = run
    journal.attempt("t0", 3, 1002.0)
    assert story(read(path))[0] == ("t0", [2, 3], None)


# ---------------------------------------------------------------- another thread

ARGUMENTS = {
    "intent": (intent(8),),
    "_holds": (intent(8),),
    "attempt": ("t0", 2, 1001.0),
    "resolve": ("t0", "ACCEPTED", 7, "shown", 1001.0),
    "resolve_later": ("t0", "ACCEPTED", 7, "shown", 1001.0),
    "note": (Note("risk/state", "HALTED", "a test", 1001.0),),
    "by_tag": ("t0",),
    "by_key": (5, "key-0"),
    "since": (0.0,),
    "_told_since": ("ACCEPTED", 0.0),
}
NEED_NOT_BE_OPEN = {"close", "_give_up"}
WITHIN_A_CALL = {  # by whoever has the turn
    "_opened",
    "_load",
    "_prepare",
    "_tidy_at_last",
    "_refuse_forgetting",
    "_conflict",
    "_entry",
    "_selected",
}
METHODS = sorted(
    name
    for name, member in vars(Journal).items()
    if callable(member)
    and not name.startswith("__")
    and name not in NEED_NOT_BE_OPEN | WITHIN_A_CALL
)


def test_the_table_knows_every_method():
    assert {"intent", "attempt", "resolve", "commit", "tidy"} <= set(METHODS)
    for name in METHODS:
        signature = inspect.signature(getattr(Journal, name))
        signature.bind(None, *ARGUMENTS.get(name, ()))


@pytest.mark.parametrize("name", METHODS)
def test_one_that_another_thread_closes_meanwhile_is_closed_not_damaged(journal, name):
    raised = []
    waits = threading.Event()

    class Turn:
        """The lock of the journal, which says when somebody wants it."""

        def __init__(self, inner):
            self._inner = inner

        def __enter__(self):
            if threading.current_thread() is not threading.main_thread():
                waits.set()
            return self._inner.__enter__()

        def __exit__(self, *error):
            return self._inner.__exit__(*error)

    def call():
        try:
            getattr(journal, name)(*ARGUMENTS.get(name, ()))
        except BaseException as error:
            raised.append(error)

    journal._turn = Turn(journal._turn)
    with journal._turn:
        thread = threading.Thread(target=call)
        thread.start()
        assert waits.wait(30)
        journal.close()
    thread.join(30)
    (error,) = raised
    assert type(error) is errors.JournalMisuse
    assert str(error).endswith("must be open, was closed")


def test_two_threads_may_close_it(path):
    journal = Journal(path)
    journal.intent(intent(1))
    journal.resolve_later("t1", "ACCEPTED", 7, "shown", 1001.0)
    raised = []

    def close():
        try:
            journal.close()
        except BaseException as error:
            raised.append(error)

    with journal._turn:
        threads = [threading.Thread(target=close) for _ in range(4)]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join(30)
    assert raised == []
    assert story(read(path)) == [("t1", [], "ACCEPTED")]
    Journal(path).close()
