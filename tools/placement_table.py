"""Print the rows of docs/internals/placement.md: state, event, what is done, next.

The protocol itself is run, on a clock that is moved by hand, through every event that
it lists in each state, by many ways of getting there. What it is seen to do then is
the table.

    python tools/placement_table.py
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from still import ABSENT, INPUTS, KNOWN, StillClock, knowing, made

from fastorder._core.flow.protocol import Finish, Halt, Pause, Send, Tell
from fastorder.gateway.endpoints import Endpoint
from fastorder.placement.protocol import TRANSITIONS, Event, State

WALKS = 20_000
STEPS = 32
RARE = {Event.FAILURE, Event.STOP, Event.RESOLVE}
FREQUENT = [
    *(Event.UNANSWERED, Event.ABSENT, Event.TIME),
    *(Event.MATCHED, Event.UNMATCHED, Event.KNOWN),
]
HEAD = "| state | event | what is done | next |\n|---|---|---|---|"
ASKS = {
    Endpoint.PLACE: "send",
    Endpoint.SEARCH_ORDERS: "look up",
    Endpoint.SEARCH_TRADES: "read the trades",
    Endpoint.ORDER_BY_ID: "ask for an order",
}
Row = tuple[State, Event, str, State]


def done(command: object) -> str:
    """What a command asks for, in words."""
    if isinstance(command, Send):
        return ASKS[command.endpoint]
    if isinstance(command, Pause):
        return "wait"
    if isinstance(command, Finish):
        return f"end: {command.value.outcome.name}"
    if isinstance(command, Tell):
        told = f"tell {command.value.outcome.name}"
        return told if command.then is None else f"{told}, {done(command.then)}"
    assert isinstance(command, Halt), command
    return f"halt, {done(command.then)}"


def walk(dice: random.Random, seen: set[Row]) -> None:
    """Take one way through the protocol, and note what is seen."""
    clock = StillClock()
    placement = made(
        clock,
        interlock=knowing(dice.choice([KNOWN, None])),
        max_retries=dice.choice([0, 1, 3]),
        resend=dice.choice(["lookup_first", "after_quiet", "never"]),
        quiet=dice.choice([0.0, 2.0]),
        watch=dice.choice([5.0, 300.0]),
        valid_for=dice.choice([None, None, 1.0]),
    )
    for _ in range(STEPS):
        state = placement.state
        events = list(TRANSITIONS[state])
        if not events:
            return
        often = [event for event in events if event not in RARE]
        often += 4 * [event for event in FREQUENT if event in events]
        event = dice.choice(events if dice.random() < 0.15 or not often else often)
        clock.pass_s(dice.choice([0.0, 0.0, 0.1, 2.0]))
        undated = event is Event.ABSENT and dice.random() < 0.3
        command = (
            placement.on_evidence(ABSENT)
            if undated
            else INPUTS[event](placement, clock)
        )
        seen.add((state, event, done(command), placement.state))


def rows() -> list[Row]:
    """Every row that was seen, in the order of the states and of their events."""
    dice, seen = random.Random(3), set()  # noqa: S311
    for _ in range(WALKS):
        walk(dice, seen)
    states, events = list(State), list(Event)
    return sorted(
        seen, key=lambda r: (states.index(r[0]), events.index(r[1]), r[2], r[3].name)
    )


def line(row: Row) -> str:
    """A row as Markdown."""
    state, event, what, after = row
    return f"| `{state.name}` | `{event.name}` | {what} | `{after.name}` |"


def main() -> None:
    """Print the table."""
    print("\n".join([HEAD, *map(line, rows())]))


if __name__ == "__main__":
    main()
