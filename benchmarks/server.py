"""The server of the benchmarks, a process of its own: static answers, plain and TLS.

It is nginx where there is one. Otherwise it is the local gateway, whose own time is
then part of every round trip.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import trustme
from order import ACCOUNTS, CONTRACTS, DONE, LOGGED_IN, PLACED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIGURATION = """
daemon off; master_process off; worker_processes 1;
pid {folder}/pid; error_log {folder}/errors;
events {{ worker_connections 4096; }}
http {{
    access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/json;
    server {{
        listen 127.0.0.1:{plain};
        listen 127.0.0.1:{tls} ssl;
        listen 127.0.0.1:{http2} ssl http2;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/key.pem;
        location /api/Order/place {{ return 200 '{placed}'; }}
        location /api/Auth/loginKey {{ return 200 '{logged_in}'; }}
        location /api/Account/search {{ return 200 '{accounts}'; }}
        location /api/Contract/ {{ return 200 '{contracts}'; }}
        location / {{ return 200 '{done}'; }}
    }}
}}
"""


@dataclass(frozen=True)
class Server:
    """What is known of the running server."""

    name: str
    pid: int
    plain: int
    tls: int | None
    http2: int | None
    ca_file: str

    @property
    def url(self) -> str:
        """Plain."""
        return f"http://127.0.0.1:{self.plain}"

    def target(self, wire: str, port: int | None = None) -> dict[str, Any]:
        """What a worker is told: over "plain", "tls" or "http2"; ``port`` to go by."""
        own = {"plain": self.plain, "tls": self.tls, "http2": self.http2}[wire]
        secure = wire != "plain"
        host = "localhost" if secure else "127.0.0.1"
        return {
            "url": f"http{'s' * secure}://{host}:{port or own}",
            "host": host,
            "port": port or own,
            "ca_file": self.ca_file if secure else None,
            "http2": wire == "http2",
        }


@contextlib.contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    """Start the server; it is ended on the way out."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "chain.pem", append=True)
    start = nginx if shutil.which("nginx") else simulator
    with start(folder) as server:
        yield server


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[Server]:
    """A single nginx process."""
    plain, tls, http2 = free_port(), free_port(), free_port()
    text = CONFIGURATION.format(
        folder=folder,
        plain=plain,
        tls=tls,
        http2=http2,
        placed=PLACED,
        done=DONE,
        logged_in=LOGGED_IN,
        accounts=ACCOUNTS,
        contracts=CONTRACTS,
    )
    (folder / "nginx.conf").write_text(text)
    command = [shutil.which("nginx") or "nginx", "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(plain, process)
            authority = str(folder / "ca.pem")
            yield Server("nginx", process.pid, plain, tls, http2, authority)
        finally:
            process.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def simulator(folder: Path) -> Iterator[Server]:
    """The local gateway, plain only, with budgets that no benchmark uses up.

    It forgets the tags of orders: some contenders send one order over and over.
    """
    program = (
        "import threading\n"
        "from fastorder.simulator import run_in_thread\n"
        "class Forgotten(dict):\n"
        "    def setdefault(self, tag, order): pass\n"
        "with run_in_thread(rate_limit=False, keep_ledger=False,\n"
        "                   accept_tokens=('abc',)) as simulator:\n"
        "    print(simulator.base_url.rpartition(':')[2], flush=True)\n"
        "    for account in simulator.gateway.exchange.accounts.values():\n"
        "        account.tags = Forgotten()\n"
        "    threading.Event().wait()\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline() or 0)
            wait_for(port, process)
            authority = str(folder / "ca.pem")
            yield Server("simulator", process.pid, port, None, None, authority)
        finally:
            process.kill()


def free_port() -> int:
    """A port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once the port takes connections."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.02)
    raise RuntimeError("the server did not start within 10 seconds")


def pin(server: Server, core: int | None) -> None:
    """Keep the server on one core; None sets it free."""
    if hasattr(os, "sched_setaffinity"):
        cores = set(range(os.cpu_count() or 1)) if core is None else {core}
        os.sched_setaffinity(server.pid, cores)


def hold_back(server: Server, held: bool) -> None:
    """Let the server run only where nobody else wants its core, or as usual again.

    On one core it then reads a request once the client waits for the answer, and not
    within the client's send.
    """
    if hasattr(os, "sched_setscheduler"):
        policy = os.SCHED_IDLE if held else os.SCHED_OTHER
        os.sched_setscheduler(server.pid, policy, os.sched_param(0))
