"""No token and no key in what a test run leaves behind: one hit fails the run.

Searched are log records from DEBUG up, reports and their captured output, errors that
tests expect and the local variables of their tracebacks, warnings, what child processes
print, and every file below pytest's base temporary folder, journals among them.

Not searched is where a token belongs: the requests that a test's server keeps in
memory, and the frames of the tests and of the simulator, who give it.
"""

import contextlib
import logging
import os
import subprocess
import traceback
from pathlib import Path

import pytest

import fastorder

MARK = "cAnArY-5e1f"
TOKEN = f"{MARK}-token-0123456789abcdefghijklmnopqrstuvwxyz"
API_KEY = f"{MARK}-key-0123456789abcdefghijklmnopqrstuvwxyz"
JWT = "eyJhbGciOi"
"""How every token of the simulator begins, and every other that is a JSON Web Token."""

LIBRARY = str(Path(fastorder.__file__).parent) + os.sep
OUTSIDE = (LIBRARY + "simulator", LIBRARY + "marketdata")
"""One gives tokens, the other is given none."""
CHUNK = 1 << 20
LONGEST = 64
"""No secret that is looked for is longer, so none is missed between two chunks."""


class Canary(logging.Handler):
    """A plugin of pytest that searches for secrets.

    Args:
        secrets: the beginnings of what must not be found.
    """

    def __init__(self, secrets=(MARK, JWT)):
        super().__init__(logging.NOTSET)
        self._secrets = secrets
        self.found = {}

    def search(self, text, where):
        """Note a place whose text holds a secret; the text itself is not kept."""
        if any(secret in text for secret in self._secrets):
            self.found[where] = self.found.get(where, 0) + 1

    # ------------------------------------------------------------ from start to end

    def pytest_configure(self, config):
        root = logging.getLogger()
        patch = pytest.MonkeyPatch()
        config.add_cleanup(patch.undo)
        config.add_cleanup(lambda level=root.level: root.setLevel(level))
        config.add_cleanup(lambda: root.removeHandler(self))
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        patch.setattr(pytest, "raises", self._watching(pytest.raises))
        patch.setattr(pytest, "warns", self._watching(pytest.warns))
        patch.setattr(subprocess.Popen, "communicate", self._overheard())

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session):
        self._search_files(session.config._tmp_path_factory.getbasetemp())
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["found"] = self.found
        if self.found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        """Take over what a worker of pytest-xdist has found: it cannot fail the run."""
        for where, times in getattr(node, "workeroutput", {}).get("found", {}).items():
            self.found[where] = max(self.found.get(where, 0), times)

    def pytest_terminal_summary(self, terminalreporter):
        if self.found:
            terminalreporter.section("a token or a key was found", red=True)
            for where, times in self.found.items():
                terminalreporter.line(f"{where}: {times} times")

    # ------------------------------------------------------------ what pytest tells

    def pytest_runtest_logreport(self, report):
        self._search_report(report)

    def pytest_collectreport(self, report):
        self._search_report(report)

    def pytest_exception_interact(self, node, call):
        self.search_error(call.excinfo.value, f"a traceback of {node.nodeid}")

    def pytest_warning_recorded(self, warning_message, nodeid):
        self.search(str(warning_message), f"a warning of {nodeid}")

    def _search_report(self, report):
        self.search(report.longreprtext, f"the report of {report.nodeid}")
        for title, text in report.sections:
            self.search(text, f"{title} of {report.nodeid}")

    # ------------------------------------------------------------ what Python tells

    def emit(self, record):
        where = f"a log record of {record.pathname}:{record.lineno}"
        with contextlib.suppress(Exception):  # whoever shows it reports a bad format
            self.search(record.getMessage(), where)
        self.search(shown(vars(record)), where)
        if record.exc_info and record.exc_info[1] is not None:
            self.search_error(record.exc_info[1], where)

    def search_error(self, error, where):
        """Search an error, those behind it, and the library's variables on its way."""
        while error is not None:
            self.search("".join(traceback.format_exception_only(error)), where)
            self.search(shown(error), where)
            for frame, _ in traceback.walk_tb(error.__traceback__):
                name = frame.f_code.co_filename
                if name.startswith(LIBRARY) and not name.startswith(OUTSIDE):
                    for value in list(frame.f_locals.values()):
                        self.search(shown(value), f"{where}, {name}:{frame.f_lineno}")
            for member in getattr(error, "exceptions", ()):  # of a group
                self.search_error(member, where)
            error = error.__cause__ or error.__context__

    def _watching(self, expect):
        """``pytest.raises`` or ``pytest.warns``, and what it caught is searched."""

        def watched(*args, **options):
            context = expect(*args, **options)
            if hasattr(context, "__exit__"):
                return Watched(context, self)
            return context  # called at once, with a function

        return watched

    def _overheard(self):
        communicate = subprocess.Popen.communicate

        def overheard(process, *args, **options):
            said = communicate(process, *args, **options)
            for text in said:
                if text:
                    readable = text if isinstance(text, str) else text.decode("latin-1")
                    self.search(readable, "the output of a child process")
            return said

        return overheard

    # ------------------------------------------------------------ what is left behind

    def _search_files(self, folder):
        for path in Path(folder).rglob("*"):
            if path.is_file() and not path.is_symlink():
                with contextlib.suppress(FileNotFoundError):  # a lock may go meanwhile
                    self._search_file(path)

    def _search_file(self, path):
        secrets = [secret.encode() for secret in self._secrets]
        kept = b""
        with path.open("rb") as file:
            while block := file.read(CHUNK):
                if any(secret in kept + block for secret in secrets):
                    self.found[str(path)] = 1
                kept = block[-LONGEST:]


class Watched:
    """A context that expects errors or warnings; a canary sees them too."""

    def __init__(self, inner, canary):
        self._inner = inner
        self._canary = canary
        self._told = None

    def __enter__(self):
        self._told = self._inner.__enter__()
        return self._told

    def __exit__(self, kind, error, trace):
        if error is not None:
            self._canary.search_error(error, "an expected error")
        for warning in getattr(self._told, "list", ()):
            self._canary.search(str(warning), "an expected warning")
        return self._inner.__exit__(kind, error, trace)


def shown(value):
    """What a debugger would show of a value."""
    try:
        return repr(value)
    except Exception as error:
        return repr(error)
