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
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme
from rich.console import Console
from rich.table import Table

import fastorder

SIMULATOR = [sys.executable, "-m", "fastorder.simulator", "--port", "0"]
ACCOUNT = 12345678


async def trade(base_url: str, ca_file: str) -> dict[str, fastorder.OrderResult]:
    """Four results, each by what was asked for."""
    async with fastorder.OrderExecutor(base_url, ca_file=ca_file) as executor:
        await executor.login("trader1", "key")
        executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26")
        await executor.connect()  # the first order finds a connection that is warm

        bought = await executor.place_market_order(
            symbol="MNQ",
            side="BUY",
            quantity=1,
            account_id=ACCOUNT,
            stop_loss_ticks=50,
            take_profit_ticks=100,
        )
        rested = await executor.place_limit_order(
            symbol="MNQ", side="BUY", quantity=1, account_id=ACCOUNT, limit_price=25_000
        )
        rested.raise_for_outcome()  # what was not accepted cannot be modified
        modified = await executor.modify_order(
            rested.order_id, ACCOUNT, limit_price=25_010.5
        )
        cancelled = await executor.cancel_order(rested.order_id, ACCOUNT)
    return {
        "market, with bracket": bought,
        "limit": rested,
        "modify": modified,
        "cancel": cancelled,
    }


def show(results: dict[str, fastorder.OrderResult]) -> None:
    """Print every result, and how long each order took."""
    table = Table(title="microseconds from the call, on this machine, to ...")
    for heading in ("order", "bytes written", "first byte back", "result"):
        table.add_column(heading, justify="left" if heading == "order" else "right")
    for name, result in results.items():
        print(f"{name}: {result}")
        timing = result.timing
        spans = timing.call_to_written, timing.call_to_first_byte, timing.call_to_result
        table.add_row(name, *(f"{ns / 1000:,.0f}" if ns else "-" for ns in spans))
    Console().print(table)


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
            results = asyncio.run(trade(url, ca_file))
        show(results)
        for result in results.values():
            result.raise_for_outcome()
    except (fastorder.FastOrderError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
