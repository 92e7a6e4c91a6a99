"""What the doctor finds of the way to a gateway: its name, TLS, round trips, hubs."""

from __future__ import annotations

import socket
import ssl
import statistics
import time
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder.cli.probing.wire import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PINGS = 20
CONNECT_S = 10.0
HUB_S = 10.0
SOON_DAYS = 7
BLOCKS = "▁▂▃▄▅▆▇█"
BINS = 8


def of_line(base_url: str, ca_file: str | None) -> Iterator[tuple[str, str, str]]:
    """What was looked at, what was found, and what to do ("" where it is well).

    Raises:
        OSError: there is no way to it.
    """
    place = place_of(base_url, ca_file)
    began = time.monotonic()
    found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    yield "name", f"{place.host} is {found[0][4][0]}, {_ms_since(began)}", ""
    began = time.monotonic()
    with socket.create_connection((place.host, place.port), CONNECT_S) as plain:
        yield "connection", f"port {place.port}, {_ms_since(began)}", ""
        if place.context is None:
            yield "TLS", "none: a gateway on this machine", ""
            return
        began = time.monotonic()
        with place.context.wrap_socket(plain, server_hostname=place.host) as secured:
            left = _days_left(secured)
            todo = "" if left > SOON_DAYS else "tell whoever runs the gateway"
            lives = f"certificate {counted(left, 'day')}"
            shown = f"{secured.version()}, {_ms_since(began)}, {lives}"
            yield "TLS", shown, todo


def _ms_since(began: float) -> str:
    return f"{(time.monotonic() - began) * 1e3:.1f} ms"


def _days_left(secured: ssl.SSLSocket) -> int:
    told: Any = secured.getpeercert() or {}
    ends_s = ssl.cert_time_to_seconds(told["notAfter"])
    return int((ends_s - time.time()) // 86_400)


def round_trips(ping: Callable[[], float]) -> str:
    """Some of them, one after the other: percentiles and a small histogram."""
    took_ms = []
    for _ in range(PINGS):
        took_ms.append(ping() * 1e3)
        time.sleep(0.01)
    took_ms.sort()
    middle, most = statistics.median(took_ms), took_ms[-1]
    p95 = took_ms[int(len(took_ms) * 0.95) - 1]
    return (
        f"median {middle:.1f} ms, p95 {p95:.1f}, slowest {most:.1f} of {PINGS}  "
        f"{histogram(took_ms)}"
    )


def histogram(ordered: Sequence[float]) -> str:
    """How often each eighth of the range came, as blocks; " " where it never did."""
    least, most = ordered[0], ordered[-1]
    width = (most - least) / BINS or 1.0
    counts = [0] * BINS
    for value in ordered:
        counts[min(BINS - 1, int((value - least) / width))] += 1
    peak = max(counts)
    shown = (BLOCKS[max(0, n * len(BLOCKS) // peak - 1)] if n else " " for n in counts)
    return f"{least:.1f} ms |{''.join(shown)}| {most:.1f} ms"


def hub_is_live(hub: Any) -> tuple[bool, str]:
    """Whether a hub that was started comes; how soon, or why it does not."""
    failures: list[str] = []
    stop = hub.on("connect_failed", lambda event: failures.append(event.why))
    began = time.monotonic()
    try:
        while not hub.is_live and time.monotonic() - began < HUB_S:
            time.sleep(0.01)
    finally:
        stop()
    if hub.is_live:
        count = counted(len(hub.acknowledged), "subscription")
        return True, f"live, {count}"
    return False, failures[-1] if failures else f"no answer within {HUB_S:g} s"
