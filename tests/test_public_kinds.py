"""What holds for each public thing of a kind, the next one too: all are walked."""

import inspect
import json
import pickle
import pydoc
import subprocess
import sys
from pathlib import Path

import pytest
from public_walk import CLASSES, MODULES, PUBLIC, THINGS, enums

import fastorder
from fastorder.matching import Flag

TOOLS = Path(__file__).parent.parent / "tools"


def each(named):
    """Parameters of a test, one for each thing."""
    return [pytest.param(thing, id=name) for name, thing in sorted(named.items())]


CALLED = {name: thing for name, thing in THINGS.items() if callable(thing)}

# ------------------------------------------------------------ names and signatures


def homes(thing):
    """The public modules that a thing is imported from."""
    return [name.rpartition(".")[0] for name, each in THINGS.items() if each is thing]


@pytest.mark.parametrize("thing", each(CALLED))
def test_it_says_where_users_import_it_from(thing):
    module, name = thing.__module__, thing.__name__
    assert module in homes(thing)
    assert thing.__qualname__ == name
    assert getattr(MODULES[module], name) is thing
    assert pickle.loads(pickle.dumps(thing)) is thing
    if isinstance(thing, type):
        help_text = pydoc.plain(pydoc.render_doc(thing))
        assert f"{name} in module {module}" in help_text.splitlines()[0]


@pytest.mark.parametrize("thing", each(CALLED))
def test_its_arguments_can_be_read(thing):
    assert isinstance(inspect.signature(thing), inspect.Signature)


def test_a_class_says_so_before_anybody_has_asked_for_it():
    """What a verb gives is of a class that may never have been imported by name."""
    code = (
        "from public_walk import CLASSES, SAID\n"
        "for kind in CLASSES.values():\n"
        "    if SAID.get(kind, kind.__module__) != kind.__module__:\n"
        "        print(kind, SAID[kind])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
    )
    assert (ran.stdout, ran.returncode) == ("", 0), ran.stderr


def test_the_classes_of_every_room_are_walked():
    rooms = {name.rpartition(".")[0] for name in CLASSES}
    assert {
        "fastorder",
        "fastorder.blocking",
        "fastorder.matching",
        "fastorder.store.market",
        "fastorder.strategy",
        "fastorder.telemetry",
    } <= rooms


@pytest.mark.skipif(not TOOLS.exists(), reason="not in a checkout")
def test_the_program_that_prints_the_interface_prints_every_public_module():
    sys.path.append(str(TOOLS))
    import public_interface

    shown = public_interface.interface()
    with_names = {f"fastorder.{name}" for name in fastorder._MODULES} - ROOMS
    assert {*PUBLIC, *with_names} <= shown.keys()
    assert all(shown.values())


ROOMS = {"fastorder.realtime"}
"""What users import modules from, and no names."""


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
