"""A secret in the place of another argument: no error, no repr and no log shows it."""

import inspect
import json
import logging
import re

import pytest
from canary import API_KEY, JWT, MARK, TOKEN
from strategy_scenes import random_bars

import fastorder
from fastorder import Budgets, blocking, journal, settings
from fastorder.errors import InvalidField, WrongFieldType
from fastorder.session.tls import checked_base_url
from fastorder.store import MarketData, Store
from fastorder.strategy import Strategy, sweep
from fastorder.strategy.keeping import kept_at

PLAIN = ("{}", " {}", "{}\n", "{}\x00")
"""How a secret may stand alone in a text."""

URLS = (
    "https://{}",
    "https://{}:8443/v1",
    "https://h/{}",
    "https://h/v1/{}/x",
    "https://{}@h",
    "https://me:{}@h",
    "https://me:{}@[h",
    "https://me:{}@h:port",
    "https://h:{}",
    "https://[{}",
    "https://h/?key={}",
    "https://h?{}",
    "https://h#{}",
    "https://h/api/{}",
    "http://h/{}",
    "//me:{}@h",
    "me:{}@h",
    "http://{}",
    "ftp://{}@h/api",
    "https://h/{} x",
    "https://\u00fc/{}",
)
"""How it may stand in a URL."""

SHAPES = [
    *(lambda secret, text=text: text.format(secret) for text in PLAIN),
    lambda secret: secret.encode(),
    lambda secret: bytearray(secret.encode()),
    lambda secret: [secret],
    lambda secret: (secret, 5),
    lambda secret: {secret: 5},
    lambda secret: {"key": secret},
]


