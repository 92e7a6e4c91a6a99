"""The exception tree, and the gateway's error codes, one table per endpoint."""

from __future__ import annotations

import re
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastorder._core.flow.result import OrderResult


class FastOrderError(Exception):
    """Every error of this library."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)


class InvalidField(FastOrderError, ValueError):
    """A value breaks a rule; nothing was sent.

    Attributes:
        field: which argument.
        rule: what it has to be.
        value: what it was; where that may be a secret, it is not shown.
        hint: what may have been meant; "" where nothing is known of that.
    """

    def __init__(self, field: str, rule: str, value: object, hint: str = "") -> None:
        if may_hold_secret(value):
            value = Unshown(value)
        super().__init__(field, rule, value, hint)
        self.field = field
        self.rule = rule
        self.value = value
        self.hint = hint

    def __str__(self) -> str:
        was = "" if isinstance(self.value, Unshown) else f", was {_shown(self.value)}"
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.field} {self.rule}{was}{hint}"


class WrongFieldType(FastOrderError, TypeError):
    """A value has the wrong type; nothing was sent.

    Attributes:
        field: which argument.
        rule: what it has to be.
        value: what it was; a value that may be secret shows only its type.
        hint: what may have been meant; "" where nothing is known of that.
    """

    def __init__(self, field: str, rule: str, value: object, hint: str = "") -> None:
        if may_hold_secret(value):
            value = Unshown(value)
        super().__init__(field, rule, value, hint)
        self.field = field
        self.rule = rule
        self.value = value
        self.hint = hint

    def __str__(self) -> str:
        if isinstance(self.value, Unshown):
            return f"{self.field} {self.rule}, was {self.value.kind}"
        kind = type(self.value).__name__
        found = f"{kind}: {self.hint}" if self.hint else kind
        return f"{self.field} {self.rule}, was {_shown(self.value)} ({found})"


class Unshown:
    """Stands in an error for a value that may be a secret.

    Attributes:
        kind: the name of the value's type.
    """

    def __init__(self, value: object) -> None:
        self.kind = type(value).__name__

    def __repr__(self) -> str:
        return f"<Unshown: {self.kind}>"


class UnknownSymbol(FastOrderError, LookupError):
    """A symbol has no contract; nothing was sent."""


class AmbiguousSymbol(UnknownSymbol):
    """A symbol fits several contracts; all are named, and nothing was sent.

    Attributes:
        names: of those contracts.
    """

    def __init__(self, message: str, names: tuple[str, ...] = ()) -> None:
        super().__init__(message, names)
        self.names = names

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownAccount(FastOrderError, LookupError):
    """No account of the user is meant by this; all that there are are named."""


class AmbiguousAccount(FastOrderError, LookupError):
    """Several accounts are meant by this; all of them are named.

    Attributes:
        ids: of those accounts.
    """

    def __init__(self, message: str, ids: tuple[int, ...] = ()) -> None:
        super().__init__(message, ids)
        self.ids = ids

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownTag(FastOrderError, LookupError):
    """The executor knows no order with this tag."""


class TokenMissing(FastOrderError):
    """No token was set; nothing was sent."""


class InvalidToken(FastOrderError, ValueError):
    """A token cannot go into a header. Its text is never shown."""


class ConfigurationError(FastOrderError, ValueError):
    """A setting cannot be used."""


class SettingsError(ConfigurationError):
    """A settings file cannot be used as it is.

    Attributes:
        path: of the file.
        key: what stands in it, "profile.live.account" say; "" for the whole file.
        rule: what it has to be.
        found: what it was; "" where that is not shown.
    """

    def __init__(self, path: str, key: str, rule: str, found: str = "") -> None:
        super().__init__(path, key, rule, found)
        self.path = path
        self.key = key
        self.rule = rule
        self.found = found

    def __str__(self) -> str:
        key = f"{self.key} " if self.key else ""
        was = f", {self.found}" if self.found else ""
        return f"settings file {self.path}: {key}{self.rule}{was}"


class MissingSetting(ConfigurationError):
    """A setting that is needed was found nowhere; the text says where it was sought.

    Attributes:
        name: of the setting.
        looked: each place that was looked at, and what was found there.
        others: the name of each other one that is missing too, and where it was sought.
    """

    def __init__(
        self,
        name: str,
        looked: tuple[tuple[str, str], ...],
        others: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (),
    ) -> None:
        super().__init__(name, looked, others)
        self.name = name
        self.looked = looked
        self.others = others

    def __str__(self) -> str:
        missing = ((self.name, self.looked), *self.others)
        return "; ".join(_sought(name, looked) for name, looked in missing)


def _sought(name: str, looked: tuple[tuple[str, str], ...]) -> str:
    places = "; ".join(f"{place}: {what}" for place, what in looked)
    return f"{name} must be given, it was found nowhere ({places})"


class ExecutorClosed(FastOrderError, RuntimeError):
    """The executor is closed; nothing was sent."""


class ExecutorMisuse(FastOrderError, RuntimeError):
    """Used from a wrong thread, event loop or process; nothing was sent."""


class NotAwaited(FastOrderError, TypeError, AttributeError):
    """A ticket was taken for its result; its request is on its way all the same.

    It is an AttributeError, so that ``hasattr(ticket, "success")`` is false.
    """


class ActStopped(FastOrderError):
    """A verb of several requests was stopped: its wait was cancelled.

    Attributes:
        act: its name, such as "reverse".
        why: it was stopped.
        came_to: what became of the requests that had left.
    """

    def __init__(self, act: str, why: str, came_to: str) -> None:
        super().__init__(act, why, came_to)
        self.act = act
        self.why = why
        self.came_to = came_to

    def __str__(self) -> str:
        return f"{self.act} was stopped: {self.why}; {self.came_to}"


class Halted(FastOrderError, RuntimeError):
    """No new exposure may leave; the text says why. See ``kill`` and ``resume``."""


class Interlocked(FastOrderError, RuntimeError):
    """An earlier order of this account and contract is in doubt; nothing was sent.

    Attributes:
        tags: of the orders in doubt, oldest first.
    """

    def __init__(self, message: str, tags: tuple[str, ...]) -> None:
        super().__init__(message, tags)
        self.tags = tags

    def __str__(self) -> str:
        return str(self.args[0])


class RiskDenied(FastOrderError, RuntimeError):
    """Limits refuse it; nothing was sent, and no intent was written down.

    Attributes:
        denials: all that refuses it, a Denial each, the most telling first.
        code: of the first, a member of Denied.
    """

    def __init__(self, denials: tuple[Any, ...]) -> None:
        super().__init__(denials)
        self.denials = denials
        self.code = denials[0].code

    def __str__(self) -> str:
        return "; ".join(str(denial) for denial in self.denials)


class KeyReused(FastOrderError, ValueError):
    """A key or a custom tag was used before, for another order; nothing was sent.

    Attributes:
        key: the idempotency key, or the tag.
        before, now: the two requests, as JSON text.
        is_tag: whether it is a ``custom_tag``.
        places: where the two stand in one call's orders, from 0; None where the first
            was of an earlier call.
    """

    def __init__(
        self,
        key: str,
        before: str,
        now: str,
        is_tag: bool = False,
        places: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(key, before, now, is_tag, places)
        self.places = places
        self.key = key
        self.before = before
        self.now = now
        self.is_tag = is_tag

    def __str__(self) -> str:
        name = "custom_tag" if self.is_tag else "idempotency_key"
        before, now = _apart(self.before, self.now)
        rule = f"{name} {self.key!r} must stand for one order"
        if self.places is not None:
            first, second = self.places
            return (
                f"{rule}, orders[{first}] has {before} and orders[{second}] has {now}"
            )
        return f"{rule}, it was used for one with {before}, and this one has {now}"


FIELD_NAMES = {
    "accountId": "account_id",
    "contractId": "contract",
    "type": "order_type",
    "side": "side",
    "size": "quantity",
    "limitPrice": "limit_price",
    "stopPrice": "stop_price",
    "trailPrice": "trail_price",
    "stopLossBracket": "stop_loss_ticks",
    "takeProfitBracket": "take_profit_ticks",
    "customTag": "custom_tag",
}
"""What the members of an order's request are called here."""

