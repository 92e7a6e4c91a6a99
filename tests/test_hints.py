"""First-day mistakes: what is said beside the refusal, and what is not."""

import asyncio
import dataclasses
import inspect
import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from canary import API_KEY, TOKEN
from conftest import ACCOUNT

import fastorder
from fastorder import InvalidField, OrderResult, Outcome, UnknownSymbol, blocking
from fastorder._base import hints
from fastorder._base.hints import (
    MODELS,
    MOMENTS,
    MONTH_LETTERS,
    names_month,
    symbol_meant,
)
from fastorder.contracts import names
from fastorder.contracts.names import wanted_from
from fastorder.contracts.products import NAMES
from fastorder.session.tls import checked_base_url

NOW = datetime.now(timezone.utc)
VALUES = {
    "symbol": "MNQ",
    "side": "BUY",
    "quantity": 1,
    "account_id": ACCOUNT,
    "order_id": 5,
    "contract_id": "CON.F.US.MNQ.Z26",
    "limit_price": 25_000,
    "stop_price": 35_000,
    "trail_price": 29_400,
    "since": NOW,
    "tag": "fo1-a",
    "every": "1m",
    "price": 25_000,
    "placed": fastorder.OrderResult(fastorder.Outcome.ACCEPTED, order_id=5),
    "orders": [],
}
ORDER = fastorder.Order(5, ACCOUNT, "CON.F.US.MNQ.Z26", 1, 1, fastorder.Side.BUY, 1)
ACCOUNT_MODEL = fastorder.Account(ACCOUNT, "PRAC-V2-1", Decimal(150_000), True, True)
CONTRACT = fastorder.Contract(
    "CON.F.US.MNQ.Z26", "MNQZ6", "", Decimal("0.25"), Decimal("0.5"), True, "F.US.MNQ"
)
RESULT = OrderResult(Outcome.ACCEPTED, order_id=5, tag="fo1-a")
MISTAKEN = {
    "order_id": {
        "pass its order_id": RESULT,
        "pass its id": ORDER,
        "an order that was not accepted has none": None,
    },
    "account_id": {
        "pass its account_id": ORDER,
        "pass its id": ACCOUNT_MODEL,
        "accounts() lists the number of each name": "PRAC-V2-1",
    },
    "contract_id": {"pass its contract_id": ORDER, "pass its id": CONTRACT},
    "symbol": {"pass the symbol that it was loaded under": CONTRACT},
    "tag": {"pass its tag": RESULT, "an order's number is not its tag": 3_400_000_001},
}
"""By argument: what to say where another thing is given for it."""


def needed(verb):
    """The arguments that a verb cannot do without."""
    parameters = inspect.signature(verb).parameters.values()
    return [each.name for each in parameters if each.default is each.empty]


def calls(argument):
    """The verbs that need an argument."""
    kind = blocking.OrderExecutor
    verbs = [name for name in dir(kind) if not name.startswith("_")]
    named = {name: getattr(kind, name) for name in verbs}
    return [
        name
        for name, verb in named.items()
        if callable(verb) and argument in needed(verb)
    ]


CASES = [
    (argument, verb, hint)
    for argument, mistakes in MISTAKEN.items()
    for verb in calls(argument)
    for hint in mistakes
]


@pytest.mark.parametrize(("argument", "verb", "hint"), CASES)
def test_every_verb_says_what_to_pass_of_an_object(
    trader, gateway, argument, verb, hint
):
    call = getattr(trader, verb)
    given = {name: VALUES[name] for name in needed(call)}
    given[argument] = MISTAKEN[argument][hint]
    with pytest.raises(fastorder.WrongFieldType) as raised:
        call(**given)
    kind = type(given[argument]).__name__
    assert str(raised.value).startswith(f"{argument} must be ")
    assert f" ({kind}: {hint}" in str(raised.value)
    assert gateway.ledger.requests() == []


def test_enough_verbs_are_tried():
    assert len({verb for _, verb, _ in CASES}) >= 12
    assert len(CASES) >= 40
    assert MODELS.keys() <= MISTAKEN.keys()


def test_a_ticket_is_to_be_awaited(run, connect):
    async def main():
        async with connect() as executor:
            placed = executor.place_limit_order(
                "MNQ", "BUY", 1, ACCOUNT, limit_price=20_000
            )
            accounts = executor.accounts()
            for call in (executor.cancel_order, executor.modify_order):
                with pytest.raises(fastorder.WrongFieldType) as raised:
                    call(placed, ACCOUNT)
                assert str(raised.value).endswith(
                    "(Ticket: await it, and pass the order_id of its result)"
                )
            with pytest.raises(fastorder.WrongFieldType, match="Ticket: await it"):
                executor.open_orders(accounts)
            await accounts
            return await placed

    assert run(main()).success


