"""Settings: their order and sources, what a file may hold; no secret is shown."""

import builtins
import dataclasses
import datetime
import importlib
import inspect
import logging
import os
import sys
import traceback
from types import ModuleType, SimpleNamespace

import pytest
from canary import API_KEY

import fastorder
from fastorder import ConfigurationError, blocking, settings
from fastorder.errors import InvalidField, MissingSetting, SettingsError
from fastorder.settings import places
from fastorder.settings.file_keys import SECTIONS, FileKeys

VARIABLES = (
    "FASTORDER_USER",
    "FASTORDER_API_KEY",
    "FASTORDER_ACCOUNT",
    "FASTORDER_BASE_URL",
    "PROJECT_X_USERNAME",
    "PROJECT_X_API_KEY",
)


class Store:
    """A key store for tests."""

    def __init__(self, keys=(), error=None):
        self.keys = dict(keys)
        self.error = error

    def get_password(self, service, user_name):
        self._fail()
        assert service == "fastorder"
        return self.keys.get(user_name)

    def get_credential(self, service, user_name):
        self._fail()
        for name, key in self.keys.items():
            return SimpleNamespace(username=name, password=key)
        return None

    def _fail(self):
        if self.error is not None:
            raise self.error


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """No variable, no file, an empty key store."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(places, "settings_path", lambda: tmp_path / "settings.toml")
    monkeypatch.setattr(
        "fastorder.settings.finding.settings_path", lambda: tmp_path / "settings.toml"
    )
    monkeypatch.setitem(sys.modules, "keyring", stored())
    return tmp_path


def stored(error=None, **keys):
    module = ModuleType("keyring")
    store = Store(keys, error)
    module.get_password = store.get_password
    module.get_credential = store.get_credential
    module.get_keyring = lambda: store
    return module


@pytest.fixture
def file(home):
    """Writes the settings file."""

    def write(text):
        path = home / "settings.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def sources(found):
    return {each.name: each.source for each in found.where}


# ---------------------------------------------------------------- where it is from


def test_argument_then_environment_then_key_store_then_file(file, monkeypatch):
    path = file('user_name = "of-file"\naccount = "50KTC"\n')
    monkeypatch.setitem(sys.modules, "keyring", stored(**{"of-file": API_KEY}))
    found = settings.load()
    assert (found.user_name, found.account) == ("of-file", "50KTC")
    assert sources(found) == {
        "user_name": str(path),
        "api_key": "keyring, service fastorder",
        "account": str(path),
        "base_url": "",
    }
    monkeypatch.setenv("PROJECT_X_USERNAME", "of-peers")
    monkeypatch.setenv("PROJECT_X_API_KEY", API_KEY)
    found = settings.load()
    assert found.user_name == "of-peers"
    assert sources(found)["api_key"] == "PROJECT_X_API_KEY"
    monkeypatch.setenv("FASTORDER_USER", "of-environment")
    monkeypatch.setenv("FASTORDER_API_KEY", API_KEY + "-2")
    monkeypatch.setenv("FASTORDER_ACCOUNT", "PRAC")
    monkeypatch.setenv("FASTORDER_BASE_URL", "https://api.example.com/")
    found = settings.load()
    assert found.user_name == "of-environment"
    assert (found.account, found.base_url) == ("PRAC", "https://api.example.com")
    found = settings.load(user_name="mine", account=7, base_url="http://127.0.0.1:1")
    assert (found.user_name, found.account) == ("mine", 7)
    assert found.base_url == "http://127.0.0.1:1"
    assert sources(found)["user_name"] == "argument"


def test_the_credentials_log_in(gateway, monkeypatch):
    monkeypatch.setenv("FASTORDER_USER", "trader1")
    monkeypatch.setenv("FASTORDER_API_KEY", API_KEY)
    kept = settings.load().credentials()
    with fastorder.blocking.OrderExecutor(gateway.base_url) as executor:
        executor._wait(executor._login(kept, True))
        assert len(executor.accounts()) == 2


def test_what_is_missing_is_named_with_each_place_that_was_looked_at(home):
    with pytest.raises(MissingSetting) as raised:
        settings.load().credentials()
    told = str(raised.value)
    assert told == (
        "user_name must be given, it was found nowhere (argument: not given; "
        "FASTORDER_USER: not set; PROJECT_X_USERNAME: not set; settings file: "
        f"{home / 'settings.toml'} is not there; keyring, service fastorder: names no "
        "user); api_key must be given, it was found nowhere (argument: not given; "
        "FASTORDER_API_KEY: not set; PROJECT_X_API_KEY: not set; keyring, service "
        "fastorder: not looked for: it is stored by user_name, and that is missing)"
    )
    assert [name for name, _ in raised.value.others] == ["api_key"]
    with pytest.raises(MissingSetting) as raised:
        settings.load(user_name="me").credentials()
    assert raised.value.name == "api_key"
    assert dict(raised.value.looked) == {
        "argument": "not given",
        "FASTORDER_API_KEY": "not set",
        "PROJECT_X_API_KEY": "not set",
        "keyring, service fastorder": "no key of me",
    }


@pytest.mark.parametrize(
    "missing", [{"user_name"}, {"api_key"}, {"user_name", "api_key"}]
)
def test_all_that_is_missing_is_named_at_once(monkeypatch, missing):
    variables = {"user_name": "FASTORDER_USER", "api_key": "FASTORDER_API_KEY"}
    for name in variables.keys() - missing:
        monkeypatch.setenv(variables[name], API_KEY if name == "api_key" else "me")
    with pytest.raises(MissingSetting) as raised:
        settings.load().credentials()
    error = raised.value
    assert {error.name, *(name for name, _ in error.others)} == missing
    for name, variable in variables.items():
        told = f"{name} must be given" in str(error) and variable in str(error)
        assert told is (name in missing)


@pytest.mark.parametrize("where", ["environment", "argument", "file", "executor"])
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8700", "localhost:8700", "localhost", "127.0.0.1", "[::1]:8700",
     "127.0.0.1:8700/", "127.8.9.1:1"],
)  # fmt: skip
def test_a_url_of_this_machine_without_a_scheme_is_told_http(
    file, monkeypatch, host, where
):
    given = {}
    if where == "environment":
        monkeypatch.setenv("FASTORDER_BASE_URL", host)
    elif where == "argument":
        given = {"base_url": host}
    elif where == "file":
        file(f'base_url = "{host}"')
    load = settings.load
    if where == "executor":
        load, given = blocking.OrderExecutor, {"base_url": host}
    with pytest.raises(ConfigurationError) as raised:
        load(**given)
    assert f"write http://{host.rstrip('/')}" in str(raised.value)
    assert "write https" not in str(raised.value)


@pytest.mark.parametrize("host", ["api.topstepx.com", "127.0.0.1.example.com"])
def test_any_other_one_is_told_https(host):
    with pytest.raises(ConfigurationError, match=f"write https://{host}"):
        settings.load(base_url=host)


def test_an_empty_variable_is_told(monkeypatch):
    monkeypatch.setenv("FASTORDER_USER", " ")
    with pytest.raises(MissingSetting, match="FASTORDER_USER: set, but empty"):
        settings.load().credentials()


def test_a_variable_that_cannot_be_used_is_named(monkeypatch):
    monkeypatch.setenv("FASTORDER_USER", "me\n")
    with pytest.raises(ConfigurationError, match="FASTORDER_USER must have no blanks"):
        settings.load()
    monkeypatch.setenv("FASTORDER_USER", "me")
    monkeypatch.setenv("FASTORDER_API_KEY", API_KEY + "\n")
    with pytest.raises(ConfigurationError, match="FASTORDER_API_KEY") as raised:
        settings.load().credentials()
    assert "api_key must have no blanks" in str(raised.value)
    assert API_KEY not in traced(raised)
    monkeypatch.setenv("FASTORDER_BASE_URL", "http://api.example.com")
    with pytest.raises(ConfigurationError, match=r"\(from FASTORDER_BASE_URL\)"):
        settings.load()


def test_the_key_store_names_the_user_where_nothing_else_does(monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", stored(me=API_KEY))
    found = settings.load()
    assert found.user_name == "me"
    assert sources(found)["user_name"] == "keyring, service fastorder"
    found.credentials()


def test_a_key_store_that_fails_is_told_without_a_secret(monkeypatch, caplog):
    error = RuntimeError(f"locked, {API_KEY}")
    monkeypatch.setitem(sys.modules, "keyring", stored(error))
    fastorder.auth.credentials.Credentials("x", API_KEY)
    kept = fastorder.auth.credentials.Credentials("x", API_KEY)
    with pytest.raises(MissingSetting, match="failed: RuntimeError") as raised:
        settings.load(user_name="me").credentials()
    assert API_KEY not in str(raised.value)
    del kept


def test_without_the_package_the_key_store_is_not_looked_at(monkeypatch):
    hide(monkeypatch, "keyring")
    with pytest.raises(MissingSetting, match=r"pip install 'fastorder\[keyring\]'"):
        settings.load(user_name="me").credentials()


def test_the_real_package_with_a_store_of_ours(monkeypatch):
    monkeypatch.delitem(sys.modules, "keyring")
    keyring = pytest.importorskip("keyring")
    from keyring.backend import KeyringBackend

    class Backend(KeyringBackend):
        priority = 1

        def get_password(self, service, username):
            return API_KEY if (service, username) == ("fastorder", "me") else None

        def set_password(self, service, username, password):
            raise NotImplementedError

        def delete_password(self, service, username):
            raise NotImplementedError

    before = keyring.get_keyring()
    keyring.set_keyring(Backend())
    try:
        found = settings.load(user_name="me")
        assert sources(found)["api_key"] == "keyring, service fastorder"
        found.credentials()
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize("name", ["fail", "null"])
def test_a_package_that_finds_no_store_is_not_told_as_missing(monkeypatch, name):
    monkeypatch.delitem(sys.modules, "keyring")
    keyring = pytest.importorskip("keyring")
    kind = importlib.import_module(f"keyring.backends.{name}").Keyring
    before = keyring.get_keyring()
    keyring.set_keyring(kind())
    try:
        for given in ({"user_name": "me"}, {}):
            with pytest.raises(MissingSetting, match="no key store on this") as raised:
                settings.load(**given).credentials()
            assert "pip install" not in str(raised.value)
    finally:
        keyring.set_keyring(before)


def hide(monkeypatch, name):
    """As if a package were not installed."""
    real = builtins.__import__

    def hidden(wanted, *others):
        if wanted.split(".")[0] == name:
            raise ImportError(wanted)
        return real(wanted, *others)

    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(builtins, "__import__", hidden)


def test_without_platformdirs_all_but_the_file_works(monkeypatch, home):
    hide(monkeypatch, "platformdirs")
    monkeypatch.setenv("FASTORDER_USER", "me")
    monkeypatch.setenv("FASTORDER_API_KEY", API_KEY)
    settings.load().credentials()
    monkeypatch.delenv("FASTORDER_USER")
    with pytest.raises(MissingSetting, match=r"pip install 'fastorder\[trader\]'"):
        settings.load().credentials()
    with pytest.raises(ConfigurationError, match="profile must come with"):
        settings.load(profile="live")
    for folder in (settings.cache_folder, settings.data_folder):
        with pytest.raises(ConfigurationError, match="a path must be given"):
            folder()


def test_the_folders_are_those_of_the_platform(monkeypatch, tmp_path):
    pytest.importorskip("platformdirs")
    if sys.platform != "linux":
        pytest.skip("XDG is Linux's")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "d"))
    assert settings.cache_folder() == tmp_path / "c" / "fastorder"
    assert settings.data_folder() == tmp_path / "d" / "fastorder"


# ---------------------------------------------------------------- the file


WHOLE = """
user_name = "trader1"
account = "PRAC"
default_profile = "practice"
journal = "orders.db"
max_quantity = 5

