"""What has come to a journal since it was read last: the same as reading it whole."""

import random
import sqlite3

import pytest

from fastorder import errors
from fastorder.journal import Intent, Journal, Note, Position, read, read_since


def intent(number):
    return Intent(f"tag-{number}", None, 7, "CON.F.US.MNQ.Z26", b"{}", None, 1.0)


def test_pieces_add_up_to_the_whole(tmp_path):
    path, chance = tmp_path / "orders.db", random.Random(17)
    known, position, made = {}, Position(), 0
    with Journal(path) as journal:
        for _ in range(300):
            if not made or chance.random() < 0.3:
                made += 1
                journal.intent(intent(made))
            elif chance.random() < 0.2:
                journal.note(Note("a/subject", str(made), "why", 2.0))
            elif chance.random() < 0.5:
                journal.attempt(f"tag-{chance.randint(1, made)}", 1, 2.0)
            else:
                tag = f"tag-{chance.randint(1, made)}"
                journal.resolve(tag, "ACCEPTED", made, "told", 3.0)
            if chance.random() < 0.2:
                before = position
                new = read_since(path, position)
                assert new.begins_anew == (position == Position())
                position = new.position
                assert position.event >= before.event
                known |= {entry.intent.tag: entry for entry in new.entries}
                assert list(known.values()) == read(path)
    assert not read_since(path, read_since(path).position).entries


def test_only_what_is_new_is_given_with_all_its_events(tmp_path):
    path = tmp_path / "orders.db"
    with Journal(path) as journal:
        journal.intent(intent(1))
        journal.intent(intent(2))
        position = read_since(path).position
        journal.resolve("tag-1", "REJECTED", None, "no", 2.0)
        (entry,) = read_since(path, position).entries
    assert entry == read(path)[0]
    assert entry.outcome == "REJECTED"


def test_a_position_of_another_journal_begins_anew(tmp_path):
    path = tmp_path / "orders.db"
    with Journal(path) as journal:
        journal.intent(intent(1))
    new = read_since(path, (1, 4711))
    assert new.begins_anew
    assert len(new.entries) == 1
    assert read_since(path, (99, 4711)).begins_anew


@pytest.mark.parametrize("event", [1, 3])
def test_an_event_that_was_changed_is_told_where_it_is_used(tmp_path, event):
    path = tmp_path / "orders.db"
    with Journal(path) as journal:
        journal.intent(intent(1))
        journal.intent(intent(2))
        position = read_since(path).position
        journal.resolve("tag-1", "REJECTED", None, "no", 2.0)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE event SET at_s = 9 WHERE id = ?", (event,))
    connection.close()
    with pytest.raises(errors.JournalDamaged, match=f"event {event}: its checksum"):
        read_since(path, position)


def test_where_there_is_none_it_says_so(tmp_path):
    with pytest.raises(errors.JournalUnavailable, match="is not there"):
        read_since(tmp_path / "orders.db")