def test_a_tag_for_an_order_id_is_told(trader):
    with pytest.raises(InvalidField, match=r"was 'fo1-a' \(resolve takes a tag\)"):
        trader.cancel_order("fo1-a", ACCOUNT)


# ---------------------------------------------------------------- symbols

FRONT = [
    "/MNQ",
    "@MNQ",
    "$MNQ",
    "MNQ=F",
    "MNQ1!",
    "CME_MINI:MNQ1!",
    "CME:MNQ",
    "F.US.MNQ",
    "MNQ.c.0",
    "MNQ.FUT",
    "MNQ ",
    " MNQ",
    "MNQ\n",
]
"""What stands for MNQ, whichever month trades now."""

YEARS = ["6", "7", "26", "27", "2026", "2027"]
SPELLINGS = {
    f"{before}{form.format(letter=letter, number=number, name=name, year=year)}": (
        f"MNQ{letter}{year}"
    )
    for number, (letter, name) in enumerate(
        zip(MONTH_LETTERS, hints.MONTHS.split(), strict=True), 1
    )
    if letter in "HMZ"
    for before in ("MNQ", "/MNQ", "CME_MINI:MNQ")
    for year in YEARS
    for form in {
        1: ("{letter}{year}", " {letter}{year}"),
        2: (
            "{letter}{year}",
            " {name}{year}",
            " {name}-{year}",
            "{name}{year}",
            " {number:02}-{year}",
        ),
        4: ("{letter}{year}", " {year}-{number:02}"),
    }[len(year)]
}
"""What names a month of MNQ, and the symbol of that month."""

READ = {"F.US.MNQ", *(each for each in SPELLINGS if each.startswith("MNQ"))}
"""What the verbs that find contracts may read themselves."""


def of_symbol(verb, written):
    """Whether a verb may do without a contract that was loaded as ``written``."""
    if verb == "set_contract_id":
        return " " not in written and "\n" not in written  # any may be given a contract
    finds = ("contract", "load_contract", "roll_contract")  # tests/test_contracts.py
    return verb in finds and written in READ


@pytest.mark.parametrize("written", FRONT)
@pytest.mark.parametrize("verb", calls("symbol"))
def test_no_verb_takes_another_notation_and_each_says_what_is_meant(
    trader, gateway, verb, written
):
    call = getattr(trader, verb)
    given = {name: VALUES[name] for name in needed(call)} | {"symbol": written}
    if of_symbol(verb, written):
        return
    with pytest.raises((UnknownSymbol, InvalidField)) as raised:
        call(**given)
    assert str(raised.value).endswith("(did you mean MNQ?)")
    assert gateway.ledger.placements() == []


@pytest.mark.parametrize("verb", calls("symbol"))
def test_what_names_a_month_is_answered_with_that_month_and_no_other(
    trader, gateway, verb
):
    """MNQ is loaded, and is December's: who asks for March must not be led there."""
    call = getattr(trader, verb)
    given = {name: VALUES[name] for name in needed(call)}
    for written, symbol in SPELLINGS.items():
        if of_symbol(verb, written):
            continue
        with pytest.raises((UnknownSymbol, InvalidField)) as raised:
            call(**given | {"symbol": written})
        said = str(raised.value).rpartition(f"{written!r} ")[2]
        assert symbol in said, said
        assert not re.search(r"\bMNQ\b", said), said
        if isinstance(raised.value, UnknownSymbol):
            assert f"it is not loaded: load_contract('{symbol}') loads it" in said
    assert gateway.ledger.placements() == []


def test_what_the_reader_of_names_takes_for_a_month_is_no_hint_at_another():
    """Whatever tests/test_contracts.py reads with a month keeps it in a hint."""
    products = [*sorted(NAMES), "NASDAQ", "X", "B2"]
    for product in products:
        for form in ("{0}{1}7", "{0}{1}27", "{0}{1}2027", "{0} {1}27", "{0} 2027-{2}"):
            for number, letter in enumerate(MONTH_LETTERS, 1):
                written = form.format(product, letter, f"{number:02}")
                wanted = wanted_from(written, 2026)
                assert names_month(written) or wanted.month is None, written
                meant = symbol_meant(written)
                if meant is not None:
                    read = wanted_from(meant, 2026)
                    assert (read.product, read.month) == (wanted.product, wanted.month)