[timeouts]
connect = 1
request = 4

[profile.practice]
durability = "power"

[profile.live]
account = 7
base_url = "https://api.example.com"
kill_file = "/tmp/stop"
retry = { max_retries = 1 }
"""


def test_a_profile_goes_over_the_rest(file):
    path = file(WHOLE)
    found = settings.load()
    assert found.profile == "practice"
    assert found.account == "PRAC"
    assert found.options == {
        "journal": str(path.parent / "orders.db"),
        "max_quantity": 5,
        "timeouts": fastorder.Timeouts(connect=1, request=4),
        "durability": "power",
    }
    assert sources(found)["durability"] == f"{path}, [profile.practice]"
    live = settings.load(profile="live")
    assert (live.account, live.base_url) == (7, "https://api.example.com")
    assert live.options["retry"] == fastorder.RetryPolicy(max_retries=1)
    assert "durability" not in live.options


def test_the_options_are_those_of_an_executor(file, monkeypatch):
    file(WHOLE)
    found = settings.load()
    with fastorder.blocking.OrderExecutor(**found.options) as executor:
        assert executor._journal is not None


EVERY_KEY = """
user_name = "trader1"
account = "PRAC"
base_url = "https://api.example.com"
ca_file = "ca.pem"
durability = "power"
journal = "orders.db"
kill_file = "stop"
max_connections = 8
max_quantity = 5
realtime = false

