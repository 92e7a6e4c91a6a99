"""What a journal keeps: through kills, forks, full disks and bytes that went bad."""

import contextlib
import json
import os
import pickle
import random
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import zlib
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastorder import errors
from fastorder.journal import Attempt, Entry, Intent, Journal, Verdict, read

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
BODY = b'{"accountId":7,"type":2,"customTag":"fo1-a-1"}'


def intent(number=1, **changes) -> Intent:
    values = {
        "tag": f"fo1-a-{number}",
        "key": f"signal-{number}",
        "account_id": 7,
        "contract_id": "CON.F.US.MNQ.Z26",
        "body": BODY,
        "valid_until_s": None,
        "created_s": 1000.0 + number,
    }
    return Intent(**(values | changes))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "orders.db"


@pytest.fixture
def journal(path):
    with Journal(path) as opened:
        yield opened


def snapshot(folder) -> dict[str, bytes]:
    """The bytes of a journal's files; not the shared memory, nor the lock."""
    files = (file for file in Path(folder).iterdir() if file.is_file())
    return {
        file.name: file.read_bytes()
        for file in files
        if not file.name.endswith(("-shm", "-lock"))
    }


# What it keeps.


def test_an_entry_comes_back_with_everything(path):
    sent = intent(valid_until_s=1009.5, body=b'{"size":1}\x00\xff')
    with Journal(path) as journal:
        journal.intent(sent)
        journal.attempt("fo1-a-1", 1, 1001.5)
        journal.attempt("fo1-a-1", 2, 1003)
        journal.resolve("fo1-a-1", "UNKNOWN", None, "no answer", 1004.0)
        journal.resolve("fo1-a-1", "ACCEPTED", 2**40, "Order/search: \u2713", 1005.0)
        there = journal.by_tag("fo1-a-1")
    wanted = Entry(
        sent,
        sha256(sent.body).hexdigest(),
        (Attempt(1, 1001.5), Attempt(2, 1003.0)),
        (
            Verdict("UNKNOWN", None, "no answer", 1004.0),
            Verdict("ACCEPTED", 2**40, "Order/search: \u2713", 1005.0),
        ),
    )
    assert there == wanted
    assert read(path) == [wanted]
    with Journal(path) as journal:
        assert journal.by_key(7, "signal-1") == wanted
    assert wanted.outcome == "ACCEPTED"
    assert wanted.order_id == 2**40
    assert wanted.proof == "Order/search: \u2713"
    assert wanted.resolved
    assert wanted.resolved_s == 1005.0


def test_what_is_not_there_is_none(journal):
    journal.intent(intent(key=None))
    assert journal.by_tag("fo1-a-2") is None
    assert journal.by_key(7, "signal-1") is None
    assert journal.by_key(8, "signal-1") is None


def test_an_intent_is_unresolved_until_its_end_is_known(journal):
    for number in (1, 2, 3, 4, 5, 6):
        journal.intent(intent(number))
    journal.resolve("fo1-a-2", "UNKNOWN", None, "no answer", 1.0)
    for number, outcome in enumerate(
        ("ACCEPTED", "REJECTED", "NOT_SENT", "NOT_PLACED"), 3
    ):
        journal.resolve(f"fo1-a-{number}", outcome, None, "shown", 1.0)
    assert [entry.intent.tag for entry in journal.unresolved()] == [
        "fo1-a-1",
        "fo1-a-2",
    ]
    entry = journal.unresolved()[1]
    assert (entry.outcome, entry.resolved, entry.resolved_s) == ("UNKNOWN", False, None)


def test_unresolved_intents_are_there_after_a_restart(path):
    with Journal(path) as journal:
        for number in (1, 2, 3):
            journal.intent(intent(number))
        journal.resolve("fo1-a-2", "ACCEPTED", 5, "shown", 1.0)
    with Journal(path) as journal:
        tags = [entry.intent.tag for entry in journal.unresolved()]
        assert tags == ["fo1-a-1", "fo1-a-3"]
        journal.resolve("fo1-a-1", "NOT_PLACED", None, "three look-ups", 2.0)
    assert [entry.outcome for entry in read(path)] == ["NOT_PLACED", "ACCEPTED", None]


def test_a_later_outcome_counts_more(journal):
    journal.intent(intent())
    journal.resolve("fo1-a-1", "NOT_PLACED", None, "three look-ups", 1.0)
    journal.resolve("fo1-a-1", "ACCEPTED", 5, "it came late", 2.0)
    assert journal.by_tag("fo1-a-1").outcome == "ACCEPTED"
    assert len(journal.by_tag("fo1-a-1").verdicts) == 2
    with pytest.raises(errors.JournalConflict):
        journal.resolve("fo1-a-1", "UNKNOWN", None, "?", 3.0)
    assert journal.unresolved() == []


def test_since_gives_what_was_made_then_or_later(journal):
    for number in (1, 2, 3):
        journal.intent(intent(number))
        journal.attempt(f"fo1-a-{number}", 1, 5000.0)
    assert [entry.intent.tag for entry in journal.since(1002.0)] == [
        "fo1-a-2",
        "fo1-a-3",
    ]


