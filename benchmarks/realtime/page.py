"""The page of realtime's speed: its tables and its chart, made of one run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent.parent.parent / "docs"
PAGE = DOCS / "realtime-speed.md"
CHART = DOCS / "charts" / "realtime.svg"
HEAD = """# The speed of realtime

Made by `make bench-realtime`: every client in its own environment and a process of its
own, in turns, against one server that floods; the server has one core, the client the
other. Ratios are of one run. Times depend on the machine, and on what else runs there.
"""
PROOF = """A gap is counted on connections with two delays: five trips to connect,
upgrade, greet, subscribe and read. The pause before is left out: 0.1 s at first.
`settle_s`, ten seconds unless it is set, comes on top: the gateway's lists may be
behind. More than a page of working orders takes a trip a page.
"""
BAR, ROW, LEFT = 380, 26, 170


def written(told: dict[str, Any]) -> str:
    """Write the page and the chart; the page's text."""
    CHART.write_text(chart(told["scenes"]["flood over TLS"]))
    parts = [HEAD, "![Quotes a second over TLS](charts/realtime.svg)\n"]
    for scene, clients in told["scenes"].items():
        parts.append(f"## {scene.capitalize()}\n")
        parts.append(table(clients))
    parts.append("## In one process\n")
    parts.append(plain(told["in_process"]["decoding"], "from bytes", "us"))
    parts.append(plain(told["in_process"]["orders"], "an order beside a flood", "us"))
    parts.append(plain(told["in_process"]["gap"], "a gap to proven", "round trips"))
    parts.append(PROOF)
    for name, why in told["missing"].items():
        parts.append(f"Not measured: {name}, {why}.\n")
    text = "\n".join(parts)
    PAGE.write_text(text)
    return text


def table(clients: dict[str, Any]) -> str:
    """One scene: what each client did, and how fastorder compares."""
    own = clients["fastorder"]
    is_paced = "p50_us" in own
    columns = ["p50 us", "p99 us"] if is_paced else ["quotes/s", "CPU us/quote"]
    lines = [
        f"| client | {' | '.join(columns)} | fastorder |",
        f"|---|{'---:|' * 3}",
    ]
    for name, row in clients.items():
        if "failed" in row:
            lines.append(f"| {name} | failed | | |")
        elif is_paced:
            ratio = own["p50_us"] / row["p50_us"]
            cells = f"{row['p50_us']:,.0f} | {row['p99_us']:,.0f} | {ratio:.2f} of it"
            lines.append(f"| {name} | {cells} |")
        else:
            ratio = own["a_second"] / row["a_second"]
            cells = f"{row['a_second']:,.0f} | {row['cpu_us']:.2f} | {ratio:.1f} times"
            lines.append(f"| {name} | {cells} |")
    return "\n".join(lines) + "\n"


def plain(row: dict[str, float], what: str, unit: str) -> str:
    """Names and numbers."""
    lines = [f"| {what} | {unit} |", "|---|---:|"]
    lines += [f"| {name} | {value:,.2f} |" for name, value in row.items()]
    return "\n".join(lines) + "\n"


def chart(clients: dict[str, Any]) -> str:
    """Bars of quotes a second, the fastest first; readable on light and dark."""
    rows = [(n, r["a_second"]) for n, r in clients.items() if "failed" not in r]
    rows.sort(key=lambda row: -row[1])
    most = rows[0][1]
    height = ROW * len(rows) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="680" height="{height}" '
        'font-family="sans-serif" font-size="13">'
    ]
    for i, (name, value) in enumerate(rows):
        y = 10 + i * ROW
        width = max(value / most * BAR, 1)
        colour = "#2a78d6" if name == "fastorder" else "#8a94a3"
        parts.append(
            f'<text x="{LEFT - 8}" y="{y + 14}" text-anchor="end" fill="#777">{name}'
            f'</text><rect x="{LEFT}" y="{y + 2}" width="{width:.0f}" height="16" '
            f'fill="{colour}"/><text x="{LEFT + width + 6:.0f}" y="{y + 14}" '
            f'fill="#777">{value:,.0f}/s</text>'
        )
    return "".join([*parts, "</svg>\n"])
