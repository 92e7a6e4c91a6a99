"""Who is timed, and the process that each of them runs in."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from environments import Environment

WORKER = Path(__file__).parent / "worker.py"


@dataclass(frozen=True)
class Contender:
    """A file of ``peers``, the environment that it runs in, and its settings."""

    module: str
    environment: str = "project"
    loop: str = "asyncio"
    options: dict[str, Any] = field(default_factory=dict)
    verb: str = "place"
    awaited: bool = True
    http2: bool = False


STAMP = "fastorder, call to bytes written"
CONTENDERS = {
    "raw socket": Contender("raw_socket", awaited=False),
    "raw protocol": Contender("raw_protocol"),
    "fastorder": Contender("fastorder_async"),
    "fastorder, uvloop": Contender("fastorder_async", loop="uvloop"),
    "fastorder, blocking": Contender("fastorder_blocking", awaited=False),
    "pycurl": Contender("pycurl_easy", "pycurl", awaited=False, http2=True),
    "AsyncCurlMulti": Contender("pycurl_multi", "pycurl", http2=True),
    "aiohttp": Contender("aiohttp", "aiohttp"),
    "pyreqwest": Contender("pyreqwest", "pyreqwest", http2=True),
    "curl_cffi": Contender("curl_cffi", "curl_cffi", http2=True),
    "niquests": Contender("niquests", "niquests", http2=True),
    "requests": Contender("requests", "requests", awaited=False),
    "httpx": Contender("httpx", "httpx", http2=True),
    "topstep-client-py": Contender("topstep_client_py", "topstep-client-py"),
    "project-x-py": Contender("project_x_py", "project-x-py", http2=True),
}


class WorkerError(Exception):
    """A contender could not do what it was asked to; the text is its own."""


class Process:
    """A contender's process, kept over the rounds."""

    def __init__(
        self, contender: Contender, environment: Environment, core: int | None = None
    ) -> None:
        if environment.python is None:
            raise WorkerError(environment.missing)
        self._process = subprocess.Popen(
            [environment.python, str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None
            if os.environ.get("FASTORDER_BENCH_LOUD")
            else subprocess.DEVNULL,
            text=True,
        )
        if core is not None:  # before it has threads: they inherit it
            os.sched_setaffinity(self._process.pid, {core})
        self.rss = self.ask(
            "start",
            module=contender.module,
            loop=contender.loop,
            options=contender.options,
        )["rss"]

    def ask(self, what: str, **details: Any) -> dict[str, Any]:
        """Have it do something; its answer."""
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        try:
            print(json.dumps({"do": what, **details}), file=pipe_in, flush=True)
            answer = json.loads(pipe_out.readline() or '{"error": "it has ended"}')
        except BrokenPipeError:
            answer = {"error": "it has ended"}
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def end(self) -> None:
        """End it; its pipe's end is its sign to go."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextlib.contextmanager
def processes(
    contenders: Mapping[str, Contender],
    environments: Mapping[str, Environment],
    core: int | None,
) -> Iterator[tuple[dict[str, Process], dict[str, str]]]:
    """A process for each; and who is left out, with the reason."""
    running: dict[str, Process] = {}
    left_out: dict[str, str] = {}
    try:
        for name, contender in contenders.items():
            try:
                running[name] = Process(
                    contender, environments[contender.environment], core
                )
            except WorkerError as error:
                left_out[name] = str(error)
        yield running, left_out
    finally:
        for process in running.values():
            process.end()


def tell(text: str) -> None:
    """A line for whoever watches the run."""
    print(text, file=sys.stderr, flush=True)
