"""What a question is asked with: lines, orders far from the market, and a clean end."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from fastorder.cli.probing.wire import Line, Place, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastorder.auth.session_token import SessionToken
    from fastorder.cli.probing.limits import Allowance, Pace

PLACE = "/api/Order/place"
CANCEL = "/api/Order/cancel"
OPEN_ORDERS = "/api/Order/searchOpen"
SEARCH = "/api/Order/search"
QUERY = "/api/Order/v2/query"
BY_ID = "/api/Order/searchById"
POSITIONS = "/api/Position/searchOpen"
LIMIT, BUY = 1, 0
CLEAN_S = 10.0
"""How long orders are looked for at the end of which nothing is known."""

FIRST_PAUSE_S, PAUSE_SHARE = 0.02, 0.2
"""Between two looks, and as a share of what has passed: some 40 looks in a minute."""


class NoAnswer(Exception):
    """A question could not be answered; the text says why."""


@dataclass(frozen=True)
class Plan:
    """How much is asked.

    Attributes:
        rounds: of orders with one tag at once.
        samples: of what is measured in time.
        patience_s: how long something is waited for that may not come.
        settle_s: after which an order is taken to be known everywhere in the gateway.
    """

    rounds: int = 10
    samples: int = 5
    patience_s: float = 60.0
    settle_s: float = 1.0


@dataclass
class Scene:
    """One account of a gateway, and what was sent to it.

    Attributes:
        place, hubs: where the gateway is, and its hubs.
        token: of the session; it hides its text.
        account_id, contract_id: what orders are of.
        price: of the orders: far below the market, so that none is filled.
        plan: how much is asked.
        allowance, pace: what may be sent.
        login: logs in once more; for what happens to those that are connected.
        token_ends_s: when the token ends, by the clock of the wall.
        statuses: how often each status of HTTP was answered.
        failed_tags: of orders that were answered with HTTP 5xx.
        own: numbers of the orders that the gateway took.
        unseen: tags of orders that were sent, and of which nothing is known.
    """

    place: Place
    hubs: Place
    token: SessionToken
    account_id: int
    contract_id: str
    price: float
    plan: Plan
    allowance: Allowance
    pace: Pace
    login: Callable[[], object]
    token_ends_s: float
    statuses: dict[int, int] = field(default_factory=dict)
    failed_tags: list[str] = field(default_factory=list)
    own: set[int] = field(default_factory=set)
    unseen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.prefix = f"probe{time.time_ns() // 10**6:x}-"
        self._tags = 0
        self._lines: list[Line] = []
        self._main = self.line()

    # ------------------------------------------------------------ requests

    def line(self) -> Line:
        """Another connection; it is closed with the scene."""
        self._lines.append(Line(self.place, self.token))
        return self._lines[-1]

    def ask(self, path: str, **members: Any) -> Reply:
        """Ask on the main line, within the pace.

        Raises:
            OSError: there was no answer.
        """
        self.pace.wait()
        if self._main.ends_within(0):
            self._main.close()
        return self._noted(self._main.ask(path, members))

    def of_account(self, path: str, **members: Any) -> Reply:
        """The same, of the account."""
        return self.ask(path, accountId=self.account_id, **members)

    def tag(self) -> str:
        """A tag that nobody has used."""
        self._tags += 1
        return f"{self.prefix}{self._tags}"

    def order(self, tag: str, **changes: Any) -> dict[str, Any]:
        """A limit order to buy one contract, far from the market."""
        return {
            "accountId": self.account_id,
            "contractId": self.contract_id,
            "type": LIMIT,
            "side": BUY,
            "size": 1,
            "limitPrice": self.price,
            "customTag": tag,
        } | changes

    def put(self, tag: str, **changes: Any) -> Reply:
        """Send one order, as far as orders are allowed.

        Raises:
            Spent: none is allowed any more.
            OSError: there was no answer; the clean end looks for it.
        """
        self.allowance.take()
        self.unseen.add(tag)
        reply = self.ask(PLACE, **self.order(tag, **changes))
        self.taken(tag, reply)
        return reply

    def must_put(self, tag: str, **changes: Any) -> tuple[int, Reply]:
        """Send one order that has to be taken; its number.

        Raises:
            NoAnswer: it was refused.
        """
        reply = self.put(tag, **changes)
        number = order_id_of(reply)
        if number is None:
            raise NoAnswer(f"an order was refused: {reply.shown}")
        return number, reply

    def taken(self, tag: str, reply: Reply) -> None:
        """Remember what an answer to an order says; HTTP 5xx says nothing."""
        number = order_id_of(reply)
        if number is not None:
            self.own.add(number)
        if reply.status >= 500:
            self.failed_tags.append(tag)
        else:
            self.unseen.discard(tag)

    def note(self, reply: Reply) -> Reply:
        """Count an answer that came over another line."""
        return self._noted(reply)

    def _noted(self, reply: Reply) -> Reply:
        self.statuses[reply.status] = self.statuses.get(reply.status, 0) + 1
        return reply

    # ------------------------------------------------------------ look-ups

    def search(self) -> list[dict[str, Any]]:
        """The orders of the last minutes, of Order/search."""
        return rows_of(self.of_account(SEARCH, startTimestamp=some_minutes_ago()))

    def query(self) -> list[dict[str, Any]]:
        """The same of Order/v2/query; the newest first."""
        wanted = {"accountId": self.account_id, "createdAfter": some_minutes_ago()}
        return rows_of(self.ask(QUERY, filter=wanted, pageSize=100, sortDirection=1))

    def by_id(self, number: int) -> dict[str, Any] | None:
        """The order of Order/searchById."""
        found = self.of_account(BY_ID, orderId=number).members.get("order")
        return found if isinstance(found, dict) else None

    def working(self) -> list[dict[str, Any]]:
        """The probe's orders that are working."""
        return [
            row
            for row in rows_of(self.of_account(OPEN_ORDERS))
            if row.get("id") in self.own
            or str(row.get("customTag") or "").startswith(self.prefix)
        ]

    def looked_up(self, tag: str) -> int | None:
        """The number of the order with a tag, wherever it is found."""
        for row in (*self.working(), *self.search()):
            number = row.get("id")
            if row.get("customTag") == tag and isinstance(number, int):
                self.own.add(number)
                self.unseen.discard(tag)
                return number
        return None

    def pauses(self, seconds: float | None = None) -> Iterator[float]:
        """Moments to look at, closer together at first; what has passed at each."""
        most_s = self.plan.patience_s if seconds is None else seconds
        began_s = time.monotonic()
        while (passed_s := time.monotonic() - began_s) <= most_s:
            yield passed_s
            time.sleep(max(FIRST_PAUSE_S, passed_s * PAUSE_SHARE))

    # ------------------------------------------------------------ the end

    def cancel(self, *numbers: int) -> None:
        """Cancel orders; those that are over are let be."""
        for number in numbers:
            self.of_account(CANCEL, orderId=number)

    def clean(self) -> list[str]:
        """Cancel all that this probe has sent; what is left, in words.

        Raises:
            OSError: the gateway does not answer.
            NoAnswer: it does not list orders.
        """
        for _ in self.pauses(min(self.plan.patience_s, CLEAN_S)):
            for tag in sorted(self.unseen):
                self.looked_up(tag)
            if not self.unseen:
                break
        for _ in range(3):
            rows = self.working()
            if not rows:
                break
            self.cancel(*(row["id"] for row in rows))
        left = [f"order {row['id']} is still working" for row in self.working()]
        filled = [row for row in self.search() if _is_filled(row, self)]
        left += [f"order {row['id']} was filled: look at it" for row in filled]
        return left + [
            f"an order was sent with the tag {tag} and never seen: it may still come"
            for tag in sorted(self.unseen)
        ]

    def close(self) -> None:
        """End every line."""
        for line in self._lines:
            line.close()


def order_id_of(reply: Reply) -> int | None:
    """The number of an order that was taken; None where it was not."""
    members = reply.members
    number = members.get("orderId")
    is_taken = reply.status == 200 and members.get("success") is True
    return number if is_taken and isinstance(number, int) else None


def rows_of(reply: Reply) -> list[dict[str, Any]]:
    """The orders of an answer.

    Raises:
        NoAnswer: it is none.
    """
    rows = reply.members.get("orders")
    if reply.status != 200 or not isinstance(rows, list):
        raise NoAnswer(f"orders cannot be read: {reply.shown}")
    return [row for row in rows if isinstance(row, dict)]


def some_minutes_ago() -> str:
    """A timestamp as the gateway takes it."""
    past = datetime.now(timezone.utc) - timedelta(minutes=15)
    return past.isoformat(timespec="seconds").replace("+00:00", "Z")


def _is_filled(row: dict[str, Any], scene: Scene) -> bool:
    return row.get("id") in scene.own and bool(row.get("fillVolume"))