TYPE_NAMES = {
    1: "LIMIT",
    2: "MARKET",
    3: "STOP_LIMIT",
    4: "STOP",
    5: "TRAILING_STOP",
    6: "JOIN_BID",
    7: "JOIN_ASK",
}
SIDE_NAMES = {0: "BUY", 1: "SELL"}
TRAILING = 5
"""Types and sides as ``enums``, which stands above this module, calls them."""


def _apart(before: str, now: str) -> tuple[str, str]:
    """In what two requests differ, in words; as they are where that cannot be told."""
    import json  # only an error needs it

    try:
        first = json.loads(before, parse_float=str)
        second = json.loads(now, parse_float=str)
        names = [name for name in FIELD_NAMES if first.get(name) != second.get(name)]
        words = _in_words(first, names), _in_words(second, names)
    except (ValueError, TypeError, AttributeError, KeyError):  # no request of an order
        return before, now
    return words if names else (before, now)


def _in_words(order: dict[str, Any], names: list[str]) -> str:
    """Some members of an order's request: "quantity 2, no limit_price"."""
    words = []
    for name in names:
        value, called = order.get(name), FIELD_NAMES[name]
        if name in ("type", "side"):
            known = TYPE_NAMES if name == "type" else SIDE_NAMES
            value = known.get(value, value) if isinstance(value, int) else value
        elif isinstance(value, dict):
            trails = ", trailing" if value.get("type") == TRAILING else ""
            value = f"{abs(value['ticks'])}{trails}"
        words.append(f"no {called}" if value is None else f"{called} {value}")
    return ", ".join(words)


