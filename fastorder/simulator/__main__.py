"""``python -m fastorder.simulator``: the gateway as a program of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from fastorder.simulator.faults import FaultError, load_faults
from fastorder.simulator.gateway import Gateway
from fastorder.simulator.personality import NAMED
from fastorder.simulator.server import Simulator


def main(arguments: list[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM; 0 then, 2 where it cannot start."""
    options = _parser().parse_args(arguments)
    if bool(options.tls_cert) != bool(options.tls_key):
        return _refuse("--tls-cert and --tls-key must be given together")
    try:
        faults = load_faults(options.faults) if options.faults else []
        simulator = Simulator(
            Gateway(
                options.seed,
                rate_limit=options.rate_limit,
                accept_tokens=tuple(options.accept_token),
                keep_ledger=False,
            ),
            options.host,
            options.port,
            options.tls_cert,
            options.tls_key,
        )
    except (FaultError, ValueError, OSError) as error:
        return _refuse(str(error))
    simulator.faults.add(*faults)
    simulator.become(NAMED[options.personality])
    try:
        asyncio.run(_serve(simulator, options.seed))
    except OSError as error:
        return _refuse(f"cannot listen on {options.host}:{options.port}: {error}")
    return 0


async def _serve(simulator: Simulator, seed: int) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await simulator.start()
    print(
        f"fastorder simulator listening on {simulator.base_url} (seed {seed})",
        flush=True,
    )
    await ended.wait()
    await simulator.stop()


def _refuse(why: str) -> int:
    print(f"fastorder simulator: {why}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fastorder.simulator",
        description="A ProjectX gateway on loopback: user trader1, API key 'key'.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=_port, default=8700, help="0 picks a free one")
    parser.add_argument("--seed", type=int, default=7, help="of prices and tokens")
    parser.add_argument("--tls-cert", metavar="F", help="PEM certificate chain")
    parser.add_argument("--tls-key", metavar="F", help="PEM private key")
    parser.add_argument("--faults", metavar="F", help="JSON list of faults")
    parser.add_argument(
        "--accept-token",
        metavar="T",
        action="append",
        default=[],
        help="a token that is valid without a login; may be given again",
    )
    parser.add_argument(
        "--no-rate-limit",
        dest="rate_limit",
        action="store_false",
        help="answer every request, whatever the budget",
    )
    parser.add_argument(
        "--personality",
        choices=sorted(NAMED),
        default="plain",
        help="what it does where the documentation is silent",
    )
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"0 to 65535 was expected, was {text!r}")
    return port


if __name__ == "__main__":
    sys.exit(main())
