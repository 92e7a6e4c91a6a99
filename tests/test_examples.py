"""The demo and the pages: what they show runs, and what they say stands in the code."""

import ast
import asyncio
import contextlib
import importlib.util
import inspect
import io
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, fields
from pathlib import Path
from unittest import mock

import pytest
from page_scenes import SCENES

import fastorder
from fastorder import blocking, errors
from fastorder.placement import protocol as placement
from fastorder.simulator import Fault, faults, run_in_thread

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "examples" / "demo.py"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
GIVEN = {
    "FASTORDER_USER": "trader1",
    "FASTORDER_API_KEY": "key",
    "FASTORDER_ACCOUNT": "PRAC",
}
GATEWAY = "https://api.topstepx.com"
"""What the pages name; a block runs against the simulator instead."""

MARK = "<!-- runnable -->"
BLOCK = re.compile(rf"^({MARK}\n+)?```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def the_same_package(monkeypatch, tmp_path):
    """A child imports the package that is tested here, wherever that is."""
    folder = Path(fastorder.__file__).parent.parent
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))


# ---------------------------------------------------------------- the demo


def alone(group):
    """Whether no process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def number(text):
    return float(text.replace(",", ""))


def test_the_demo_shows_a_bracket_and_four_requests_and_leaves_nothing_running():
    demo = subprocess.Popen(
        [sys.executable, str(DEMO)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    shown, complaints = demo.communicate(timeout=60)
    assert demo.returncode == 0, complaints
    assert complaints == ""
    price = re.search(r"^bought +1 MNQZ6 at ([\d,.]+)$", shown, re.MULTILINE)
    for name, ticks in (("stop", -50), ("target", 100)):
        row = rf"^{name} +([\d,.]+) +([-+]\d+) ticks +([-+][\d.]+) dollars$"
        found = re.search(row, shown, re.MULTILINE)
        assert number(found[1]) == number(price[1]) + ticks * 0.25
        assert (int(found[2]), float(found[3])) == (ticks, ticks * 0.5)
    for name in ("market, with bracket", "limit", "modify", "cancel"):
        row = rf"^\W*{name}\W+\d+\W+accepted(\W+[\d,]+){{3}}\W*$"
        assert re.search(row, shown, re.MULTILINE), name
    assert max(map(len, shown.splitlines())) <= 80
    assert alone(demo.pid)


def module_at(name, path):
    """A program's module, without running it as one."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def demo():
    before = signal.getsignal(signal.SIGTERM)
    module = module_at("demo", DEMO)
    yield module
    signal.signal(signal.SIGTERM, before)


def test_the_demo_says_that_its_gateway_did_not_start(demo, monkeypatch, capfd):
    monkeypatch.setattr(demo, "SIMULATOR", [*demo.SIMULATOR, "--host", "192.0.2.1"])
    assert demo.main() == 1
    complaints = capfd.readouterr().err
    assert "must be a loopback address" in complaints
    assert "demo: the simulator must say where it listens" in complaints


@pytest.mark.parametrize(
    ("account", "why"),
    [
        (1, "AccountNotFound (1)"),
        (
            12345679,
            "OrderRejected (2): Brackets cannot be used",
        ),  # the first order only
    ],
)
def test_the_demo_says_why_an_order_was_not_accepted(
    demo, monkeypatch, capfd, account, why
):
    monkeypatch.setattr(demo, "ACCOUNT", account)
    assert demo.main() == 1
    assert f"demo: rejected: {why}" in capfd.readouterr().err


def test_a_terminated_demo_ends_its_gateway(tmp_path):
    started = tmp_path / "started"
    gateway = f"import pathlib, time; pathlib.Path({str(started)!r}).touch()"
    program = (
        f"import sys; sys.path.insert(0, {str(DEMO.parent)!r}); import demo;"
        f"demo.SIMULATOR = [sys.executable, '-c', {gateway + '; time.sleep(60)'!r}];"
        "sys.exit(demo.main())"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not started.exists():
        assert child.poll() is None
        time.sleep(0.01)
    child.terminate()
    _, complaints = child.communicate(timeout=30)
    assert (child.returncode, complaints) == (130, "demo: interrupted\n")
    assert alone(child.pid)


# ---------------------------------------------------------------- code on the pages


@dataclass(frozen=True)
class Block:
    """A piece of Python on a page."""

    page: Path
    line: int
    code: str
    runnable: bool

    def compiled(self, gateway_url=GATEWAY):
        """The block as code; an await may stand outside any function."""
        name = f"{self.page.name}:{self.line}"
        code = "\n" * self.line + self.code.replace(GATEWAY, gateway_url)
        return compile(code, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def blocks(page):
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start(2)), found[2], bool(found[1]))
        for found in BLOCK.finditer(text)
    ]


EVERY = [block for page in PAGES for block in blocks(page)]
RUNNABLE = sorted({block.page for block in EVERY if block.runnable})


def at(block):
    return f"{block.page.name}:{block.line}"


def named(page):
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("block", EVERY, ids=at)
def test_every_python_block_compiles(block):
    block.compiled()


def test_no_block_and_no_mark_is_overlooked():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert text.count("```python") == len(blocks(page)), page
        marks = re.findall(f"^{MARK}$", text, re.MULTILINE)
        assert len(marks) == sum(block.runnable for block in blocks(page)), page
    assert len(RUNNABLE) >= 5


@pytest.mark.parametrize("block", [b for b in EVERY if not b.runnable], ids=at)
def test_a_block_that_does_not_run_by_itself_says_where_it_runs(block):
    lines = block.page.read_text(encoding="utf-8").splitlines()
    mark = lines[block.line - 2]
    assert re.fullmatch(r"<!-- (not run by itself: \S+|test_\w+\.py) -->", mark), mark


