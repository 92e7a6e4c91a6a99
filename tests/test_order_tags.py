"""Tags: no two are alike, and the gateway takes each."""

import re

from fastorder._core.codec.tag_series import TagSeries


def test_a_series_counts_on():
    series = TagSeries()
    tags = [series.next() for _ in range(0x1234)]
    assert len(set(tags)) == len(tags)
    assert [tag[-9:] for tag in tags[:2]] == ["-00000001", "-00000002"]
    assert tags[-1][-9:] == "-00001234"
    assert len({tag[:-9] for tag in tags}) == 1


def test_a_tag_is_of_letters_that_go_on_the_wire():
    for _ in range(100):
        assert re.fullmatch(r"fo1-[a-z2-7]{17}-00000001", TagSeries().next())


def test_no_two_series_are_alike():
    assert len({TagSeries().next() for _ in range(1000)}) == 1000
