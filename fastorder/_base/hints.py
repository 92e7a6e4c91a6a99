"""What is said beside a refusal, where one hint is all that is needed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    Kind = TypeVar("Kind", bound=type)

MODELS = {"order_id": "Order", "account_id": "Account", "contract_id": "Contract"}
"""Which model has an id of what an argument wants."""

MONTH_LETTERS = "FGHJKMNQUVXZ"
"""January to December, as the exchange writes them."""

MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"
LETTERS = {
    **dict(zip(MONTHS.split(), MONTH_LETTERS, strict=True)),
    **{f"{number:02}": each for number, each in enumerate(MONTH_LETTERS, 1)},
}
"""The exchange's letter of a month, by its name and by its number."""

WITH_MONTH = (
    rf" ?(?P<month>[{MONTH_LETTERS}])(?P<year>[0-9]{{1,2}}|20[0-9]{{2}})",  # MNQZ6
    rf" ?(?P<month>{MONTHS.replace(' ', '|')})-?(?P<year>[0-9]{{2}})",  # MNQ DEC26
    r" (?P<month>0[1-9]|1[0-2])-(?P<year>[0-9]{2})",  # MNQ 12-26
    r" (?P<year>20[0-9]{2})-(?P<month>0[1-9]|1[0-2])",  # MNQ 2026-12
)
"""How platforms and data vendors write a month; compiled once they are needed."""

WITHOUT = (r"(?:1!|=F|\.FUT|\.[CNV]\.0)?",)  # MNQ1!, MNQ=F, MNQ.FUT, MNQ.c.0
"""How they write the contract that trades now; MNQ2! and MNQ.c.1 are another one."""

PRODUCT = r"(?:[A-Z_]+:|F\.US\.|[/@$])?(?P<product>[A-Z0-9]{2,4}?)"
"""What they write before it: CME_MINI:MNQ, F.US.MNQ, /MNQ, @MNQ."""

MOMENTS = {
    "str": "datetime.fromisoformat reads one",
    "int": "datetime.fromtimestamp(..., timezone.utc) makes one of it",
    "float": "datetime.fromtimestamp(..., timezone.utc) makes one of it",
    "date": "a date is no moment",
    "timedelta": "datetime.now(timezone.utc) less it is one",
}
"""By the type of what was given for a datetime."""


def object_hint(field: str, value: object) -> str:
    """What to pass of an object that was given for one of its attributes."""
    if hasattr(value, "__await__") and not getattr(value, field, None):
        then = f", and pass the {field} of its result" if field == "order_id" else ""
        return f"await it{then}"
    if type(value).__name__ == MODELS.get(field):
        return "pass its id"
    if hasattr(value, field):
        return f"pass its {field}"
    if field == "symbol" and type(value).__name__ == "Contract":
        return "pass the symbol that it was loaded under"
    return _text_hint(field, value)


def _text_hint(field: str, value: object) -> str:
    """The same where another kind of value was taken for the one that is wanted."""
    if field == "order_id" and value is None:
        return "an order that was not accepted has none"
    if field == "account_id" and isinstance(value, str) and not value.isdigit():
        return "accounts() lists the number of each name"
    if field == "tag" and isinstance(value, int):
        return "an order's number is not its tag: open_orders shows both"
    return ""


def token_hint(token: str) -> str:
    """What is to be taken off a token; it is not shown."""
    bare = token.strip()
    if bare[:7].lower() == "bearer ":
        return 'leave out "Bearer ", it is added'
    if bare != token:
        return "strip it: there are blanks or line ends around it"
    if bare[:1] in ("'", '"') and bare[-1:] == bare[:1]:
        return "take off the quotes around it"
    return ""


def symbol_meant(symbol: str) -> str | None:
    """The symbol that another notation stands for; None where it is none of those.

    One that names a month stands for that month, and never for the product alone.
    """
    written = symbol.strip().upper()
    if written.startswith("CON."):
        return written if written != symbol else None
    for expiry in (*WITH_MONTH, *WITHOUT):
        if found := re.fullmatch(PRODUCT + expiry, written):
            meant = found["product"] + _expiry(found.groupdict())
            return meant if meant != symbol.upper() else None
    return None