@pytest.mark.parametrize("written", ["MNQ2!", "MNQ.c.1", "MNQ.v.2"])
def test_a_later_contract_is_not_the_front_month(trader, written):
    assert symbol_meant(written) is None
    assert "did you mean" not in unknown(trader.get_contract_id, written)


def test_a_month_that_is_loaded_is_told_and_one_with_the_same_signs_is_not(trader):
    trader.set_contract_id("MNQH27", "CON.F.US.MNQ.H27")
    assert unknown(trader.get_contract_id, "/MNQH27").endswith("(did you mean MNQH27?)")
    assert unknown(trader.get_contract_id, "MNQH72").endswith(
        "(it is not loaded: load_contract('MNQH72') loads it)"
    )


@pytest.mark.parametrize("written", ["MNQH27", "MNQH7", "MNQ 2027-03", "MNQH2027"])
def test_a_month_that_the_gateway_has_not_is_no_other_months(written):
    text = str(names.unknown(wanted_from(written, 2026), [CONTRACT]))
    assert text.endswith(f"{written!r} has none (the gateway finds none for it)")


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("/M6EZ6", "M6EZ6"),
        ("6E Z6", "6EZ6"),
        ("/M2K", "M2K"),
        ("ES 06-26", "ESM26"),
        ("gc aug26", "GCQ26"),
        ("@RTYU2026", "RTYU2026"),
        ("CBOT:ZN1!", "ZN"),
        ("con.f.us.mnq.z26", "CON.F.US.MNQ.Z26"),
    ],
)
def test_the_symbol_of_a_notation_is_found(written, symbol):
    assert symbol_meant(written) == symbol


@pytest.mark.parametrize(
    "symbol",
    [
        *("MNQ", "mnq", "ES", "M2K", "6E", "M6E", "CON.F.US.MNQ.Z26", "NASDAQ", ""),
        *("MNQZ6", "mnqz6", "M6EZ6", "6EZ6", "M2KH7", "ESM6", "GCQ26", "RTYU2026"),
    ],
)
def test_a_plain_symbol_stands_for_nothing_else(symbol):
    assert symbol_meant(symbol) is None


def unknown(call, *given):
    with pytest.raises(UnknownSymbol) as raised:
        call(*given)
    return str(raised.value)


def test_a_symbol_that_is_not_loaded_says_how_it_gets_its_contract(trader):
    assert unknown(trader.get_contract_id, "ES") == (
        "symbol must have a contract id, 'ES' has none (load_contract('ES') or "
        "set_contract_id gives it one; known: MNQ)"
    )
    assert unknown(trader.get_contract_id, "MNG") == (
        "symbol must have a contract id, 'MNG' has none (load_contract('MNG') or "
        "set_contract_id gives it one; known: MNQ)"
    )
    assert "(did you mean ES? load_contract('ES') or" in unknown(
        trader.close_position, "/ES", ACCOUNT
    )


def test_in_the_async_executor_the_load_is_awaited():
    executor = fastorder.OrderExecutor("http://127.0.0.1:9")
    assert (
        "(await load_contract('ES') or set_contract_id gives it one; known: none)"
        in (unknown(executor.get_contract_id, "ES"))
    )
    asyncio.run(executor.aclose())


def test_a_trader_names_a_verb_that_it_has(gateway):
    trader = blocking.Trader(
        gateway.base_url, user_name="u", api_key=API_KEY, journal=False, store=False
    )
    with trader.executor:
        trader.executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26")
        for symbol in ("ES", "MNQQ", "MNQH27", "/ES"):
            text = unknown(trader.executor.get_contract_id, symbol)
            verbs = re.findall(r"\btrader\.(\w+)\(", text)
            assert verbs, text
            assert all(hasattr(trader, verb) for verb in verbs), text
            assert "set_contract_id" not in text


def test_a_slip_in_a_known_symbol_is_told_but_no_other_product_is_suggested(trader):
    assert unknown(trader.get_contract_id, "MQN").endswith("(did you mean MNQ?)")
    assert "did you mean" not in unknown(trader.get_contract_id, "NQ")


def test_a_load_that_finds_none_says_what_there_is(trader):
    finds = unknown(trader.load_contract, "NASDAQ")
    assert finds.endswith("'NASDAQ' has none (the gateway finds NQ, MNQ for it)")
    assert unknown(trader.load_contract, "XYZ").endswith(
        "(the gateway finds none for it)"
    )
    assert trader.load_contract("CON.F.US.MNQ.Z26").name == "MNQZ6"


