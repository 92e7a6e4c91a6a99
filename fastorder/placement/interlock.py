"""Which orders are in doubt, by account and contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.gateway.rows import same_contract

if TYPE_CHECKING:
    from collections.abc import Callable


def no_order(account_id: int) -> int | None:
    """Where no order of any account is known."""
    return None


class Interlock:
    """Tags of orders that may exist, while that is not known.

    Some of them will never be known by a look-up: their tag has another owner too.

    Attributes:
        any: whether there is one at all.
        known_order: names an order of an account that the gateway has confirmed, by
            which it can be seen to be alive; None where there is none.
    """

    __slots__ = ("_tags", "any", "known_order")

    def __init__(self) -> None:
        self._tags: dict[tuple[int, str], dict[str, str]] = {}
        self.any = False
        self.known_order: Callable[[int], int | None] = no_order

    def add(self, account_id: int, contract_id: str, tag: str) -> None:
        """The order with this tag is in doubt."""
        self._tags.setdefault((account_id, contract_id), {}).setdefault(tag, "")
        self.any = True

    def contest(self, account_id: int, contract_id: str, tag: str, why: str) -> None:
        """The order with this tag is in doubt, and no look-up can free it."""
        self.add(account_id, contract_id, tag)
        self._tags[account_id, contract_id][tag] = why

    def clear(self, account_id: int, contract_id: str, tag: str) -> None:
        """What became of it is proved."""
        tags = self._tags.get((account_id, contract_id), {})
        tags.pop(tag, None)
        if not tags:
            self._tags.pop((account_id, contract_id), None)
        self.any = bool(self._tags)

    def of(self, account_id: int, contract_id: str) -> tuple[str, ...]:
        """The tags in doubt there, each contract's oldest first.

        Those under an id that may stand for this contract too are in doubt as well.
        """
        return tuple(
            tag for tags in self._there(account_id, contract_id) for tag in tags
        )

    def contested(self, account_id: int, contract_id: str) -> dict[str, str]:
        """Those of them that no look-up can free, and why."""
        found = self._there(account_id, contract_id)
        return {tag: why for tags in found for tag, why in tags.items() if why}

    def _there(self, account_id: int, contract_id: str) -> list[dict[str, str]]:
        return [
            tags
            for (account, contract), tags in tuple(self._tags.items())
            if account == account_id
            and same_contract(contract, contract_id) is not False
        ]
