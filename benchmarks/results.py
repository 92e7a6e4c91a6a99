"""What a run leaves behind: one small JSON file for each scene."""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

SHORT = bool(os.environ.get("FASTORDER_BENCH_SHORT"))
HERE = Path(__file__).parent
KEPT = HERE / "results"
# a short run shows that everything works; its numbers are not kept
FOLDER = HERE.parent / ".benchmarks" / "short" if SHORT else KEPT


def machine() -> dict[str, str | int]:
    """Where the numbers come from."""
    return {
        "processor": processor(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": f"{platform.python_implementation()} {platform.python_version()}"
        + ", the system's own" * (sys.base_prefix == "/usr"),
    }


def processor() -> str:
    """The processor's name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()


def keep(scene: str, title: str, **found: Any) -> Path:
    """Write a scene's results; what an earlier run left of it is gone."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{scene}.json"
    taken = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    load = round(os.getloadavg()[0], 2)
    head = {"title": title, "taken": taken, "load": load, "machine": machine()}
    path.write_text(json.dumps({**head, **found}, indent=1) + "\n")
    return path


def kept(scene: str, folder: Path = KEPT) -> dict[str, Any]:
    """A scene's results, as they stand in the repository."""
    return json.loads((folder / f"{scene}.json").read_text())
