"""What is remembered of orders: by key in this process, in the journal for longer."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from fastorder._core.codec.order import order_from_body
from fastorder._core.flow.result import OrderResult
from fastorder._core.flow.ticket import Ticket
from fastorder.enums import Outcome
from fastorder.errors import FastOrderError, JournalError, JournalFailed, KeyReused
from fastorder.placement.late_arrivals import LIFE_S
from fastorder.placement.protocol import ONLY_SEND_REFUSED, placement_of
from fastorder.runtime.log import log
from fastorder.session.dispatcher import REFUSALS

if TYPE_CHECKING:
    from fastorder._core.codec.order import OrderRequest
    from fastorder.config import RetryPolicy
    from fastorder.journal import Entry, Intent, Journal
    from fastorder.session.dispatcher import Dispatcher

KEPT_KEYS = 10_000
"""How many orders with a key, or with a tag of the caller's, stay known without a
journal; the gateway knows older tags."""


class IdempotencyStore:
    """Idempotency keys, and the journal where there is one.

    Args:
        dispatcher: sends for the tickets.
        policy: for orders that are looked up after a restart.
        journal: None for none.
    """

    def __init__(
        self, dispatcher: Dispatcher, policy: RetryPolicy, journal: Journal | None
    ) -> None:
        self._dispatcher = dispatcher
        self._policy = policy
        self._journal = journal
        self._kept: OrderedDict[str, tuple[bytes, Ticket[OrderResult]]] = OrderedDict()
        self._unrecovered: list[tuple[Ticket[OrderResult], float]] = []
        self._recovered: list[Ticket[OrderResult]] = []
        self._make_intent: type[Intent] | None = None
        self._has_past = journal is not None  # an earlier run's was not seen to yet
        if journal is not None:
            from fastorder.journal import Intent  # loaded already: there is a journal

            self._make_intent = Intent
            for entry in journal.unresolved():
                self._recall(entry)
            self._expect_late_arrivals(journal)

    @property
    def journaled(self) -> bool:
        """Whether every order is written down."""
        return self._journal is not None

    def known(
        self, order: OrderRequest, tag: str, contract_id: str, body: bytes
    ) -> Ticket[OrderResult] | None:
        """The ticket of the first order with this key, or with this tag of its own.

        None where there is none.

        Raises:
            KeyReused: the key or the tag stands for other bytes.
        """
        earlier, ticket = self._kept.get(tag, (None, None))
        if earlier is None and self._journal is not None:
            entry = self._journal.by_tag(tag)
            if entry is not None:
                earlier, ticket = entry.intent.body, self._ended(entry)
        if earlier is not None and earlier != body:
            name = order.idempotency_key or order.custom_tag or ""
            is_tag = order.idempotency_key is None
            raise KeyReused(name, earlier.decode(), body.decode(), is_tag)
        if ticket is not None and not ticket.settled:
            self.recover()  # it may be one that was not looked up yet
        if ticket is not None and order.custom_tag is not None:
            log().warning(
                "nothing is sent: the custom_tag %r stands for an order already, whose "
                "result this call gives; a new order needs a new tag",
                order.custom_tag,
            )
        return ticket

    def launch(
        self,
        ticket: Ticket[OrderResult],
        order: OrderRequest,
        contract_id: str,
        body: bytes,
    ) -> Ticket[OrderResult]:
        """Enter the ticket in the book, write the intent down, send it: in this order.

        So an intent that stands has a ticket at any moment, whatever is raised there.
        """
        self.recover()
        if self._journal is not None:
            self._dispatcher.check_ready()
            self._write(ticket, order, contract_id, body)
        if order.idempotency_key is not None or order.custom_tag is not None:
            self._keep(ticket, body)
        try:
            self._dispatcher.launch(ticket)
        except REFUSALS:
            self._dispatcher.withdraw(ticket)
            self._forget(ticket)
            self._not_sent(ticket)
            raise
        return ticket

    def recover(self) -> list[Ticket[OrderResult]]:
        """Look up what an earlier run left unresolved; at the first chance, once each.

        Returns:
            The tickets of all of it, those of an earlier call too.
        """
        if self._has_past:
            self._see_to_the_past()
        return self._recovered

    def _see_to_the_past(self) -> None:
        if self._unrecovered:
            self._dispatcher.check_ready()
            recalled, self._unrecovered = self._unrecovered, []
            self._recovered += [ticket for ticket, _ in recalled]
            self._dispatcher.look_up_recalled(recalled, self._policy)
        try:
            self._dispatcher.late_arrivals.plan()
        except REFUSALS:
            return  # the next call may be on the loop
        self._has_past = False

    def _expect_late_arrivals(self, journal: Journal) -> None:
        """What an earlier run has told to be absent is looked for in this one too.

        So is what a look-up has shown as rejected: it did not wait for another send of
        the order that may be booked, or listed, later.
        """
        since_s = self._dispatcher.clock.wall_s() - LIFE_S
        absent = journal._told_since("NOT_PLACED", since_s)
        shown = journal._told_since("REJECTED", since_s, unless_proof=ONLY_SEND_REFUSED)
        for entry in absent + shown:
            intent = entry.intent
            self._dispatcher.late_arrivals.expect_again(
                self._ended(entry),
                intent.contract_id,
                order_from_body(intent.body).side,
                intent.created_s,
                entry.verdicts[-1].at_s,
            )

    # ------------------------------------------------------------ the journal

    def _write(
        self,
        ticket: Ticket[OrderResult],
        order: OrderRequest,
        contract_id: str,
        body: bytes,
    ) -> None:
        assert self._journal is not None
        assert ticket.tag is not None
        now_s = self._dispatcher.clock.wall_s()
        valid_until_s = None if order.valid_for is None else now_s + order.valid_for
        assert self._make_intent is not None
        intent = self._make_intent(
            ticket.tag,
            order.idempotency_key,
            order.account_id,
            contract_id,
            body,
            valid_until_s,
            now_s,
        )
        self._dispatcher.enter(ticket)
        try:
            self._journal.intent(intent)
        except BaseException as error:
            self._not_launched(ticket, intent, error)
            raise

    def _not_launched(
        self, ticket: Ticket[OrderResult], intent: Intent, error: BaseException
    ) -> None:
        """It does not leave; where its intent stands all the same, it ends unsent."""
        assert self._journal is not None
        dispatcher, stands = self._dispatcher, False
        if not isinstance(error, FastOrderError):
            try:
                stands = self._journal._holds(intent)
            except JournalError as failure:
                error = failure
        if isinstance(error, JournalFailed):
            dispatcher.halt(f"the journal failed: {error}")
        if not stands:
            dispatcher.withdraw(ticket)
            return
        self._keep(ticket, intent.body)
        dispatcher.broken_off(ticket, error)

    def _not_sent(self, ticket: Ticket[OrderResult]) -> None:
        """The launch was refused: the intent ends without a send.

        Where that cannot be written, the caller still hears why nothing was sent.
        """
        if self._journal is None or ticket.done:
            return
        now_s = self._dispatcher.clock.wall_s()
        proof = "not a byte of it left this machine"
        assert ticket.tag is not None
        try:
            self._journal.resolve(ticket.tag, "NOT_SENT", None, proof, now_s)
        except JournalError as error:
            self._dispatcher.halt(f"the journal failed: {error}")
            log().critical("the journal failed, no new exposure leaves: %s", error)

    def _keep(self, ticket: Ticket[OrderResult], body: bytes) -> None:
        assert ticket.tag is not None
        self._kept[ticket.tag] = (body, ticket)
        # two looks: what was passed over while it was open is made up for
        for _ in range(min(2, len(self._kept) - KEPT_KEYS)):
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        """The oldest goes; one that is open stays, and has its turn after the others.

        An OrderedDict knows its oldest; a dict walks over all that were deleted first.
        """
        oldest = next(iter(self._kept))
        if self._kept[oldest][1].settled:
            del self._kept[oldest]
        else:
            self._kept.move_to_end(oldest)

    def _forget(self, ticket: Ticket[OrderResult]) -> None:
        assert ticket.tag is not None
        self._kept.pop(ticket.tag, None)

    def _recall(self, entry: Entry) -> None:
        """Have an order that an earlier run left in the book, and in doubt."""
        dispatcher, intent = self._dispatcher, entry.intent
        placement = placement_of(
            order_from_body(intent.body),
            intent.tag,
            intent.contract_id,
            intent.body,
            self._policy,
            dispatcher.clock,
            dispatcher.server_clock,
            dispatcher.clock.monotonic_ns(),
            dispatcher.interlock,
        )
        ticket: Ticket[OrderResult] = Ticket(
            dispatcher, placement, "place", intent.tag, intent.account_id
        )
        self._kept[intent.tag] = (intent.body, ticket)
        if dispatcher.risk is not None:
            dispatcher.risk._recalled(
                order_from_body(intent.body),
                intent.tag,
                intent.contract_id,
                intent.created_s,
            )
        dispatcher.recall(ticket, intent.created_s)
        self._unrecovered.append((ticket, intent.created_s))

    def _ended(self, entry: Entry) -> Ticket[OrderResult]:
        """A ticket that shows what the journal knows of an order that has ended."""
        ticket: Ticket[OrderResult] = Ticket(
            self._dispatcher, None, "place", entry.intent.tag, entry.intent.account_id
        )
        ticket._settle_with(
            OrderResult(
                Outcome[entry.outcome or "UNKNOWN"],
                order_id=entry.order_id,
                error=None if entry.outcome == "ACCEPTED" else entry.proof,
                tag=entry.intent.tag,
                attempts=entry.sends,
                proof=entry.proof,
            )
        )
        return ticket
