"""The simulator in a thread of its own, while a block runs."""

import asyncio
import gc
import warnings

import pytest
from conftest import ACCOUNT

import fastorder
from fastorder.simulator import Personality, run_in_thread
from fastorder.simulator.personality import NAMED, personality_from


def test_the_block_may_stand_in_a_coroutine():
    async def main():
        with run_in_thread() as gateway:
            async with fastorder.OrderExecutor(gateway.base_url) as executor:
                executor.set_token(gateway.token)
                return [each.id for each in await executor.accounts()]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ACCOUNT in asyncio.run(main())
        gc.collect()  # a loop that was left open warns


def test_the_blocks_own_error_stays_what_it_is_in_a_coroutine():
    async def main():
        with run_in_thread():
            raise LookupError("a test's own")

    with pytest.raises(LookupError, match="a test's own"):
        asyncio.run(main())


@pytest.mark.parametrize("name", NAMED)
def test_a_personality_goes_by_the_name_of_the_command_line(name):
    with run_in_thread(personality=name) as gateway:
        assert gateway.hubs.personality == NAMED[name]
        assert gateway.gateway.search_lag_s == NAMED[name].search_lag_s


def test_a_personality_that_there_is_not_is_told():
    own = Personality(tag_race_s=0.1)
    assert personality_from(own) is own
    with pytest.raises(ValueError, match="one of plain, racy, slow, odd, was 'Slow'"):
        run_in_thread(personality="Slow").__enter__()
    with pytest.raises(TypeError, match="a Personality or its name, was int"):
        run_in_thread(personality=5).__enter__()
