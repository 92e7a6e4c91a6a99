"""A gateway, certificates and event loops for every test."""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

import hypothesis
import pytest
import store_server
import trustme
from canary import API_KEY, Canary
from plain_http import MNQ, PRICE, Wire, wire_to

import fastorder
from fastorder import blocking
from fastorder.budgets import counts
from fastorder.contracts.book import ContractBook
from fastorder.simulator import ManualClock, Simulator, run_in_thread
from fastorder.simulator.exchange import Exchange
from fastorder.store import Store

# the same examples each time, so that a change is judged by what it changed;
# make fuzz looks for new ones
UNHURRIED = {
    "deadline": None,
    "suppress_health_check": [hypothesis.HealthCheck.too_slow],
}
"""No test depends on how fast the machine is."""

hypothesis.settings.register_profile("same", derandomize=True, **UNHURRIED)
hypothesis.settings.register_profile("new", print_blob=True, **UNHURRIED)
hypothesis.settings.load_profile(os.environ.get("FASTORDER_EXAMPLES", "same"))

ACCOUNT = 12345678
COMBINE = 12345679
NUMBERS = count()
QUICK = fastorder.RetryPolicy(base_delay=0.02)
"""The default schedule, made short: the tests are of its order, not of its length."""


@dataclass(frozen=True)
class Certificate:
    """Paths of a chain and its key, and of the authority that signed it."""

    chain: str
    key: str
    authority: str


class Authority:
    """Makes server certificates, good and bad ones."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ca = trustme.CA()
        self.pem = str(folder / "authority.pem")
        self._ca.cert_pem.write_to_path(self.pem)

    def certificate(self, name: str, *hosts: str, **options) -> Certificate:
        """A certificate for some hosts."""
        made = self._ca.issue_cert(*hosts, **options)
        chain, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        chain.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        made.private_key_pem.write_to_path(str(key))
        return Certificate(str(chain), str(key), self.pem)


@pytest.fixture(autouse=True)
def own_memory(monkeypatch, tmp_path_factory):
    """No trader of a test takes what another test has kept of a gateway.

    Its contracts are kept in a cache; a gateway may get the port of an earlier one, so
    its requests are counted anew. One fixture, as 18,000 tests set it up.
    """
    folder = tmp_path_factory.getbasetemp() / "caches" / str(next(NUMBERS))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    counts._counts.clear()


class StillWalks(dict):
    """Walks that stand at their start prices from a step on; each is set once asked."""

    def __init__(self, walks, step, contracts):
        super().__init__(walks)
        self._step = step
        self._left = dict(contracts)

    def __getitem__(self, key):
        walk, contract = super().__getitem__(key), self._left.pop(key, None)
        if contract is not None:
            noise = walk._noise
            walk._noise = lambda step: noise(min(step, self._step))
            walk.shift_to(self._step, contract.start_price)
        return walk


@pytest.fixture(scope="session", autouse=True)
def still_markets():
    """Markets of the real clock stand from now on, until a test moves them."""
    begin = Exchange.__init__

    def at_the_start(self, contracts, clock, *given):
        begin(self, contracts, clock, *given)
        if not isinstance(clock, ManualClock):
            self._walks = StillWalks(self._walks, self._step, contracts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Exchange, "__init__", at_the_start)
        yield


MONTH = (2026, 11)
"""The simulator lists the contracts of then, so tests live in it, whenever they run."""


@pytest.fixture(scope="session", autouse=True)
def own_month():
    """Months pass by the clock of a test, from the same one on."""
    of_the_clock = ContractBook._this_month

    def this_month(self):
        year, month = of_the_clock(self)
        now = time.gmtime()
        later = 12 * (now.tm_year - MONTH[0]) + now.tm_mon - MONTH[1]
        year, month = divmod(12 * year + month - 1 - later, 12)
        return year, month + 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ContractBook, "_this_month", this_month)
        yield


@pytest.fixture(scope="session", autouse=True)
def built_once():
    """The program's commands are built once in a process, as where it is used."""
    program = sys.modules.get("fastorder.cli.program")
    if program is None:  # no test of this run types a line
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "make", cache(program.make))
        main = sys.modules["typer.main"]
        patch.setattr(main, "get_command", cache(main.get_command))
        yield


def pytest_configure(config):
    config.pluginmanager.register(Canary(), "canary")


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """The collector looks at what the tests make, not at the tests themselves."""
    gc.disable()
    collected = yield
    gc.freeze()
    gc.enable()
    return collected


