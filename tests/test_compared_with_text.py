"""A member that is compared with text is an error: it would silently be false."""

import enum
import pickle

import pytest

import fastorder
from fastorder import FillState, Outcome, Side

KINDS = [
    kind
    for name in fastorder.__all__
    if isinstance(kind := getattr(fastorder, name), enum.EnumMeta)
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_member_is_compared_with_text(kind):
    for member in kind:
        for text in (member.name, member.name.lower(), ""):
            with pytest.raises(TypeError, match=f"{kind.__name__}.{member.name} must"):
                member == text  # noqa: B015
            with pytest.raises(TypeError, match="not with text"):
                text != member  # noqa: B015


def test_the_public_kinds_are_many():
    assert {Outcome, Side, FillState, fastorder.OrderStatus} < set(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_members_are_what_they_were_in_all_else(kind):
    members = list(kind)
    assert {member: member.name for member in members}[members[-1]]
    assert members[0] == members[0]
    assert members[0] != members[-1] or len(members) == 1
    assert pickle.loads(pickle.dumps(members)) == members
    if isinstance(members[0], int):
        assert members[-1] == int(members[-1])
        assert int(members[-1]) in set(members)


def test_the_error_names_the_member_that_was_meant():
    with pytest.raises(TypeError, match="`is Outcome.ACCEPTED`, not with text: was"):
        Outcome.UNKNOWN == "ACCEPTED"  # noqa: B015


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_column_of_pandas_swallows_the_error_as_the_guide_says(kind):
    pandas = pytest.importorskip("pandas")
    members = list(kind)
    first, column = members[0], pandas.Series(members, dtype=object)
    assert not (column == first.name).any()
    assert not column.isin([first.name]).any()
    assert column.isin([first]).tolist() == [each is first for each in members]
    names = column.map(str)
    assert (names == first.name).tolist() == [each is first for each in members]
