"""Changes of a live order, whose rows and answers come in any order: each told once."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from fastorder.strategy.changes import Changes


class Scene:
    """One order as the gateway has it, and as a strategy was told of it."""

    def __init__(self) -> None:
        self.changes = Changes(1, 10.0)
        self.told = (1, 10.0)
        self.truth = (1, 10.0)
        self.times = 0
        self.history = [self.told]  # of what was told

    def tell(self, size, price):
        self.told = (size, price)
        self.times += 1
        self.history.append(self.told)

    def row(self, size, price):
        is_news = (size, price) != self.told
        if self.changes.shown(size, price, is_news=is_news):
            self.tell(size, price)

    def answer(self, change, *, is_accepted=True):
        changes = self.changes
        ready = changes.accepted(change) if is_accepted else changes.failed(change)
        for each in ready:
            self.tell(*changes.told(each, *self.told))


WISHES = st.tuples(
    st.one_of(st.none(), st.integers(1, 3)),
    st.one_of(st.none(), st.sampled_from([10.0, 10.25, 10.5])),
).filter(any)


WISHED = st.lists(st.tuples(WISHES, st.booleans()), min_size=1, max_size=6)


def is_in_order(told, truths):
    """Whether what was told is what was true, one after the other."""
    left = iter(truths)
    return all(any(truth == each for truth in left) for each, _ in groupby(told))


@given(wished=WISHED, data=st.data())
def test_each_change_is_told_once_whatever_comes_first(wished, data):
    """The hub shows each that is taken, in order, and fills between them.

    Answers come in any order, before the rows and after them.
    """
    scene, rows, answers = Scene(), [(1, 10.0)], []
    for wish, is_accepted in wished:
        change = scene.changes.sent(*wish)
        answers.append((change, is_accepted))
        if is_accepted:
            asked = zip(wish, scene.truth, strict=True)
            scene.truth = tuple(was if new is None else new for new, was in asked)
            rows.append(scene.truth)
    truths = [truth for truth, _ in groupby(rows)]
    rows = [row for row in rows for _ in range(data.draw(st.integers(1, 2)))]
    answers = data.draw(st.permutations(answers))
    while rows or answers:
        if rows and (not answers or data.draw(st.booleans())):
            scene.row(*rows.pop(0))
        else:
            change, is_accepted = answers.pop(0)
            scene.answer(change, is_accepted=is_accepted)
    assert scene.told == scene.truth
    taken = [is_accepted for _, is_accepted in wished]
    if all(taken):
        assert scene.times == len(taken)
        assert is_in_order(scene.history, truths)
        assert len(scene.changes) == 0
    else:  # a row was perhaps taken for that of one that is refused later
        assert scene.times >= sum(taken)


def test_a_change_of_nothing_is_told_by_its_answer():
    scene = Scene()
    first, nothing = scene.changes.sent(2, 10.25), scene.changes.sent(None, 10.25)
    scene.row(2, 10.25)
    scene.answer(nothing)
    scene.answer(first)
    assert (scene.times, scene.told) == (2, (2, 10.25))


def test_a_late_row_does_not_take_back_what_a_later_answer_told():
    scene = Scene()
    first, second = scene.changes.sent(None, 10.25), scene.changes.sent(None, 10.5)
    scene.answer(first)
    scene.answer(second)
    scene.row(1, 10.25)
    assert (scene.times, scene.told) == (2, (1, 10.5))


def test_what_another_program_changes_is_told():
    scene = Scene()
    scene.answer(scene.changes.sent(None, 10.25))
    for price in (10.25, 10.5, 10.25):
        scene.row(1, price)
    assert (scene.times, scene.told) == (3, (1, 10.25))


def test_no_row_of_a_change_that_failed_is_waited_for():
    scene = Scene()
    first = scene.changes.sent(None, 10.25)
    later = scene.changes.sent(None, 10.5)
    scene.answer(first, is_accepted=False)
    scene.answer(later)
    scene.row(1, 10.25)
    assert scene.told == (1, 10.25)


def test_a_row_is_that_of_a_change_that_was_not_told_yet():
    """The first one changed nothing, and had no row."""
    scene = Scene()
    scene.answer(scene.changes.sent(None, 10.0))
    second = scene.changes.sent(3, None)
    scene.row(3, 10.0)
    scene.answer(second)
    assert (scene.times, scene.told) == (2, (3, 10.0))


def test_a_fill_is_not_the_row_of_a_change_of_nothing():
    scene = Scene()
    first, nothing = scene.changes.sent(None, 10.25), scene.changes.sent(None, 10.0)
    scene.row(1, 10.0)
    scene.row(1, 10.25)
    scene.answer(first)
    scene.row(1, 10.0)
    scene.answer(nothing)
    assert scene.history[1:] == [(1, 10.25), (1, 10.0)]


def test_a_row_from_before_a_change_tells_nothing():
    scene = Scene()
    scene.answer(scene.changes.sent(None, 10.25))
    scene.row(1, 10.0)  # a fill, seen before the change was made
    scene.row(1, 10.25)
    assert scene.history[1:] == [(1, 10.25)]


def test_changes_of_nothing_are_not_kept():
    scene = Scene()
    for _ in range(100):
        scene.answer(scene.changes.sent(1, 10.0))
    assert (scene.times, len(scene.changes)) == (100, 0)


def test_after_a_gap_the_row_is_believed():
    """The row of the change was lost, and another program has undone it."""
    scene = Scene()
    scene.answer(scene.changes.sent(None, 10.25))
    scene.changes.rows_were_lost()
    scene.row(1, 10.0)
    assert scene.told == (1, 10.0)


def test_a_change_whose_row_comes_after_a_gap_is_told_once():
    scene = Scene()
    change = scene.changes.sent(None, 10.25)
    scene.changes.rows_were_lost()
    scene.row(1, 10.25)
    scene.answer(change)
    assert scene.history[1:] == [(1, 10.25)]