def test_the_same_key_may_stand_in_two_accounts(journal):
    journal.intent(intent(1, key="signal"))
    journal.intent(intent(2, key="signal", account_id=8))
    assert journal.by_key(8, "signal").intent.tag == "fo1-a-2"


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_written_is_read(tmp_path_factory, data):
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
    times = st.floats(allow_nan=False, allow_infinity=False)
    int64 = st.integers(-(2**63), 2**63 - 1)
    wanted = {}
    path = tmp_path_factory.mktemp("any") / "any.db"
    with Journal(path) as journal:
        for tag in data.draw(st.lists(texts, unique=True, max_size=3)):
            sent = Intent(
                tag,
                data.draw(st.none() | st.just(tag)),
                data.draw(int64),
                data.draw(texts),
                data.draw(st.binary(max_size=200)),
                data.draw(st.none() | times),
                data.draw(times),
            )
            attempt = Attempt(data.draw(int64), data.draw(times))
            outcome = data.draw(st.sampled_from(["UNKNOWN", "REJECTED"]))
            order = data.draw(st.none() | int64)
            verdict = Verdict(outcome, order, data.draw(texts), data.draw(times))
            journal.intent(sent)
            journal.attempt(tag, attempt.number, attempt.at_s)
            journal.resolve(tag, outcome, order, verdict.proof, verdict.at_s)
            digest = sha256(sent.body).hexdigest()
            wanted[tag] = Entry(sent, digest, (attempt,), (verdict,))
        assert {tag: journal.by_tag(tag) for tag in wanted} == wanted
    assert read(path) == list(wanted.values())


# What it refuses to take.


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tag", None),
        ("tag", "\ud800"),
        ("key", 5),
        ("account_id", True),
        ("account_id", 2**63),
        ("contract_id", b"MNQ"),
        ("body", "{}"),
        ("body", bytearray(b"{}")),
        ("valid_until_s", float("inf")),
        ("created_s", float("nan")),
        ("created_s", "now"),
    ],
)
def test_an_intent_of_the_wrong_kind_cannot_be_made(field, value):
    with pytest.raises((errors.InvalidField, errors.WrongFieldType)) as caught:
        intent(**{field: value})
    assert caught.value.field == field


@pytest.mark.parametrize(
    "arguments",
    [
        ("MAYBE", None, "", 1.0),
        (None, None, "", 1.0),
        ("ACCEPTED", "5", "", 1.0),
        ("ACCEPTED", 2**63, "", 1.0),
        ("ACCEPTED", 5, None, 1.0),
        ("ACCEPTED", 5, "", float("nan")),
    ],
)
def test_a_wrong_outcome_is_refused_and_halts_nothing(journal, arguments):
    journal.intent(intent())
    with pytest.raises((errors.InvalidField, errors.WrongFieldType)):
        journal.resolve("fo1-a-1", *arguments)
    with pytest.raises(errors.WrongFieldType):
        journal.attempt("fo1-a-1", "1", 1.0)
    assert journal.failure is None
    journal.resolve("fo1-a-1", "ACCEPTED", 5, "shown", 1.0)
    assert len(journal.by_tag("fo1-a-1").verdicts) == 1


def test_a_known_tag_is_refused_and_both_are_shown(journal):
    journal.intent(intent(body=b'{"size":1}'))
    with pytest.raises(errors.JournalConflict) as caught:
        journal.intent(intent(key="another", body=b'{"size":2}'))
    assert '{"size":1}' in str(caught.value)
    assert '{"size":2}' in str(caught.value)
    assert journal.by_tag("fo1-a-1").intent.body == b'{"size":1}'
    journal.intent(intent(2))


def test_a_known_key_with_other_bytes_is_refused_and_both_are_shown(path):
    with Journal(path) as journal:
        journal.intent(intent(1, key="signal", body=b'{"size":1}'))
        journal.resolve("fo1-a-1", "ACCEPTED", 5, "shown", 1.0)
    with Journal(path) as journal, pytest.raises(errors.JournalConflict) as caught:
        journal.intent(intent(2, key="signal", body=b'{"size":2}'))
    for text in ("fo1-a-1", "fo1-a-2", '{"size":1}', '{"size":2}', "ACCEPTED"):
        assert text in str(caught.value)
    assert len(read(path)) == 1


def test_an_unknown_tag_is_refused(journal):
    with pytest.raises(errors.UnknownTag):
        journal.attempt("fo1-a-1", 1, 1.0)
    with pytest.raises(errors.UnknownTag):
        journal.resolve("fo1-a-1", "ACCEPTED", 5, "shown", 1.0)
    assert journal.failure is None


def test_an_unknown_durability_is_refused(path):
    with pytest.raises(errors.ConfigurationError):
        Journal(path, "forever")
    assert not path.exists()


def test_a_closed_journal_is_refused(path):
    journal = Journal(path)
    journal.close()
    journal.close()
    assert journal.closed
    for call in (
        lambda: journal.intent(intent()),
        lambda: journal.by_tag("fo1-a-1"),
        journal.unresolved,
        journal.tidy,
    ):
        with pytest.raises(errors.JournalMisuse):
            call()


def test_its_repr_shows_no_content(path):
    with Journal(path) as journal:
        journal.intent(intent(body=b"canary", key="canary"))
        assert "canary" not in repr(journal)
        assert str(path) in repr(journal)
    assert "closed" in repr(journal)


