"""The rooms of docs/internals/house.md, and the way of an order in eleven steps.

A block stands between ``<!-- house: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import house

BLOCK = re.compile(r"(<!-- house: (\S+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


class Step(NamedTuple):
    """A step of an order on its way: the module that takes it, and what it does."""

    module: str
    text: str


WAY = (
    Step("verbs.orders", "checks each argument of your call: an `OrderRequest`."),
    Step(
        "submission.submitter",
        "finds the contract, gives a tag, asks kill switch and interlock.",
    ),
    Step("_core.codec.request", "writes the JSON, once: every send is of these bytes."),
    Step("risk.check", "where there are limits: lets it pass and counts it, or not."),
    Step(
        "submission.idempotency",
        "knows a repeated key, and writes the intent to the journal.",
    ),
    Step("placement.protocol", "decides what is done next, without I/O. First: send."),
    Step("session.dispatcher", "lists the order as open, and adds the token."),
    Step(
        "_core.transport.connection",
        "hands the bytes to the kernel, once. The call returns.",
    ),
    Step(
        "_core.transport.http_answer",
        "reads the answer; an exchange leaves evidence.",
    ),
    Step(
        "_core.flow.classify",
        "says what kind of answer it is; the protocol decides again.",
    ),
    Step(
        "session.outcome_log",
        "writes the outcome down. Your `await` gives the `OrderResult`.",
    ),
)
"""An order's way through the rooms; the picture has the numbers."""


def way() -> str:
    """The steps as a list."""
    return "\n".join(
        f"{number}. `{step.module.replace('.', '/')}` {step.text}"
        for number, step in enumerate(WAY, 1)
    )


def rooms() -> str:
    """The rooms of the client from the top, and the modules in no room."""
    inside = [room for room in house.rooms() if room not in house.BESIDE]
    return "\n\n".join([*map(section, inside), section("")])


def beside() -> str:
    """What stands beside the client."""
    return "\n\n".join(map(section, house.BESIDE))


def section(room: str) -> str:
    """What a room is, and its modules; those that others may import are bold."""
    lines = [f"### `{room.replace('.', '/')}/`" if room else "### In no room", ""]
    if room:
        lines += [house.first_line(room), ""]
    for name in house.members(room):
        module = f"{room}.{name}" if room else name
        shown = f"**`{name}`**" if house.is_door(module) else f"`{name}`"
        lines.append(f"- {shown}: {house.first_line(module)}")
    return "\n".join(lines)


BLOCKS = {"way": way, "rooms": rooms, "beside": beside}


def written(page: str) -> str:
    """A page with its blocks made anew."""
    return BLOCK.sub(lambda b: f"{b[1]}\n{BLOCKS[b[2]]()}\n\n{b[4]}", page)
