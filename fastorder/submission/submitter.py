# cython: annotation_typing=False
"""From an order to its ticket: may it leave, which tag, which bytes, and off."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from fastorder._base.counted import counted
from fastorder._core.codec.request import render_place
from fastorder._core.codec.tag_series import TagSeries
from fastorder._core.flow.ticket import ticket_of_order
from fastorder.errors import Halted, Interlocked, InvalidField, KeyReused
from fastorder.gateway.order_tags import tag_of
from fastorder.placement.protocol import placement_of
from fastorder.runtime.clock import FOREVER_NS, SECOND_NS
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from fastorder._core.codec.order import OrderRequest
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder.config import RetryPolicy
    from fastorder.gateway.contracts import ContractCache
    from fastorder.risk.check import Guard
    from fastorder.session.dispatcher import Dispatcher
    from fastorder.submission.idempotency import IdempotencyStore


class Submitter:
    """Takes orders for one executor.

    Args:
        dispatcher: sends for their tickets.
        contracts: contract ids and ticks by symbol.
        policy: when a request is tried again.
        idempotency: keys, and the journal where there is one.
        max_quantity: orders of more contracts are refused.
        guard: holds orders to the limits; None where there are none.
    """

    __slots__ = (
        "_closes",
        "_contracts",
        "_dispatcher",
        "_gate",
        "_guard",
        "_idempotency",
        "_interlock",
        "_journaled",
        "_max_quantity",
        "_policy",
        "_tags",
    )

    def __init__(
        self,
        dispatcher: Dispatcher,
        contracts: ContractCache,
        policy: RetryPolicy,
        idempotency: IdempotencyStore,
        max_quantity: int,
        guard: Guard | None = None,
    ) -> None:
        self._dispatcher = dispatcher
        self._contracts = contracts
        self._policy = policy
        self._idempotency = idempotency
        self._journaled = idempotency.journaled
        self._max_quantity = max_quantity
        self._gate = dispatcher.gate
        self._interlock = dispatcher.interlock
        self._closes = dispatcher.closes
        self._guard = guard
        self._tags = TagSeries()

    def submit(self, order: OrderRequest, called_ns: int) -> Ticket[OrderResult]:
        """Send an order; on a warm connection it has left when this returns.

        Raises:
            ExecutorClosed, ExecutorMisuse, UnknownSymbol, InvalidField, KeyReused,
            Halted, TokenMissing, Interlocked, RiskDenied, JournalError: nothing was
            sent. Where several are true, the first of them: its cure is needed for any
            other.
        """
        too_many = order.quantity > self._max_quantity
        is_named = order.idempotency_key is not None or order.custom_tag is not None
        if too_many and not is_named:
            self.check_quantity(order.quantity)
        self._dispatcher.engine.check()
        listing = self._contracts.find(order.symbol)
        contract_id = listing.contract_id
        tag = self._tag(order)
        body = render_place(
            order, contract_id, tag, listing.grid, listing.negative_prices
        )
        if is_named:
            known = self._idempotency.known(order, tag, contract_id, body)
            if known is not None:
                return known  # whatever it was: a repeat sends nothing
            if too_many:
                self.check_quantity(order.quantity)
        if self._gate.is_shut():
            self._refuse_halted()
        if self._interlock.any:
            self._check_interlock(order, contract_id)
        if self._guard is not None:
            self._dispatcher.check_ready()  # a missing token is told before a limit
            self._guard.admit(order, listing, tag, called_ns)
        ticket = self._ticket(order, tag, contract_id, body, called_ns)
        if self._closes.any:
            self._closes.order_leaves(ticket, contract_id, self._dispatcher.holds)
        if self._guard is not None:
            return self._launch_guarded(ticket, order, contract_id, body)
        if self._journaled or is_named:
            return self._idempotency.launch(ticket, order, contract_id, body)
        return self._dispatcher.launch(ticket)

    def check(
        self,
        order: OrderRequest,
        place: int,
        named_bodies: dict[str, tuple[int, bytes]],
    ) -> None:
        """Refuse what ``submit`` would, but for the limits; nothing is sent.

        Args:
            order, place: the order, and where it stands in its call.
            named_bodies: those of the orders with a tag of their own that were checked
                before it, by tag, with their places; this one is put in.
        """
        self.check_quantity(order.quantity)
        listing = self._contracts.find(order.symbol)
        is_named = order.idempotency_key is not None or order.custom_tag is not None
        tag = self._tag(order) if is_named else ""
        body = render_place(
            order, listing.contract_id, tag, listing.grid, listing.negative_prices
        )
        if is_named:
            before, first = named_bodies.setdefault(tag, (place, body))
            if first != body:
                raise _reused(order, first, body, (before, place))
            known = self._idempotency.known(order, tag, listing.contract_id, body)
            if known is not None:
                return  # a repeat sends nothing
        if self._gate.is_shut():
            self._refuse_halted()
        if self._interlock.any and order.despite is None:
            self._check_interlock(order, listing.contract_id)

    def _launch_guarded(
        self,
        ticket: Ticket[OrderResult],
        order: OrderRequest,
        contract_id: str,
        body: bytes,
    ) -> Ticket[OrderResult]:
        """The same; an order that was counted in, and does not leave, counts no more.

        Where the exception came once it was on its way, its outcome says what it was.
        """
        is_named = order.idempotency_key is not None or order.custom_tag is not None
        try:
            if self._journaled or is_named:
                return self._idempotency.launch(ticket, order, contract_id, body)
            return self._dispatcher.launch(ticket)
        except BaseException:
            if ticket not in self._dispatcher.unsettled() and not ticket.settled:
                assert self._guard is not None
                self._guard.exposure.released(order.account_id, ticket.tag)
            raise

    def check_quantity(self, quantity: int) -> None:
        """Refuse what nobody means: an account's number in the quantity's place.

        Raises:
            InvalidField: it is more than the executor's ``max_quantity``.
        """
        if quantity > self._max_quantity:
            rule = f"must be at most {self._max_quantity}, the executor's max_quantity"
            raise InvalidField("quantity", rule, quantity)

    def _tag(self, order: OrderRequest) -> str:
        if order.idempotency_key is not None:
            return tag_of(order.account_id, order.idempotency_key)
        return order.custom_tag or self._tags.next()

    def _ticket(
        self,
        order: OrderRequest,
        tag: str,
        contract_id: str,
        body: bytes,
        called_ns: int,
    ) -> Ticket[OrderResult]:
        dispatcher = self._dispatcher
        valid_until_ns = FOREVER_NS
        if order.valid_for is not None:
            valid_until_ns = called_ns + int(order.valid_for * SECOND_NS)
        placement = placement_of(
            order,
            tag,
            contract_id,
            body,
            self._policy,
            dispatcher.clock,
            dispatcher.server_clock,
            called_ns,
            dispatcher.interlock,
            valid_until_ns,
        )
        return ticket_of_order(dispatcher, placement, tag, order.account_id)

    def _refuse_halted(self) -> NoReturn:
        gate = self._gate
        how = "resume() lifts the kill switch"
        if gate.final:
            how = "for good: once that is mended, a new executor is needed"
        elif gate.reason is None:
            how = "as long as it is there"
        raise Halted(f"no new exposure may leave: {gate.why} ({how})")

    def _check_interlock(self, order: OrderRequest, contract_id: str) -> None:
        self._idempotency.recover()  # what nobody looks up would stay in doubt for ever
        tags = self._interlock.of(order.account_id, contract_id)
        if not tags:
            return
        if order.despite is None or not order.despite._covers(tags):
            contested = self._interlock.contested(order.account_id, contract_id)
            raise Interlocked(_in_doubt(order.account_id, tags, contested), tags)
        log().warning("trading on despite %s: %s", named(tags), order.despite.reason)


def _reused(
    order: OrderRequest, first: bytes, second: bytes, places: tuple[int, int]
) -> KeyReused:
    name = order.idempotency_key or order.custom_tag or ""
    is_tag = order.idempotency_key is None
    return KeyReused(name, first.decode(), second.decode(), is_tag, places)


def _in_doubt(account_id: int, tags: tuple[str, ...], contested: dict[str, str]) -> str:
    """Which orders are in doubt, and what frees their contract.

    Args:
        contested: those of them that no look-up can free, and why.
    """
    ways = [
        f"no look-up can tell of {tag} ({why}): look at the account yourself"
        for tag, why in list(contested.items())[:NAMED]
    ]
    open_ones = [tag for tag in tags if tag not in contested]
    if len(open_ones) == 1:
        ways.insert(0, f"resolve({open_ones[0]!r}) looks it up")
    elif open_ones:
        ways.insert(0, "resolve(tag) looks one up")
    all_tags = repr(tags) if len(tags) <= NAMED else "error.tags"
    return (
        f"account {account_id} has {counted(len(tags), 'order')} of this contract in "
        f"doubt: {named(tags)}; {'; '.join(ways)}; "
        f"despite=DespiteUnknown({all_tags}) trades on all the same"
    )


NAMED = 5
"""So many tags a text names."""


def named(tags: tuple[str, ...]) -> str:
    """Their first few, and how many there are besides."""
    more = len(tags) - NAMED
    return ", ".join([*tags[:NAMED], *([f"and {more:,} more"] if more > 0 else [])])
