"""What is told of a contract's feed beyond its prices."""

from __future__ import annotations

from typing import Any, NamedTuple


class Stale(NamedTuple):
    """No quote comes although the market is open: what is known may be old.

    Attributes:
        contract_id: of the contract.
        silent_s: seconds since its last quote.
        limit_s: seconds after which that is too long for it, as its feed has taught.
        why: for people.
    """

    contract_id: str
    silent_s: float
    limit_s: float
    why: str


class Fresh(NamedTuple):
    """A quote has come after the feed was stale.

    Attributes:
        contract_id: of the contract.
        silent_s: seconds for which none came.
    """

    contract_id: str
    silent_s: float


class HubGap(NamedTuple):
    """A hub's connection has ended: events may be missing until it is live again.

    Attributes:
        hub: "user" or "market".
        since_ns: when its last byte came; monotonic nanoseconds.
        why: what ended it.
    """

    hub: str
    since_ns: int
    why: str


class HubLive(NamedTuple):
    """A hub is there, and every subscription was answered.

    Attributes:
        hub: "user" or "market".
        generation: of the connection, from 1.
        refused: the subscriptions that it does not take.
    """

    hub: str
    generation: int
    refused: tuple[Any, ...]


class UserRow(NamedTuple):
    """A row of an account, as the user hub sent it: neither merged nor told once.

    Attributes:
        what: "order", "position", "trade" or "account".
        action: 0 for trades, 1 where something is new or has changed, 2 where it is
            gone, as far as was seen; None where the hub told none.
        row: its members by the gateway's names; what is null is left out.
    """

    what: str
    action: int | None
    row: dict[str, Any]
