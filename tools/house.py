"""Which module of the package imports which, compiled ones too, and which it may.

The layers stand in pyproject.toml, in the first contract of import-linter, and the
doors of each room in ``tool.house.doors`` there. The picture and the tables of
docs/internals/house.md are made from them and from the modules' docstrings:

    python tools/house.py --picture docs/internals/house.svg   # and house-dark.svg
    python tools/house.py --page docs/internals/house.md
"""

from __future__ import annotations

import argparse
import re
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:  # pytest brings it there
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "fastorder"
SOURCES = (".py", ".pyi", ".pyx", ".pxd")

FROM = re.compile(
    r"^[ \t]*from[ \t]+(fastorder[\w.]*)[ \t]+c?import[ \t]+(\([^)]*\)|[^\n#]+)",
    re.MULTILINE,
)
PLAIN = re.compile(r"^[ \t]*c?import[ \t]+(fastorder[\w.]*)", re.MULTILINE)

INNER = {"realtime": "realtime.state"}
"""Rooms that have another one in them."""

CORE = {
    "flow": ("codec", "transport"),
    "codec": (),
    "transport": (),
}
"""The rooms of the compiled core, and which of the others each of them knows."""

NESTED = {
    "cli": ("cli.probing",),
    "store": ("store.market", "store.market.importing"),
}
"""Rooms within a room, which have a box of their own."""

BESIDE = ("marketdata", "matching", "simulator")
"""Packages that the client does not use."""

SEEN_THROUGH = {
    ("fastorder.errors", "fastorder._core.flow.result"),
    ("fastorder.blocking", "fastorder.trader.waiting"),
}
"""For types alone: an error carries the result that it was raised for, and a facade
gives a name from above it, which is loaded at its first use."""


class Import(NamedTuple):
    """One import: the file that has it, and both modules by their dotted names."""

    file: str
    importer: str
    imported: str


def module_of(path: Path) -> str:
    """The dotted name of the module that a source file belongs to."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def modules() -> set[str]:
    """Every module of the package; its packages too."""
    return {module_of(path) for path in PACKAGE.rglob("*") if path.suffix in SOURCES}


@cache
def imports() -> list[Import]:
    """Every import of one module of the package by another, for types alone too."""
    known = modules()
    found = set()
    for path in PACKAGE.rglob("*"):
        if path.suffix in SOURCES:
            text = path.read_text(encoding="utf-8")
            importer = module_of(path)
            file = str(path.relative_to(ROOT))
            for target in targets(text, known) - {importer}:
                if (importer, target) not in SEEN_THROUGH:
                    found.add(Import(file, importer, target))
    return sorted(found)


def targets(text: str, known: set[str]) -> set[str]:
    """The modules of the package that a source text imports."""
    found = set(PLAIN.findall(text))
    for module, names in FROM.findall(text):
        inner = {f"{module}.{name}" for name in re.findall(r"\w+", names)}
        found |= (inner & known) or {module}
    return found & known


@cache
def settings() -> dict[str, object]:
    """The tables ``tool`` of pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["tool"])


def layers() -> list[list[str]]:
    """The rooms and public modules of the client, from the top."""
    contract = settings()["importlinter"]["contracts"][0]  # type: ignore[index]
    rows = [row.replace("fastorder.", "") for row in contract["layers"]]
    return [row.split(" | ") for row in rows]


def doors() -> dict[str, list[str]]:
    """Of each room, the modules that other rooms may import."""
    return dict(settings()["house"]["doors"])  # type: ignore[index]


def room_of(module: str) -> str:
    """The room, or the public module, that a module belongs to."""
    return module.split(".")[1] if "." in module else ""


def upward(found: list[Import]) -> list[Import]:
    """The imports that point upward, or to a room on the same floor."""
    floor = {room: number for number, row in enumerate(layers()) for room in row}

    def is_wrong(each: Import) -> bool:
        above, below = room_of(each.importer), room_of(each.imported)
        both = above in floor and below in floor
        return both and above != below and floor[above] >= floor[below]

    return [each for each in found if is_wrong(each)]