def test_a_contract_id_stays_its_own_symbol(trader):
    assert trader.get_contract_id("CON.F.US.EP.Z26") == "CON.F.US.EP.Z26"
    trader.set_contract_id("CON.F.US.EP.Z26", "CON.F.US.EP.Z26", tick_size="0.25")


def test_a_symbol_and_an_id_that_are_swapped_are_told(trader):
    with pytest.raises(InvalidField, match="are the two swapped"):
        trader.set_contract_id("CON.F.US.MNQ.Z26", "MNQ")
    assert trader.get_contract_id("MNQ") == "CON.F.US.MNQ.Z26"


# ---------------------------------------------------------------- prices


@pytest.mark.parametrize(
    ("tick", "price", "nearest"),
    [
        ("0.25", 25_000.3, "the nearest are 25000.25 and 25000.50"),
        ("0.25", Decimal("0.1"), "the nearest is 0.25"),
        ("0.015625", 1.02, "the nearest are 1.015625 and 1.031250"),
        ("5", 12, "the nearest are 10 and 15"),
        ("0.1", Decimal("99999999999999.95"), None),
    ],
)
def test_off_the_tick_the_nearest_prices_are_shown(trader, tick, price, nearest):
    trader.set_contract_id("X", "CON.F.US.X.Z26", tick_size=tick)
    with pytest.raises(InvalidField) as raised:
        trader.place_limit_order("X", "BUY", 1, ACCOUNT, price)
    assert f", was {price}" in str(raised.value)
    shown = raised.value.hint
    assert nearest is None or shown == nearest
    exact = Decimal(str(price))
    near = [Decimal(word) for word in shown.split() if word[0].isdigit()]
    assert all(each % Decimal(tick) == 0 for each in near)
    assert all(0 < abs(each - exact) < Decimal(tick) for each in near)


# ---------------------------------------------------------------- tokens and logins


@pytest.mark.parametrize(
    ("token", "hint"),
    [
        (f"Bearer {TOKEN}", 'leave out "Bearer ", it is added'),
        (f" bearer {TOKEN}\n", 'leave out "Bearer ", it is added'),
        (f"{TOKEN}\n", "strip it: there are blanks or line ends around it"),
        (f" {TOKEN}", "strip it: there are blanks or line ends around it"),
        (f'"{TOKEN}"', "take off the quotes around it"),
        (f"'{TOKEN}'", "take off the quotes around it"),
    ],
)
def test_what_is_around_a_token_is_told_and_the_token_is_not(trader, token, hint):
    before = trader.get_token()
    with pytest.raises(fastorder.InvalidToken) as raised:
        trader.set_token(token)
    assert str(raised.value).endswith(f" characters ({hint})")
    assert TOKEN not in repr(raised.value)
    assert trader.get_token() == before


def test_one_character_of_a_token_is_one():
    executor = blocking.OrderExecutor("http://127.0.0.1:9")
    with executor, pytest.raises(fastorder.InvalidToken, match="was 1 character "):
        executor.set_token("\n")


def test_an_e_mail_address_is_told_once_the_gateway_refuses_it(trader):
    with pytest.raises(fastorder.RequestFailed) as raised:
        trader.login("trader1@example.com", API_KEY)
    assert str(raised.value).endswith(
        "(the user name of the platform is wanted, not the e-mail address)"
    )
    assert raised.value.error_name == "InvalidCredentials"
    assert "example.com" not in str(raised.value)


def test_one_that_the_gateway_takes_is_no_mistake(gateway):
    gateway.call(lambda: gateway.gateway.tokens.keys.update({"a@example.com": API_KEY}))
    with blocking.OrderExecutor(gateway.base_url) as executor:
        executor.login("a@example.com", API_KEY)
        assert executor.get_token()


@pytest.mark.parametrize(
    ("field", "given"),
    [("user_name", ("trader1 ", API_KEY)), ("api_key", ("trader1", f"{API_KEY}\n"))],
)
def test_blanks_around_what_a_login_takes_are_told(trader, gateway, field, given):
    with pytest.raises(InvalidField, match=rf"^{field} must have no blanks") as raised:
        trader.login(*given)
    assert API_KEY not in repr(raised.value)
    assert gateway.ledger.requests() == []


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("https://api.topstepx.com/api", "https://api.topstepx.com"),
        ("https://api.topstepx.com/api/", "https://api.topstepx.com"),
        ("https://api.topstepx.com/api/Order/place", "https://api.topstepx.com"),
        ("https://API.topstepx.com/API/Order", "https://api.topstepx.com"),
        ("https://api.topstepx.com/swagger/index.html", "https://api.topstepx.com"),
        ("https://rtc.topstepx.com/hubs/user", "https://api.topstepx.com"),
        ("https://rtc.topstepx.com", "https://api.topstepx.com"),
        ("wss://rtc.topstepx.com/hubs/market", "https://api.topstepx.com"),
        ("https://www.topstepx.com", "https://api.topstepx.com"),
        ("https://h:8443/gateway/api/Auth/loginKey", "https://h:8443/gateway"),
        ("http://127.0.0.1:8700/api", "http://127.0.0.1:8700"),
    ],
)
def test_an_address_beneath_the_gateways_is_told_with_the_one_that_is_meant(url, meant):
    with pytest.raises(fastorder.ConfigurationError) as raised:
        checked_base_url(url)
    assert str(raised.value).endswith(f"was {url!r} (did you mean {meant}?)")
    assert checked_base_url(meant) == meant


