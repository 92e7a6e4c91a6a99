"""The verbs that find contracts: by product, by month, by id; kept, or asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.hints import object_hint
from fastorder.errors import SearchContractByIdError, WrongFieldType
from fastorder.gateway.endpoints import Endpoint
from fastorder.session.ticket_group import TicketGroup
from fastorder.verbs.answers import row_of, rows_of
from fastorder.verbs.delivery import delivered
from fastorder.verbs.explained import OF_NO_CONTRACT, READS, explained
from fastorder.verbs.option_checks import check_type
from fastorder.verbs.reads import ReadVerbs

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.flow.ticket import Ticket
    from fastorder.contracts.book import ContractBook
    from fastorder.contracts.names import Wanted
    from fastorder.models import Contract
    from fastorder.session.ticket_group import Steps


class ContractVerbs(ReadVerbs):
    """Contracts by the names that people say."""

    _book: ContractBook

    @property
    def contract_book(self) -> ContractBook:
        """What is known of contracts, with its age; where rollovers are told."""
        return self._book

    @delivered
    @explained(OF_NO_CONTRACT, READS)
    def contract(self, symbol: str, *, live: bool = False) -> Ticket[Contract]:
        """The contract of a symbol, which orders find by it from now on.

        The gateway is asked where what is kept is too old, or names no such contract.

        Returns:
            A Contract, with its tick.
        """
        wanted = self._wanted(symbol, live)
        kept = self._book.known(wanted, live)
        if kept is None:
            return self._ask(wanted, live, self._book.list_under)
        listed = self._book.list_under(wanted, kept)
        self._dispatcher.engine.check()
        return TicketGroup(self._dispatcher, "contract", _at_once(listed))._start()

    @delivered
    @explained(OF_NO_CONTRACT, READS)
    def load_contract(self, symbol: str, *, live: bool = False) -> Ticket[Contract]:
        """The contract of a symbol, asked of the gateway even where it is known.

        Orders find the contract by this symbol from now on.

        Returns:
            A Contract, with its tick.
        """
        return self._ask(self._wanted(symbol, live), live, self._book.list_under)

    @delivered
    @explained(OF_NO_CONTRACT, READS)
    def roll_contract(self, symbol: str, *, live: bool = False) -> Ticket[Contract]:
        """Have a symbol stand for the contract in front, whatever is held of the other.

        What is held of the earlier one is closed by its id from then on.

        Returns:
            The Contract that the symbol stands for now.
        """
        return self._ask(self._wanted(symbol, live), live, self._book.roll)

    @delivered
    @explained(READS)
    def contracts(
        self, text: str | None = None, *, live: bool = False
    ) -> Ticket[list[Contract]]:
        """All contracts that the gateway lists now, in its order.

        Args:
            text: only those whose name, product or description has it, whatever the
                case of its letters.
            live: ask for the live entitlement instead of the simulated one. A user
                without it gets an empty list.

        Returns:
            A list of Contracts.
        """
        if text is not None:
            check_type("text", text, str, "must be text")
        check_type("live", live, bool, "must be True or False")
        if text is None:
            return self._list(live, lambda listed: listed)
        return self._list(live, lambda listed: [c for c in listed if _has(c, text)])

    def _wanted(self, symbol: str, live: bool) -> Wanted:
        if not isinstance(symbol, str):
            hint = object_hint("symbol", symbol)
            raise WrongFieldType("symbol", "must be text", symbol, hint)
        check_type("live", live, bool, "must be True or False")
        return self._book.read(symbol)

    def _ask(
        self,
        wanted: Wanted,
        live: bool,
        take: Callable[[Wanted, Contract], Contract],
    ) -> Ticket[Contract]:
        """Ask for one contract where its id is known, for the list where it is not."""
        if wanted.id is None:
            return self._list(
                live, lambda listed: take(wanted, self._book.found(wanted, live))
            )

        def read(document: dict[str, Any]) -> Contract:
            from fastorder.models import Contract  # loaded with the executor

            contract = Contract.from_wire(row_of(document, "contract"))
            if contract.id.upper() != str(wanted.id).upper():
                raise ValueError(f"{wanted.id} was asked for, {contract.id} came")
            self._book.take_one(contract)
            return take(wanted, contract)

        request = {"contractId": wanted.id}
        asked = repr(wanted.written)
        if wanted.written != str(wanted.id):
            asked += f" ({wanted.id})"
        return self._reads.read(
            Endpoint.CONTRACT_BY_ID,
            request,
            read,
            SearchContractByIdError,
            asked=asked,
        )

    def _list(
        self, live: bool, convert: Callable[[list[Contract]], Any]
    ) -> Ticket[Any]:
        """Ask for the whole list; the book takes it."""
        from fastorder.models import Contract  # loaded with the executor

        rows = rows_of(Contract)

        def take(document: dict[str, Any]) -> Any:
            listed = rows(document)
            self._book.take_list(listed, live)
            return convert(listed)

        return self._reads.read(Endpoint.LIST_CONTRACTS, {"live": live}, take)


def _has(contract: Contract, text: str) -> bool:
    shown = f"{contract.name} {contract.symbol_id} {contract.description}"
    return text.upper() in shown.upper()


def _at_once(contract: Contract) -> Steps[Contract]:
    """A verb that has its result without a request."""
    return contract
    yield