class RequestFailed(FastOrderError):
    """A read got no usable answer.

    Attributes:
        http_status: None where no answer came.
        error_code: the gateway's own; None where it gave none.
        error_name: its name in the endpoint's own table.
    """

    def __init__(
        self,
        message: str,
        http_status: int | None = None,
        error_code: int | None = None,
        error_name: str | None = None,
    ) -> None:
        super().__init__(message, http_status, error_code, error_name)
        self.http_status = http_status
        self.error_code = error_code
        self.error_name = error_name

    def __str__(self) -> str:
        return str(self.args[0])


class AuthLost(RequestFailed):
    """The gateway does not accept the token: log in, or set another one."""


class OrderFailed(FastOrderError):
    """An order that was not accepted; see ``OrderResult.raise_for_outcome``.

    Attributes:
        result: the OrderResult.
    """

    def __init__(self, result: OrderResult) -> None:
        super().__init__(result)
        self.result = result

    def __str__(self) -> str:
        return self.result.message


class OrderRejected(OrderFailed):
    """The gateway refused it: no order exists."""


class OrderNotSent(OrderFailed):
    """Not a byte of it left: no order exists."""


class OrderNotPlaced(OrderFailed):
    """It was sent, and it is proved that it became no order."""


class OrderUnknown(OrderFailed):
    """It may exist: look before you order again."""


class RealtimeError(FastOrderError):
    """Something about the gateway's realtime hubs."""


class RealtimeProtocolError(RealtimeError, ValueError):
    """What a hub has sent breaks a rule; the text says which."""


class RealtimeUnavailable(RealtimeError):
    """A hub could not be reached, or did not take this client."""


class RealtimeClosed(RealtimeError, RuntimeError):
    """A hub's client is closed."""


class Lagged(RealtimeError):
    """A consumer was too slow: what waited for it was dropped, and it starts anew.

    Attributes:
        lost: how many events it did not get.
    """

    def __init__(self, lost: int) -> None:
        super().__init__(lost)
        self.lost = lost

    def __str__(self) -> str:
        events = "event was" if self.lost == 1 else "events were"
        return f"the consumer must keep up, {self.lost:,} {events} dropped"


class SubscriptionRefused(RealtimeError):
    """A hub does not take a subscription; the text says why."""


class InvocationFailed(RealtimeError):
    """A hub refused a call, or the connection ended before it answered.

    Attributes:
        target: the method that was called.
        why: what the hub said, or what became of the connection.
        sent: whether the call may have been carried out.
    """

    def __init__(self, target: str, why: str, sent: bool = False) -> None:
        super().__init__(target, why, sent)
        self.target = target
        self.why = why
        self.sent = sent

    def __str__(self) -> str:
        return f"{self.target}: {self.why}"