def names_month(symbol: str) -> bool:
    """Whether a symbol names the month of its contract, in whatever way."""
    written = symbol.strip().upper()
    return any(re.fullmatch(f".+{expiry}", written) for expiry in WITH_MONTH)


def _expiry(found: dict[str, str]) -> str:
    """A month and its year as the exchange writes them, Z26; "" where there is none."""
    month = found.get("month", "")
    return LETTERS.get(month, month) + found.get("year", "")


def moment_hint(value: object) -> str:
    """How to make a datetime of what was given for one."""
    return MOMENTS.get(type(value).__name__, "")


def number_in(text: str) -> str | None:
    """The number that a text stands for, whatever marks it has; None for no number.

    A comma before three digits parts thousands: 29,500 is 29500.
    """
    bare = text.strip().lstrip("$@#")
    if re.fullmatch(r"-?\d{1,3}([,_ '’]\d{3})+(\.\d*)?", bare):
        bare = re.sub(r"[,_ '’]", "", bare)
    elif re.fullmatch(r"-?\d{1,3}(\.\d{3})*,\d+", bare):
        bare = bare.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"-?\d+,\d+", bare):
        bare = bare.replace(",", ".")
    is_number = re.fullmatch(r"-?\d+\.?\d*|-?\.\d+", bare)
    return bare if is_number else None


def milliseconds_hint(value: float, most: float) -> str:
    """A number of seconds that is too large, and would fit in milliseconds."""
    if not most < value <= most * 1000:
        return ""
    return f"{value:g} ms are {value / 1000:g}"


NEGATIVE_HINT = (
    "where its contract trades at zero and below, the executor's set_contract_id(..., "
    "negative_prices=True) says so"
)
"""What lets a price of zero or below pass."""


def async_with_alone(kind: Kind) -> Kind:
    """The same class; where it is entered by ``with``, it tells of ``async with``."""
    return _refusing(kind, ("__enter__", "__exit__"), "async with", "with")


def with_alone(kind: Kind) -> Kind:
    """The same class; where it is entered by ``async with``, it tells of ``with``."""
    return _refusing(kind, ("__aenter__", "__aexit__"), "with", "async with")


def _refusing(kind: Kind, methods: tuple[str, ...], right: str, wrong: str) -> Kind:
    """The same class, with methods that say how it is entered instead."""

    def refuse(self: object, *error: object) -> NoReturn:
        other = _other_form(kind)
        raise TypeError(
            f"a {kind.__name__} must be entered by {right}, was by {wrong}{other}"
        )

    for name in methods:
        setattr(kind, name, refuse)
    return kind


BOTH_FORMS = {"OrderExecutor", "Trader"}
"""What there is twice, with an event loop and without."""


def _other_form(kind: type) -> str:
    """The class that is entered the other way, where there is one."""
    if kind.__name__ not in BOTH_FORMS:
        return ""
    if kind.__module__ == "fastorder.blocking":
        return f" (for an event loop there is fastorder.{kind.__name__})"
    return f" (without an event loop there is fastorder.blocking.{kind.__name__})"


GIVEN = {
    "ResultT": "OrderResult | Ticket[OrderResult]",
    "PlacedT": "Placed | Ticket[Placed]",
}
"""What a verb gives without an event loop, and with one."""


def given_by(returns: str) -> str:
    """The type that a verb of both forms gives, as people read it."""
    if returns[:7] == "Ticket[":
        return f"{returns[7:-1]} | {returns}"
    return GIVEN.get(returns, returns)


def says_what_it_gives(verb: Any) -> Any:
    """The same verb; its signature has what either form gives, and no type variable."""
    verb.__annotations__["return"] = given_by(verb.__annotations__["return"])
    return verb
