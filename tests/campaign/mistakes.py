"""The mistakes that order clients in the field make, planted into the protocol.

Each changes one row of the protocol's table for as long as it is planted. A checker that
does not catch every one of them proves nothing.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from campaign.checker import MOST_SENDS

from fastorder import Outcome
from fastorder._core.protocol import Send
from fastorder.placement import TRANSITIONS, Event, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastorder.placement import Placement


def blind_retry(placement: Placement) -> Any:
    """Send again once the pause is over, without a look."""
    if placement.attempts < MOST_SENDS:
        return placement._send()
    return placement._look_up()


def fresh_tag(placement: Placement) -> Any:
    """The same, each time with a tag of its own."""
    if placement.attempts >= MOST_SENDS:
        return placement._look_up()
    send = placement._send()
    tag = placement.tag.encode()
    body = send.body.replace(tag, b"%b-%d" % (tag, placement.attempts))
    return Send(send.endpoint, body, True, send.valid_until_ns)


def rejected(placement: Placement) -> Any:
    """Take it for a refusal of the order."""
    return placement._finish(Outcome.REJECTED, "so it seemed")


MISTAKES: dict[str, tuple[State, Event, Callable[[Placement], Any]]] = {
    "blind retry": (State.COOLING, Event.TIME, blind_retry),
    "fresh tag per attempt": (State.COOLING, Event.TIME, fresh_tag),
    "in use read as rejected": (State.SENDING, Event.TAG_IN_USE, rejected),
    "not found read as rejected": (State.LOOKING_UP, Event.ABSENT, rejected),
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The protocol makes this mistake within the block."""
    state, event, mistake = MISTAKES[name]
    row = TRANSITIONS[state]
    right = row[event]
    row[event] = mistake
    try:
        yield
    finally:
        row[event] = right
