"""The mistakes that order clients in the field make, planted into the protocol.

Each changes one row of the protocol's table for as long as it is planted. A checker
that does not catch every one of them proves nothing.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from campaign.checker import MOST_SENDS
from fastorder import Outcome
from fastorder._core.flow.protocol import Send
from fastorder.placement.protocol import TRANSITIONS, Event, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastorder.placement.protocol import Placement


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


def sent_without_end(placement: Placement) -> Any:
    """The same, for as long as it takes."""
    return placement._send()


def sent_at_any_time(placement: Placement) -> Any:
    """Forget that its time may be over."""
    send = placement._send()
    return Send(send.endpoint, send.body, True)


def rejected(placement: Placement) -> Any:
    """Take it for a refusal of the order."""
    return placement._finish(Outcome.REJECTED, "so it seemed")


def not_placed(placement: Placement) -> Any:
    """Take one look for a proof."""
    return placement._finish(Outcome.NOT_PLACED, "it is not listed")


def unreadable_is_absent(placement: Placement) -> Any:
    """Take what cannot be read for nothing."""
    return placement._absent()


def unaudited(placement: Placement) -> Any:
    """Ask no more than whether the list shows it."""
    command = placement._still_absent()
    return not_placed(placement) if placement.state is State.AUDITING else command


def passed_over(placement: Placement) -> Any:
    """Let a trade be that matches no known order."""
    return placement._matched()


def accepted(placement: Placement) -> Any:
    """Hope."""
    return placement._finish(Outcome.ACCEPTED, "it will be there", 1)


def not_sent(placement: Placement) -> Any:
    """Take silence for a proof."""
    return placement._never_sent()


def given_up(placement: Placement) -> Any:
    """Never find out."""
    return placement._stop_watching()


def nothing(placement: Placement) -> Any:
    """Wait for something that never comes."""
    return None


Mistake = tuple[State, Event, "Callable[[Placement], Any]", str]

MISTAKES: dict[str, Mistake] = {
    "blind retry": (State.LOOKUP_WAIT, Event.TIME, blind_retry, "blind"),
    "fresh tag per attempt": (State.LOOKUP_WAIT, Event.TIME, fresh_tag, "double"),
    "in use read as rejected": (State.SENDING, Event.TAG_IN_USE, rejected, "wrong"),
    "not found read as rejected": (State.LOOKING_UP, Event.ABSENT, rejected, "wrong"),
}
"""The field's own: the row that is changed, and what the checker says of it."""

SLIPS: dict[str, Mistake] = {
    "other bytes": (State.LOOKUP_WAIT, Event.TIME, fresh_tag, "bytes"),
    "sent without end": (State.LOOKUP_WAIT, Event.TIME, sent_without_end, "sends"),
    "sent twice in mode never": (State.LOOKUP_WAIT, Event.TIME, blind_retry, "again"),
    "sent with no quiet time": (State.LOOKUP_WAIT, Event.TIME, blind_retry, "quiet"),
    "sent though it was listed": (State.LOOKING_UP, Event.FOUND, blind_retry, "listed"),
    "sent after a restart": (State.READY, Event.RESUME, sent_without_end, "restart"),
    "sent once told": (State.CHECKING, Event.ABSENT, sent_without_end, "surprise"),
    "sent too late": (State.RETRY_WAIT, Event.TIME, sent_at_any_time, "too late"),
    "one look is a proof": (State.CHECKING, Event.ABSENT, not_placed, "wrong"),
    "trades are not read": (State.CHECKING, Event.ABSENT, unaudited, "unmatched"),
    "a trade is passed over": (
        *(State.AUDITING, Event.UNMATCHED),
        *(passed_over, "unmatched"),
    ),
    "the list lacks a trader": (State.CHECKING, Event.ABSENT, unaudited, "wrong"),
    "an old answer will do": (State.AUDITING, Event.MATCHED, not_placed, "lifeless"),
    "a cache is believed": (State.AUDITING, Event.MATCHED, not_placed, "wrong"),
    "silence is success": (State.SENDING, Event.UNANSWERED, accepted, "phantom"),
    "silence is not sent": (State.SENDING, Event.UNANSWERED, not_sent, "bytes seen"),
    "unreadable is absent": (
        *(State.LOOKING_UP, Event.INCONCLUSIVE),
        *(unreadable_is_absent, "blind"),
    ),
    "never resolved": (State.CHECKING, Event.ABSENT, given_up, "unresolved"),
    "left waiting": (State.SENDING, Event.UNANSWERED, nothing, "idle"),
}
"""One for each other rule of the checker, so that each is seen to fail."""


@contextmanager
def planted(mistake: Mistake) -> Iterator[None]:
    """The protocol makes this mistake within the block."""
    state, event, wrong, _ = mistake
    row = TRANSITIONS[state]
    right = row[event]
    row[event] = wrong
    try:
        yield
    finally:
        row[event] = right
