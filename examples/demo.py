"""Place, modify and cancel orders at a local gateway: no account, no key, no network.

Run it with ``make demo``. It starts the simulator on this machine, over TLS with a
certificate of its own, and ends it again.
"""

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme
from rich.console import Console
from rich.table import Table

import fastorder
from fastorder import Contract, Order, OrderResult, OrderType

SIMULATOR = [sys.executable, "-m", "fastorder.simulator", "--port", "0"]
ACCOUNT = 12345678
WHAT_TIMES_MEAN = """\
Times are microseconds from the call. The gateway is the simulator, in Python
on this machine: the wait from sent to answered is its time, not fastorder's.\
"""


async def trade(base_url: str, ca_file: str) -> None:
    """Buy with a bracket, then place, move and cancel a limit order."""
    started = datetime.now(timezone.utc)
    async with fastorder.OrderExecutor(base_url, ca_file=ca_file) as executor:
        await executor.login("trader1", "key")
        contract = await executor.load_contract("MNQ")
        await executor.connect()  # the first order finds a connection that is warm

        bought = await executor.place_market_order(
            symbol="MNQ",
            side="BUY",
            quantity=1,
            account_id=ACCOUNT,
            stop_loss_ticks=50,
            take_profit_ticks=100,
        )
        bought.raise_for_outcome()  # an exception, where it was not accepted
        show_bracket(contract, await executor.search_orders(ACCOUNT, started))

        placed = await executor.place_limit_order(
            "MNQ", "BUY", quantity=1, account_id=ACCOUNT, limit_price=25_000
        )
        placed.raise_for_outcome()
        moved = await executor.modify_order(
            placed.order_id, ACCOUNT, limit_price=25_010.5
        )
        cancelled = await executor.cancel_order(placed.order_id, ACCOUNT)

    results = {
        "market, with bracket": bought,
        "limit": placed,
        "modify": moved,
        "cancel": cancelled,
    }
    show_times(results)
    for result in results.values():
        result.raise_for_outcome()


def show_bracket(contract: Contract, orders: list[Order]) -> None:
    """Print what was bought, and what its two exits would lose and win."""
    order = {order.type: order for order in orders}
    entry = order[OrderType.MARKET]
    price = entry.filled_price
    print(f"bought   {entry.size} {contract.name} at {price:,.2f}")
    exits = {
        "stop": order[OrderType.STOP].stop_price,
        "target": order[OrderType.LIMIT].limit_price,
    }
    for name, exit_price in exits.items():
        ticks = (exit_price - price) / contract.tick_size
        dollars = ticks * contract.tick_value * entry.size
        print(
            f"{name:8} {exit_price:,.2f}  {ticks:+4.0f} ticks  {dollars:+.2f} dollars"
        )
    print()


def show_times(results: dict[str, OrderResult]) -> None:
    """Print what became of each request, and when."""
    table = Table()
    for heading in ("request", "order", "outcome"):
        table.add_column(heading)
    for heading in ("sent", "answered", "done"):
        table.add_column(heading, justify="right")
    for name, result in results.items():
        timing = result.timing
        spans = timing.call_to_written, timing.call_to_first_byte, timing.call_to_result
        times = (f"{ns / 1000:,.0f}" if ns else "-" for ns in spans)
        table.add_row(name, str(result.order_id), result.outcome.value, *times)
    Console().print(table)
    print(WHAT_TIMES_MEAN)


@contextmanager
def simulator(folder: Path) -> Iterator[tuple[str, str]]:
    """A gateway for as long as the block runs: its URL and its authority's file."""
    ca_file, key_file = folder / "ca.pem", folder / "server.pem"
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(ca_file))
    certificate = authority.issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(key_file))
    process = subprocess.Popen(
        [*SIMULATOR, "--tls-cert", str(key_file), "--tls-key", str(key_file)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"https://\S+", line)
        if found is None:
            raise OSError(f"the simulator must say where it listens, it said {line!r}")
        yield found[0], str(ca_file)
    finally:
        process.terminate()
        process.communicate()


def main() -> int:
    """Run the demo; 0 where every order was accepted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    try:
        with TemporaryDirectory() as folder, simulator(Path(folder)) as (url, ca_file):
            asyncio.run(trade(url, ca_file))
    except (fastorder.FastOrderError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
