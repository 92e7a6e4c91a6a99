"""What really happened: every request that came, every effect that it had.

Tests compare it with what a client believes. It holds no token, no key and no ping.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from fastorder.simulator.near_names import class_with_near_names


@dataclass(frozen=True)
class Request:
    """One request as it was read from a connection.

    ``body`` is empty where bodies are not kept, and for logins always.
    """

    sequence: int
    time_s: float
    endpoint: str
    connection: int
    account_id: int | None
    custom_tag: str | None
    sha256: str
    body: bytes
    fault: str | None


@dataclass(frozen=True)
class Effect:
    """One thing that happened to an order: booked, rejected, filled, modified ..."""

    sequence: int
    time_s: float
    kind: str
    order_id: int
    account_id: int
    custom_tag: str | None


@dataclass
class Money:
    """What an account has made and paid, by its fills.

    Attributes:
        profit: realised, before fees.
        fees: of both sides.
        trades: how many fills.
    """

    profit: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    trades: int = 0


@class_with_near_names
class Ledger:
    """The requests and the effects, in the order in which they happened.

    Attributes:
        counts: how often each endpoint was asked, and each effect happened.
        accounts: what each account has made and paid, by its number.

    Args:
        keep: whether every request and effect is kept; without it only counts are.
    """

    def __init__(self, keep: bool = True) -> None:
        self._keep = keep
        self._sequence = 0
        self._requests: list[Request] = []
        self._effects: list[Effect] = []
        self._booked: list[Effect] = []
        self._booked_as: dict[str | None, list[Effect]] = {}
        self.counts: dict[str, int] = {}
        self.accounts: dict[int, Money] = {}

    def request(
        self,
        time_s: float,
        endpoint: str,
        connection: int,
        body: bytes,
        document: dict[str, Any],
        fault: str | None,
    ) -> None:
        """Book a request."""
        self._sequence += 1
        self.counts[endpoint] = self.counts.get(endpoint, 0) + 1
        if not self._keep:
            return
        account_id = document.get("accountId")
        tag = document.get("customTag")
        secret = endpoint.startswith("/api/auth/")
        self._requests.append(
            Request(
                self._sequence,
                time_s,
                endpoint,
                connection,
                account_id if isinstance(account_id, int) else None,
                tag if isinstance(tag, str) else None,
                "" if secret else hashlib.sha256(body).hexdigest(),
                b"" if secret else body,
                fault,
            )
        )

    def effect(
        self,
        time_s: float,
        kind: str,
        order_id: int,
        account_id: int,
        custom_tag: str | None,
    ) -> None:
        """Book an effect."""
        self._sequence += 1
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if not self._keep:
            return
        effect = Effect(self._sequence, time_s, kind, order_id, account_id, custom_tag)
        self._effects.append(effect)
        if kind == "booked":
            self._booked.append(effect)
            self._booked_as.setdefault(custom_tag, []).append(effect)

    def money(self, account_id: int, profit: Decimal, fees: Decimal) -> None:
        """Book what a fill has made and cost."""
        account = self.accounts.setdefault(account_id, Money())
        account.profit += profit
        account.fees += fees
        account.trades += 1

    def requests(self, endpoint: str | None = None) -> list[Request]:
        """The requests, all or those to one endpoint (letter case does not matter)."""
        wanted = None if endpoint is None else endpoint.lower()
        return [r for r in self._requests if wanted is None or r.endpoint == wanted]

    def effects(self, order_id: int | None = None) -> list[Effect]:
        """The effects, all or those on one order."""
        return [e for e in self._effects if order_id is None or e.order_id == order_id]

    def placements(self, tag: str | None = None) -> list[Effect]:
        """The orders that were booked and not rejected, all or those with a tag."""
        return list(self._booked if tag is None else self._booked_as.get(tag, ()))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Everything in the order in which it happened, as plain dicts."""
        rows: list[Request | Effect] = [*self._requests, *self._effects]
        return [asdict(row) for row in sorted(rows, key=lambda row: row.sequence)]
