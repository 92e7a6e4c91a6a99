"""The store held against the gateway: an account's fills, positions and balance."""

from __future__ import annotations

from dataclasses import dataclass
from time import time_ns
from typing import TYPE_CHECKING, Any

from fastorder.store.merging import merged
from fastorder.store.numbers import U, money, scaled
from fastorder.store.schema import BY_NAME
from fastorder.store.sightings import READ, Reader, Sight, discrepancy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from decimal import Decimal

    from fastorder.models import Position, Trade
    from fastorder.store.merging import Row

FILLS = BY_NAME["fills"]
NET = "coalesce(gross_u, 0) - coalesce(fees_u, 0) - coalesce(commission_u, 0)"
SIGNED = "CASE side WHEN 0 THEN size ELSE -size END"
YOUNG_NS = 60 * 1_000_000_000
"""A fill that is younger may be missing from the gateway's list without a fault."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the store and the gateway did not say the same.

    Attributes:
        kind: "fill missing here", "fill missing there", "fill differs", "position" or
            "balance".
        account_id: whose.
        item: the trade's number, or the contract; "" for the balance.
        ours, theirs: what each of them said.
    """

    kind: str
    account_id: int
    item: str
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        what = f"{self.kind} {self.item}".strip()
        return (
            f"account {self.account_id}, {what}: {self.ours} here, {self.theirs} there"
        )