def pytest_xdist_auto_num_workers():
    """More than there are cores: more than half of a run is waiting for sockets."""
    return 3 * min(os.cpu_count() or 1, 8)


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """Ctrl-C is heard, in children too; a shell starts background jobs deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def certificate(authority) -> Certificate:
    return authority.certificate("good", "localhost", "127.0.0.1")


@pytest.fixture
def gateway() -> Iterator[Simulator]:
    """A gateway over plain HTTP without a rate limit."""
    with run_in_thread(rate_limit=False) as simulator:
        simulator.gateway.tokens.keys["trader1"] = API_KEY
        yield simulator


@pytest.fixture
def shell(gateway, tmp_path, monkeypatch) -> Path:
    """What a trader's shell has set, for this gateway; its empty home folder."""
    for name in list(os.environ):
        if name.startswith(("FASTORDER_", "PROJECT_X_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FASTORDER_USER", "trader1")
    monkeypatch.setenv("FASTORDER_API_KEY", API_KEY)
    monkeypatch.setenv("FASTORDER_BASE_URL", gateway.base_url)
    monkeypatch.setenv("FASTORDER_ACCOUNT", "PRAC")
    return tmp_path


@pytest.fixture
def tls_gateway(certificate) -> Iterator[Simulator]:
    """The same over TLS."""
    with run_in_thread(
        rate_limit=False, tls_cert=certificate.chain, tls_key=certificate.key
    ) as simulator:
        yield simulator


def _loop_factories():
    factories = {"asyncio": asyncio.SelectorEventLoop}
    if sys.platform != "win32":
        uvloop = pytest.importorskip("uvloop")
        factories["uvloop"] = uvloop.new_event_loop
    return factories


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request):
    """Runs a coroutine on a new loop, of asyncio and of uvloop."""
    factory = _loop_factories()[request.param]

    def on_loop(coroutine, limit_s=60):
        loop = factory()
        asyncio.set_event_loop(loop)
        try:
            return loop.run_until_complete(asyncio.wait_for(coroutine, limit_s))
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            asyncio.set_event_loop(None)
            loop.close()

    return on_loop


def prepared(executor, gateway):
    """Give an executor a token and a contract."""
    executor.set_token(gateway.token)
    executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26", tick_size="0.25")
    return executor


def held(gateway):
    """How many contracts the account has open at the gateway, of whatever side."""

    def read():
        positions = gateway.gateway.exchange.accounts[ACCOUNT].positions
        return sum(position.size for position in positions.values())

    return gateway.call(read)


def bought_elsewhere(gateway, side="BUY", symbol="MNQ", **options):
    """One contract, bought by another program of the same account."""
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as other:
        prepared(other, gateway).set_contract_id("MES", "CON.F.US.MES.Z26")
        return other.place_market_order(symbol, side, 1, ACCOUNT, **options)


@pytest.fixture
def connect(gateway):
    """Makes an async executor for the plain gateway, ready to trade."""

    def make(**options) -> fastorder.OrderExecutor:
        options.setdefault("retry", QUICK)
        return prepared(fastorder.OrderExecutor(gateway.base_url, **options), gateway)

    return make


@pytest.fixture
def trader(gateway) -> Iterator[blocking.OrderExecutor]:
    """A blocking executor for the plain gateway, ready to trade."""
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        yield prepared(executor, gateway)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory) -> Iterator[store_server.Server]:
    """A PostgreSQL of our own; where there is none, what needs it is skipped."""
    if store_server.folder_of_programs() is None:
        pytest.skip(store_server.MISSING)
    server = store_server.Server(store_server.open_folder())
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path) -> str:
    """Where a store may be that is not there yet: of both kinds."""
    if request.param == "sqlite":
        return str(tmp_path / "record.db")
    return request.getfixturevalue("postgres").database()


@pytest.fixture
def kept(place):
    """An empty store of both kinds."""
    with Store(place) as store:
        yield store


@pytest.fixture
def day() -> ManualClock:
    """A clock that stands still until it is moved."""
    return ManualClock()


@pytest.fixture
def market(day) -> Iterator[Simulator]:
    """A gateway whose time stands still; MNQ is at 29,500."""
    with run_in_thread(clock=day, rate_limit=False) as simulator:
        simulator.set_price(MNQ, PRICE)
        yield simulator


@pytest.fixture
def wire(market) -> Iterator[Wire]:
    """A plain connection to it, with a token."""
    with wire_to(market) as connection:
        yield connection
