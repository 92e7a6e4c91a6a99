# cython: annotation_typing=False
"""One order's look-ups: what is asked, what the answers show, what they prove.

Order/search asks for its tag. Where that is missing for long enough, Trade/search and
Order/searchById ask whether the list can be believed: ``repeated_looks`` counts,
``list_audit`` judges, and both have to agree before absence is proved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._core.codec.request import render_order_by_id, render_search_since
from fastorder._core.flow.classify import classify
from fastorder.gateway.responses import (
    listed_orders,
    listed_trades,
    shown_order,
    why_inconclusive,
)
from fastorder.gateway.rows import created_s
from fastorder.gateway.server_clock import CUT_S, MARGIN_S, UNSYNCED_MARGIN_S
from fastorder.placement.bracket_legs import same_brackets
from fastorder.placement.list_audit import ListAudit
from fastorder.placement.sighting import (
    Owner,
    found_as,
    is_shown_by,
    longest_tag,
    owner_of,
)
from fastorder.placement.states import Event
from fastorder.requests.repeated_looks import RepeatedLooks

if TYPE_CHECKING:
    from fastorder._core.codec.order import OrderRequest
    from fastorder._core.transport.evidence import Evidence
    from fastorder.config import RetryPolicy
    from fastorder.gateway.rows import Row, Rows
    from fastorder.gateway.server_clock import ServerClock
    from fastorder.runtime.clock import Clock

WIDER_MARGINS_S = (MARGIN_S, 86_400, 30 * 86_400, 365 * 86_400)
"""How far back the owner of a tag in use is looked for, look-up by look-up."""

LISTED_LATE = 1 / 3
"""The share of the quiet time in which an order that is booked is listed."""


class Lookups:
    """Asks the gateway for one order, and judges what it answers.

    Args:
        order, tag, contract_id: what is looked for.
        policy: how long the quiet time is, and which statuses may pass.
        clock, server_clock: both clocks of this machine, and the gateway's.

    Attributes:
        note: what the latest answer showed, for people.
        restarted: the wall clock may have been set since the order.
        turned_away: every send was answered before anything read it as an order, so
            that nothing can be booked late.
    """

    order: OrderRequest
    tag: str
    contract_id: str
    note: str
    restarted: bool
    turned_away: bool
    _policy: RetryPolicy
    _clock: Clock
    _server_clock: ServerClock
    _absence: RepeatedLooks | None
    _audit: ListAudit | None
    _ours: Rows
    _listing: Rows  # all of the latest one
    _date: bytes  # of its answer
    _found_by: str  # what has shown ours
    _window_s: int
    _latest_s: int  # where the windows begin that list none, the latest of them
    _called_s: float
    _since_s: float  # no order of ours is older, on the gateway's clock
    _longest: int  # of the tags of the latest listing
    _widenings: int  # how often the tag's owner was looked for, from 0

    def __init__(
        self,
        order: OrderRequest,
        tag: str,
        contract_id: str,
        policy: RetryPolicy,
        clock: Clock,
        server_clock: ServerClock,
    ) -> None:
        self.order = order
        self.tag = tag
        self.contract_id = contract_id
        self.note = ""
        self.restarted = False
        self.turned_away = False
        self._policy = policy
        self._clock = clock
        self._server_clock = server_clock
        self._absence = None
        self._audit = None
        self._ours = []
        self._listing = []
        self._date = b""
        self._found_by = ""
        self._window_s = self._latest_s = 0
        self._called_s = 0.0
        self._since_s = 0.0
        self._longest = 0
        self._widenings = -1

    # ------------------------------------------------------------ what is asked

    def search(self, called_s: float) -> bytes:
        """The body of Order/search; the look-up begins.

        Args:
            called_s: when the order was asked for, in seconds since the epoch.
        """
        assert self.audit is not None  # begun before the answer is there
        self.absence.begins()
        start_s = self._server_clock.window_start_s(called_s, self._margin_s())
        shown_s = self._server_clock.shown_at_s(called_s)  # before a clock is set anew
        self._window_s, self._called_s = start_s, called_s
        self._since_s = float(start_s) if shown_s is None else shown_s - CUT_S
        return render_search_since(self.order.account_id, start_s)

    def _margin_s(self) -> int:
        """Further back each time where the tag's owner may be an old order.

        After a restart a day: the wall clock may have been set since the intent.
        """
        if self._widenings < 0:
            return UNSYNCED_MARGIN_S if self.restarted else MARGIN_S
        margin = WIDER_MARGINS_S[min(self._widenings, len(WIDER_MARGINS_S) - 1)]
        self._widenings += 1
        return margin

    def trades(self) -> bytes:
        """The body of Trade/search, over the same window."""
        return render_search_since(self.order.account_id, self._window_s)

    def order_by_id(self, order_id: int) -> bytes:
        """The body of Order/searchById."""
        return render_order_by_id(self.order.account_id, order_id)

    # ------------------------------------------------------------ what is answered

    def listed(self, evidence: Evidence) -> Event:
        """Judge the answer of Order/search; an inconclusive one shows nothing."""
        answer = classify(evidence, self._policy)
        rows = listed_orders(answer, self.order.account_id)
        if rows is None:
            self.note = why_inconclusive(answer)
            return Event.INCONCLUSIVE
        self._listing, self._date = rows, evidence.date
        self._longest = longest_tag(rows)
        self._found_by = "Order/search lists"
        owners = {row["id"]: (self._owner_of(row), row) for row in rows}.values()
        self._ours = [row for owner, row in owners if owner is Owner.OURS]
        if not self._ours:
            unclear = [row["id"] for owner, row in owners if owner is Owner.UNCLEAR]
            return self._not_listed(unclear)
        if len(self._ours) > 1:
            ids = ", ".join([str(row["id"]) for row in self._ours])
            self.note = f"several orders carry the tag: {ids}"
            return Event.DUPLICATE
        return self._found_as(self._ours[0])

    def _not_listed(self, unclear: list[int]) -> Event:
        if not unclear:
            self.note = (
                f"no order with its tag is listed yet; it takes {self.absence.text}"
            )
            return Event.ABSENT
        self.note = (
            f"order {min(unclear)} is listed and may be it: "
            "its tag or its parent cannot be read"
        )
        return Event.INCONCLUSIVE

    def traded(self, evidence: Evidence) -> Event:
        """Judge the account's trades: each has to be of an order that is known."""
        answer = classify(evidence, self._policy)
        rows = listed_trades(answer, self.order.account_id)
        if rows is None:
            self.note = f"Trade/search: {why_inconclusive(answer)}"
            return Event.INCONCLUSIVE
        self.audit.trades_ended(rows)
        return Event.MATCHED if self.audit.suspect is None else Event.UNMATCHED

    def shown(self, evidence: Evidence, order_id: int) -> Event:
        """Judge the answer of Order/searchById."""
        answer = classify(evidence, self._policy)
        row = shown_order(answer, order_id, self.order.account_id)
        if row is None:
            self.note = f"order {order_id} is not shown: {why_inconclusive(answer)}"
            return Event.INCONCLUSIVE
        owner = self._owner_of(row)
        if owner is Owner.OURS:
            self._found_by, self._ours = "Order/searchById shows", [row]
            return self._found_as(row)
        if owner is Owner.UNCLEAR:
            return self._not_listed([order_id])
        made_s = created_s(row)
        if made_s is not None and made_s < self._window_s:
            return Event.KNOWN
        if self.audit.is_listed(order_id):
            return Event.KNOWN
        self.note = f"order {order_id} is there, and no look-up lists it"
        return Event.UNLISTED

    def witnessed(self, row: Row, called_s: float) -> bool:
        """Judge an event of the hub; whether it shows this very order.

        Args:
            row: of an order, as the event has it.
            called_s: when the order was asked for, in seconds since the epoch.
        """
        if self.is_contested and self.order.custom_tag is not None:
            return False  # the lists have the legs of the owner, too
        margin_s = UNSYNCED_MARGIN_S if self.restarted else MARGIN_S
        since_s = float(self._server_clock.window_start_s(called_s, margin_s))
        if not is_shown_by(row, self.order, self.tag, self.contract_id, since_s):
            return False
        self._found_by, self._ours = "an event of the user hub shows", [row]
        return True

    def _owner_of(self, row: Row) -> Owner:
        return owner_of(
            row,
            self.order,
            self.tag,
            self.contract_id,
            self._since_s,
            self._longest,
        )

    def _found_as(self, row: Row) -> Event:
        """What the one order that has the tag is."""
        event = found_as(row, self.order, self.contract_id)
        if event is Event.FOUND and self.order.custom_tag is not None:
            return self._with_brackets(row)
        if event is Event.MISMATCH:
            self.note = (
                f"the tag belongs to another order, {row['id']}, or this one was "
                "changed since it was sent"
            )
        elif event is Event.INCONCLUSIVE:
            self.note = (
                f"order {row['id']} has its tag; contract, side, status or filled "
                "quantity of it cannot be read"
            )
        return event

    def _with_brackets(self, row: Row) -> Event:
        """The owner of a tag that the caller chose: it may have other brackets.

        Where the tag was in use, an owner whose legs are not listed proves nothing: its
        caller would count on a stop that is not there.
        """
        same = same_brackets(row, self._listing, self.order)
        if same is False:
            self.note = (
                f"the tag belongs to another order, {row['id']}, with other brackets"
            )
            return Event.MISMATCH
        if same is None and self.is_contested:
            self.note = f"order {row['id']} has its tag; its brackets are not listed"
            return Event.INCONCLUSIVE
        return Event.FOUND

    # ------------------------------------------------------------ what was found

    @property
    def order_id(self) -> int:
        """Of the order that has the tag."""
        found: int = self._ours[0]["id"]
        return found

    @property
    def sighting(self) -> str:
        """The proof that it is there, for people."""
        return f"{self._found_by} order {self.order_id} with its tag"

    @property
    def is_contested(self) -> bool:
        """Whether the tag has an owner; a list without it is a lie then."""
        return self._widenings >= 0

    def contest(self) -> None:
        """The tag has an owner: it is looked for further back each time."""
        self._widenings = max(self._widenings, 0)

    # ------------------------------------------------------------ what is not

    def begin_anew(self) -> None:
        """It may have been sent once more: what was absent before may be there now."""
        self._absence = None
        if self._audit is not None:
            self._audit.begin_anew(self._gateway_s)

    def forget_absence(self) -> None:
        """It is about to be sent once more."""
        self._absence = None

    def record(self) -> None:
        """Keep the rows of a look-up that does not list it, and count nothing."""
        self._keep_listing(0)

    def count(self) -> bool:
        """Count the look-up that does not list it; whether that was the last needed."""
        before = self.absence.in_a_row
        self.absence.agrees()
        if self.absence.in_a_row > before:  # it counts
            earlier_s = self._latest_s if before else 0
            self._latest_s = max(self._window_s, earlier_s)
        self._keep_listing(self.absence.in_a_row)
        return self.absence.complete

    @property
    def began_before_it(self) -> bool:
        """Whether each window that was counted began before the order was sent.

        By the gateway's clock: this machine's may be ahead by any span, and while no
        answer has a Date nobody knows by how much.
        """
        if self._server_clock.ahead_s() is None:
            return False
        return self._latest_s <= self._server_clock.window_start_s(self._called_s, 0)

    def _keep_listing(self, in_a_row: int) -> None:
        now_ns = self._clock.monotonic_ns()
        self.audit.lookup_ended(self._listing, self._date, now_ns, in_a_row)

    @property
    def absence(self) -> RepeatedLooks:
        """What is counted; begun anew after each send."""
        if self._absence is None:
            share = LISTED_LATE if self.turned_away else 1.0
            self._absence = RepeatedLooks(self._policy.quiet * share, self._clock)
        return self._absence

    @property
    def audit(self) -> ListAudit:
        """Whether it can be believed; made at the first look-up."""
        if self._audit is None:
            self._audit = ListAudit(self.contract_id, self._gateway_s)
        return self._audit

    @property
    def proof(self) -> str:
        """The proof that it is not there, for people."""
        return f"{self.absence.text}, list no order with its tag; {self.audit.text}"

    @property
    def _gateway_s(self) -> float | None:
        """The later of both clocks; None while the gateway's is not known."""
        ahead_s = self._server_clock.ahead_s()
        return None if ahead_s is None else self._clock.wall_s() + max(ahead_s, 0.0)