class Comparison:
    """One account, here and there.

    Args:
        read: the rows of a query of the store.
        put: hands rows to the store.
        account_id: whose.
    """

    def __init__(
        self,
        read: Callable[[str, Sequence[Any]], list[Row]],
        put: Callable[[list[Sight]], None],
        account_id: int,
    ) -> None:
        self._read = read
        self._put = put
        self._account = account_id

    # ------------------------------------------------------------ how far it goes

    def proven(self, source: str) -> tuple[int, int] | None:
        """From when to when all of a source was fetched; None where nothing was."""
        rows = self._read(
            "SELECT since_ns, up_to_ns FROM watermarks "
            "WHERE source = ? AND account_id = ?",
            [source, self._account],
        )
        return (rows[0][0], rows[0][1]) if rows else None

    def prove(self, source: str, since_ns: int, up_to_ns: int) -> None:
        """Everything between was fetched; it counts once it is committed."""
        row = (source, self._account, since_ns, up_to_ns)
        self._put([Sight("watermarks", row)])

    def needs_anchor(self, since_ns: int) -> bool:
        """Whether the record begins earlier than what it is held against."""
        rows = self._read(
            "SELECT min(from_ns) FROM anchors WHERE account_id = ?", [self._account]
        )
        return rows[0][0] is None or since_ns < rows[0][0]

    def anchor(
        self, since_ns: int, positions: Sequence[Position], balance: Decimal
    ) -> None:
        """Say what was held and what was there before the first fill that counts."""
        held = self._held_since(since_ns)
        theirs = {each.contract_id: each.net for each in positions}
        amounts = {
            contract: theirs.get(contract, 0) - held.get(contract, 0)
            for contract in sorted({*held, *theirs})
        }
        amounts[""] = scaled(balance, U, "balance", {}) - self._net_since(since_ns)
        self._put(
            [
                Sight("anchors", (self._account, contract, since_ns, amount))
                for contract, amount in amounts.items()
            ]
        )

    # ------------------------------------------------------------ differences

    def fills(self, since_ns: int, trades: Sequence[Trade]) -> list[Difference]:
        """Each fill that is not the same; those that are missing here are put in.

        Args:
            since_ns: from when on ``trades`` are all that the gateway has.
            trades: the gateway's.
        """
        now = time_ns()
        columns = ", ".join(FILLS.names)
        ours = {
            row[1]: row
            for row in self._read(
                f"SELECT {columns} FROM fills WHERE account_id = ? AND at_ns >= ?",  # noqa: S608
                [self._account, since_ns],
            )
        }
        reader, found = Reader(), []
        for trade in trades:
            for sight in reader.model(trade, READ, now):
                self._put([sight])
                if sight.table == "fills" and sight.row[7] >= since_ns:
                    found += self._one_fill(ours.pop(trade.id, None), sight.row)
        for number, row in sorted(ours.items()):
            if now - row[7] > YOUNG_NS:
                told = _told(row)
                found.append(self._differs("fill missing there", number, told, None))
        return found

    def keep(self, found: Sequence[Difference]) -> None:
        """Keep differences as discrepancies."""
        now = time_ns()
        self._put(
            [
                discrepancy(
                    f"reconcile: {each.kind}",
                    each.account_id,
                    each.item,
                    each.ours,
                    each.theirs,
                    now,
                )
                for each in found
            ]
        )

    def _one_fill(self, ours: Row | None, theirs: Row) -> list[Difference]:
        number = theirs[1]
        if ours is None:
            return [self._differs("fill missing here", number, None, _told(theirs))]
        voided = FILLS.at("voided")
        against = merged(FILLS, ours, theirs)[1]
        if theirs[voided] > ours[voided]:
            against.append(("voided", 0, 1))
        if not against:
            return []
        here = {name: a for name, a, _ in against}
        there = {name: b for name, _, b in against}
        return [self._differs("fill differs", number, here, there)]

    def positions(self, positions: Sequence[Position]) -> list[Difference]:
        """Each contract of which not as much is held, by the fills that are here."""
        anchors: dict[str, int] = dict(
            self._read(
                "SELECT contract_id, amount FROM anchors "
                "WHERE account_id = ? AND contract_id <> ''",
                [self._account],
            )
        )
        held = self._held_since(self._begins())
        theirs = {each.contract_id: each.net for each in positions}
        found = []
        for contract in sorted({*held, *theirs, *anchors}):
            ours = held.get(contract, 0) + anchors.get(contract, 0)
            if ours != theirs.get(contract, 0):
                there = theirs.get(contract, 0)
                found.append(self._differs("position", contract, ours, there))
        return found

    def balance(self, balance: Decimal) -> list[Difference]:
        """Where what was made since the beginning does not come to the balance."""
        rows = self._read(
            "SELECT amount FROM anchors WHERE account_id = ? AND contract_id = ''",
            [self._account],
        )
        if not rows:
            return []
        ours = rows[0][0] + self._net_since(self._begins())
        theirs = scaled(balance, U, "balance", {})
        if abs(ours - theirs) <= 10_000:  # a cent, for averages that were rounded
            return []
        here, there = str(money(ours)), str(money(theirs))
        return [self._differs("balance", "", here, there)]

    def _differs(self, kind: str, item: object, ours: Any, theirs: Any) -> Difference:
        return Difference(kind, self._account, str(item), ours, theirs)

    # ------------------------------------------------------------ sums

    def _begins(self) -> int:
        rows = self._read(
            "SELECT min(from_ns) FROM anchors WHERE account_id = ?", [self._account]
        )
        return rows[0][0] or 0

    def _held_since(self, since_ns: int) -> dict[str, int]:
        rows = self._read(
            f"SELECT contract_id, sum({SIGNED}) FROM fills "  # noqa: S608
            "WHERE account_id = ? AND at_ns >= ? AND voided = 0 GROUP BY contract_id",
            [self._account, since_ns],
        )
        return {contract: int(size) for contract, size in rows}

    def _net_since(self, since_ns: int) -> int:
        rows = self._read(
            f"SELECT sum({NET}) FROM fills "  # noqa: S608
            "WHERE account_id = ? AND at_ns >= ? AND voided = 0",
            [self._account, since_ns],
        )
        return int(rows[0][0] or 0)


def _told(row: Row) -> dict[str, Any]:
    """A fill in the words of a difference."""
    names = ("contract_id", "side", "size", "price_e9", "gross_u", "voided")
    return {name: row[FILLS.at(name)] for name in names}


Difference.__module__ = "fastorder.store"  # where it is imported from
