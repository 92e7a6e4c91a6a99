"""Lists that are read page by page while their rows come and go."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastorder.requests.page_walk import PageWalk


class MovingList:
    """Rows sorted by id, of which some go and others come between two pages."""

    def __init__(self, ids, newest_first, counts):
        self.ids = set(ids)
        self.newest_first = newest_first
        self.counts = counts

    def page(self, offset, size):
        ids = sorted(self.ids, reverse=self.newest_first)
        page = [{"id": each} for each in ids[offset : offset + size]]
        return page, len(ids) if self.counts else None


def read(listed, size, changes=()):
    """What a walk shows, the list changing before each of its pages but the first."""
    walk = PageWalk(size, newest_first=listed.newest_first)
    shown = []
    changes = iter(changes)
    while not walk.is_complete:
        shown += walk.take(*listed.page(walk.offset, size))
        gone, come = next(changes, ((), ()))
        listed.ids -= set(gone)
        listed.ids |= set(come)
    return [row["id"] for row in shown]


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("size", [2, 3, 100])
@pytest.mark.parametrize("many", [0, 1, 2, 3, 99, 100, 101, 250])
def test_every_row_is_shown_once_and_in_order(many, size, newest_first, counts):
    shown = read(MovingList(range(1, many + 1), newest_first, counts), size)
    assert shown == sorted(range(1, many + 1), reverse=newest_first)


IDS = st.integers(1, 60)


@settings(max_examples=400)
@given(
    st.sets(IDS),
    st.integers(2, 9),
    st.lists(st.tuples(st.sets(IDS, max_size=4), st.sets(IDS, max_size=4)), max_size=8),
    st.booleans(),
    st.booleans(),
)
def test_what_is_there_all_the_time_is_shown_once(
    ids, size, changes, newest_first, counts
):
    gone = set().union(*(gone for gone, _ in changes))
    ever = ids.union(*(come for _, come in changes))
    shown = read(MovingList(ids, newest_first, counts), size, changes)
    assert len(set(shown)) == len(shown)
    assert ids - gone <= set(shown) <= ever


def test_a_row_that_has_gone_does_not_hide_the_next_one():
    listed = MovingList(range(1, 11), False, True)
    shown = read(listed, 4, [((1, 2, 3, 4), ())])
    assert shown == list(range(1, 11))


@pytest.mark.parametrize(
    ("rows", "total", "why"),
    [
        (None, 0, "must be a list, was NoneType"),
        ({}, 0, "must be a list, was dict"),
        ([None], 1, "objects with ids"),
        ([{"id": 0}], 1, "objects with ids"),
        ([{"id": "1"}], 1, "objects with ids"),
        ([], 3, "it counts 3 orders and lists none"),
        ([{"id": 2}, {"id": 1}], 9, "must be sorted by id"),
        ([{"id": 1}, {"id": 1}], 9, "must be sorted by id"),
    ],
)
def test_what_cannot_be_read_is_no_short_list(rows, total, why):
    with pytest.raises((TypeError, ValueError), match=why):
        PageWalk(2).take(rows, total)


def test_a_list_that_never_stands_still_is_given_up():
    walk = PageWalk(2)

    def read_on():
        for number in range(1, 1000):
            walk.take([{"id": number}], 1000)

    with pytest.raises(ValueError, match="come and go faster"):
        read_on()
