"""Servers and clients that others wrote, built once into ``build/``."""

import json
import os
import queue
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ASPNET = ROOT / "build" / "aspnet"
NODE = ROOT / "build" / "node"
PACKAGES = ("@microsoft/signalr@10.0.11", "ws@8.18.0")
LIMIT_S = 180.0


def _made(what, command, programs):
    """Build something, or skip and say plainly why."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{what} needs {' and '.join(missing)}: not tried")
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode:
        pytest.skip(f"{what} could not be made: {done.stderr.strip()[-300:]}")


def aspnet():
    """The program of ASP.NET Core's SignalR server."""
    script = str(ROOT / "tests" / "aspnet" / "build.sh")
    programs = ["bash", "npm", "mcs", "flock"]
    _made("the ASP.NET Core server", ["bash", script, str(ASPNET)], programs)
    return ASPNET / "run" / "azmcp"


@contextmanager
def running_aspnet(**options):
    """ASP.NET Core's server, with HUBS_ options of its recipe; its base URL."""
    program = aspnet()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    settings = {f"HUBS_{name.upper()}": str(value) for name, value in options.items()}
    process = subprocess.Popen(
        [str(program)],
        cwd=program.parent,
        env={**os.environ, "HUBS_URL": url, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 1.0).close()
                break
            except OSError:
                assert process.poll() is None, "the server has ended"
                time.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait()


class Script:
    """A node program: lines of JSON in and out."""

    def __init__(self, name, *arguments):
        lock = str(NODE.parent / "node.lock")
        NODE.mkdir(parents=True, exist_ok=True)
        install = (
            "test -d node_modules/ws -a -d node_modules/@microsoft/signalr || "
            f"npm install --silent --no-audit --no-fund --prefix . {' '.join(PACKAGES)}"
        )
        command = ["flock", lock, "sh", "-c", f"cd '{NODE}' && ({install})"]
        _made("what node runs", command, ["node", "npm", "flock"])
        script = ROOT / "tests" / "node" / name
        self._process = subprocess.Popen(
            ["node", str(script), *map(str, arguments)],
            env={**os.environ, "NODE_PATH": str(NODE / "node_modules")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(json.loads(line))

    def say(self, *message):
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def heard(self, name):
        """The next line that has this member."""
        while True:
            line = self._lines.get(timeout=LIMIT_S)
            if name in line:
                return line[name]

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