def test_each_scene_is_of_a_block():
    for page, scenes in SCENES.items():
        codes = [block.code for block in blocks(ROOT / page)]
        for begins in scenes:
            assert sum(code.startswith(begins) for code in codes) == 1, begins


@pytest.fixture
def loop():
    loop = asyncio.SelectorEventLoop()
    yield loop
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def scene_of(block):
    """What it takes for granted, as a block; None where that is nothing."""
    for begins, code in SCENES.get(named(block.page), {}).items():
        if block.code.startswith(begins):
            return Block(block.page, 0, code, True)
    return None


def run_page(page, gateway, loop):
    """Run a page's runnable blocks, one after the other, and say what they print."""
    printed = io.StringIO()
    text = page.read_text(encoding="utf-8")
    names = {"__name__": "__main__", "page": text, "stand_in": gateway}
    given = GIVEN | {"FASTORDER_BASE_URL": gateway.base_url}
    with contextlib.redirect_stdout(printed), mock.patch.dict(os.environ, given):
        names["left_at_the_end"] = contextlib.AsyncExitStack()
        try:
            for block in blocks(page):
                for each in (scene_of(block), block) if block.runnable else ():
                    if each is not None:
                        run_block(each, gateway, names, loop)
        finally:
            close_all(names, loop)
    return printed.getvalue()


def run_block(block, gateway, names, loop):
    started = eval(block.compiled(gateway.base_url), names)
    if inspect.iscoroutine(started):
        loop.run_until_complete(asyncio.wait_for(started, 300))


def close_all(names, loop):
    """Close what a page has left open, or one that failed."""
    loop.run_until_complete(names["left_at_the_end"].aclose())
    for value in names.values():
        if isinstance(value, fastorder.OrderExecutor):
            loop.run_until_complete(value.aclose())
        if isinstance(value, blocking.OrderExecutor):
            value.close()


@pytest.fixture
def stand_in():
    """A gateway that takes the pages' token."""
    with run_in_thread(accept_tokens=("your_jwt_token",)) as gateway:
        yield gateway


@pytest.mark.parametrize("page", RUNNABLE, ids=named)
def test_the_runnable_blocks_of_a_page_run(page, stand_in, loop):
    run_page(page, stand_in, loop)


def test_the_readme_prints_what_it_says(stand_in, loop):
    printed = run_page(ROOT / "README.md", stand_in, loop)
    order = stand_in.ledger.placements()[0]
    assert printed.startswith(
        f"{{'success': True, 'order_id': {order.order_id}, "
        f"'message': 'order {order.order_id} accepted'}}\n"
    )


# ---------------------------------------------------------------- words on the pages

HOT = "internals/hot-path.md"


def page_text(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def first_cells(text, heading):
    """The first column of the table under a heading, without its code marks."""
    section = text.split(f"\n{heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| *`?([^|`]+?)`? *\|", section, re.MULTILINE)
    return [row for row in rows[1:] if set(row) - set("-: ")]


def test_the_placement_page_has_the_states_and_the_events_of_the_code():
    text = page_text("internals/placement.md")
    assert first_cells(text, "## States") == [s.name for s in placement.State]
    assert first_cells(text, "## Events") == [e.name for e in placement.Event]


def test_the_placement_page_has_the_table_that_the_code_shows():
    table = module_at("placement_table", ROOT / "tools" / "placement_table.py")
    shown = [table.HEAD, *table.lines()]
    assert "\n".join(shown) in page_text("internals/placement.md")
    pairs = set(table.effects())
    listed = placement.TRANSITIONS.items()
    assert pairs == {(state, event) for state, row in listed for event in row}


def test_the_errors_page_has_every_error():
    text = page_text("guide/errors.md")
    for name, thing in vars(errors).items():
        if isinstance(thing, type) and issubclass(thing, fastorder.FastOrderError):
            assert f"`{name}`" in text, name


@pytest.mark.parametrize("kind", [fastorder.Timeouts, fastorder.RetryPolicy])
def test_the_configuration_page_has_every_setting_and_its_default(kind):
    text = page_text("guide/configuration.md")
    for setting in fields(kind):
        default = setting.default
        if isinstance(default, frozenset):
            default = ", ".join(str(item) for item in sorted(default))
        assert f"| `{setting.name}` | {default} |" in text, setting.name


def test_the_simulator_page_has_every_fault_and_every_option():
    text = page_text("guide/simulator.md")
    for word in (*faults.EFFECTS, *faults.REPLIES):
        assert f'`"{word}"`' in text, word
    for field in fields(Fault):
        assert f"`{field.name}`" in text, field.name
    shown = subprocess.run(
        [sys.executable, "-m", "fastorder.simulator", "--help"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for option in set(re.findall(r"--[a-z-]+", shown)) - {"--help"}:
        assert f"`{option}" in text, option


def test_the_hot_path_page_names_functions_that_are_there():
    rows = re.findall(r"^\| \d+ \| `(\S+)` \| `(\S+)` \|", page_text(HOT), re.MULTILINE)
    assert len(rows) >= 30
    for name, file in rows:
        code = (ROOT / "fastorder" / file).read_text(encoding="utf-8")
        last = name.rsplit(".", 1)[-1]
        assert re.search(rf"\b(c?p?def|class) [^=\n]*\b{last}\b", code), (name, file)


def test_the_public_names_are_all_in_the_reference():
    text = page_text("reference.md")
    for name in set(fastorder.__all__) - {"__version__"}:
        assert f"fastorder.{name}\n" in text or f"`{name}`" in text, name


def test_the_link_targets_are_there():
    for page in (*PAGES, ROOT / "CHANGELOG.md", ROOT / "SECURITY.md"):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            assert (page.parent / target).exists(), (page, target)
