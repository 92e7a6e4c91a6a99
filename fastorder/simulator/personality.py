"""What a gateway may be like where its documentation is silent."""

from __future__ import annotations

from dataclasses import dataclass

from fastorder.simulator.near_names import class_with_near_names


@class_with_near_names
@dataclass(frozen=True)
class Personality:
    """How a gateway behaves in what is not documented.

    Attributes:
        tag_race_s: an order booked less than that ago does not hold its tag yet, so
            that orders with one tag that come at once are all taken; 0 for a check
            that is atomic.
        tag_case: whether "A" and "a" are two tags.
        longest_tag: characters of a tag; None for any number.
        burns_tags: whether an order that was refused holds its tag.
        duplicate_has_order: whether the refusal of a used tag gives the order's number.
        search_lag_s, query_lag_s, by_id_lag_s: orders younger than that are not in
            Order/search, Order/v2/query, Order/searchById.
        idle_s: how long a connection may be idle.
        snapshot: whether subscribing orders or positions tells of those that are there.
        tells_each: whether what was subscribed twice is told twice.
        text_accounts: whether an account's number may be text.
        ends_at_expiry: whether a hub ends a connection as its token ends.
    """

    tag_race_s: float = 0.0
    tag_case: bool = True
    longest_tag: int | None = None
    burns_tags: bool = True
    duplicate_has_order: bool = False
    search_lag_s: float = 0.0
    query_lag_s: float = 0.0
    by_id_lag_s: float = 0.0
    idle_s: float = 600.0
    snapshot: bool = False
    tells_each: bool = False
    text_accounts: bool = False
    ends_at_expiry: bool = False


NAMED = {
    "plain": Personality(),
    "racy": Personality(tag_race_s=0.2),
    "slow": Personality(search_lag_s=2.0, query_lag_s=1.0, by_id_lag_s=0.5),
    "odd": Personality(
        tag_case=False,
        longest_tag=128,
        burns_tags=False,
        duplicate_has_order=True,
        idle_s=15.0,
        snapshot=True,
        tells_each=True,
        text_accounts=True,
        ends_at_expiry=True,
    ),
}
"""Those that are known by name."""


def personality_from(given: Personality | str) -> Personality:
    """A personality, or the one of this name.

    Raises:
        ValueError, TypeError: there is none of this name; it is neither of the two.
    """
    if isinstance(given, Personality):
        return given
    if not isinstance(given, str):
        kind = type(given).__name__
        raise TypeError(f"personality must be a Personality or its name, was {kind}")
    if given not in NAMED:
        raise ValueError(
            f"personality must be one of {', '.join(NAMED)}, was {given!r}"
        )
    return NAMED[given]
