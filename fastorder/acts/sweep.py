"""Flatten, close, cancel all: sweep an account until it is seen that nothing is left.

Each round reads the positions and the working orders, and sends at once what they call
for. Its first look stands with the closes in a budget, as without it none leaves; the
others may not take the last of their room. What has to be gone is believed to be gone
once several looks in a row, apart in time and begun after the last answer, show none of
it, and the account's books say so too: one look may come out of a copy that is behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fastorder.acts.audit import audit, tell_limits
from fastorder.acts.contract_work import ContractWork
from fastorder.acts.looks import look
from fastorder.budgets.lanes import Lane
from fastorder.gateway.rows import same_contract
from fastorder.requests.read_backs import Effect, Finding, ReadBacks
from fastorder.runtime.clock import SECOND_NS
from fastorder.session.ticket_group import STOPS, why_ended

if TYPE_CHECKING:
    from fastorder.acts.audit import Books
    from fastorder.acts.desk import Desk
    from fastorder.acts.looks import Sight
    from fastorder.acts.other_months import OtherMonths
    from fastorder.acts.report import ActReport, ContractReport
    from fastorder.acts.waits import Wait
    from fastorder.errors import RequestFailed
    from fastorder.models import Order
    from fastorder.session.ticket_group import Steps

ROUND_NS = SECOND_NS // 2
"""So long a round waits for its requests; then it looks again all the same."""

FIRST_PAUSE_NS = SECOND_NS // 10
LONGEST_PAUSE_NS = SECOND_NS


class Aim(NamedTuple):
    """What an act is to do away with.

    Attributes:
        act: its name, for people.
        closes: positions.
        entries: orders that are no legs.
    """

    act: str
    closes: bool
    entries: bool


FLATTEN = Aim("flatten", closes=True, entries=True)
CLOSE = Aim("close", closes=True, entries=False)
CANCEL_ALL = Aim("cancel all", closes=False, entries=True)


class Sweep:
    """One act on its way.

    Args:
        desk: the account.
        aim: what is to go.
        contract_id: of this contract alone; None for all.
        deadline_s: when it ends at the latest, in seconds from now.
        months: of the product that was asked for; None where a contract was.
    """

    def __init__(
        self,
        desk: Desk,
        aim: Aim,
        contract_id: str | None,
        deadline_s: float,
        months: OtherMonths | None = None,
    ) -> None:
        self._months = months
        self._next_desk = desk.in_lane(Lane.LESSENING)
        self._desk = desk.in_lane(Lane.ACT_LOOKS)
        self._aim = aim
        self._only = contract_id
        self._begun_ns = desk.now_ns()
        self._deadline_ns = self._begun_ns + int(deadline_s * SECOND_NS)
        self._works: dict[str, ContractWork] = {}
        self._sight: Sight | None = None
        self._looks = ReadBacks(0.0, desk.clock)
        self._pause_ns = FIRST_PAUSE_NS
        self._doubt = "it was not looked at"
        self._seen = self._booked = ""

    # ------------------------------------------------------------ the rounds

    def steps(self) -> Steps[ActReport]:
        """The whole of it; each round is a look and what it calls for."""
        if self._aim.closes and self._only is not None:
            self._work(self._only).close()  # it leaves before anything is read
        try:
            while not (yield from self._round()):
                if self._desk.now_ns() >= self._deadline_ns:
                    break
        except STOPS as stop:
            self._doubt = f"{why_ended(stop)}; {self._doubt or self._lacking()}"
        return self._report()

    def _round(self) -> Steps[bool]:
        """Look, do what is called for; whether that was the last round."""
        desk, self._next_desk = self._next_desk, self._desk
        self._looks.begins()
        sight = yield from look(desk, self._deadline_ns)
        if sight.why:
            self._doubt = self._unread(sight.why)
        else:
            self._sight = sight
            self._doubt = self._seen = self._left(sight)
        if sight.refusal is not None:
            yield from self._refused(sight.refusal)
            return True
        if not sight.why and self._act(sight):
            yield from self._answered(sight)
            return False
        self._looks.ended(self._finding(sight), sight.date)
        if self._doubt or not (yield from self._is_proved()):
            yield self._desk.sleep(self._next_ns())
            return False
        return True

    def _refused(self, refusal: RequestFailed) -> Steps[None]:
        """The gateway does not read this account to us: no later look will differ."""
        if not self._works:
            raise refusal
        yield self._wait_for_answers()

    def _act(self, sight: Sight) -> bool:
        """Send what a look calls for; whether anything was."""
        closing = [
            contract_id
            for contract_id in sorted(filter(self._is_mine, sight.positions.ids()))
            if self._aim.closes and self._work(contract_id).close()
        ]
        cancelling = [
            order.id
            for order in sight.orders
            if self._goes_now(order, sight)
            and self._work(order.contract_id).cancel(order.id)
        ]
        if not closing and not cancelling:
            return False
        self._looks = ReadBacks(0.0, self._desk.clock)
        self._pause_ns = FIRST_PAUSE_NS
        return True

    def _answered(self, sight: Sight) -> Steps[None]:
        """Wait for the answers; then the legs that a close has left go at once."""
        yield self._wait_for_answers()
        if not self._aim.closes:
            return
        legs = [
            order.id
            for order in sight.orders
            if self._is_to_go(order, sight)
            and not sight.waits_for_entry(order)
            and self._work(order.contract_id).is_closed
            and self._work(order.contract_id).cancel(order.id)
        ]
        if legs:
            yield self._wait_for_answers()

    def _wait_for_answers(self) -> Wait:
        until_ns = min(self._deadline_ns, self._desk.now_ns() + ROUND_NS)
        pending = [one for work in self._works.values() for one in work.pending()]
        return self._desk.wait(pending, until_ns)

    def _next_ns(self) -> int:
        """When the next look is worth its while."""
        if self._doubt:
            pause_ns = self._pause_ns
            self._pause_ns = min(2 * pause_ns, LONGEST_PAUSE_NS)
            return min(self._desk.now_ns() + pause_ns, self._deadline_ns)
        return min(self._looks.next_steady_ns(), self._deadline_ns)

    # ------------------------------------------------------------ what is left

    def _left(self, sight: Sight) -> str:
        """What a look shows of what is to go; empty for none."""
        held = [
            f"{size:+d} {contract_id}"
            for contract_id, size in sight.positions
            if self._aim.closes and self._is_mine(contract_id)
        ]
        working = [
            f"order {order.id}"
            for order in sight.orders
            if self._is_to_go(order, sight)
        ]
        unclear = [*self._on_their_way(), *self._incomparable(sight)]
        return ", ".join([*held, *working, *unclear])

    def _incomparable(self, sight: Sight) -> list[str]:
        """Contracts that may be the one that is meant: a number stands for it."""
        if self._only is None:
            return []
        return [
            f"{contract_id}, which may be {self._only}"
            for contract_id in sorted(set(_shown(sight)))
            if same_contract(contract_id, self._only) is None
        ]

    def _finding(self, sight: Sight) -> Finding:
        if sight.why:
            return Finding(Effect.UNREADABLE, sight.why)
        return Finding(Effect.NOT_SEEN if self._doubt else Effect.DONE, self._doubt)

    def _is_proved(self) -> Steps[bool]:
        """Whether nothing is left, after a look that has shown nothing."""
        if not self._looks.are_steady:
            self._doubt = ""
            return False
        books = yield from audit(self._desk, self._deadline_ns)
        under_way = [*self._on_their_way(), *self._closes_on_their_way()]
        self._doubt = self._books_doubt(books) or ", ".join(under_way)
        if not self._doubt:
            yield from tell_limits(self._desk, self._deadline_ns)
        return not self._doubt

    def _books_doubt(self, books: Books | str) -> str:
        if isinstance(books, str):
            return self._unread(books)
        shown = () if self._sight is None else self._sight.orders
        numbers = frozenset(order.id for order in shown)
        why = books.unlisted_doubt() or books.working_doubt(self._may_be_mine, numbers)
        if not why and self._aim.closes:
            why = books.trades_doubt(self._may_be_mine)
        self._booked = why
        return why

    def _unread(self, why: str) -> str:
        """Why something was not read, and what had been read last spoke against."""
        return "; ".join(filter(None, [why, self._seen, self._booked]))

    def _on_their_way(self) -> list[str]:
        """Orders of this executor that may still come."""
        return [
            f"order {tag} on its way or in doubt"
            for contract_id, tags in self._desk.open_places().items()
            for tag in tags
            if self._may_be_mine(contract_id)
        ]

    def _closes_on_their_way(self) -> list[str]:
        """Closes of this act that may still be sent again: no position is safe yet."""
        return [
            f"a close of {contract_id} {work.where_the_close_is}"
            for contract_id, work in self._works.items()
            if work.is_closing
        ]

    def _is_mine(self, contract_id: str) -> bool:
        return self._only is None or same_contract(contract_id, self._only) is True

    def _may_be_mine(self, contract_id: str) -> bool:
        """Whether it is, or cannot be told not to be: what has to be gone is."""
        return self._only is None or same_contract(contract_id, self._only) is not False

    def _is_to_go(self, order: Order, sight: Sight) -> bool:
        if not self._is_mine(order.contract_id):
            return False
        return self._aim.entries or sight.is_left_behind(order)

    def _goes_now(self, order: Order, sight: Sight) -> bool:
        """Whether an order is cancelled now. A leg protects what is still open."""
        if not self._is_to_go(order, sight) or sight.waits_for_entry(order):
            return False  # it goes with its entry
        if not self._aim.closes or order.id not in sight.legs:
            return True
        is_flat = sight.positions.of(order.contract_id) == 0
        return is_flat or self._work(order.contract_id).is_closed

    def _left_of_others(self) -> str:
        """What is left of other months of the product; empty for none."""
        sight = self._sight
        if self._months is None or sight is None:
            return ""
        orders = [
            order
            for order in sight.orders
            if self._aim.entries or sight.is_left_behind(order)
        ]
        return self._months.left(sight, orders, closes=self._aim.closes)

    # ------------------------------------------------------------ the books

    def _work(self, contract_id: str) -> ContractWork:
        for known, work in self._works.items():
            if same_contract(known, contract_id):
                return work
        work = self._works[contract_id] = ContractWork(self._desk, contract_id)
        return work

    def _report(self) -> ActReport:
        from fastorder.acts.report import ActReport  # an act loads it

        why = self._doubt or self._lacking()
        sight = self._sight
        for contract_id in [] if sight is None else _shown(sight):
            if self._is_mine(contract_id):
                self._work(contract_id)
        whole = "; ".join(filter(None, [why, self._left_of_others()]))
        took_s = (self._desk.now_ns() - self._begun_ns) / SECOND_NS
        return ActReport(
            self._aim.act,
            self._desk.account_id,
            tuple(self._contract_report(work, why) for work in self._works.values()),
            not whole,
            whole,
            took_s,
        )

    def _lacking(self) -> str:
        """What the proof lacks where nothing is listed any more."""
        if self._looks.are_steady:
            return ""
        return (
            "nothing is listed, but too few looks in a row have shown it before the "
            "deadline"
        )

    def _contract_report(self, work: ContractWork, why: str) -> ContractReport:
        from fastorder.acts.report import ContractReport  # an act loads it

        sight = self._sight
        if sight is None:
            return ContractReport(work.contract_id, work.steps(), why=why)
        working = tuple(
            order
            for order in sight.orders
            if same_contract(order.contract_id, work.contract_id)
        )
        held = sum(
            size
            for contract_id, size in sight.positions
            if same_contract(contract_id, work.contract_id)
        )
        return ContractReport(
            work.contract_id, work.steps(), held, working, not why, why
        )


def _shown(sight: Sight) -> list[str]:
    """The contracts that a look has shown."""
    return [*sight.positions.ids(), *(order.contract_id for order in sight.orders)]
