"""What a hub's client tells of its connection, and the calls that it makes."""

from __future__ import annotations

from typing import Any, NamedTuple


class Subscription(NamedTuple):
    """What is wanted of a hub.

    Attributes:
        target: the hub's method, ``SubscribeOrders`` say.
        arguments: an account's number, or a contract's id; none for the accounts.
    """

    target: str
    arguments: tuple[Any, ...] = ()

    @property
    def undone(self) -> str:
        """The method that ends it."""
        return f"Un{self.target[0].lower()}{self.target[1:]}"


class Live(NamedTuple):
    """Every subscription of a connection was answered.

    Attributes:
        generation: of the connection, from 1.
        refused: subscriptions that the hub does not take.
    """

    generation: int
    refused: tuple[Subscription, ...] = ()


class Rolled(NamedTuple):
    """A new connection took over before the old one ended: nothing was missed."""

    generation: int


class Gap(NamedTuple):
    """Events may be missing from ``since_ns`` until the next Live.

    Attributes:
        generation: of the connection that they are missing from.
        since_ns: when the last byte came; monotonic nanoseconds.
        why: what ended it.
    """

    generation: int
    since_ns: int
    why: str


class Refused(NamedTuple):
    """The hub does not take a subscription."""

    subscription: Subscription
    why: str


class ConnectFailed(NamedTuple):
    """A try to connect has failed; the next one is at ``next_ns``.

    Attributes:
        status: the HTTP status; 0 where there was none.
    """

    why: str
    status: int
    next_ns: int


class Event(NamedTuple):
    """An event that is none of the market's, as the hub sent it.

    Attributes:
        target: its name, ``GatewayUserOrder`` say.
        arguments: what came with it; numbers with a point are Decimals.
        generation: of the connection that it came over.
    """

    target: str
    arguments: list[Any]
    generation: int

    @property
    def rows(self) -> list[tuple[int | None, dict[str, Any]]]:
        """The rows of a user event, each with its action; None where it has none.

        The gateway wraps a row as ``{"action": 1, "data": {...}}``. A bare row is taken
        too, and a list of either.
        """
        found = []
        pending = list(self.arguments)
        while pending:
            given = pending.pop(0)
            if type(given) is list:
                pending = given + pending
            elif type(given) is dict and type(given.get("data")) is dict:
                found.append((given.get("action"), given["data"]))
            elif type(given) is dict:
                found.append((None, given))
        return found

    @property
    def lacks_rows(self) -> bool:
        """Whether it holds no row, or something else among the rows of a list."""
        if not self.rows:
            return True
        lists = [each for each in self.arguments if type(each) is list]
        while lists:
            for each in lists.pop():
                if type(each) is list:
                    lists.append(each)
                elif type(each) is not dict:
                    return True
        return False


class Undecodable(NamedTuple):
    """A record could not be read, and counts for nothing."""

    why: str
    generation: int
