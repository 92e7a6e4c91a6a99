"""Which way imports point, in Python, in Cython, and for types alone."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOL = ROOT / "tools" / "house.py"

pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="not in a checkout")


@pytest.fixture(scope="module")
def house():
    spec = importlib.util.spec_from_file_location("house", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found(house):
    return house.imports()


def test_cimports_and_imports_for_types_are_seen(house, found):
    pairs = {(each.file, each.imported) for each in found}
    core = "fastorder._core"
    assert ("fastorder/verbs/orders.pxd", f"{core}.codec.order") in pairs
    assert (
        "fastorder/_core/transport/engine.pyx",
        f"{core}.transport.libcurl",
    ) in pairs
    assert ("fastorder/auth/renewal.py", "fastorder.requests.session_port") in pairs


def test_no_import_points_upward(house, found):
    assert house.upward(found) == []


def test_an_import_that_points_upward_is_seen(house):
    wrong = house.Import("x.py", "fastorder.gateway.contracts", "fastorder.verbs.base")
    assert house.upward([wrong]) == [wrong]


def test_rooms_are_entered_through_their_doors(house, found):
    assert house.past_a_door(found) == []


def test_an_import_past_a_door_is_seen(house):
    inner = "fastorder.placement.absence_proof"
    wrong = house.Import("x.py", "fastorder.verbs.base", inner)
    assert house.past_a_door([wrong]) == [wrong]


def test_every_room_has_doors_and_every_door_a_module(house):
    known = house.modules()
    for room, names in house.doors().items():
        for name in names:
            assert f"fastorder.{room}.{name}" in known, (room, name)
    rooms = {room for row in house.layers() for room in row}
    assert {room for room in rooms if f"fastorder.{room}" in known} == rooms


def test_the_halves_of_the_core_do_not_know_each_other(house, found):
    assert house.across_the_core(found) == []


def test_a_codec_that_knows_the_network_is_seen(house):
    core = "fastorder._core"
    wrong = house.Import("x.pyx", f"{core}.codec.order", f"{core}.transport.engine")
    assert house.across_the_core([wrong]) == [wrong]


def test_no_modules_import_each_other_in_a_circle(house, found):
    inside = [each for each in found if each.imported != "fastorder"]
    assert house.circle(inside) == []


def test_a_circle_is_seen(house):
    pairs = [("fastorder.a", "fastorder.b"), ("fastorder.b", "fastorder.a")]
    assert house.circle([house.Import("x.py", *pair) for pair in pairs])