class JournalError(FastOrderError):
    """A journal cannot be used as it is; the file was left as it was.

    Attributes:
        path: of the journal.
        expected: what it has to be.
        found: what it was.
    """

    def __init__(self, path: str, expected: str, found: str) -> None:
        super().__init__(path, expected, found)
        self.path = path
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        return f"journal {self.path} {self.expected}, {self.found}"


class JournalUnavailable(JournalError):
    """The file cannot be opened, made or locked: its place, kind, mode or disk."""


class JournalLocked(JournalError):
    """Another process or executor writes it; a journal has one writer."""


class JournalForeign(JournalError):
    """The file is not a journal."""


class JournalTooNew(JournalError):
    """A later version of this library has written it."""


class JournalDamaged(JournalError):
    """Its contents are not what was once written."""


class JournalFailed(JournalError):
    """A write failed, and the journal takes no more; nothing may be sent after it.

    Each later write raises it again, with the first failure in ``found``.
    """


class JournalConflict(JournalError, ValueError):
    """Another intent has this tag or key; the text shows both."""


class JournalMisuse(JournalError, RuntimeError):
    """Used after it was closed, or in a fork of its process."""


LONG_AND_BASE64 = r"eyJ[\w-]+\.[\w.-]+|[A-Za-z0-9+_=-][A-Za-z0-9+/_=-]{39,}"
"""A token, or a key: long, and of the letters of base64 alone; no absolute path."""


def looks_like_secret(value: object) -> bool:
    """Whether it is a token or a key, as far as that can be told, and nothing else."""
    if isinstance(value, (bytes, bytearray)):
        value = value.decode("latin-1")
    return isinstance(value, str) and bool(re.fullmatch(LONG_AND_BASE64, value.strip()))


def may_hold_secret(value: object) -> bool:
    """Whether something in it looks like a token or a key."""
    if isinstance(value, (int, float)):
        return False
    try:
        text = value if isinstance(value, str) else repr(value)
    except ValueError:  # a number within it has too many digits for Python
        return False
    return bool(re.search(LONG_AND_BASE64, text))


def was(value: object) -> str:
    """The end of an error's text: what was found, unless that may be a secret."""
    if may_hold_secret(value):
        return f"was a {type(value).__name__} that may be a secret, and is not shown"
    return f"was {_shown(value)}"


def _shown(value: object) -> str:
    """A value for an error text, cut where it is long; a Decimal as its digits."""
    if isinstance(value, int) and value.bit_length() > 256:
        return f"a number of {value.bit_length()} bits"
    text = str(value) if type(value).__name__ == "Decimal" else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


class _ComparedWithMembers:
    """Comparing a member with text is an error: it would always be false.

    ``result.outcome == "ACCEPTED"`` would otherwise say no of an order that was taken.
    """

    name: str

    __hash__ = Enum.__hash__  # what has an __eq__ of its own inherits none

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            raise TypeError(_no_text(self, other))
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        if isinstance(other, str):
            raise TypeError(_no_text(self, other))
        return super().__ne__(other)


def _no_text(member: _ComparedWithMembers, text: str) -> str:
    kind = type(member)
    meant = text if text in getattr(kind, "__members__", ()) else member.name
    return (
        f"{kind.__name__}.{member.name} must be compared with a member, as by "
        f"`is {kind.__name__}.{meant}`, not with text: was {text[:40]!r}"
    )


class NamedNumber(_ComparedWithMembers, IntEnum):
    """A number that prints as its name.

    ``int()``, comparisons and JSON have the number, and so has ``f"{each:d}"``.
    """

    __hash__ = IntEnum.__hash__

    def __str__(self) -> str:
        return self.name

    def __format__(self, spec: str) -> str:
        if spec.endswith(("b", "c", "d", "o", "x", "X", "n")):
            return int.__format__(self, spec)
        return format(self.name, spec)


class GatewayNumber(NamedNumber):
    """A number of the gateway's. It prints as its name, ``f"{side} 1 MNQ"`` say.

    ``int()``, comparisons and JSON have the number, and so has ``f"{side:d}"``. It
    equals its number, and comparing it with text is a TypeError.
    """


# Error codes. Source: the gateway's Swagger description; names as they stand there.


