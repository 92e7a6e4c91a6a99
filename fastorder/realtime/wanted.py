"""What is wanted of a hub, and what each connection has answered to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    from fastorder.realtime.events import Subscription

    Answers: TypeAlias = set[Subscription]


class Wanted:
    """The subscriptions of one hub, over all its connections.

    A connection that is coming has answers of its own; they count once it takes over.
    What is given up and wanted again has no answer yet, whatever was answered before.
    """

    __slots__ = ("_all", "_answers", "_coming", "_count", "_refused")

    def __init__(self) -> None:
        self._all: dict[Subscription, int] = {}
        self._count = 0
        self._refused: dict[Subscription, None] = {}
        self._answers: Answers = set()
        self._coming: Answers = set()

    @property
    def all(self) -> tuple[Subscription, ...]:
        """Every one, in the order in which they came."""
        return tuple(self._all)

    @property
    def refused(self) -> tuple[Subscription, ...]:
        """Those that the hub did not take when it was asked last."""
        return tuple(self._refused)

    @property
    def acknowledged(self) -> tuple[Subscription, ...]:
        """Those that the connection of now has taken."""
        return tuple(
            each
            for each in self._all
            if each in self._answers and each not in self._refused
        )

    @property
    def is_answered(self) -> bool:
        """Whether the connection that is coming has answered all of them."""
        return self._coming.issuperset(self._all)

    def add(self, subscription: Subscription) -> bool:
        """Want it; whether it was not wanted before."""
        if subscription in self._all:
            return False
        self._count += 1
        self._all[subscription] = self._count
        return True

    def wish(self, subscription: Subscription) -> int:
        """The number of the wish for what is wanted; each has another."""
        return self._all[subscription]

    def remove(self, subscription: Subscription) -> bool:
        """Want it no more; whether it was wanted."""
        was_there = subscription in self._all
        self._all.pop(subscription, None)
        self._refused.pop(subscription, None)
        self._answers.discard(subscription)
        self._coming.discard(subscription)
        return was_there

    def begin(self) -> None:
        """A connection is coming: it has answered nothing."""
        self._coming = set()

    def take_over(self) -> None:
        """It has come: its answers count."""
        self._answers = self._coming

    def answers(self, *, is_coming: bool) -> Answers:
        """Where the answers of a connection go."""
        return self._coming if is_coming else self._answers

    def settle(
        self,
        subscription: Subscription,
        wish: int,
        answers: Answers,
        *,
        is_refused: bool,
    ) -> bool:
        """A connection has answered to a wish; whether that is still wanted."""
        if self._all.get(subscription) != wish:
            return False
        answers.add(subscription)
        if is_refused:
            self._refused[subscription] = None
        else:
            self._refused.pop(subscription, None)
        return True
