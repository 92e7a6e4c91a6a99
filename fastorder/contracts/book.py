"""What an executor knows of contracts: the gateway's list, its age, and the symbols."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder._base.outside_text import from_outside
from fastorder.contracts.kept import Kept
from fastorder.contracts.names import (
    Wanted,
    month_of,
    names_of,
    only_one,
    unknown,
    wanted_from,
)
from fastorder.contracts.products import NAMES
from fastorder.errors import AmbiguousSymbol, ConfigurationError, WrongFieldType, was
from fastorder.gateway.contracts import product
from fastorder.runtime.log import log

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from fastorder.contracts.cache_file import CacheFile
    from fastorder.contracts.rollover import Rollover
    from fastorder.gateway.contracts import ContractCache
    from fastorder.models import Contract
    from fastorder.runtime.clock import Clock

    Holds = Callable[[str], bool | None]

MAX_AGE_S = 6 * 3600.0
"""How long the gateway's list is believed."""


class ContractBook:
    """The contracts of one executor; safe from any thread.

    Symbols that stand for "the contract that trades now" are watched: where another
    one trades, that is a ``Rollover``, told to every listener and logged. The symbol is
    switched only where ``holds`` says that nothing is held of the earlier contract, or
    where ``roll_contract`` asks for it.

    Args:
        symbols: what orders find their contracts in.
        gateway: the base URL.
        clock: gives the wall clock: a function, since a test may replace it.

    Attributes:
        holds: says whether a position or an order of this contract id is open; None
            where that is not known, which counts as yes.
        on_shown: called with contracts that the gateway has shown, now or in the file;
            None where nobody wants to know.
    """

    def __init__(
        self, symbols: ContractCache, gateway: str, clock: Callable[[], Clock]
    ) -> None:
        self.holds: Holds = lambda contract_id: None
        self.on_shown: Callable[[Sequence[Contract]], Any] | None = None
        self._symbols = symbols
        self._gateway = gateway
        self._clock = clock
        self._lock = Lock()
        self._lists: dict[bool, Kept] = {}  # by the live entitlement
        self._others: dict[str, Kept] = {}  # by id: asked for one by one
        self._followed: dict[str, Contract] = {}  # by symbol: what it stands for
        self._restored: set[str] = set()  # followed by a run before, not by this one
        self._deferred: set[str] = set()  # whoever loads them finds out what is held
        self._undecided: dict[str, tuple[Contract, Contract]] = {}  # before, after
        self._told: dict[str, str] = {}  # by symbol: the contract that was told last
        self._stale: set[str] = set()
        self._listeners: tuple[Callable[[Rollover], Any], ...] = ()
        self._file: CacheFile | None = None
        self._max_age_s = MAX_AGE_S

    def __repr__(self) -> str:
        return f"<ContractBook: {counted(len(self.all()), 'contract')}>"

    # ------------------------------------------------------------ for users

    def keep_in(
        self,
        path: str | os.PathLike[str],
        max_age_s: float = MAX_AGE_S,
        *,
        whose: str = "",
    ) -> None:
        """Keep the gateway's list in this file too, and take what it holds.

        What each symbol stands for is kept with it: where another month has come in
        front while no program ran, that is the same Rollover. A file that cannot be
        read or written is logged and passed over.

        Args:
            path: of the file.
            max_age_s: how long the list is believed.
            whose: the trader whose symbols they are, where several share the file.

        Raises:
            ConfigurationError: the age is no number of seconds above zero, or the path
                looks like a token or a key.
        """
        if type(max_age_s) not in (int, float) or not max_age_s > 0:
            raise ConfigurationError(
                f"max_age_s must be a number of seconds above 0, {was(max_age_s)}"
            )
        from fastorder.contracts.cache_file import CacheFile  # for whoever keeps one

        file = CacheFile(path, self._gateway, whose)
        self._file, self._max_age_s = file, max_age_s
        kept, followed = file.read()
        if kept is not None and kept.contracts:
            with self._lock:
                self._lists.setdefault(False, kept)
            self._show(kept.contracts)
        for symbol in followed.keys() - self._followed.keys():
            self._followed[symbol] = followed[symbol]
            self._restored.add(symbol)
        if followed:
            self._show(tuple(followed.values()))  # a contract that is listed no more

    def on_rollover(self, listener: Callable[[Rollover], Any]) -> Callable[[], None]:
        """Call it with each Rollover; what is returned ends that.

        Raises:
            WrongFieldType: it cannot be called.
        """
        if not callable(listener):
            rule = "must be callable with a Rollover"
            raise WrongFieldType("listener", rule, listener)
        with self._lock:
            self._listeners += (listener,)

        def stop() -> None:
            with self._lock:
                others = [each for each in self._listeners if each is not listener]
                self._listeners = tuple(others)

        return stop

    def all(self, live: bool = False) -> tuple[Contract, ...]:
        """The gateway's list, as it was given last; empty where it was not yet."""
        kept = self._lists.get(live)
        return () if kept is None else kept.contracts

    def age_s(self, live: bool = False) -> float | None:
        """Seconds since the gateway gave its list; None where it has not."""
        kept = self._lists.get(live)
        return None if kept is None else self._clock().wall_s() - kept.asked_s

    # ------------------------------------------------------------ finding

    def read(self, symbol: str) -> Wanted:
        """What a symbol means. Raises: see ``wanted_from``."""
        listed = self.all()
        names = {product(each) for each in listed}
        codes = {each.symbol_id.rpartition(".")[2] for each in listed}
        return wanted_from(symbol, self._this_month()[0], NAMES | names | codes)

    def known(self, wanted: Wanted, live: bool = False) -> Contract | None:
        """The contract that is meant, if what is kept is fresh enough to say so.

        Where several are, the gateway is asked before that is told.
        """
        fresh = [each for each in self._kept(live) if self._is_fresh(each)]
        try:
            contract = only_one(wanted, [c for each in fresh for c in each.contracts])
        except AmbiguousSymbol:
            return None
        if contract is None or contract.id in self._stale:
            return None
        is_over = (month_of(contract) or (9999, 1)) < self._this_month()
        return None if is_over and wanted.month is None else contract

    def found(self, wanted: Wanted, live: bool = False) -> Contract:
        """The contract that is meant, of what the gateway has just said.

        Raises:
            UnknownSymbol, AmbiguousSymbol: none is, or several are.
        """
        contract = only_one(wanted, self.all(live))
        if contract is None:
            raise unknown(wanted, self.all(live))
        return contract

    def _kept(self, live: bool) -> list[Kept]:
        """What was given last: the list, and what was asked for one by one."""
        with self._lock:
            listed = self._lists.get(live)
            return [*([listed] if listed else ()), *self._others.values()]

    def _is_fresh(self, kept: Kept) -> bool:
        """Whether it is believed; one from the future has a clock that was wrong."""
        return 0 <= self._clock().wall_s() - kept.asked_s <= self._max_age_s

    def _this_month(self) -> tuple[int, int]:
        from datetime import datetime, timezone  # loaded with the executor

        today = datetime.fromtimestamp(self._clock().wall_s(), timezone.utc)
        return today.year, today.month

    # ------------------------------------------------------------ what the gateway says

    def take_list(self, contracts: Sequence[Contract], live: bool = False) -> None:
        """The gateway has given its whole list."""
        kept = Kept(tuple(contracts), self._clock().wall_s())
        with self._lock:
            self._lists[live] = kept
            self._others.clear()
            self._stale.clear()
        if contracts:
            self._show(contracts)
            self._follow_all(live)
        if contracts and not live:
            self._write()

    def take_one(self, contract: Contract) -> None:
        """The gateway has shown one contract that was asked for by its id."""
        with self._lock:
            self._stale.discard(contract.id)
            self._others[contract.id] = Kept((contract,), self._clock().wall_s())
        self._show((contract,))

    def _show(self, contracts: Sequence[Contract]) -> None:
        for contract in contracts:
            self._symbols.know(contract.id, contract.tick_size)
        if self.on_shown is not None:
            self.on_shown(contracts)

    def not_active(self, contract_id: str) -> None:
        """The gateway has said that this contract does not trade any more."""
        with self._lock:
            self._stale.add(contract_id)

    # ------------------------------------------------------------ symbols

    def list_under(self, wanted: Wanted, contract: Contract) -> Contract:
        """Trade a contract under what was written; what that stands for from now on.

        A symbol that stands for a month or an id never changes its contract.
        """
        if wanted.month is not None or wanted.contract_id is not None:
            self._set(wanted.written, contract)
            return contract
        return self._follow(wanted.written, contract)

    def roll(self, wanted: Wanted, contract: Contract) -> Contract:
        """The same, and the symbol stands for it whatever is held."""
        return self._follow(wanted.written, contract, asked=True)

    def _follow(self, symbol: str, contract: Contract, asked: bool = False) -> Contract:
        before = self._stood_for(symbol, contract)
        if before is None or before.id == contract.id:
            self._stands(symbol, contract)
            return contract
        if asked:
            return self._roll(symbol, before, contract, (True, "it was asked for"))
        held = self.holds(before.id)
        if held is None and symbol in self._deferred:
            self._undecided[symbol] = (before, contract)
            self._stands(symbol, before, anew=False)
            return before
        return self._roll(symbol, before, contract, self._may_switch(before, held))

    def _stood_for(self, symbol: str, contract: Contract) -> Contract | None:
        """What a symbol stands for; where it is new, what its product's others do."""
        if symbol in self._followed:
            return self._followed[symbol]
        same = (
            each
            for each in tuple(self._followed.values())
            if each.symbol_id and each.symbol_id == contract.symbol_id
        )
        return next(same, None)

    def _roll(
        self,
        symbol: str,
        before: Contract,
        contract: Contract,
        decided: tuple[bool, str],
    ) -> Contract:
        """Switch a symbol or not, as it was decided, and tell of it."""
        switched, reason = decided
        self._undecided.pop(symbol, None)
        stays = contract if switched else before
        self._stands(symbol, stays, anew=switched)
        if switched or self._told.get(symbol) != contract.id:
            from fastorder.contracts.rollover import Rollover  # once in a quarter

            self._told[symbol] = contract.id
            self._tell(Rollover(symbol, before, contract, switched, reason))
        return stays

    def _stands(self, symbol: str, contract: Contract, anew: bool = True) -> None:
        """A symbol stands for a contract, from now on or as before."""
        if anew or self._symbols.listed(symbol) is None:
            self._set(symbol, contract)
        known = self._followed.get(symbol)
        self._followed[symbol] = contract
        self._restored.discard(symbol)
        if known is None or known.id != contract.id:
            self._write()

    def _may_switch(self, before: Contract, held: bool | None) -> tuple[bool, str]:
        if held is False:
            return True, f"nothing of {before.name} is held"
        if held is None and (month_of(before) or (9999, 1)) < self._this_month():
            return True, f"the month of {before.name} is over"
        how = "roll_contract(symbol) switches it"
        if held is None:
            return False, f"whether {before.name} is held is not known; {how}"
        return False, f"{before.name} is held; {how}"

    def _follow_all(self, live: bool) -> None:
        for symbol, before in tuple(self._followed.items()):
            listed = self._symbols.listed(symbol)
            if listed is None:
                continue  # a run before has followed it; whoever loads it hears of it
            if listed != before.id:
                del self._followed[symbol]  # set_contract_id has decided otherwise
                self._restored.discard(symbol)
                continue
            try:
                contract = only_one(self.read(symbol), self.all(live))
            except AmbiguousSymbol as error:  # the next look raises it; nothing rolls
                log().warning("%s", error)
                continue
            if contract is not None:
                self._follow(symbol, contract)

    def _write(self) -> None:
        if self._file is not None:
            self._file.write(self._lists.get(False), dict(self._followed))

    # ------------------------------------------------------------ after a restart

    @property
    def is_restored(self) -> bool:
        """Whether a run before has followed symbols that this one has not yet."""
        return bool(self._restored)

    def defer(self, symbol: str) -> None:
        """Whoever loads this symbol finds out what is held, and decides its rollover.

        Until then it stands for the earlier contract.
        """
        self._deferred.add(symbol.upper())

    def undecided(self, symbol: str) -> Contract | None:
        """The earlier contract of a rollover that waits; None where none does."""
        waiting = self._undecided.get(symbol.upper())
        return None if waiting is None else waiting[0]

    def decide(self, symbol: str, held: bool | None) -> Contract | None:
        """Decide the rollover that waits; what the symbol stands for from now on.

        Args:
            symbol: that was deferred.
            held: whether something of the earlier contract is; None: not known.
        """
        name = symbol.upper()
        self._deferred.discard(name)
        waiting = self._undecided.pop(name, None)
        if waiting is None:
            return None
        return self._roll(name, *waiting, self._may_switch(waiting[0], held))

    def _set(self, symbol: str, contract: Contract) -> None:
        names = names_of(contract, followed=symbol)
        self._symbols.set(symbol, contract.id, contract.tick_size, names=names)

    def _tell(self, event: Rollover) -> None:
        log().warning("%s", event)
        for listener in self._listeners:
            try:
                listener(event)
            except Exception as error:  # the others hear of it all the same
                why = from_outside(repr(error))
                log().error("a listener of rollovers has failed: %s", why)