class LoginError(GatewayNumber):
    """Codes of Auth/loginKey."""

    Success = 0
    UserNotFound = 1
    PasswordVerificationFailed = 2
    InvalidCredentials = 3
    AppNotFound = 4
    AppVerificationFailed = 5
    InvalidDevice = 6
    AgreementsNotSigned = 7
    UnknownError = 8
    ApiSubscriptionNotFound = 9
    ApiKeyAuthenticationDisabled = 10


class ValidateError(GatewayNumber):
    """Codes of Auth/validate."""

    Success = 0
    InvalidSession = 1
    SessionNotFound = 2
    ExpiredToken = 3
    UnknownError = 4


class LogoutError(GatewayNumber):
    """Codes of Auth/logout."""

    Success = 0
    InvalidSession = 1
    UnknownError = 2


class SearchContractByIdError(GatewayNumber):
    """Codes of Contract/searchById."""

    Success = 0
    ContractNotFound = 1


class PlaceOrderError(GatewayNumber):
    """Codes of Order/place."""

    Success = 0
    AccountNotFound = 1
    OrderRejected = 2
    InsufficientFunds = 3
    AccountViolation = 4
    OutsideTradingHours = 5
    OrderPending = 6
    UnknownError = 7
    ContractNotFound = 8
    ContractNotActive = 9
    AccountRejected = 10


class ModifyOrderError(GatewayNumber):
    """Codes of Order/modify."""

    Success = 0
    AccountNotFound = 1
    OrderNotFound = 2
    Rejected = 3
    Pending = 4
    UnknownError = 5
    AccountRejected = 6
    ContractNotFound = 7


class CancelOrderError(GatewayNumber):
    """Codes of Order/cancel."""

    Success = 0
    AccountNotFound = 1
    OrderNotFound = 2
    Rejected = 3
    Pending = 4
    UnknownError = 5
    AccountRejected = 6


class ClosePositionError(GatewayNumber):
    """Codes of Position/closeContract."""

    Success = 0
    AccountNotFound = 1
    PositionNotFound = 2
    ContractNotFound = 3
    ContractNotActive = 4
    OrderRejected = 5
    OrderPending = 6
    UnknownError = 7
    AccountRejected = 8


class PartialClosePositionError(GatewayNumber):
    """Codes of Position/partialCloseContract."""

    Success = 0
    AccountNotFound = 1
    PositionNotFound = 2
    ContractNotFound = 3
    ContractNotActive = 4
    InvalidCloseSize = 5
    OrderRejected = 6
    OrderPending = 7
    UnknownError = 8
    AccountRejected = 9


class SearchOrderError(GatewayNumber):
    """Codes of Order/search, Order/searchOpen and Order/v2/query."""

    Success = 0
    AccountNotFound = 1


class RetrieveBarsError(GatewayNumber):
    """Codes of History/retrieveBars."""

    Success = 0
    ContractNotFound = 1
    UnitInvalid = 2
    UnitNumberInvalid = 3
    LimitInvalid = 4


class SearchOrderByIdError(GatewayNumber):
    """Codes of Order/searchById."""

    Success = 0
    OrderNotFound = 1


def error_name(table: type[IntEnum], code: Any) -> str | None:
    """The gateway's name of a code; None where the table does not hold it."""
    member = table._value2member_map_.get(code)
    return None if member is None else member.name


class StoreError(FastOrderError):
    """A store cannot be used as it is; it was left as it was.

    Attributes:
        where: which store; a password is never shown.
        expected: what it has to be.
        found: what it was.
    """

    def __init__(self, where: str, expected: str, found: str) -> None:
        super().__init__(where, expected, found)
        self.where = where
        self.expected = expected
        self.found = found

    def __str__(self) -> str:
        return f"store {self.where} {self.expected}, {self.found}"


class StoreUnavailable(StoreError):
    """It cannot be reached, read or written."""


class StoreForeign(StoreError):
    """It is of another program."""


class StoreTooNew(StoreError):
    """A later version of this library has made it."""


_KINDS = (FastOrderError, GatewayNumber, Unshown)


def _is_for_users(name: str, thing: object) -> bool:
    return name[0] != "_" and isinstance(thing, type) and issubclass(thing, _KINDS)


def __dir__() -> list[str]:
    """The errors, and the tables of the gateway's codes."""
    return [
        name
        for name, each in globals().items()
        if name[:2] == "__" or _is_for_users(name, each)
    ]