def names_of(made):
    return [
        name
        for name in inspect.signature(made).parameters
        if name not in ("self", "given", "named")
    ]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No variable of the environment, and no settings of this machine."""
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def executor(**given):
    with blocking.OrderExecutor(**given) as made:
        return repr(made)


def trader(**given):
    wanted = {
        "user_name": "me",
        "api_key": API_KEY,
        "journal": False,
        "account": "PRAC",
    }
    made = blocking.Trader(**(wanted | given))
    try:
        return repr(made)
    finally:
        made.executor.close()


def trader_of_environment(**given):
    wanted = {"user_name": "me", "journal": False}
    made = blocking.Trader.from_env(**(wanted | given))
    try:
        return repr(made)
    finally:
        made.executor.close()


def found(**given):
    made = settings.load(**given)
    return f"{made!r} {made.report()}"


MADE = {
    executor: names_of(blocking.OrderExecutor),
    trader: names_of(blocking.Trader),
    trader_of_environment: names_of(blocking.Trader.from_env),
    found: names_of(settings.load),
}
CASES = [(made, name) for made, names in MADE.items() for name in names]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("make", "name"), CASES, ids=[f"{made.__name__}-{name}" for made, name in CASES]
)
def test_a_secret_in_the_place_of_any_argument_is_shown_nowhere(
    make, name, shape, caplog, monkeypatch
):
    caplog.set_level(logging.DEBUG)
    if make is trader_of_environment:
        monkeypatch.setenv("FASTORDER_API_KEY", API_KEY)
    told = ""
    try:
        told = make(**{name: shape(API_KEY)})
    except (fastorder.FastOrderError, TypeError, ValueError, OSError) as error:
        while error is not None:
            told += f"{error!r} {error}"
            error = error.__cause__ or error.__context__
    assert MARK not in told + caplog.text


@pytest.mark.parametrize("text", [*PLAIN, *URLS])
def test_a_secret_in_a_url_is_shown_nowhere(text, monkeypatch):
    value = text.format(API_KEY)
    try:
        told = repr(blocking.OrderExecutor(value))
    except fastorder.FastOrderError as error:
        told = f"{error!r} {error} {error.__context__!r}"
    assert MARK not in told


@pytest.mark.parametrize("text", PLAIN[:3])
@pytest.mark.parametrize(
    "variable", ["FASTORDER_USER", "FASTORDER_ACCOUNT", "FASTORDER_BASE_URL"]
)
def test_a_secret_in_another_variable_is_shown_nowhere(variable, text, monkeypatch):
    monkeypatch.setenv("FASTORDER_API_KEY", API_KEY)
    monkeypatch.setenv("FASTORDER_USER", "me")
    monkeypatch.setenv(variable, text.format(API_KEY))
    try:
        told = trader_of_environment(user_name=None)
    except fastorder.FastOrderError as error:
        told = f"{error!r} {error} {error.__context__!r}"
    assert MARK not in told


@pytest.mark.parametrize("secret", [API_KEY, TOKEN])
def test_a_value_that_looks_like_a_secret_stands_in_no_error(secret):
    for error in (
        InvalidField("symbol", "must be shorter", secret),
        InvalidField("symbol", "must have no blanks", f" {secret}"),
        WrongFieldType("symbol", "must be text", secret.encode()),
    ):
        assert MARK not in f"{error!r} {error} {error.args} {vars(error)}"


def test_what_is_no_secret_is_told_as_it_was():
    assert str(InvalidField("quantity", "must be at least 1", 0)).endswith("was 0")
    with pytest.raises(fastorder.ConfigurationError) as raised:
        checked_base_url("http://api.example.com:80/v1")
    assert str(raised.value).endswith("was 'http://api.example.com:80/v1'")


def test_a_swapped_name_and_key_are_told():
    with blocking.OrderExecutor("http://127.0.0.1:1") as made:
        try:
            made.login(API_KEY, "me")
        except InvalidField as error:
            told = f"{error!r} {error}"
    assert "are user_name and api_key swapped?" in told
    assert MARK not in told


WHOLE = f"{JWT}JIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghijklmnopqrstuvwxyz0123456789ABCDE"
"""A JSON Web Token, which has points as a host has."""


def kept_in(path, **named):
    with blocking.OrderExecutor("http://127.0.0.1:1") as made:
        made.contract_book.keep_in(path, **named)


class Nothing(Strategy):
    symbol = "MNQ"


def swept(path):
    bars = random_bars(100)
    sweep(Nothing, grid={}, data=bars, file=path, missing_days="allow", workers=1)


PATHS = {
    "contracts": kept_in,
    "strategy": lambda path: kept_at(path, "https://h", 1, "x"),
    "sweep": swept,
    "folder-memory": lambda path: MarketData(f"memory://{path}"),
    "store-password": lambda path: Store(f"me:{path}@h/db"),
    "store-mistyped": lambda path: Store(f"postgresql:/me:{path}@h/db"),
    "store-other": lambda path: Store(f"sqlite://me:{path}@h/db"),
    "store": Store,
    "store-sqlite": lambda path: Store(f"sqlite:///{path}"),
    "store-scheme": lambda path: Store(f"{path}://x"),
    "folder": MarketData,
    "journal": journal.Journal,
    "journal-read": journal.read,
    "budgets": lambda path: Budgets(path=path, shared=True),
    "budgets-alone": lambda path: Budgets(path=path),
    "ca_file": lambda path: trader(ca_file=path),
    "kill_file": lambda path: trader(kill_file=path),
    "trader-journal": lambda path: trader(journal=path),
    "trader-store": lambda path: trader(store=path),
    "base_url": lambda path: trader(base_url=f"https://{path}"),
    "base_url-path": lambda path: trader(base_url=f"https://h/v1/{path}"),
    "executor": lambda path: executor(base_url=f"https://{path}:443"),
    "realtime": lambda path: trader(realtime=path),
    "realtime-url": lambda path: trader(realtime=f"https://{path}"),
    "settings": lambda path: settings.load(file=path),
    "settings-url": lambda path: settings.load(base_url=f"https://{path}"),
}


@pytest.mark.parametrize("secret", [API_KEY, WHOLE], ids=["key", "token"])
@pytest.mark.parametrize("name", PATHS)
def test_a_secret_in_the_place_of_a_path_or_a_url_is_refused(name, secret, elsewhere):
    told = ""
    try:
        PATHS[name](secret)
    except fastorder.FastOrderError as error:  # its frames hold what was given
        told = f"{error!r} {error}"
    assert told, "it was taken"
    assert MARK not in told
    assert JWT not in told
    assert not [file for file in elsewhere.rglob("*") if secret in file.name]


DATABASES = (
    "postgresql://me:{}@127.0.0.1:1/db",
    "postgresql://{}@127.0.0.1:1/db",
    "postgresql://127.0.0.1:1/{}",
    "postgresql://127.0.0.1:1/db?password={}",
    "postgresql://127.0.0.1:1/db?application_name={}",
    "postgresql://me:{}@[h/db",
    "postgresql://me@127.0.0.1:1/db#{}",
)


@pytest.mark.parametrize("url", DATABASES)
@pytest.mark.parametrize("secret", [API_KEY, WHOLE], ids=["key", "token"])
def test_a_secret_in_the_url_of_a_database_is_shown_nowhere(url, secret, caplog):
    pytest.importorskip("psycopg")
    caplog.set_level(logging.DEBUG)
    error = None
    try:
        Store(url.format(secret))
    except fastorder.FastOrderError as failed:  # its frames hold what was given
        error = failed
    assert error is not None
    told = caplog.text
    while error is not None:
        told, error = told + f"{error!r} {error}", error.__cause__ or error.__context__
    assert secret.lower() not in told.lower()


@pytest.mark.parametrize(
    "url", ["https://me:{}@127.0.0.1:1/x", "https://{}@h/x", "http://h/x?token={}"]
)
def test_a_secret_in_the_url_of_a_folder_is_not_in_its_repr(url):
    pytest.importorskip("aiohttp")
    pytest.importorskip("fsspec")
    shown = repr(MarketData(url.format(API_KEY)))
    assert MARK not in shown
    assert shown.endswith("/x>")


@pytest.mark.parametrize("secret", [API_KEY, WHOLE], ids=["key", "token"])
@pytest.mark.parametrize("name", ["{}", "{} and more", "({})"])
def test_a_secret_in_a_damaged_file_of_contracts_is_not_logged(
    secret, name, tmp_path, caplog
):
    name = name.format(secret)
    document = {
        "gateway": "http://127.0.0.1:1", "format": 2, "asked_s": name,
        "contracts": [name],
        "followed": {"": {name: {name: name}}, name: 5, "MNQ-trader": 5},
    }  # fmt: skip
    path = tmp_path / "contracts.json"
    path.write_text(json.dumps(document))
    kept_in(path)
    path.write_text(json.dumps(document)[:-1])
    kept_in(path, whose=name)
    assert caplog.text.count("is damaged, and is passed over") == 5
    assert "'MNQ-trader' followed" in caplog.text
    assert secret not in caplog.text
    path.unlink()  # the run's search would find it


@pytest.mark.parametrize(
    "url",
    [
        "https://internal-fastorder-gateway-of-production-1234567890.example.com",
        "https://[::1]:8443",
        "https://a_b.example.com.:443/v1",
        "https://xn--bcher-kva.example",
        "https://10.0.0.1",
    ],
)
def test_a_host_that_is_long_or_rare_is_no_secret(url):
    assert checked_base_url(url) == url
    with blocking.OrderExecutor(url) as made:
        assert made.base_url == url


HOSTS = ["a+b", "a..b", "a,b", "a%41", ".a", "a" * 64, "[::1%]", "[1::2::3]", "a'b"]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("make", [executor, trader, found])
def test_a_host_that_there_cannot_be_is_told(make, host):
    with pytest.raises(fastorder.ConfigurationError) as raised:
        make(base_url=f"https://{host}/v1")
    rules = "must name a host that there can be|with a valid host|must hold no key"
    assert re.match(f"base_url must .*({rules})|base_url ({rules})", str(raised.value))


@pytest.mark.parametrize("realtime", ["x", "https://a+b", "https://h?x", "ftp://h"])
def test_what_is_wrong_with_realtime_is_told_by_its_name(realtime):
    with pytest.raises(fastorder.ConfigurationError) as raised:
        trader(realtime=realtime)
    assert str(raised.value).startswith("realtime, where it is neither True nor False,")
