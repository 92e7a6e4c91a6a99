"""The picture of docs/internals/house.md: the rooms, floor by floor, as SVG.

Nothing in it is placed by hand: a floor is a row of boxes, and a box grows with the
modules of its room.
"""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import house
from house_page import WAY

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 720
LEFT = 34
"""Room for the arrow beside the floors."""
EDGE = 10
GAP = 8
PAD = 9
LINE = 16
CHIP = 22
LETTER = 6.9
"""Width of a letter of a module's name, which stands in a fixed-width font."""
WORD_LETTER = 5.9
"""Width of a letter of running text, on the average and with some room."""
NUMBER = 20
"""Width of a step's number before the name of its module."""

LIGHT = {
    "page": "#ffffff",
    "ink": "#1f2328",
    "other": "#59636e",
    "line": "#d1d9e0",
    "room": "#f6f8fa",
    "compiled": "#d3e5fd",
    "plain": "#ffffff",
    "step": "#0969da",
    "number": "#ffffff",
}
DARK = {
    "page": "#0d1117",
    "ink": "#e6edf3",
    "other": "#9198a1",
    "line": "#3d444d",
    "room": "#151b23",
    "compiled": "#17345c",
    "plain": "#0d1117",
    "step": "#58a6ff",
    "number": "#0d1117",
}
PAGES = (("", LIGHT), ("-dark", DARK))

STEPS = {step.module: number for number, step in enumerate(WAY, 1)}


class Box(NamedTuple):
    """A drawn part and how much room it takes."""

    parts: list[str]
    height: float


def style(colors: dict[str, str]) -> str:
    """The style sheet of the picture."""
    sans = "-apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', Arial, sans-serif"
    mono = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
    return (
        f"text {{ font: 12px {sans}; fill: {colors['ink']} }} "
        f".s {{ font-size: 11.5px; fill: {colors['other']} }} "
        f".t {{ font-weight: 600; font-size: 13px }} "
        f".m {{ font: 11.5px {mono} }} "
        f".d {{ font-weight: 700 }} "
        f".n {{ font-weight: 700; font-size: 10.5px; fill: {colors['number']}; "
        f"text-anchor: middle }}"
    )


def label(x: float, y: float, text: str, kind: str = "") -> str:
    """A line of text; ``y`` is where its letters stand."""
    return f'<text x="{x:g}" y="{y:g}" class="{kind}">{escape(text)}</text>'


def fixed(x: float, y: float, name: str, kind: str) -> str:
    """A name in a fixed-width font, as wide in any of them."""
    at = f'x="{x:g}" y="{y:g}" textLength="{len(name) * LETTER:g}"'
    return f'<text {at} lengthAdjust="spacingAndGlyphs" class="{kind}">{name}</text>'


def balanced(text: str, width: float) -> list[str]:
    """As few lines as fit the width, about equally long."""
    most = int(width / WORD_LETTER)
    lines = textwrap.wrap(text, most)
    for fewer in range(most, 0, -1):
        shorter = textwrap.wrap(text, fewer)
        if len(shorter) > len(lines):
            break
        lines = shorter
    return lines


def rect(x: float, y: float, width: float, height: float, fill: str, line: str) -> str:
    """A rectangle with round corners."""
    size = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'
    return f'<rect {size} rx="5" fill="{fill}" stroke="{line}"/>'


def number_at(x: float, y: float, number: int, colors: dict[str, str]) -> list[str]:
    """The number of a step, in a circle around this point."""
    return [
        f'<circle cx="{x:g}" cy="{y:g}" r="8.5" fill="{colors["step"]}"/>',
        label(x, y + 3.8, str(number), "n"),
    ]


def chip_width(module: str) -> float:
    """How wide a module's chip is."""
    name = module.rpartition(".")[2]
    return len(name) * LETTER + 16 + (NUMBER if module in STEPS else 0)


def chip(x: float, y: float, module: str, colors: dict[str, str]) -> list[str]:
    """A module: its name, whether it is compiled, whether it is a door, its step."""
    fill = colors["compiled" if house.is_compiled(module) else "plain"]
    parts = [rect(x, y, chip_width(module), CHIP, fill, colors["line"])]
    if module in STEPS:
        parts += number_at(x + 13, y + CHIP / 2, STEPS[module], colors)
        x += NUMBER
    kind = "m d" if house.is_door(module) else "m"
    return [*parts, fixed(x + 8, y + 15, module.rpartition(".")[2], kind)]


def chips(
    x: float, y: float, width: float, modules: list[str], colors: dict[str, str]
) -> Box:
    """Modules in rows that fit this width."""
    parts: list[str] = []
    at, top = x, y
    for module in modules:
        wide = chip_width(module)
        if at > x and at + wide > x + width:
            at, top = x, top + CHIP + 6
        parts += chip(at, top, module, colors)
        at += wide + 6
    return Box(parts, top + CHIP - y)


def heading(x: float, y: float, width: float, name: str, text: str) -> Box:
    """A room's name, and what it is: beside the name where that fits, else below."""
    after = len(name) * 8 + 10
    if after + len(text) * WORD_LETTER <= width:
        line = [label(x, y + 12, name, "t"), label(x + after, y + 12, text, "s")]
        return Box(line, LINE)
    lines = balanced(text, width)
    below = [label(x, y + 12 + LINE * n, each, "s") for n, each in enumerate(lines, 1)]
    return Box([label(x, y + 12, name, "t"), *below], LINE * (1 + len(lines)))