def test_a_host_alone_is_told_with_its_scheme():
    with pytest.raises(fastorder.ConfigurationError) as raised:
        checked_base_url("api.topstepx.com")
    assert str(raised.value).endswith("(write https://api.topstepx.com)")


@pytest.mark.parametrize(
    "url", ["https://h/apis", "https://h/gateway", "https://api.h/v1", "https://rtcx.h"]
)
def test_a_path_or_a_host_of_somebody_elses_is_left_alone(url):
    assert checked_base_url(url) == url


SECONDS = {
    fastorder.Timeouts: {"connect", "request"},
    fastorder.RetryPolicy: {
        "base_delay",
        "max_delay",
        "max_retry_after",
        "quiet",
        "watch",
    },
}


@pytest.mark.parametrize("kind", SECONDS)
def test_a_setting_in_milliseconds_is_told(kind):
    for field in dataclasses.fields(kind):
        if not isinstance(field.default, float) or field.name in (
            "jitter",
            "multiplier",
        ):
            continue
        assert field.name in SECONDS[kind]
        with pytest.raises(fastorder.ConfigurationError) as raised:
            kind(**{field.name: 86_400_001})
        assert " seconds, was 86400001" in str(raised.value)
        with pytest.raises(fastorder.ConfigurationError, match="number of seconds"):
            kind(**{field.name: "5s"})


@pytest.mark.parametrize(
    ("kind", "wrong", "hint"),
    [
        (fastorder.Timeouts, {"request": 5000}, "5000 ms are 5"),
        (fastorder.Timeouts, {"connect": 2500}, "2500 ms are 2.5"),
        (fastorder.RetryPolicy, {"base_delay": 750}, "750 ms are 0.75"),
        (fastorder.RetryPolicy, {"statuses": {429, 503}}, "429 is always waited for"),
        (fastorder.RetryPolicy, {"statuses": 503}, "one alone is {503}"),
        (fastorder.OrderExecutor, {"retry": 3}, "write RetryPolicy(max_retries=3)"),
        (fastorder.OrderExecutor, {"timeouts": 5}, "write Timeouts(request=5)"),
    ],
)
def test_a_setting_that_is_something_else_is_told(kind, wrong, hint):
    with pytest.raises(fastorder.ConfigurationError) as raised:
        kind(**wrong)
    assert str(raised.value).endswith(f" ({hint})")


def test_one_tag_alone_is_told():
    with pytest.raises(fastorder.WrongFieldType, match=r"str: one alone is \('a',\)"):
        fastorder.DespiteUnknown("a")


# ---------------------------------------------------------------- times

TIMES = {
    "str": "2026-09-01T00:00:00Z",
    "int": 1_780_000_000,
    "float": 1_780_000_000.0,
    "date": date(2026, 9, 1),
    "timedelta": timedelta(hours=1),
}


def test_every_kind_of_time_is_tried():
    assert TIMES.keys() == MOMENTS.keys()


@pytest.mark.parametrize("kind", TIMES)
@pytest.mark.parametrize("verb", calls("since"))
def test_what_is_no_datetime_is_told_how_to_make_one(trader, verb, kind):
    with pytest.raises(fastorder.WrongFieldType) as raised:
        getattr(trader, verb)(ACCOUNT, TIMES[kind])
    assert str(raised.value).endswith(f" ({kind}: {MOMENTS[kind]})")


@pytest.mark.parametrize("verb", calls("since"))
def test_a_time_without_a_zone_is_told_how_to_get_one(trader, verb):
    naive = datetime(2026, 9, 1)
    with pytest.raises(InvalidField) as raised:
        getattr(trader, verb)(ACCOUNT, naive)
    assert raised.value.hint == "its astimezone() is, for local time"
    assert getattr(trader, verb)(ACCOUNT, naive.astimezone()) == []
