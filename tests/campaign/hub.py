"""The user hub of the modelled gateway: events of orders, right and wrong ones."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from campaign.model import SECOND, Gateway, Row, listed

if TYPE_CHECKING:
    from random import Random


class Told(NamedTuple):
    """An event, and when it comes."""

    at_ns: int
    number: int
    row: dict[str, Any]


def of_another_account(row: dict[str, Any]) -> dict[str, Any]:
    """The tag was used in another account."""
    return row | {"accountId": 6}


def of_nobody(row: dict[str, Any]) -> dict[str, Any]:
    """Whose it is cannot be read."""
    return {name: value for name, value in row.items() if name != "accountId"}


def with_another_tag(row: dict[str, Any]) -> dict[str, Any]:
    """Another order of the same kind."""
    return row | {"customTag": f"{row['customTag']}x"}


def in_other_letters(row: dict[str, Any]) -> dict[str, Any]:
    """A tag that may be the order's, and may be not."""
    return row | {"customTag": str(row["customTag"]).swapcase()}


def without_tag(row: dict[str, Any]) -> dict[str, Any]:
    """No tag at all."""
    return {name: value for name, value in row.items() if name != "customTag"}


def of_another_contract(row: dict[str, Any]) -> dict[str, Any]:
    """The tag belongs to an order of something else."""
    return row | {"contractId": "CON.F.US.EP.Z26"}


def of_the_other_side(row: dict[str, Any]) -> dict[str, Any]:
    """The tag belongs to an order of the other side."""
    return row | {"side": 1 - row["side"]}


def as_a_leg(row: dict[str, Any]) -> dict[str, Any]:
    """A leg that has the tag of another entry."""
    return row | {"parentOrderId": 400}


def without_status(row: dict[str, Any]) -> dict[str, Any]:
    """Whether it is alive cannot be read."""
    return row | {"status": "2"}


def long_ago(row: dict[str, Any]) -> dict[str, Any]:
    """An order from before the call."""
    return row | {"creationTimestamp": "2020-01-01T00:00:00.0000000+00:00"}


WRONG = (
    of_another_account,
    of_nobody,
    with_another_tag,
    in_other_letters,
    without_tag,
    of_another_contract,
    of_the_other_side,
    as_a_leg,
    without_status,
    long_ago,
)


class Hub:
    """Tells of every order that is booked, sooner or later, or not at all.

    Wrong events name an order that is not there: one that is believed is a phantom.

    Args:
        random: chance.
        gateway: whose orders.
    """

    def __init__(self, random: Random, gateway: Gateway) -> None:
        self._random = random
        self._gateway = gateway
        self._coming: list[Told] = []
        self._count = 0
        self._losing = random.choice((0.0, 0.3, 0.9))
        gateway.on_booked = self._booked

    def next(self, until_ns: int) -> Told | None:
        """The next event that comes before a time."""
        if not self._coming or self._coming[0].at_ns > until_ns:
            return None
        return heapq.heappop(self._coming)

    def _booked(self, row: Row) -> None:
        made = listed(row, self._gateway.clock_s(row.at_ns))
        shown = orjson.loads(orjson.dumps(made))
        if self._random.random() < 0.3:
            wrong = self._random.choice(WRONG)(shown) | {"id": row.id + 500_000}
            self._tell(row.at_ns, wrong)
        if self._random.random() >= self._losing:
            self._tell(row.at_ns, shown)

    def _tell(self, at_ns: int, row: dict[str, Any]) -> None:
        behind_s = self._random.choice((0.001, 0.05, 3.0, 60.0)) * self._random.random()
        self._count += 1
        heapq.heappush(
            self._coming, Told(at_ns + int(behind_s * SECOND), self._count, row)
        )