[timeouts]
connect = 1
request = 4

[retry]
max_retries = 2
base_delay = 0.5
multiplier = 3
max_delay = 10
jitter = 0.05
statuses = [502, 503]
max_retry_after = 30
resend = "never"
quiet = 20
watch = 60

[budgets]
requests = 150
seconds = 61
history_requests = 40
history_seconds = 31
kept = 0.25
kept_for_orders = 0.05
longest_wait = 60
shared = true
path = "budgets.sqlite"

[risk]
max_order_size = 2
max_position = 4
max_lots = 5
lot_weights = { MNQ = 0.1 }
commissions = { ENQ = 1.25 }
loss_max_age = 45
max_open_orders = 10
price_collar_ticks = 100
price_max_age = 30
max_orders_per_second = 5
duplicate_window = 0.5
symbols = ["MNQ", "CON.F.US.EP.Z26"]
accounts = [12345678]
max_daily_loss = 500.5
trailing_loss = 2000
trailing_stops_at = 50100
trailing_from = 48000
flat_by = 15:08:00
flatten_on_breach = true
"""


def test_every_key_of_every_section_goes_round(file):
    """None can be forgotten: each differs from its default, and all are there."""
    path = file(EVERY_KEY)
    found = settings.load()
    assert set(SECTIONS) == {"budgets", "retry", "risk", "timeouts"}
    for name, kind in SECTIONS.items():
        made = found.options[name]
        assert type(made) is kind
        for field in dataclasses.fields(kind):
            default = getattr(kind, field.name, None)
            assert getattr(made, field.name) != default, (name, field.name)
    assert found.options["budgets"].path == str(path.parent / "budgets.sqlite")
    assert found.options["risk"].flat_by == datetime.time(15, 8)
    plain = FileKeys(path)._checks.keys()
    assert plain | SECTIONS.keys() == {each.name for each in found.where} - {"api_key"}


def test_what_a_trader_takes_the_file_takes_too():
    """Of what ``from_env`` takes, all that is data may stand in the file."""
    taken = set(inspect.signature(fastorder.Trader.from_env).parameters)
    hooks = {name for name in taken if name.startswith("on_")}
    not_for_a_file = {"profile", "file", "symbols", "store"}  # it may have a password
    keys = FileKeys(places.Path("x"))._checks.keys() | SECTIONS.keys()
    assert taken - hooks - not_for_a_file == keys


@pytest.mark.parametrize("section", ["budgets", "risk"])
def test_a_trader_takes_its_limits_from_the_file(file, section, monkeypatch):
    file(EVERY_KEY.replace('ca_file = "ca.pem"', ""))
    monkeypatch.setenv("FASTORDER_API_KEY", API_KEY)
    trader = fastorder.blocking.Trader.from_env(**{section: False})
    kept = {"budgets": "risk", "risk": "budgets"}[section]
    assert getattr(trader, section) is None
    assert getattr(trader, kept) is not None
    trader.executor.close()


WRONG = [
    (
        'acount = "PRAC"',
        "acount must be a key of a settings file (did you mean account",
    ),
    ("nonsense_here = 1", "nonsense_here must be a key of a settings file (known: acc"),
    ("account = 1.5", "account must be text, was 1.5"),
    ("account = true", "account must be text, was True"),
    ("account = 0", "account must be at least 1, was 0"),
    ('account = ""', "account must be text without blanks around it, and not empty"),
    ("user_name = 5", "user_name must be text, was 5"),
    ('user_name = " me"', "user_name must be text without blanks around it"),
    ("max_quantity = 0", "max_quantity must be a whole number from 1 to"),
    ('max_quantity = "5"', "max_quantity must be a whole number from 1 to"),
    ("max_connections = 10001", "must be a whole number from 1 to 10000, was 10001"),
    ("journal = 5", "journal must be the path of a file, was 5"),
    ('durability = "disk"', 'must be "process" or "power", was a text of 4 characters'),
    ('durability = "power"', "durability must come with a journal, there is none"),
    ('journal = "a"\nkill_file = "a"', "kill_file must be another file than the journ"),
    ('base_url = "http://api.x.com"', "base_url must be https"),
    ("timeouts = 5", "timeouts must be a table, [timeouts], was 5"),
    ("[timeouts]\nconect = 1", "timeouts.conect must be a key of a settings file (did"),
    (
        "[risk]\nmax_possition = 1",
        "risk.max_possition must be a key of a settings file",
    ),
    ('[risk]\nmax_position = "4x"', "max_position must be a whole number from 0 to"),
    (
        '[budgets]\nrequests = "many"',
        "budgets cannot be used: requests must be a whole",
    ),
    ("[risk]\nmax_order_size = 9\nmax_position = 4", "max_order_size must be at most"),
    ("[timeouts]\nconnect = 9000", "connect must be 0.001 to 300.0 seconds, was 9000"),
    ("[timeouts]\nconnect = 9", "timeouts.connect must be at most timeouts.request, 5"),
    ("[retry]\nmax_delay = 0.1", "retry.base_delay must be at most retry.max_delay"),
    ("profile = 5", "profile must be tables, [profile.NAME] each"),
    ("[profile]\nx = 1", "profile must be tables, [profile.NAME] each"),
    ("default_profile = 5", "default_profile must be text, was 5"),
    (
        'default_profile = "a"\n[profile.b]',
        "default_profile must have a table [profile.a], has b",
    ),
    ("[profile.live]\nmax_quantity = 0", "profile.live.max_quantity must be a whole"),
    ("[profile.live]\ntocken_x = 1", "profile.live.tocken_x must be a key"),
    ('[profile.live]\ndurability = "power"', "profile.live.durability must come with"),
    ("= 5", "must be TOML, at line 1, column 1"),
    ("account = 1\naccount = 2", "must be TOML, at "),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_what_is_wrong_is_told_with_file_key_and_rule(file, text, told):
    path = file(text)
    with pytest.raises(SettingsError) as raised:
        settings.load()
    assert str(raised.value).startswith(f"settings file {path}: ")
    assert told in str(raised.value)
    assert raised.value.path == str(path)


SECRETS_IN_FILES = [
    f'api_key = "{API_KEY}"',
    f'apiKey = "{API_KEY}"',
    f'key = "{API_KEY}"',
    f'token = "{API_KEY}"',
    f'my_secret = "{API_KEY}"',
    f'[timeouts]\npassword = "{API_KEY}"',
    f'[profile.live]\nFASTORDER_API_KEY = "{API_KEY}"',
    f'user_name = "{API_KEY}"',
    f'account = "{API_KEY}"',
    f'durability = "{API_KEY}"',
    f'max_quantity = "{API_KEY}"',
    f'base_url = "{API_KEY}"',
    f'unknown_thing = "{API_KEY}"',
    f'unknown = "{API_KEY}"\n= 5',
    f'[profile]\nx = "{API_KEY}"',
    f'timeouts = "{API_KEY}"',
    f'[timeouts]\nconnect = "{API_KEY}"',
    f'[retry]\nresend = "{API_KEY}"',
    f'[risk]\nmax_position = "{API_KEY}"',
    f'[risk]\nsymbols = ["MNQ", "{API_KEY}"]',
    f'[risk]\nlot_weights = {{ "{API_KEY}" = 0.1 }}',
    f'[risk]\n"{API_KEY}" = 1',
    f'[budgets]\nshared = "{API_KEY}"',
    f'[budgets]\nshared = true\npath = "{API_KEY}"',
    *(f'{key} = "{API_KEY}"' for key in ("ca_file", "journal", "kill_file")),
    *(f'{key} = "https://{API_KEY}"' for key in ("base_url", "realtime")),
    *(f'{key} = "https://h/v1/{API_KEY}"' for key in ("base_url", "realtime")),
    f'realtime = "{API_KEY}"',
    f'"{API_KEY}" = 1',
    f'[profile."{API_KEY}"]\nmax_quantity = 0',
    f'default_profile = "{API_KEY}"',
    f'base_url = "https://me:{API_KEY}@api.example.com"',
    f'base_url = "https://api.example.com/?key={API_KEY}"',
    'user_name = " s3cr3t"'.replace("s3cr3t", API_KEY[:12]),
    f'[risk]\nflat_by = "{API_KEY[:12]}"',
    f'[risk]\nlot_weights = {{ "{API_KEY[:12]}" = 0 }}',
    f'[retry]\nresend = "{API_KEY[:12]}"',
    f'[budgets]\nhistory_requests = "{API_KEY[:12]}"',
]


def traced(raised):
    """The error with all local variables, but for the test's own."""
    return "".join(
        traceback.TracebackException(
            raised.type, raised.value, raised.tb.tb_next, capture_locals=True
        ).format()
    ) + repr(raised.value)