def test_one_that_was_forgotten_warns_and_is_closed(path):
    journal = Journal(path)
    with pytest.warns(ResourceWarning, match="not closed"):
        journal.__del__()
    Journal(path).close()


def test_it_has_no_place_for_a_secret(path):
    Journal(path).close()
    with sqlite3.connect(path) as connection:
        columns = {row[1] for row in connection.execute("PRAGMA table_info(event)")}
    connection.close()
    assert not columns & {"token", "header", "headers", "api_key", "authorization"}


def test_many_threads_may_write(path):
    def work(first):
        for number in range(first, first + 50):
            journal.intent(intent(number))
            journal.resolve(f"fo1-a-{number}", "ACCEPTED", number, "shown", 1.0)

    with Journal(path) as journal:
        threads = [threading.Thread(target=work, args=(n * 50,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(entry.order_id for entry in read(path)) == list(range(400))


def test_one_of_many_threads_with_one_key_wins(journal):
    won, gate = [], threading.Barrier(16)

    def work(number):
        gate.wait()
        try:
            journal.intent(intent(number, key="signal"))
            won.append(number)
        except errors.JournalConflict:
            pass

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert journal.by_key(7, "signal").intent.tag == f"fo1-a-{won[0]}"


# Who may write it.


def test_a_second_writer_in_the_process_is_refused(path, journal):
    for _ in range(2):
        with pytest.raises(errors.JournalLocked) as caught:
            Journal(path)
        assert str(path) in str(caught.value)
    journal.intent(intent())


def outsider(program, *arguments, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


OPEN_IT = (
    "import sys; from fastorder.journal import Journal\n"
    "from fastorder.errors import JournalError\n"
    "try: Journal(sys.argv[1]).close(); print('opened')\n"
    "except JournalError as error: print(type(error).__name__, error)\n"
)


def test_a_second_writing_process_is_refused(path, journal):
    for _ in range(2):
        said = outsider(OPEN_IT, path)
        assert said.stdout.startswith("JournalLocked"), said.stderr
        assert str(os.getpid()) in said.stdout
    journal.close()
    assert outsider(OPEN_IT, path).stdout == "opened\n"


def test_a_refused_second_writer_does_not_free_the_first_ones_lock(path, journal):
    with pytest.raises(errors.JournalLocked):
        Journal(path)
    read(path)
    assert outsider(OPEN_IT, path).stdout.startswith("JournalLocked")


def test_a_lock_file_left_behind_does_not_matter(path):
    Path(f"{path}-lock").write_text("99999999")
    with Journal(path) as journal:
        journal.intent(intent())


@posix
def test_a_symbolic_link_is_the_same_journal(path, journal, tmp_path):
    (tmp_path / "link.db").symlink_to(path)
    with pytest.raises(errors.JournalLocked):
        Journal(tmp_path / "link.db")
    journal.intent(intent())
    assert len(read(tmp_path / "link.db")) == 1
    journal.close()
    with Journal(tmp_path / "link.db") as journal:
        assert journal.path == str(path)


@posix
def test_a_hard_link_is_refused_under_both_names(path, tmp_path):
    Journal(path).close()
    os.link(path, tmp_path / "second.db")
    for name in (path, tmp_path / "second.db"):
        with pytest.raises(errors.JournalUnavailable, match="hard links"):
            Journal(name)
        with pytest.raises(errors.JournalUnavailable, match="hard links"):
            read(name)


@posix
def test_a_hard_link_to_one_that_is_open_is_refused(path, journal, tmp_path):
    os.link(path, tmp_path / "second.db")
    with pytest.raises(errors.JournalError):
        Journal(tmp_path / "second.db")
    journal.intent(intent())


def test_two_paths_to_one_folder_are_one_journal(path, journal, tmp_path):
    (tmp_path / "sub").mkdir()
    with pytest.raises(errors.JournalLocked):
        Journal(tmp_path / "sub" / ".." / "orders.db")


FORK = """
import os, sys
from fastorder.errors import JournalError, JournalMisuse
from fastorder.journal import Intent, Journal, read

path = sys.argv[1]
journal = Journal(path)
journal.intent(Intent("a", None, 7, "MNQ", b"{}", None, 1.0))
child = os.fork()
if child == 0:
    for call in (
        lambda: journal.intent(Intent("b", None, 7, "MNQ", b"{}", None, 1.0)),
        lambda: journal.resolve("a", "ACCEPTED", 1, "", 1.0),
        lambda: journal.by_tag("a"),
        lambda: Journal(path),
        lambda: read(path),
    ):
        try:
            call()
        except JournalMisuse as error:
            print(error)
        else:
            print("TAKEN")
    journal.close()
    del journal
    sys.exit()  # the whole way out, with everything torn down
assert os.waitpid(child, 0)[1] == 0
journal.intent(Intent("c", None, 7, "MNQ", b"{}", None, 1.0))
assert os.path.getsize(path + "-wal") > 0, "the child has removed the log"
try:
    Journal(path)
except JournalError as error:
    print(type(error).__name__)
journal.close()
print(*(entry.intent.tag for entry in read(path)))
"""


@posix
def test_a_fork_may_not_use_it_and_does_not_harm_it(path):
    said = outsider(FORK, path)
    lines = said.stdout.splitlines()
    assert len(lines) == 7, said
    assert "TAKEN" not in said.stdout
    assert lines[-2:] == ["JournalLocked", "a c"]


@posix
def test_a_fork_that_ends_last_leaves_the_files_alone(path):
    program = (
        "import os, sys, time; from fastorder.journal import Intent, Journal\n"
        "journal, parent = Journal(sys.argv[1]), os.getpid()\n"
        "journal.intent(Intent('a', None, 7, 'MNQ', b'{}', None, 1.0))\n"
        "if os.fork(): os.kill(parent, 9)\n"
        "while os.getppid() == parent: time.sleep(0.001)\n"
        "del journal; sys.exit()\n"
    )
    outsider(program, path)  # it ends once the fork has closed its output too
    assert os.path.getsize(f"{path}-wal") > 0
    assert [entry.intent.tag for entry in read(path)] == ["a"]


@posix
def test_a_fork_that_lives_on_does_not_keep_the_lock(path):
    program = (
        "import os, sys, time; from fastorder.journal import Journal\n"
        "journal = Journal(sys.argv[1])\n"
        "if os.fork() == 0: print(os.getpid(), flush=True); time.sleep(60)\n"
        "else: os.kill(os.getpid(), 9)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE
    ) as process:
        child = int(process.stdout.readline())
        process.wait(30)
        try:
            Journal(path).close()
        finally:
            os.kill(child, signal.SIGKILL)


# Where it lies.


@posix
@pytest.mark.parametrize("mask", [0, 0o022, 0o077, 0o277, 0o777])
def test_all_its_files_are_for_the_owner_alone(path, mask):
    before = os.umask(mask)
    try:
        with Journal(path) as journal:
            journal.intent(intent())
            modes = {
                file.name: stat.S_IMODE(file.stat().st_mode)
                for file in path.parent.iterdir()
            }
    finally:
        os.umask(before)
    names = ["orders.db" + end for end in ("", "-lock", "-shm", "-wal")]
    assert modes == dict.fromkeys(names, 0o600)


@posix
def test_a_mode_that_is_too_open_is_closed(path):
    Journal(path).close()
    path.chmod(0o644)
    with Journal(path) as journal:
        journal.intent(intent())
        for end in ("", "-wal", "-shm", "-lock"):
            assert stat.S_IMODE(os.stat(f"{path}{end}").st_mode) == 0o600


@posix
def test_a_read_only_journal_is_refused(path):
    with Journal(path) as journal:
        journal.intent(intent())
    path.chmod(0o400)
    before = path.read_bytes()
    with pytest.raises(errors.JournalUnavailable, match="read-only"):
        Journal(path)
    assert path.read_bytes() == before
    assert len(read(path)) == 1


@posix
def test_a_folder_that_cannot_be_written_is_refused():
    if os.geteuid() != 0:
        pytest.skip("needs another user to be")
    folder = Path(tempfile.mkdtemp())  # another user may look into its parents
    folder.chmod(0o755)
    try:
        path = folder / "orders.db"
        with Journal(path) as journal:
            journal.intent(intent())
        path.chmod(0o644)
        before = path.read_bytes()
        program = "import os; os.setuid(65534)\n" + OPEN_IT
        said = outsider("import sys, fastorder.journal\n" + program, path)
        assert said.stdout.startswith("JournalUnavailable"), said
        said = outsider("import sys, fastorder.journal\n" + program, folder / "new.db")
        assert said.stdout.startswith("JournalUnavailable"), said
        assert path.read_bytes() == before
    finally:
        shutil.rmtree(folder)


def refused(path, kind) -> str:
    with pytest.raises(kind) as caught:
        Journal(path)
    error = caught.value
    assert error.path in str(error)
    assert error.expected in str(error)
    assert error.found in str(error)
    with pytest.raises(kind):
        read(path)
    return str(error)


def test_a_directory_is_refused(tmp_path):
    assert "directory" in refused(tmp_path, errors.JournalUnavailable)


def test_a_missing_folder_is_refused(tmp_path):
    refused(tmp_path / "none" / "orders.db", errors.JournalUnavailable)


def test_a_name_that_no_file_can_have_is_refused(tmp_path):
    refused(f"{tmp_path}/a\0b", errors.JournalUnavailable)
    refused(f"{tmp_path}/{'a' * 300}", errors.JournalUnavailable)


@posix
def test_a_loop_of_links_is_refused(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert "circle" in refused(tmp_path / "a", errors.JournalUnavailable)


@posix
def test_a_pipe_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", errors.JournalUnavailable)


@posix
def test_a_link_to_nothing_makes_the_journal_where_it_points(path, tmp_path):
    (tmp_path / "link.db").symlink_to(path)
    Journal(tmp_path / "link.db").close()
    assert path.is_file()


def test_a_name_with_signs_of_a_url_is_only_a_name(tmp_path):
    path = tmp_path / "a b?mode=memory#%41.db"
    with Journal(path) as journal:
        journal.intent(intent())
    assert path.is_file()
    assert len(read(path)) == 1


def test_reading_what_is_not_there_makes_nothing(tmp_path):
    with pytest.raises(errors.JournalUnavailable):
        read(tmp_path / "orders.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"hello\n" * 999, b"SQLite format 3\0" * 99])
def test_a_file_that_is_no_journal_is_left_alone(path, content):
    path.write_bytes(content)
    refused(path, errors.JournalError)
    assert path.read_bytes() == content


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_the_database_of_somebody_else_is_left_alone(path, mode):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.execute("CREATE TABLE event (id)")
    before = snapshot(path.parent)
    refused(path, errors.JournalForeign)
    connection.close()
    before = snapshot(path.parent)
    assert "application_id" in refused(path, errors.JournalForeign)
    assert snapshot(path.parent)["orders.db"] == before["orders.db"]


def altered(path, *statements):
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_a_newer_schema_is_refused(path):
    Journal(path).close()
    altered(path, "PRAGMA user_version = 3")
    before = path.read_bytes()
    said = refused(path, errors.JournalTooNew)
    assert "schema 2" in said
    assert "had 3" in said
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET order_id = 6 WHERE id = 2",
        "UPDATE event SET body = 'x' WHERE id = 1",
        "UPDATE event SET body = 'x' WHERE id = 2",
        "UPDATE event SET at_s = at_s + 1e-6 WHERE id = 2",
        "UPDATE event SET tag = 'other' WHERE id = 2",
        "UPDATE event SET crc = 'x' WHERE id = 2",
        "UPDATE event SET id = 9 WHERE id = 2",
        "DELETE FROM event WHERE id = 1",
        "DELETE FROM event WHERE id = 3",
        "DROP VIEW entry",
        "CREATE INDEX more ON event (tag)",
        "CREATE TRIGGER more AFTER INSERT ON event BEGIN SELECT 1; END",
        "PRAGMA user_version = 0",
    ],
)
def test_one_that_was_altered_by_hand_is_refused(path, statement):
    with Journal(path) as journal:
        journal.intent(intent())
        journal.resolve("fo1-a-1", "ACCEPTED", 5, "shown", 1.0)
        journal.intent(intent(2))
        journal.intent(intent(3))
    altered(path, statement)
    refused(path, errors.JournalDamaged)


KEY, PREVIOUS, KIND = 5, 1, 2


@pytest.mark.parametrize(
    ("event", "column", "value", "said"),
    [
        (2, KEY, "signal-1", "two intents"),
        (2, PREVIOUS, 1, "does not follow"),
        (3, PREVIOUS, 1, "does not follow"),
        (2, KIND, "attempt", "no intent"),
    ],
)
def test_rows_that_tell_no_story_are_refused(path, event, column, value, said):
    with Journal(path) as journal:
        journal.intent(intent(1))
        journal.intent(intent(2))
        journal.attempt("fo1-a-2", 1, 1.0)
    connection = sqlite3.connect(path, isolation_level=None)
    find = "SELECT * FROM event WHERE id = ?"
    row = list(connection.execute(find, (event,)).fetchone())
    row[column] = value
    if row[KIND] != "intent":
        row[8:10] = None, None
    row[15] = zlib.crc32(ascii((*row[:8], *row[9:15])).encode())
    marks = ", ".join("?" * 16)
    connection.execute(f"REPLACE INTO event VALUES ({marks})", row)
    connection.close()
    assert said in refused(path, errors.JournalDamaged)


def test_another_writer_in_spite_of_the_lock_is_noticed(path, journal):
    journal.intent(intent(1))
    os.unlink(f"{path}-lock")
    said = outsider(
        "import sys; from fastorder.journal import *\n"
        "with Journal(sys.argv[1]) as journal:\n"
        "    journal.intent(Intent('x', None, 7, 'MNQ', b'', None, 1.0))\n",
        path,
    )
    assert said.returncode == 0, said.stderr
    with pytest.raises(errors.JournalFailed):
        journal.intent(intent(2))
    assert [entry.intent.tag for entry in read(path)] == ["fo1-a-1", "x"]


# Writes that fail.


FILL = """
import resource, sys
from fastorder.errors import JournalFailed
from fastorder.journal import Intent, Journal

limit = int(sys.argv[2])
journal = Journal(sys.argv[1], sys.argv[3])
if limit:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
texts = set()
for number in range(100_000):
    try:
        journal.intent(Intent(f"t{number}", None, 7, "MNQ", b"x" * 200, None, 1.0))
    except JournalFailed as error:
        texts.add(str(error))
        break
    print(f"t{number}")
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
for call in (
    lambda: journal.intent(Intent("late", None, 7, "MNQ", b"", None, 1.0)),
    lambda: journal.attempt("t0", 1, 1.0),
    lambda: journal.resolve("t0", "ACCEPTED", 1, "", 1.0),
    journal.tidy,
):
    try:
        call()
    except JournalFailed as error:
        texts.add(str(error))
    else:
        texts.add("TAKEN")
assert journal.by_tag("t0").intent.tag == "t0"
journal.close()
print(*texts, sep=chr(10), file=sys.stderr)
"""


def filled(said, path) -> None:
    """Check a journal that FILL has run into a wall."""
    assert said.returncode == 0, said.stderr
    told = said.stderr.splitlines()
    assert len(told) == 1, told
    assert "first failure" in told[0]
    assert str(path) in told[0]
    there = [entry.intent.tag for entry in read(path)]
    noted = said.stdout.split()
    assert len(noted) > 3
    assert there[: len(noted)] == noted
    assert len(there) <= len(noted) + 1
    assert "late" not in there
    with Journal(path) as journal:
        journal.intent(intent())


@posix
@pytest.mark.parametrize("durability", ["process", "power"])
@pytest.mark.parametrize("limit", [100_000, 123_457])
def test_a_full_disk_halts_it(path, limit, durability):
    filled(outsider(FILL, path, limit, durability), path)


@posix
def test_a_disk_that_is_really_full_halts_it(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("cannot mount a small disk")
    try:
        path = folder / "orders.db"
        said = outsider(FILL, path, 0, "process")
        there = [entry.intent.tag for entry in read(path)]
        with (
            contextlib.suppress(OSError),
            open(folder / "more", "wb", buffering=0) as more,
        ):
            while more.write(bytes(64)):
                pass
        for name in (path, folder / "second.db"):
            with pytest.raises(errors.JournalUnavailable):
                Journal(name)
        assert [entry.intent.tag for entry in read(path)] == there
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert said.returncode == 0, said.stderr
    assert len(said.stderr.splitlines()) == 1
    assert there[: len(said.stdout.split())] == said.stdout.split()


def test_a_locked_file_halts_it(path, journal):
    journal.intent(intent(1))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(errors.JournalFailed, match="locked") as first:
        journal.intent(intent(2))
    other.execute("ROLLBACK")
    other.close()
    with pytest.raises(errors.JournalFailed) as second:
        journal.intent(intent(3))
    assert str(second.value) == str(first.value)
    assert "locked" in journal.failure
    assert "halted" in repr(journal)
    journal.close()
    assert [entry.intent.tag for entry in read(path)] == ["fo1-a-1"]


def test_an_intent_does_not_change_and_can_be_compared_and_pickled():
    made = intent(valid_until_s=1009.5)
    with pytest.raises(AttributeError):
        made.tag = "another"
    assert made == intent(valid_until_s=1009.5)
    assert made != intent()
    assert made != "fo1-a-1"
    assert len({made, intent(valid_until_s=1009.5), intent(2)}) == 2
    assert pickle.loads(pickle.dumps(made)) == made
    assert eval(repr(made), {"Intent": Intent}) == made


STRACE = shutil.which("strace")


def traced(tmp_path, program, *arguments, options=()):
    """Run a program under strace; gives what it said and its system calls."""
    calls = tmp_path / "calls"
    trace = "trace=fsync,fdatasync,write,pwrite64"
    done = subprocess.run(
        [
            *(STRACE, "-f", "-s", "64", "-o", calls, "-e", trace, *options),
            *(sys.executable, "-c", program, *map(str, arguments)),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if "ptrace" in done.stderr:
        pytest.skip("strace may not trace here")
    return done, calls.read_text()


MARKED = """
import os, sys
from fastorder.journal import Intent, Journal

journal = Journal(sys.argv[1], sys.argv[2])
for number in range(50):
    tag = f"t{number}"
    os.write(1, b"INTENT ")
    journal.intent(Intent(tag, None, 7, "MNQ", b"x" * 200, None, 1.0))
    os.write(1, b"REST ")
    journal.attempt(tag, 1, 1.0)
    journal.resolve(tag, "ACCEPTED", 1, "", 1.0)
os.write(1, b"END ")
journal.close()
"""


@pytest.mark.skipif(STRACE is None, reason="needs strace")
@pytest.mark.parametrize(("durability", "flushes"), [("process", 0), ("power", 1)])
def test_the_disk_is_flushed_before_an_intent_returns(
    path, tmp_path, durability, flushes
):
    done, calls = traced(tmp_path, MARKED, path, durability)
    assert done.returncode == 0, done.stderr
    steps = re.findall(
        r'write\(1, "(\w+) "|(fdatasync|fsync)\(\d+\) *= 0|(pwrite64)\(', calls
    )
    steps = [mark or flush[:1] or "w" for mark, flush, _ in steps]
    told = " ".join(steps).split("END")[0]
    parts = re.findall(r"INTENT ([fw ]*)REST ([fw ]*)", told)
    assert len(parts) == 50
    for way, rest in parts:
        assert way.count("f") == flushes
        assert way.endswith("f " if flushes else "w ")
        assert "w" in rest
        assert "f" not in rest


@pytest.mark.skipif(STRACE is None, reason="needs strace")
def test_a_flush_that_fails_halts_it_and_is_never_repeated(path, tmp_path):
    inject = "inject=fsync,fdatasync:error=EIO:when=30+"
    done, calls = traced(tmp_path, FILL, path, 0, "power", options=["-e", inject])
    filled(done, path)
    assert "disk I/O error" in done.stderr
    after = calls.split("EIO", 1)[1]
    assert not re.search(r"fdatasync\(|fsync\(|pwrite64\(", after)


# Tidying.


def test_tidying_moves_the_events_into_the_file(path, journal):
    assert journal.tidy() is False
    for number in range(100):
        journal.intent(intent(number))
    size = path.stat().st_size
    assert journal.tidy() is True
    assert path.stat().st_size > size
    assert journal.tidy() is False
    journal.intent(intent(100))
    assert len(read(path)) == 101


def test_a_log_that_nobody_tidies_does_not_grow_for_ever(path, journal):
    sizes = []
    for number in range(3_500):
        journal.intent(intent(number))
        journal.resolve(f"fo1-a-{number}", "ACCEPTED", 1, "shown", 1.0)
        sizes.append(os.path.getsize(f"{path}-wal"))
    assert sizes[500] < sizes[1_000]
    assert sizes[-1] < 1.1 * sizes[1_000]


def test_a_reader_that_takes_its_time_stops_neither_writing_nor_tidying(path, journal):
    journal.intent(intent(0))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM event").fetchone() == (1,)
    for number in range(1, 200):
        journal.intent(intent(number))
    assert journal.tidy()
    assert reader.execute("SELECT count(*) FROM event").fetchone() == (1,)
    reader.close()
    assert len(read(path)) == 200


# Reading beside a writer, and by hand.


WRITE_ON = """
import os, sys
from fastorder.journal import Intent, Journal

journal = Journal(sys.argv[1], sys.argv[2])
start = len(journal.since(0.0))
for number in range(start, start + 100_000):
    tag = f"t{number}"
    body = tag.encode() * 30
    journal.intent(Intent(tag, tag, 7, "MNQ", body, None, float(number)))
    os.write(1, f"{tag}\\n".encode())
    journal.attempt(tag, 1, float(number))
    if number % 3:
        journal.resolve(tag, "ACCEPTED", number, "shown", float(number))
    if number % 50 == 0:
        journal.tidy()
        if len(sys.argv) > 3:
            sys.stdin.readline()
"""


def is_right(entries) -> bool:
    for number, entry in enumerate(entries):
        tag = f"t{number}"
        if entry.intent != Intent(
            tag, tag, 7, "MNQ", tag.encode() * 30, None, float(number)
        ):
            return False
        if entry.resolved and (number % 3 == 0 or entry.order_id != number):
            return False
    return True


def test_it_can_be_read_while_another_process_writes(path):
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_ON, str(path), "process", "in step"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as writer:
        try:
            for _ in range(30):
                noted = int(writer.stdout.readline()[1:])
                writer.stdin.write(b"\n")  # fifty more
                entries = read(path)
                assert len(entries) > noted
                assert is_right(entries)
        finally:
            writer.kill()


def test_the_view_shows_a_line_for_each_order(path, journal):
    journal.intent(intent(1))
    journal.attempt("fo1-a-1", 1, 1.0)
    journal.resolve("fo1-a-1", "UNKNOWN", None, "no answer", 1.0)
    journal.resolve("fo1-a-1", "ACCEPTED", 5, "Order/search", 2.0)
    journal.intent(intent(2))
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT tag, attempts, outcome, order_id, created, body FROM entry"
    ).fetchall()
    connection.close()
    day, body = "1970-01-01 00:16:4", BODY.decode()
    assert rows == [
        ("fo1-a-1", 1, "ACCEPTED", 5, f"{day}1", body),
        ("fo1-a-2", 0, None, None, f"{day}2", body),
    ]
    assert json.loads(rows[0][5])["accountId"] == 7


# Kills.


@posix
def test_kill_9_loses_no_committed_intent(path):
    chance = random.Random(os.environ.get("JOURNAL_SEED", "1"))
    for round_number in range(12):
        durability = chance.choice(["process", "power"])
        with subprocess.Popen(
            [sys.executable, "-c", WRITE_ON, str(path), durability],
            stdout=subprocess.PIPE,
        ) as writer:
            for _ in range(chance.choice([0, 1, 5, 60, 200])):
                writer.stdout.readline()
            threading.Event().wait(chance.random() * 0.02)
            writer.kill()
            noted = writer.stdout.read().split()
        if not path.exists():
            continue
        entries = read(path)
        assert is_right(entries), round_number
        if noted and noted[-1].startswith(b"t"):
            assert len(entries) > int(noted[-1][1:]), round_number
    with Journal(path) as journal:
        numbers = [int(entry.intent.tag[1:]) for entry in journal.unresolved()]
        assert set(range(0, numbers[-1], 3)) <= set(numbers)


@posix
def test_kill_9_while_it_is_made_leaves_none_or_a_whole_one(tmp_path):
    chance = random.Random(os.environ.get("JOURNAL_SEED", "2"))
    program = (
        "import os, sys; from fastorder.journal import Journal\n"
        "os.write(1, b'ready')\n"
        "Journal(sys.argv[1]).close()\n"
    )
    for number in range(8):
        path = tmp_path / f"{number}.db"
        with subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE
        ) as maker:
            maker.stdout.read(5)
            threading.Event().wait(chance.random() * 0.006)
            maker.kill()
        with Journal(path) as journal:
            journal.intent(intent())
        assert len(read(path)) == 1


# Bytes that went bad.


class Wreck:
    """A journal's files as bytes, and all the states that it has gone through."""

    def __init__(self, folder, closed):
        self.folder = folder
        self.was_closed = closed
        self.states = [[]]
        path = folder / "made" / "orders.db"
        path.parent.mkdir()
        journal = Journal(path)
        for step in (
            lambda: journal.intent(intent(1)),
            lambda: journal.attempt("fo1-a-1", 1, 1.5),
            lambda: journal.resolve("fo1-a-1", "ACCEPTED", 5, "shown", 2.0),
            lambda: journal.intent(intent(2, key=None, valid_until_s=9.0)),
            lambda: journal.resolve("fo1-a-2", "UNKNOWN", None, "silence", 3.0),
        ):
            step()
            self.states.append(read(path))
        if closed:
            journal.close()
        self.files = snapshot(path.parent)
        journal.close()
        self.target = folder / "orders.db"
        self.fresh()

    def fresh(self):
        for end in ("-wal", "-shm"):
            Path(f"{self.target}{end}").unlink(missing_ok=True)
        for name, content in self.files.items():
            (self.folder / name).write_bytes(content)

    def reading(self, name, content):
        """How many events are there with other bytes in one file; None if refused."""
        self.fresh()
        (self.folder / name).write_bytes(content)
        try:
            entries = read(self.target)
        except errors.JournalError as error:
            assert str(self.target) in str(error)
            return None
        assert entries in self.states, f"{name} gave rows that nobody wrote"
        assert (self.folder / name).read_bytes() == content
        return self.states.index(entries)


@pytest.fixture(params=["closed", "killed"])
def wreck(tmp_path, request):
    return Wreck(tmp_path, request.param == "closed")


def test_a_flipped_bit_is_noticed_or_changes_nothing(wreck):
    whole = len(wreck.states) - 1
    refusals = 0
    for name, content in wreck.files.items():
        last_frame = len(content) - 4120 if name.endswith("-wal") else len(content)
        for offset, byte in enumerate(content):
            if byte == 0 and offset % 4096 > 120 and offset % 61:
                continue  # most of what is empty
            start = offset % 4096 < 16  # of a page: what SQLite goes by
            if not start and offset % 4 != 2 * wreck.was_closed:
                continue  # each of the two wrecks has every fourth byte, and others
            for bit in range(8) if start else [random.Random(offset).randrange(8)]:
                flipped = bytearray(content)
                flipped[offset] ^= 1 << bit
                found = wreck.reading(name, flipped)
                refusals += found is None
                allowed = {None, whole, whole - (offset >= last_frame)}
                assert found in allowed, (name, offset, bit)
    assert refusals > 500


def test_a_file_that_is_cut_opens_right_or_is_refused(wreck):
    for name, content in wreck.files.items():
        lengths = {*range(0, len(content), 97), *range(0, len(content), 512)}
        lengths |= {32 + 4120 * frame + by for frame in range(8) for by in (-1, 0, 1)}
        for length in sorted(at for at in lengths if at < len(content)):
            found = wreck.reading(name, content[:length])
            if name.endswith("-wal"):
                assert found is not None, length  # a torn tail is dropped
            else:
                assert found in (None, len(wreck.states) - 1), length


def test_a_torn_tail_is_dropped_and_written_over(tmp_path):
    wreck = Wreck(tmp_path, closed=False)
    log = wreck.files["orders.db-wal"]
    for length in (len(log) - 1, len(log) - 4096, len(log) - 4119):
        wreck.fresh()
        (tmp_path / "orders.db-wal").write_bytes(log[:length])
        with Journal(wreck.target) as journal:
            assert journal.by_tag("fo1-a-2").outcome is None
            journal.resolve("fo1-a-2", "NOT_PLACED", None, "look-ups", 4.0)
        assert read(wreck.target)[1].outcome == "NOT_PLACED"


def test_a_writer_refuses_what_a_reader_refuses_and_changes_nothing(tmp_path):
    wreck = Wreck(tmp_path, closed=False)
    for name, content in wreck.files.items():
        for offset in range(0, len(content), 211):
            flipped = bytearray(content)
            flipped[offset] ^= 1
            found = wreck.reading(name, flipped)
            wreck.fresh()
            (tmp_path / name).write_bytes(flipped)
            if found is None:
                before = snapshot(tmp_path)
                with pytest.raises(errors.JournalError):
                    Journal(wreck.target)
                assert snapshot(tmp_path) == before
            else:
                with Journal(wreck.target) as journal:
                    journal.intent(intent(3))
                assert len(read(wreck.target)) >= 2


def test_a_log_without_its_file_is_refused(tmp_path):
    wreck = Wreck(tmp_path, closed=False)
    for break_it in (wreck.target.unlink, lambda: wreck.target.write_bytes(b"")):
        break_it()
        before = (tmp_path / "orders.db-wal").read_bytes()
        with pytest.raises(errors.JournalError):
            Journal(wreck.target)
        assert (tmp_path / "orders.db-wal").read_bytes() == before
        wreck.fresh()


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_wreck_opens_right_or_is_refused(tmp_path_factory, data):
    wreck = WRECKS.get("one")
    if wreck is None:
        wreck = WRECKS["one"] = Wreck(tmp_path_factory.mktemp("any"), closed=False)
    name = data.draw(st.sampled_from(sorted(wreck.files)))
    content = bytearray(wreck.files[name])
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        blob = data.draw(st.binary(max_size=40))
        content[start : start + len(blob)] = blob
    wreck.reading(name, bytes(content[: data.draw(st.integers(0, len(content)))]))


WRECKS: dict[str, Wreck] = {}
