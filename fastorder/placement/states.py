"""The states of a placement, and the events that change them."""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """Where a placement stands."""

    READY = "not begun: neither sent nor looked up by this run"
    SENDING = "on its way, not answered yet"
    RETRY_WAIT = "nothing sent yet, waiting for the next try"
    LOOKUP_WAIT = "in doubt, waiting to be looked up"
    LOOKING_UP = "in doubt, being looked up"
    WATCHING = "unknown, waiting to be looked up"
    CHECKING = "unknown, being looked up"
    AUDITING = "unknown, not listed, its contract's trades being read"
    PROBING = "unknown, not listed, an order being asked for by its number"
    STUCK = "unknown, and no longer looked up by itself"
    DONE = "done"

    __hash__ = object.__hash__


class Event(Enum):
    """What can happen to a placement."""

    START = "the order is to go out"
    RESUME = "the order may have gone out before a restart"
    # the answer to a send
    ACCEPTED = "accepted, with an order id"
    REFUSED = "refused, with a code that refuses"
    TAG_IN_USE = "refused: the tag is in use"
    CLIENT_ERROR = "HTTP 3xx or 4xx, other than 401 and 429"
    UNAUTHORIZED = "HTTP 401"
    UNANSWERED = "no answer, 429, 5xx, or one that decides nothing"
    NOT_SENT = "not a byte left"
    GATE_CLOSED = "not a byte left: the gate was closed"
    # the answer to a look-up
    FOUND = "an order has the tag"
    FOUND_REJECTED = "an order has the tag, rejected and nothing filled"
    MISMATCH = "another contract's or side's order has the tag"
    DUPLICATE = "several orders have the tag"
    ABSENT = "read in full: no order has the tag"
    INCONCLUSIVE = "not read in full"
    # the answers that tell whether a look-up can be believed
    MATCHED = "every trade of the contract is of an order that is known"
    UNMATCHED = "a trade is of an order that is not known"
    KNOWN = "the order that was asked for is there"
    UNLISTED = "it is there, and the look-ups should have listed it"
    # an event of the hub
    WITNESSED = "an event of the hub shows an order that has the tag"
    # the rest
    TIME = "a pause is over"
    RESOLVE = "somebody wants to know"
    FAILURE = "the client itself has failed"
    STOP = "the executor closes"

    __hash__ = object.__hash__


# A member of an enum is looked up anew each time; every order meets these.
(
    READY,
    SENDING,
    RETRY_WAIT,
    LOOKUP_WAIT,
    LOOKING_UP,
    WATCHING,
    CHECKING,
    AUDITING,
    PROBING,
    STUCK,
    DONE,
) = State