def past_a_door(found: list[Import]) -> list[Import]:
    """The imports from another room that do not go through one of its doors."""
    allowed = doors()

    def is_wrong(each: Import) -> bool:
        room, inside = room_of(each.imported), each.imported.split(".")[2:]
        if room not in allowed or room == room_of(each.importer):
            return False
        return bool(inside) and inside[0] not in allowed[room]

    return [each for each in found if is_wrong(each)]


def across_the_core(found: list[Import]) -> list[Import]:
    """The imports within the core by which a half of it would know the other."""

    def is_wrong(each: Import) -> bool:
        above, below = each.importer.split("."), each.imported.split(".")
        within = above[1:2] == below[1:2] == ["_core"]
        if not within or len(above) < 3 or len(below) < 3 or above[2] == below[2]:
            return False
        return below[2] not in CORE[above[2]]

    return [each for each in found if is_wrong(each)]


def circle(found: list[Import]) -> list[str]:
    """Modules that import each other in a circle; empty where there is none."""
    below: dict[str, set[str]] = {}
    for each in found:
        below.setdefault(each.importer, set()).add(each.imported)
    done: set[str] = set()

    def follow(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        for target in sorted(below.get(module, ())):
            found_there = follow(target, [*way, module])
            if found_there:
                return found_there
        done.add(module)
        return []

    for module in sorted(below):
        found_here = follow(module, [])
        if found_here:
            return found_here
    return []


@cache
def sources() -> dict[str, Path]:
    """Every module with a source of its own, by its name within the package."""
    found = {}
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in (".py", ".pyx") and not path.stem.startswith("__"):
            found[module_of(path).removeprefix("fastorder.")] = path
    return found


def members(room: str) -> list[str]:
    """The modules of a room by their names in it; "" is for those in no room."""
    names = (module.rpartition(".") for module in sources())
    return [name for place, _, name in names if place == room]


def rooms() -> list[str]:
    """The rooms of the client from the top, then what stands beside it."""
    parts = {"_core": [f"_core.{part}" for part in CORE]}
    parts |= {room: [room, inner] for room, inner in INNER.items()}
    inside = [
        each
        for floor in layers()
        for room in with_nested(floor)
        for each in parts.get(room, [room])
    ]
    return [*(room for room in inside if members(room)), *BESIDE]


def with_nested(floor: list[str]) -> list[str]:
    """A floor's rooms, each with those that lie within it."""
    found = [each for room in floor for each in (room, *NESTED.get(room, ()))]
    inner = {each for rooms_within in NESTED.values() for each in rooms_within}
    return [room for room in found if members(room) or room not in {*NESTED, *inner}]


def is_compiled(module: str) -> bool:
    """Whether a module is an extension once it is built."""
    path = sources()[module]
    return path.suffix == ".pyx" or path.with_suffix(".pxd").exists()


def is_door(module: str) -> bool:
    """Whether other rooms may import a module."""
    room, _, name = module.partition(".")
    return name in doors().get(room, ())


def first_line(module: str) -> str:
    """What a module or a room says that it is."""
    path = sources().get(module) or PACKAGE.joinpath(*module.split("."), "__init__.py")
    found = re.search(r'"""(.*?)(?:\n|""")', path.read_text(encoding="utf-8"))
    assert found is not None, path
    return found[1].replace("``", "`")


def main() -> None:
    """Draw the picture, or write the tables of the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--picture", type=Path, metavar="SVG")
    parser.add_argument("--page", type=Path, metavar="MD")
    given = parser.parse_args()
    if given.picture is not None:
        from house_picture import pictures

        for path, text in pictures(given.picture).items():
            path.write_text(text, encoding="utf-8")
    if given.page is not None:
        from house_page import written

        text = written(given.page.read_text(encoding="utf-8"))
        given.page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
