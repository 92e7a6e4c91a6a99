"""What holds for each public thing of a kind, the next one too: all are walked."""

import json

import pytest
from public_walk import enums

from fastorder.matching import Flag


def each(named):
    """Parameters of a test, one for each thing."""
    return [pytest.param(thing, id=name) for name, thing in sorted(named.items())]


# ------------------------------------------------------------ enums


def test_the_known_enums_are_walked():
    known = {"fastorder.Lane", "fastorder.OrderType", "fastorder.errors.LoginError"}
    assert known <= {name.replace(".budgets.lanes", "") for name in enums()}


@pytest.mark.parametrize("kind", each(enums()))
def test_a_member_of_an_enum_prints_as_its_name(kind):
    for member in kind:
        assert str(member) == f"{member}" == member.name
        assert repr(member).startswith(f"<{kind.__name__}.{member.name}: ")
        assert f"{member:>20}" == member.name.rjust(20)
        if isinstance(member, int):
            assert f"{member:d}" == json.dumps(member) == str(int(member))


def test_several_flags_print_as_their_names():
    assert f"{Flag.TAKER | Flag.AMBIGUOUS}" == "TAKER|AMBIGUOUS"
    assert f"{Flag(0)}" == "0"