def room_box(
    x: float, y: float, width: float, room: str, colors: dict[str, str]
) -> Box:
    """A room with its modules; that of the core with its parts."""
    inner = width - 2 * PAD
    name = room.rpartition(".")[2] + "/"
    head = heading(x + PAD, y + PAD, inner, name, house.first_line(room))
    top = y + PAD + head.height + 5
    parts, height = [*head.parts], head.height + 5
    if room == "_core":
        body = core(x + PAD, top, inner, colors)
    else:
        modules = [f"{room}.{each}" for each in house.members(room)]
        body = chips(x + PAD, top, inner, modules, colors)
    if room in house.INNER:
        below = top + body.height + GAP
        within = room_box(x + PAD, below, inner, house.INNER[room], colors)
        height_of_both = body.height + GAP + within.height
        body = Box([*body.parts, *within.parts], height_of_both)
    height += body.height + 2 * PAD
    frame = rect(x, y, width, height, colors["room"], colors["line"])
    return Box([frame, *parts, *body.parts], height)


def core(x: float, y: float, width: float, colors: dict[str, str]) -> Box:
    """The parts of the core: what knows both halves, and the halves below it."""
    upper = room_box(x, y, width, "_core.flow", colors)
    below = y + upper.height + GAP
    halves = row(
        [("_core.codec", 0.45), ("_core.transport", 0.55)], x, below, width, colors
    )
    return Box([*upper.parts, *halves.parts], upper.height + GAP + halves.height)


def loose(
    x: float, y: float, width: float, modules: list[str], colors: dict[str, str]
) -> Box:
    """Modules that belong to no room."""
    inside = chips(x + PAD, y + PAD, width - 2 * PAD, modules, colors)
    height = inside.height + 2 * PAD
    frame = rect(x, y, width, height, colors["room"], colors["line"])
    return Box([frame, *inside.parts], height)


def row(
    shares: list[tuple[str, float]],
    x: float,
    y: float,
    width: float,
    colors: dict[str, str],
) -> Box:
    """Boxes side by side, each with its share of the width, all equally high."""
    free = width - GAP * (len(shares) - 1)
    boxes, at = [], x
    for room, share in shares:
        names = room.split(" ")
        draw = room_box if house.members(room) or room == "_core" else loose
        what = room if draw is room_box else names
        boxes.append((at, free * share, draw(at, y, free * share, what, colors)))
        at += free * share + GAP
    height = max(box.height for _, _, box in boxes)
    parts = []
    for left, wide, box in boxes:
        frame = rect(left, y, wide, height, colors["room"], colors["line"])
        parts += [frame, *box.parts[1:]]
    return Box(parts, height)


def shares_of(floor: list[str]) -> list[tuple[str, float]]:
    """A floor's boxes from left to right: loose modules in one, rooms by their size."""
    alone = [each for each in floor if each in house.sources()]
    inside = [each for each in floor if each not in alone]
    if not inside:
        return [(" ".join(alone), 1.0)]
    boxes = {" ".join(alone): 1.6} if alone else {}
    boxes |= {room: len(house.members(room)) + 4 for room in inside}
    total = sum(boxes.values())
    return [(name, size / total) for name, size in boxes.items()]


def legend(y: float, colors: dict[str, str]) -> Box:
    """What the marks stand for."""
    parts: list[str] = []
    x = float(LEFT)
    for fill, kind, sample, text in (
        ("compiled", "m", "name", "compiled"),
        ("plain", "m", "name", "plain Python"),
        ("plain", "m d", "name", "other rooms may import it"),
    ):
        parts.append(rect(x, y, 44, CHIP, colors[fill], colors["line"]))
        parts.append(fixed(x + 8, y + 15, sample, kind))
        parts.append(label(x + 50, y + 15, text, "s"))
        x += 50 + len(text) * WORD_LETTER + 16
    parts += number_at(x + 9, y + CHIP / 2, 1, colors)
    parts.append(label(x + 23, y + 15, "a step of an order", "s"))
    return Box(parts, CHIP)


def arrow(top: float, bottom: float, colors: dict[str, str]) -> list[str]:
    """Which way imports point, beside the floors."""
    middle, color = (top + bottom) / 2, colors["other"]
    return [
        f'<path d="M22 {top:g}V{bottom - 6:g}" stroke="{color}" stroke-width="1.5"/>',
        f'<path d="M17 {bottom - 9:g}H27L22 {bottom:g}z" fill="{color}"/>',
        f'<text transform="translate(15 {middle:g}) rotate(-90)" class="s" '
        f'text-anchor="middle">imports point down</text>',
    ]


def picture(colors: dict[str, str]) -> str:
    """The whole picture."""
    keys = legend(EDGE, colors)
    parts, y = [*keys.parts], EDGE + keys.height + 12.0
    top, wide = y, WIDTH - LEFT - EDGE
    for floor in house.layers():
        rooms = house.with_nested(floor)
        drawn = row(shares_of(rooms), LEFT, y, wide, colors)
        parts += drawn.parts
        y += drawn.height + GAP
    parts += arrow(top, y - GAP, colors)
    parts.append(label(LEFT, y + 16, "Beside it, and not used by it:", "s"))
    y += 24
    beside = [(room, 1 / len(house.BESIDE)) for room in house.BESIDE]
    drawn = row(beside, LEFT, y, wide, colors)
    height = y + drawn.height + EDGE
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
            'role="img" aria-label="The rooms of fastorder and their modules">',
            f"<style>{style(colors)}</style>",
            f'<rect width="{WIDTH}" height="{height:g}" rx="8" '
            f'fill="{colors["page"]}"/>',
            *parts,
            *drawn.parts,
            "</svg>\n",
        ]
    )


def pictures(path: Path) -> dict[Path, str]:
    """The picture for a light page, and the one for a dark page beside it."""
    return {
        path.with_name(f"{path.stem}{end}{path.suffix}"): picture(colors)
        for end, colors in PAGES
    }
