"""What a block of a page takes for granted, by the page and the block's first line."""

SCENES = {
    "docs/guide/configuration.md": {
        "executor = fastorder.OrderExecutor(": """
import fastorder, trustme
trustme.CA().cert_pem.write_to_path("ca.pem")
""",
    },
    "docs/guide/budgets.md": {
        "executor = fastorder.OrderExecutor(budgets": "import fastorder",
    },
    "docs/guide/data-to-live.md": {
        "import os": "of_simulator = USE, KIND",
        "from fastorder import blocking\n\nwith blocking.Trader(**USE": (
            "USE, KIND = of_simulator"
        ),
    },
    "docs/guide/market-data-files.md": {
        "recorder = data.record({": """
from types import SimpleNamespace
hub = SimpleNamespace(on=lambda kind, listener: None)
""",
        "executor.load_contract(": """
from fastorder import blocking
executor = blocking.OrderExecutor("https://api.topstepx.com")
executor.set_token("your_jwt_token")
""",
    },
    "docs/guide/realtime.md": {
        "trader.protect(within_ms": """
from fastorder import blocking
made = blocking.Trader.from_env(account="PRAC", journal=False)
trader = left_at_the_end.enter_context(made)
""",
    },
    "docs/guide/scale.md": {
        "from distributed import Client": """
import numpy as np, pyarrow as pa
from pathlib import Path
from pyarrow import parquet
for day in ("2026-11-02", "2026-11-03"):
    folder = Path(f"ticks/contract=MNQZ6/day={day}")
    folder.mkdir(parents=True)
    time_ns = np.datetime64(day, "ns").astype(np.int64) + np.arange(900) * 10**9
    price, size = np.full(900, 25_000.0), np.ones(900, int)
    ticks = pa.table({"time_ns": time_ns, "price": price, "size": size})
    parquet.write_table(ticks, folder / "part-0.parquet")
""",
    },
    "docs/guide/simulator.md": {
        "from fastorder.simulator import load_faults": """
from pathlib import Path
Path("faults.json").write_text('[{"endpoint": "/api/Order/place", "reply": "hang_up"}]')
gateway = stand_in
""",
    },
    "docs/guide/strategies.md": {
        "from breakout import Breakout": """
import os, re, sys
import pyarrow as pa
from pathlib import Path
from pyarrow import parquet
found = re.search(r"^class Breakout.*?(?=^$\\n^$)", page, re.DOTALL | re.MULTILINE)
imported = "from fastorder.strategy import Strategy"
Path("breakout.py").write_text(f"{imported}\\n\\n\\n{found[0]}")
sys.path.insert(0, os.getcwd())
columns = {name: getattr(data, name) for name in ("time_ns", "price", "size", "side")}
parquet.write_table(pa.table(columns), "ticks.parquet")
paths = ["ticks.parquet"]
""",
    },
    "docs/guide/strategies-live.md": {
        "from fastorder import blocking\nfrom fastorder.strategy import Latencies": """
def input(text):
    print(text)
""",
    },
    "docs/guide/trading-day.md": {
        "try:\n    await asyncio.wait_for(trader.flatten(), 1)": """
import asyncio
made = fastorder.Trader.from_env(account="PRAC", journal=False)
trader = await left_at_the_end.enter_async_context(made)
""",
    },
}
"""Code that runs before a block, in the page's names.

Beside them there are ``page``, its text, ``stand_in``, the gateway, and
``left_at_the_end``, a stack of contexts.
"""
