"""Which orders are in doubt, by account and contract: the interlock's memory."""

from __future__ import annotations


class Doubts:
    """Tags of orders that may exist, while that is not known.

    Attributes:
        any: whether there is one at all.
    """

    __slots__ = ("_tags", "any")

    def __init__(self) -> None:
        self._tags: dict[tuple[int, str], dict[str, None]] = {}
        self.any = False

    def add(self, account_id: int, contract_id: str, tag: str) -> None:
        """The order with this tag is in doubt."""
        self._tags.setdefault((account_id, contract_id), {})[tag] = None
        self.any = True

    def clear(self, account_id: int, contract_id: str, tag: str) -> None:
        """What became of it is proved."""
        tags = self._tags.get((account_id, contract_id), {})
        tags.pop(tag, None)
        if not tags:
            self._tags.pop((account_id, contract_id), None)
        self.any = bool(self._tags)

    def of(self, account_id: int, contract_id: str) -> tuple[str, ...]:
        """The tags in doubt there, oldest first."""
        return tuple(self._tags.get((account_id, contract_id), ()))