@pytest.mark.parametrize("text", SECRETS_IN_FILES)
def test_a_secret_in_the_file_is_refused_and_not_shown(file, text, caplog):
    caplog.set_level(logging.DEBUG)
    path = file(text)
    with pytest.raises(SettingsError) as raised:
        settings.load()
    path.unlink()  # the search of what tests leave behind would find it
    assert API_KEY[:12] not in traced(raised) + caplog.text
    assert raised.value.__context__ is None


@pytest.mark.parametrize("text", SECRETS_IN_FILES[:7])
def test_it_is_told_where_a_secret_belongs(file, text):
    path = file(text)
    with pytest.raises(SettingsError, match="must not stand in a file") as raised:
        settings.load()
    path.unlink()
    assert "FASTORDER_API_KEY" in str(raised.value)


def test_a_file_that_cannot_be_read_is_told(home, file):
    with pytest.raises(SettingsError, match="No such file"):
        settings.load(file=home / "none.toml")
    with pytest.raises(SettingsError, match="Is a directory|must be a plain file"):
        settings.load(file=home)
    with pytest.raises(SettingsError, match="No such file"):
        settings.load(profile="live")
    with pytest.raises(SettingsError, match=r"must have a table \[profile.x\]"):
        settings.load(profile="x", file=file(WHOLE))
    path = file("")
    path.write_bytes(b"account = '\xff'")
    with pytest.raises(SettingsError, match="must be UTF-8, byte 11 is not"):
        settings.load()
    path.write_bytes(b"#" * (1 << 21))
    with pytest.raises(SettingsError, match="must be at most 1048576 bytes"):
        settings.load()
    path.write_bytes(b"\xef\xbb\xbfaccount = 7")  # as Windows' editor begins a file
    assert settings.load().account == 7


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_file_that_everybody_may_write_is_refused(file):
    path = file('base_url = "https://elsewhere.example.com"')
    path.chmod(0o666)
    with pytest.raises(SettingsError, match="must not be writable by everybody"):
        settings.load()


