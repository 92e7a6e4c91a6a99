"""Print the table of docs/internals/placement.md: state, events, what is done, next.

The protocol itself is run, on a clock that is moved by hand, through every event that
it lists in each state, by many ways of getting there. What it is seen to do then is
the table. Events that have the same effect share a row.

    python tools/placement_table.py
"""

from __future__ import annotations

import random
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from still import ABSENT, INPUTS, KNOWN, StillClock, knowing, made

from fastorder._core.flow.protocol import Finish, Halt, Pause, Send, Tell
from fastorder.gateway.endpoints import Endpoint
from fastorder.placement.protocol import TRANSITIONS, Event, State

if TYPE_CHECKING:
    from collections.abc import Iterable

WALKS = 20_000
STEPS = 32
RARE = {Event.FAILURE, Event.STOP, Event.RESOLVE, Event.WITNESSED}
FREQUENT = [
    *(Event.UNANSWERED, Event.ABSENT, Event.TIME),
    *(Event.MATCHED, Event.UNMATCHED, Event.KNOWN),
]
EVERYWHERE = (Event.FAILURE, Event.STOP)
"""Events that count in nearly every state, and stand at the table's end."""

HEAD = "| state | event | what is done → the next state |\n|---|---|---|"
ASKS = {
    Endpoint.PLACE: "send",
    Endpoint.SEARCH_ORDERS: "look up",
    Endpoint.SEARCH_TRADES: "read the trades",
    Endpoint.ORDER_BY_ID: "ask for an order",
}
Row = tuple[State, Event, str, State]


def done(command: object) -> str:
    """What a command asks for, in words."""
    if command is None:
        return "remember it"
    if isinstance(command, Send):
        return ASKS[command.endpoint]
    if isinstance(command, Pause):
        return "wait"
    if isinstance(command, Finish):
        return f"end: {command.value.outcome.name}"
    if isinstance(command, Tell):
        report = f"report {command.value.outcome.name}"
        return report if command.then is None else f"{report}, {done(command.then)}"
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


@cache
def rows() -> list[Row]:
    """Every row that was seen, in the order of the states and of their events."""
    dice, seen = random.Random(3), set()  # noqa: S311
    for _ in range(WALKS):
        walk(dice, seen)
    states, events = list(State), list(Event)
    return sorted(
        seen, key=lambda r: (states.index(r[0]), events.index(r[1]), r[2], r[3].name)
    )


def effects() -> dict[tuple[State, Event], str]:
    """What can be done in each state at each event, and the states after it."""
    found: dict[tuple[State, Event], list[str]] = {}
    for state, event, what, after in rows():
        to = "" if after is State.DONE else f" → `{after.name}`"
        found.setdefault((state, event), []).append(what + to)
    return {pair: "; or ".join(ways) for pair, ways in found.items()}


def shared(pairs: Iterable[tuple[Event | State, str]]) -> dict[str, str]:
    """By their effect, the names of those that have the same."""
    found: dict[str, str] = {}
    for member, effect in pairs:
        name = f"`{member.name}`"
        found[effect] = f"{found[effect]}, {name}" if effect in found else name
    return found


def lines() -> list[str]:
    """The rows as Markdown: state by state, then the events that count everywhere."""
    found, made = effects(), []
    for state in State:
        own = [(e, found[state, e]) for e in Event if (state, e) in found]
        events = shared(pair for pair in own if pair[0] not in EVERYWHERE)
        made += [f"| `{state.name}` | {of} | {does} |" for does, of in events.items()]
    for event in EVERYWHERE:
        states = shared((s, found[s, event]) for s in State if (s, event) in found)
        if len(states) == 1:
            states = dict.fromkeys(states, "any but `DONE`")
        made += [f"| {of} | `{event.name}` | {does} |" for does, of in states.items()]
    return made


def main() -> None:
    """Print the table."""
    print("\n".join([HEAD, *lines()]))


if __name__ == "__main__":
    main()
