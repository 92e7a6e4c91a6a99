"""Which way imports point, in Python, in Cython, and for types alone.

And that the picture and the page of the house show it as it is.
"""

import importlib
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOOLS = ROOT / "tools"
PICTURE = ROOT / "docs" / "internals" / "house.svg"
PAGE = ROOT / "docs" / "internals" / "house.md"

pytestmark = pytest.mark.skipif(not TOOLS.exists(), reason="not in a checkout")
sys.path.append(str(TOOLS))


@pytest.fixture(scope="module")
def house():
    return importlib.import_module("house")


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
    inner = "fastorder.placement.list_audit"
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


# ---------------------------------------------------------------- the picture, the page


def test_the_pictures_are_those_of_the_code(house):
    pictures = importlib.import_module("house_picture").pictures(PICTURE)
    assert len(pictures) == 2
    for path, text in pictures.items():
        assert path.read_text(encoding="utf-8") == text, "run tools/house.py --picture"


def test_the_picture_shows_every_room_and_every_module(house):
    shown = re.findall(r">([^<>]+)</text>", PICTURE.read_text(encoding="utf-8"))
    assert len(house.rooms()) >= 15
    for room in [*house.rooms(), ""]:
        assert not room or f"{room.rpartition('.')[2]}/" in shown
        assert house.members(room)
        assert set(house.members(room)) <= set(shown), room
    names = sorted(module.rpartition(".")[2] for module in house.sources())
    assert sorted(text for text in shown if text in names) == names


def test_the_page_is_that_of_the_code():
    text = PAGE.read_text(encoding="utf-8")
    page = importlib.import_module("house_page")
    assert text == page.written(text), "run tools/house.py --page"
    assert {found[2] for found in page.BLOCK.finditer(text)} == set(page.BLOCKS)


def test_the_page_names_every_module_where_it_belongs(house):
    text = PAGE.read_text(encoding="utf-8")
    for room in house.rooms():
        section = text.split(f"\n### `{room.replace('.', '/')}/`\n", 1)[1]
        named = re.findall(r"^- \**`(\w+)`", section.split("\n###", 1)[0], re.MULTILINE)
        assert named == house.members(room), room


def test_an_order_goes_through_modules_that_are_there(house):
    steps = importlib.import_module("house_page").WAY
    assert len(steps) == 11
    assert {step.module for step in steps} <= house.sources().keys()
