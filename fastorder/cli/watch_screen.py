"""The screen: tables that are read again, and keys that act once they are confirmed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import DataTable, Footer, Label, Static

from fastorder.cli import watch_board as board
from fastorder.cli.watch_feed import EVERY_S, Feed
from fastorder.errors import FastOrderError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from fastorder import Trader
    from fastorder.cli.watch_board import Board

NEWS_S = 0.1
"""How often it is looked whether something was heard."""

TABLES = {
    "positions": board.POSITIONS,
    "orders": board.ORDERS,
    "fills": board.FILLS,
}


class Confirm(ModalScreen[bool]):
    """Asks once; only "y" goes on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes"),
        Binding("n,escape,enter", "answer(False)", "no"),
    ]
    DEFAULT_CSS = """
    Confirm { align: center middle; }
    Confirm > Label { padding: 1 3; border: heavy $error; background: $surface; }
    """

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        """The question."""
        yield Label(f"{self.question}\n\ny: yes    n: no")

    def action_answer(self, is_yes: bool) -> None:
        """Leave with the answer."""
        self.dismiss(is_yes)


class Watch(App[None]):
    """One account, until q.

    Args:
        trader: entered already; what acts goes through it.
        every_s: between two looks.
    """

    TITLE = "fastorder"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "act('flatten')", "flatten"),
        Binding("c", "act('cancel_all')", "cancel all"),
        Binding("k", "act('kill')", "kill"),
        Binding("r", "again", "read now"),
        Binding("q", "quit", "quit"),
    ]
    CSS = """
    #status { height: auto; padding: 0 1; background: $boost; }
    #status.old { background: $error; }
    .title { padding: 0 1; text-style: bold; }
    DataTable { height: auto; max-height: 12; }
    #said { height: auto; padding: 0 1; }
    """

    def __init__(self, trader: Trader, every_s: float = EVERY_S) -> None:
        super().__init__()
        self._trader = trader
        self._every_s = every_s
        self._looking = asyncio.Lock()
        self._asked = self._seen = 0
        self.feed = Feed(trader)

    def compose(self) -> ComposeResult:
        """A line of status, three tables, what was done last, the keys."""
        yield Static(id="status", markup=False)
        with Vertical():
            for name in TABLES:
                yield Label(name, classes="title")
                yield DataTable(id=name, cursor_type="none", zebra_stripes=True)
            yield Static(id="said", markup=False)
        yield Footer()

    async def on_mount(self) -> None:
        """Begin to look."""
        for name, columns in TABLES.items():
            self.query_one(f"#{name}", DataTable).add_columns(*columns)
        self.set_interval(self._every_s, self._look_if_idle)
        self.set_interval(NEWS_S, self._show_news)
        self.set_interval(1, self._each_second)
        self.run_worker(self.action_look())

    async def action_look(self) -> None:
        """Look at the account again; done once a look is shown that began since then.

        Where one is under way it is waited for; the next serves all who have asked.
        """
        self._asked += 1
        asked = self._asked
        async with self._looking:
            if self._seen >= asked:
                return
            self._seen = self._asked
            self._show(await self.feed.look())

    def action_again(self) -> None:
        """Look again, and wait for nothing."""
        self.run_worker(self.action_look())

    def _look_if_idle(self) -> None:
        if not self._looking.locked():
            self.action_again()

    def _each_second(self) -> None:
        """The age of what is shown; a new look, where that asks nothing."""
        if self.feed.hears:
            self._look_if_idle()
        self._show_status()

    def _show_news(self) -> None:
        """At once where that asks nothing; reads keep their pace."""
        if self.feed.has_news and self.feed.hears:
            self._look_if_idle()

    def _show(self, seen: Board) -> None:
        self._fill("positions", seen.position_rows())
        self._fill("orders", seen.order_rows())
        self._fill("fills", seen.fill_rows())
        self._show_status()

    def _fill(self, name: str, rows: Sequence[tuple[str, ...]]) -> None:
        for table in self.query(f"#{name}").results(DataTable):
            table.clear()
            table.add_rows(rows)

    def _show_status(self) -> None:
        """There may be no line any more: the program ends while a look is under way."""
        for line in self.query("#status").results(Static):
            line.update(self.feed.board.status())
            line.set_class(bool(self.feed.board.why_old), "old")

    def action_act(self, name: str) -> None:
        """Ask, act, tell; then look again."""
        self.run_worker(self._act(name), exclusive=False)

    async def _act(self, name: str) -> None:
        question = f"{name.replace('_', ' ').upper()} {self._trader.account.name}?"
        if not await self.push_screen_wait(Confirm(question)):
            return
        self._say(f"{name.replace('_', ' ')}: under way")
        self._say(await told(lambda: acts(self._trader)[name]()))
        await self.action_look()

    def _say(self, what: str) -> None:
        self.query_one("#said", Static).update(what)


def acts(trader: Trader) -> dict[str, Callable[[], Awaitable[Any]]]:
    """What the keys do."""
    return {
        "flatten": trader.flatten,
        "cancel_all": trader.cancel_all,
        "kill": lambda: killed(trader),
    }


async def killed(trader: Trader) -> str:
    """Hold back what this program would send; flatten still works."""
    trader.kill("by hand, from fastorder watch")
    return "killed: this program sends no new exposure"


async def told(act: Callable[[], Awaitable[Any]]) -> str:
    """What an act came to, or why it failed."""
    try:
        return str(await act())
    except FastOrderError as error:
        return f"failed: {error}"
