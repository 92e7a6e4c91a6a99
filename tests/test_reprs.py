"""How what users see is shown: no stray blanks, and nothing that is not so."""

import re

import pytest
from conftest import ACCOUNT
from public_walk import CLASSES
from test_public_surface import made

from fastorder import OrderResult, Outcome
from fastorder.settings import Settings
from fastorder.store import MarketData
from fastorder.trader.placed import Placed

STRAY = re.compile(r"  | [>:,;)\]]|[<(\[] ")
"""Two blanks in a row, or one where a word is missing."""


@pytest.mark.parametrize("name", CLASSES)
def test_what_can_be_made_is_shown_without_stray_blanks(name, tmp_path):
    one = made(name, CLASSES[name], tmp_path)
    assert one is None or not STRAY.search(repr(one)), repr(one)
    if name == "fastorder.journal.Journal":
        one.close()


@pytest.mark.parametrize("outcome", Outcome)
def test_what_was_placed_is_shown_so_with_and_without_a_message(outcome):
    placed = Placed(None, ACCOUNT, OrderResult(outcome))
    assert not STRAY.search(repr(placed)), repr(placed)


def test_settings_that_nothing_was_found_for_are_shown_so():
    assert repr(Settings((), None, {})) == "<Settings none>"


def test_a_recorder_of_nothing_is_shown_so(tmp_path):
    recorder = MarketData(tmp_path).record({})
    assert repr(recorder).startswith("<Recorder of nothing: ")
    recorder.close()


def test_tickets_are_shown_without_stray_blanks(run, connect):
    async def scene():
        async with connect() as executor:
            tickets = [
                executor.open_orders(ACCOUNT),
                executor.place_market_order("MNQ", "BUY", 1, ACCOUNT),
                executor.cancel_order(5, ACCOUNT),
                executor.accounts(),
                executor.flatten(ACCOUNT),
            ]
            shown = [repr(each) for each in tickets]
            for each in tickets:
                await each
            return shown + [repr(each) for each in tickets]

    for shown in run(scene()):
        assert not STRAY.search(shown), shown
