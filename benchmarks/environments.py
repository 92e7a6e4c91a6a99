"""An environment for each contender, made once and kept under ``.venv-peers``.

Run by itself it makes what is missing. One that cannot be made is left out, and the
reason goes into the results.
"""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent / ".venv-peers"
PINS = HERE / "peers" / "pins.ini"


@dataclass(frozen=True)
class Environment:
    """Where a contender's Python is and what it holds, or why there is none."""

    python: str | None
    versions: dict[str, str]
    missing: str | None = None


def pins() -> configparser.ConfigParser:
    """The pinned packages, one section for each environment."""
    parser = configparser.ConfigParser()
    parser.read(PINS)
    return parser


def interpreter(version: str | None) -> str | None:
    """A Python of that version, or the one that runs; None where there is none."""
    if version is None or sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = sorted(map(str, pyenv.glob(f"versions/{version}.*/bin/python")))
    on_path = shutil.which(f"python{version}")
    if on_path:
        candidates.append(on_path)
    for candidate in candidates:
        asked = subprocess.run(
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.stdout.strip() == version:
            return candidate
    return None


def made(name: str) -> Environment:
    """The environment of that name, made where it is not there yet."""
    section = pins()[name]
    wanted = dict(section)
    stamp = ROOT / name / "fastorder.json"
    if stamp.exists():
        known = json.loads(stamp.read_text())
        if known["wanted"] == wanted and Path(known["python"]).exists():
            return Environment(known["python"], known["versions"])
    base = interpreter(section.get("python"))
    if base is None:
        return Environment(None, {}, f"needs CPython {section['python']}")
    shutil.rmtree(ROOT / name, ignore_errors=True)
    python = str(ROOT / name / "bin" / "python")
    for command in (
        [base, "-m", "venv", str(ROOT / name)],
        [python, "-m", "pip", "install", "--quiet", *section["needs"].split()],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "ERROR" in line]
            reason = lines[-1] if lines else f"exit code {done.returncode}"
            return Environment(
                None, {}, f"{section['needs']} was not installed: {reason}"
            )
    versions = installed(python)
    stamp.write_text(
        json.dumps({"wanted": wanted, "python": python, "versions": versions})
    )
    return Environment(python, versions)


def installed(python: str) -> dict[str, str]:
    """Every distribution of an environment with its version, and Python's own."""
    program = (
        "import importlib.metadata as m, json, platform\n"
        "print(json.dumps({'python': platform.python_version(),"
        " **{d.name.lower(): d.version for d in m.distributions()}}))"
    )
    found = subprocess.run(
        [python, "-c", program], capture_output=True, text=True, check=True
    )
    return json.loads(found.stdout)


def lay_out(python: str) -> None:
    """Put the project where its wheel would, with its bytecode.

    A checkout is found through a hook, and where Python is told to write no bytecode it
    is compiled anew at each import; a user has neither.
    """
    (packages,) = Path(python).parent.parent.glob("lib/python*/site-packages")
    shutil.rmtree(packages / "fastorder", ignore_errors=True)
    shutil.copytree(
        HERE.parent / "fastorder",
        packages / "fastorder",
        ignore=shutil.ignore_patterns("*.c", "__pycache__"),
    )
    command = [python, "-m", "compileall", "-q", str(packages / "fastorder")]
    subprocess.run(command, check=True)


def own() -> Environment:
    """The environment that the project itself is built in."""
    return Environment(sys.executable, installed(sys.executable))


def every() -> dict[str, Environment]:
    """All of them, by name; ``project`` is the project's own."""
    found = {"project": own()} | {name: made(name) for name in pins().sections()}
    if found["fastorder"].python is not None:
        lay_out(found["fastorder"].python)
    return found


if __name__ == "__main__":
    for name, environment in every().items():
        print(f"{name:20} {environment.missing or environment.python}", flush=True)
