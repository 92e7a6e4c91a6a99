"""What both traders are: an executor, a login, the account that is meant."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, Literal, NoReturn, TypeVar

from fastorder._base.near_names import class_with_near_names
from fastorder._core.codec.field_checks import symbol_from
from fastorder.auth.credentials import Credentials, credentials_from
from fastorder.errors import (
    ConfigurationError,
    ExecutorMisuse,
    FastOrderError,
    UnknownSymbol,
    was,
)
from fastorder.gateway.accounts import check_wanted, chosen_account, described
from fastorder.risk.limits import RiskLimits
from fastorder.session.tls import checked_base_url
from fastorder.settings import load
from fastorder.trader.contracts_place import contracts_path
from fastorder.trader.held_values import values_read
from fastorder.trader.journal_place import journal_path
from fastorder.trader.limits import limits_shown, needs_exposure, with_limits
from fastorder.trader.months_held import MonthsHeld
from fastorder.trader.record import Record, record_of
from fastorder.verbs.base import BASE_URL, BaseExecutor
from fastorder.verbs.contracts import ContractVerbs
from fastorder.verbs.explained import explained
from fastorder.verbs.reads import ReadVerbs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from typing_extensions import Self

    from fastorder._core.codec.price import TickGrid
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder.budgets.left import BudgetsLeft
    from fastorder.budgets.limits import Budgets
    from fastorder.config import RetryPolicy, Timeouts
    from fastorder.gateway.contracts import Listing
    from fastorder.models import Account, Price
    from fastorder.realtime.hubs import BaseHubs
    from fastorder.risk.control import Risk
    from fastorder.risk.denials import Denied
    from fastorder.session.ticket_group import Steps
    from fastorder.settings import Settings
    from fastorder.store import Store

PlacedT = TypeVar("PlacedT")
"""What an order gives: a Ticket of a Placed, or the Placed itself."""


@class_with_near_names
class BaseTrader(ABC, Generic[PlacedT]):
    """The executor of a trader, and whose orders it places."""

    executor: Any
    """The OrderExecutor that all of it goes through."""

    realtime: BaseHubs[Any] | None = None
    """Both hubs; None where realtime is switched off."""

    _account: Account | None = None
    _entered = False
    _record: Record | None = None
    _record_kind: type[Record] = Record
    _flattens: Any = None  # after breaches; None where there are no limits

    def __init__(
        self,
        base_url: str = BASE_URL,
        *,
        user_name: str,
        api_key: str,
        account: int | str | None = None,
        symbols: Iterable[str] = (),
        journal: str | os.PathLike[str] | bool | None = None,
        durability: Literal["process", "power"] | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        max_connections: int | None = None,
        max_quantity: int | None = None,
        kill_file: str | os.PathLike[str] | None = None,
        budgets: Budgets | Literal[False] | None = None,
        risk: RiskLimits | Literal[False] | None = None,
        on_breach: Callable[[Denied, int, str], Any] | None = None,
        on_unknown: Callable[[OrderResult], Any] | None = None,
        on_late_arrival: Callable[[OrderResult], Any] | None = None,
        store: Store | str | os.PathLike[str] | bool | None = None,
        realtime: bool | str = True,
    ) -> None:
        credentials = credentials_from(user_name, api_key)
        del api_key  # a traceback with local variables must not show it
        self._set_up(
            kept_credentials(credentials),
            user_name,
            base_url,
            account,
            symbols,
            journal,
            realtime,
            {
                "durability": durability,
                "ca_file": ca_file,
                "retry": retry,
                "timeouts": timeouts,
                "max_connections": max_connections,
                "max_quantity": max_quantity,
                "kill_file": kill_file,
                "budgets": budgets,
                "risk": risk,
                "on_breach": on_breach,
                "on_unknown": on_unknown,
                "on_late_arrival": on_late_arrival,
            },
            store,
        )

    def _set_up(
        self,
        credentials: Credentials,
        user_name: str,
        base_url: str,
        account: int | str | None,
        symbols: Iterable[str],
        journal: str | os.PathLike[str] | bool | None,
        realtime: bool | str,
        options: dict[str, Any],
        store: Any = None,
    ) -> None:
        check_wanted(account)
        base_url = checked_base_url(base_url)
        hubs_at = hubs_place(realtime, base_url)
        self._symbols = symbols_from(symbols)
        self._wanted = account
        self._numbers: dict[str, int] = {}  # of accounts, by what they were called
        self._users: frozenset[int] = frozenset()  # all accounts that were listed last
        self._credentials: Credentials | None = credentials
        if journal is None or journal is True:
            journal = journal_path(base_url, user_name)
        self._journal = None if journal is False else journal
        given = with_limits(options)
        risk = given.get("risk")
        is_limits = isinstance(risk, RiskLimits)  # the executor refuses what is none
        self._reads_exposure = is_limits and needs_exposure(risk)
        self._months: MonthsHeld | None = None  # where something tells what is held
        self._exposed: set[int] = set()  # accounts that were read for the limits
        if isinstance(risk, RiskLimits) and risk.flatten_on_breach:
            given.setdefault("on_breach", self._flatten_after_breach)
        self._record = record_of(self, store, self._record_kind)
        if self._record is not None and risk is not None:
            given["on_breach"] = self._record._with_breaches(given.get("on_breach"))
        self.executor = self._make_executor(
            base_url=base_url, journal=self._journal, **given
        )
        self._name_verbs("await " if self.executor._runs_between_calls else "")
        ca_file = given.get("ca_file")
        self._ca_file = None if ca_file is None else os.fspath(ca_file)
        if self.executor.risk is not None:
            self._flattens = self._make_flattens()
        if hubs_at is not None:
            self.realtime = self._make_hubs(hubs_at)
            if self._record is not None:
                self.realtime.user.on("event", self._record.listen)
        path = contracts_path(base_url)
        if path is not None:
            whose = f"{user_name} {'' if account is None else account}".strip()
            self.executor.contract_book.keep_in(path, whose=whose)

    @classmethod
    def from_env(
        cls,
        *,
        account: int | str | None = None,
        profile: str | None = None,
        file: str | os.PathLike[str] | None = None,
        user_name: str | None = None,
        base_url: str | None = None,
        symbols: Iterable[str] = (),
        journal: str | os.PathLike[str] | bool | None = None,
        durability: Literal["process", "power"] | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        retry: RetryPolicy | None = None,
        timeouts: Timeouts | None = None,
        max_connections: int | None = None,
        max_quantity: int | None = None,
        kill_file: str | os.PathLike[str] | None = None,
        budgets: Budgets | Literal[False] | None = None,
        risk: RiskLimits | Literal[False] | None = None,
        on_breach: Callable[[Denied, int, str], Any] | None = None,
        on_unknown: Callable[[OrderResult], Any] | None = None,
        on_late_arrival: Callable[[OrderResult], Any] | None = None,
        store: Store | str | os.PathLike[str] | bool | None = None,
        realtime: bool | str | None = None,
    ) -> Self:
        """A trader of what the environment, the key store and the file say.

        The user name, the key, the account and the base URL are looked for in
        FASTORDER_USER, FASTORDER_API_KEY, FASTORDER_ACCOUNT and FASTORDER_BASE_URL;
        the name and the key in PROJECT_X_USERNAME and PROJECT_X_API_KEY as well, and
        in the system's key store. See ``fastorder.settings.load``.

        Args:
            account, user_name, base_url, journal: as of the trader itself; what is
                given is not looked for.
            profile: a table ``[profile.NAME]`` of the settings file, which goes before
                the rest of it; its ``default_profile`` where not given.
            file: the path of the settings file; the one in its usual place where not
                given.
            symbols: contracts that are loaded when the trader is entered.
            store: as of the trader itself.
            durability, ca_file, retry, timeouts, kill_file, budgets, risk: as of the
                trader itself; they go before what the file says.
            max_connections, max_quantity, realtime: the same.
            on_breach, on_unknown, on_late_arrival: as of the trader itself.

        Returns:
            A trader, to be entered by ``with``; with an event loop, by ``async with``.

        Raises:
            MissingSetting: what was found nowhere, and where it was looked for.
            SettingsError, ConfigurationError: what was found cannot be used.
            InvalidField, WrongFieldType: an argument is wrong.
            JournalError: the journal cannot be used; another trader may have it open.
        """
        found = load(
            user_name=user_name,
            account=account,
            base_url=base_url,
            profile=profile,
            file=file,
        )
        given = {
            "durability": durability,
            "ca_file": ca_file,
            "retry": retry,
            "timeouts": timeouts,
            "max_connections": max_connections,
            "max_quantity": max_quantity,
            "kill_file": kill_file,
            "budgets": budgets,
            "risk": risk,
            "on_breach": on_breach,
            "on_unknown": on_unknown,
            "on_late_arrival": on_late_arrival,
        }
        given = {name: value for name, value in given.items() if value is not None}
        return cls._of_settings(found, given, symbols, journal, realtime, store)

    @classmethod
    def _of_settings(
        cls,
        found: Settings,
        given: dict[str, Any],
        symbols: Iterable[str] = (),
        journal: str | os.PathLike[str] | bool | None = None,
        realtime: bool | str | None = None,
        store: Any = None,
    ) -> Self:
        """A trader of settings that were found; what is given goes before them."""
        credentials = found.credentials()
        merged = {**found.options, **given}
        filed = merged.pop("journal", None)
        heard = merged.pop("realtime", True)
        trader = cls.__new__(cls)
        trader._set_up(
            credentials,
            found.user_name or "",
            found.base_url or BASE_URL,
            found.account,
            symbols,
            filed if journal is None else journal,
            heard if realtime is None else realtime,
            merged,
            store,
        )
        return trader

    def _name_verbs(self, begin: str) -> None:
        """Have errors name what a trader's user can call."""
        self.executor._contracts.loaded_with(f"{begin}trader.contract")
        if self.executor.risk is not None:
            load = f"{begin}trader.executor.load_exposure"
            self.executor.risk._loaded_with(load)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refused: its executor is one process's, and one trader's."""
        raise TypeError(
            "a Trader must stay what it is, not be copied or pickled: make another one"
        )

    def __repr__(self) -> str:
        kind = f"{type(self).__module__}.{type(self).__name__}"
        if not hasattr(self, "executor"):
            return f"<{kind} not made>"
        whose = "not entered" if self._account is None else described(self._account)
        state = "closed" if self.executor.closed else "open"
        journal = self._journal or "none"
        return (
            f"<{kind} {whose} at {self.executor.base_url}, journal: {journal}, "
            f"{limits_shown(self.executor)}, {state}>"
        )

    # ------------------------------------------------------------ entering

    @property
    def account(self) -> Account:
        """The account that is meant where a verb names none.

        Raises:
            ExecutorMisuse: the trader was not entered yet.
        """
        if self._account is None:
            raise ExecutorMisuse(
                "a trader must be entered first: [async] with Trader(...) as trader"
            )
        return self._account

    def _opening(self) -> Steps[Self]:
        """Log in, find the account, load the first contracts."""
        credentials, self._credentials = self._credentials, None
        yield self.executor._login(credentials, True)
        account = yield from self._chosen(self._wanted)
        yield [self._load(symbol, [account.id]) for symbol in self._symbols]
        yield from self._read_exposure(account.id)
        self._account = account
        if self.realtime is not None or self.executor.risk is not None:
            self._months = MonthsHeld(self)
        if self._wanted is not None:
            self._numbers[str(self._wanted)] = account.id
        return self

    def _read_exposure(self, account_id: int) -> Steps[None]:
        """Read what the limits have to know of an account, where they have to."""
        if self._reads_exposure and not self._is_exposed(account_id):
            yield BaseExecutor.load_exposure.ticket(self.executor, account_id)
            self._exposed.add(account_id)
            yield from values_read(self.executor, self.executor.risk, account_id)
            self.executor.risk._look_at_loss(account_id)

    def _flatten_after_breach(self, denied: Any, account_id: int, why: str) -> None:
        """Flatten an account until it is proved flat; safe from any thread."""
        self._flattens.tell(denied, account_id, why)

    def _check_entry(self) -> None:
        """Refuse an entry that cannot be one, before any of it is done.

        Raises:
            ExecutorMisuse: it was entered already, or is another thread's or loop's.
        """
        if self._entered:
            raise ExecutorMisuse("a trader must be entered once only, make another")
        self.executor._engine.check()

    def _open(self) -> Ticket[Self]:
        self._entered = True
        opening: Ticket[Self] = self.executor._group(
            "enter", self._opening(), changes=False
        )
        return opening

    @property
    def budgets(self) -> BudgetsLeft | None:
        """What is left of the request budgets now; None where there are none."""
        left: BudgetsLeft | None = self.executor.budgets
        return left

    @property
    def risk(self) -> Risk | None:
        """The limits, their state, and what is known of positions; None for none."""
        risk: Risk | None = self.executor.risk
        return risk

    # ------------------------------------------------------------ for the verbs

    def _carry_out(self, start: Any, given: tuple[Any, ...], named: Any) -> Any:
        return self.executor._carry_out(start, given, named)

    def _do(
        self,
        kind: str,
        account: int | str | None,
        symbol: str | None,
        start: Callable[[int], Ticket[Any]],
        *,
        adds_exposure: bool = False,
        changes: bool = True,
    ) -> Ticket[Any]:
        """Start a verb, once its account and its contract are known.

        Args:
            kind: for people.
            account: as the caller says it; None for the trader's own.
            symbol: of the contract; None where none has to be known.
            start: starts it for an account.
            adds_exposure: the limits have to know the account before it. What lessens
                risk waits for no such read.
            changes: whether it may change something at the gateway.
        """
        number = self._ready(account) if adds_exposure else self._number(account)
        is_loaded = symbol is None or self._listing(symbol) is not None
        if number is not None and is_loaded:
            return start(number)

        def steps() -> Steps[Any]:
            (found,) = yield from self._found(
                [account], [symbol] if symbol else [], reads_exposure=adds_exposure
            )
            return (yield start(found))

        prepared: Ticket[Any] = self.executor._group(kind, steps(), changes=changes)
        return prepared

    def _found(
        self,
        accounts: list[int | str | None],
        symbols: list[str],
        *,
        reads_exposure: bool = True,
    ) -> Steps[list[int]]:
        """The numbers of accounts, once the contracts are loaded too."""
        numbers = []
        for account in accounts:
            number = self._number(account)
            if number is None:
                found = yield from self._chosen(account)
                number = self._numbers[str(account)] = found.id
            if reads_exposure:
                yield from self._read_exposure(number)
            numbers.append(number)
        missing = dict.fromkeys(each for each in symbols if not self._is_loaded(each))
        yield [self._load(symbol, numbers) for symbol in missing]
        return numbers

    def _chosen(self, account: int | str | None) -> Steps[Account]:
        """The account that is meant, of those that the user has now."""
        listed = yield ReadVerbs.accounts.ticket(self.executor, only_active=False)
        self._users = frozenset(each.id for each in listed)
        return chosen_account(account, listed)

    def _number(self, account: int | str | None) -> int | None:
        """An account's number; None where it has to be asked for.

        So has a number that is none of the user's: nothing is sent for it before.
        """
        if account is None:
            return self.account.id
        check_wanted(account)
        if type(account) is int:
            return account if self._is_users(account) else None
        return self._numbers.get(str(account))

    def _is_users(self, number: int) -> bool:
        """Whether it is an account of the user, as far as is known before entering."""
        return self._account is None or number in self._users

    def _ready(self, account: int | str | None) -> int | None:
        """An account's number, where nothing has to be read of it first."""
        number = self._number(account)
        if self._reads_exposure and number and not self._is_exposed(number):
            return None
        return number

    def _is_loaded(self, symbol: str) -> bool:
        """Whether the ticks of a symbol are known, or of a contract id."""
        return self.executor._contracts.loaded(symbol_from(symbol)) is not None

    def _is_exposed(self, account_id: int) -> bool:
        """Whether the limits know an account, and its loss is young where it counts."""
        if account_id not in self._exposed:
            return False
        return not self.executor.risk._needs_read(account_id)

    def _listing(self, symbol: str) -> Listing | None:
        """The contract of a symbol, or of an id; None where it has to be loaded."""
        try:
            listing: Listing = self.executor._contracts.find(symbol_from(symbol))
        except UnknownSymbol:
            return None
        return listing

    @explained()
    def grid_of(self, symbol: str) -> TickGrid | None:
        """The ticks of a contract that is loaded; None where they are not known.

        Returns:
            A TickGrid, or None.

        Raises:
            UnknownSymbol: it is not loaded.
            InvalidField, WrongFieldType: it is no symbol.
        """
        grid: TickGrid | None = self.executor._contracts.find(symbol_from(symbol)).grid
        return grid

    @explained()
    def check_sign(self, symbol: str, name: str, price: Price) -> None:
        """Refuse a price of zero or below where a contract has none.

        Args:
            name: what the price is called in the error.
            price: in points, as the contract is quoted.

        Raises:
            UnknownSymbol: it is not loaded.
            InvalidField: it is such a price.
        """
        self.executor._contracts.find(symbol_from(symbol)).check_sign(name, price)

    def _load_now(self, symbol: str) -> None:
        """Load a contract for what answers at once, if this kind of trader can wait."""

    def _load(self, symbol: str, accounts: Iterable[int] = ()) -> Ticket[Any]:
        """Load a contract.

        Args:
            symbol: of it.
            accounts: that may hold an earlier contract of it, beside the trader's own.
        """
        if not self.executor.contract_book.is_restored:
            return ContractVerbs.contract.ticket(self.executor, symbol)
        from fastorder.trader.rolling import load_restored  # after a restart

        own = [] if self._account is None else [self._account.id]
        numbers = {*own, *self._numbers.values(), *accounts}
        steps = load_restored(self.executor, symbol, sorted(numbers))
        loading: Ticket[Any] = self.executor._group("contract", steps, changes=False)
        return loading

    # ------------------------------------------------------------ realtime

    def _make_hubs(self, url: str) -> BaseHubs[Any]:
        return self._hubs_kind(
            url,
            self.executor.session,
            ca_file=self._ca_file,
            renew=self._renew_for_hubs,
        )

    def _open_realtime(self) -> None:
        """Hear of the account; its hub connects in the background, and tries on."""
        if self.realtime is not None:
            self.realtime.open_user(self.account.id)

    # ------------------------------------------------------------ for subclasses

    _hubs_kind: type[BaseHubs[Any]]

    @abstractmethod
    def _renew_for_hubs(self) -> None:
        """A hub does not take the token, or it ends soon: get another one."""

    @abstractmethod
    def _make_executor(self, **options: Any) -> Any:
        """The executor of this kind of trader."""

    @abstractmethod
    def _make_flattens(self) -> Any:
        """What flattens after a breach in this kind of trader."""


def kept_credentials(given: Credentials | FastOrderError) -> Credentials:
    """What a login takes; raised where no local variable holds the key.

    Raises:
        InvalidField, WrongFieldType: the name or the key cannot be used.
    """
    if isinstance(given, Credentials):
        return given
    raise given


def symbols_from(given: Any) -> tuple[str, ...]:
    """The symbols that are loaded at once.

    Raises:
        ConfigurationError: they are no list of symbols.
    """
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise ConfigurationError(f"symbols must be a list of symbols, {was(given)}")
    return tuple(symbol_from(symbol) for symbol in given)


def hubs_place(realtime: Any, base_url: str) -> str | None:
    """Where the hubs are looked for; None where they are switched off.

    Raises:
        ConfigurationError: it is neither True, False nor a URL that the hubs can have.
    """
    if realtime is True:
        return base_url
    if realtime is False:
        return None
    if not isinstance(realtime, str):
        raise ConfigurationError(
            f"realtime must be True, False or the hubs' URL, {was(realtime)}"
        )
    return checked_base_url(realtime, "realtime, where it is neither True nor False,")