def test_a_python_without_toml_says_what_to_install(file, monkeypatch):
    file(WHOLE)
    monkeypatch.setattr(
        "fastorder.settings.file.sys", SimpleNamespace(version_info=(3, 10))
    )
    hide(monkeypatch, "tomli")
    with pytest.raises(SettingsError, match=r"pip install 'fastorder\[trader\]'"):
        settings.load()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"user_name": 5}, "user_name must be text, was int"),
        ({"api_key": API_KEY.encode()}, "api_key must be text, was bytes"),
        ({"base_url": 5}, "base_url must be text, was int"),
        ({"profile": 5}, "profile must be text, was int"),
        ({"file": 5}, "file must be the path of a settings file"),
        ({"account": 0}, "account must be at least 1"),
        ({"account": True}, "account must be an account's number"),
    ],
)
def test_wrong_arguments_are_told(given, told):
    with pytest.raises(
        (ConfigurationError, fastorder.WrongFieldType, InvalidField)
    ) as raised:
        settings.load(**given)
    assert told in str(raised.value)
    assert API_KEY not in traced(raised)


# ---------------------------------------------------------------- shown


def test_the_report_says_where_each_is_from_and_not_the_key(file, monkeypatch):
    path = file("account = 7")
    monkeypatch.setenv("FASTORDER_API_KEY", API_KEY)
    found = settings.load(user_name="me")
    assert found.report() == (
        "user_name  me              argument\n"
        "api_key    set, not shown  FASTORDER_API_KEY\n"
        f"account    7               {path}\n"
        "base_url   not set"
    )
    for text in (repr(found), repr(found.where), found.report(), str(found)):
        assert API_KEY not in text


def test_no_local_variable_shows_the_key(file, monkeypatch):
    monkeypatch.setenv("FASTORDER_API_KEY", API_KEY)
    file("account = 1.5")
    for give in ({}, {"api_key": API_KEY, "user_name": "me"}):
        with pytest.raises(SettingsError) as raised:
            settings.load(**give)
        assert API_KEY not in traced(raised)
    file("")
    with pytest.raises(MissingSetting) as raised:
        settings.load(api_key=API_KEY).credentials()
    assert API_KEY not in traced(raised)
