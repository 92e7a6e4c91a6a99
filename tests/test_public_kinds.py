"""What holds for each public thing of a kind, the next one too: all are walked."""

import inspect
import json
import pickle
import pydoc
import re
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


# ------------------------------------------------------------ what dir and help show

TYPE_VARIABLES = re.compile(r"\b(ResultT|PlacedT|[A-Z]\w*T)\b")
FACADES = {
    name: kind
    for name, kind in CLASSES.items()
    if name.endswith((".OrderExecutor", ".Trader"))
}


@pytest.mark.parametrize("kind", each(FACADES))
def test_the_type_that_a_verb_gives_names_no_variable_of_ours(kind):
    for name in dir(kind):
        verb = getattr(kind, name)
        if name[:1] == "_" or not callable(verb):
            continue
        gives = str(inspect.signature(verb).return_annotation)
        assert not TYPE_VARIABLES.search(gives), name
        is_own = name in vars(kind)
        assert is_own or not gives.startswith("Ticket["), name  # blocking: its result


@pytest.mark.parametrize("name", ["fastorder.blocking", "fastorder.errors"])
def test_what_a_module_lists_is_for_users_before_any_of_it_was_used(name):
    code = f"import {name}; print(*dir({name}))"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    listed = {each for each in ran.stdout.split() if each[:2] != "__"}
    public = {each.removeprefix(f"{name}.") for each in THINGS if name in each}
    if name == "fastorder.errors":
        public = {
            each
            for each, kind in vars(fastorder.errors).items()
            if isinstance(kind, type)
            and kind.__module__ in ("fastorder", "fastorder.errors")
        } - {"NamedNumber", "_ComparedWithMembers"}
    assert listed == public


def test_every_error_can_be_reached_at_the_package():
    for name, kind in vars(fastorder.errors).items():
        if isinstance(kind, type) and issubclass(kind, fastorder.FastOrderError):
            assert getattr(fastorder, name) is kind
            assert name in fastorder.__all__


@pytest.mark.parametrize("kind", each(FACADES))
def test_one_that_is_entered_the_other_way_says_how(kind):
    one = object.__new__(kind)
    is_blocking = kind.__module__ == "fastorder.blocking"
    right, wrong = ("with", "async with") if is_blocking else ("async with", "with")
    enter = kind.__aenter__ if is_blocking else kind.__enter__
    with pytest.raises(TypeError) as raised:
        enter(one)
    other = "fastorder" if is_blocking else "fastorder.blocking"
    text = str(raised.value)
    begin = f"a {kind.__name__} must be entered by {right}, was by {wrong} ("
    assert text.startswith(begin)
    assert text.endswith(f" {other}.{kind.__name__})")


@pytest.mark.parametrize("kind", each(FACADES))
def test_python_names_the_class_of_users_where_an_argument_is_missing(kind):
    class Given:
        """Stands for the object of a verb, which needs none to refuse a call."""

        def _carry_out(self, start, given, named):
            return start(*given, **named)

    for name in dir(kind):
        verb = getattr(kind, name)
        if name[:1] == "_" or not callable(verb) or inspect.ismethod(verb):
            continue
        given = inspect.signature(verb).parameters.values()
        needed = [one for one in given if one.kind is not one.VAR_POSITIONAL]
        if sum(one.default is one.empty for one in needed) < 2:  # self alone
            continue
        with pytest.raises(TypeError) as raised:
            verb(Given())
        owner = str(raised.value).partition("()")[0].rpartition(".")[0]
        assert owner in ("", kind.__name__), name  # compiled, it may say no class
