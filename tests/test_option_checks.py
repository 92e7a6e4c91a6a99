"""What an executor is made with is checked at once, and an error names the argument."""

import asyncio

import pytest

import fastorder
from fastorder import blocking

URL = "http://127.0.0.1"
EXECUTORS = [fastorder.OrderExecutor, blocking.OrderExecutor]


def refused(text, **settings):
    for executor in EXECUTORS:
        with pytest.raises(fastorder.ConfigurationError, match=text):
            executor(**{"base_url": URL, **settings})


@pytest.mark.parametrize("wrong", [0, 10_001, 1.0, True, None])
def test_max_connections_is_a_whole_number(wrong):
    refused("max_connections must be a whole number", max_connections=wrong)


def test_policies_are_of_their_kinds():
    refused("retry must be a RetryPolicy, was int", retry=3)
    refused("timeouts must be a Timeouts, was int", timeouts=3)


@pytest.mark.parametrize("name", ["ca_file", "journal", "kill_file"])
@pytest.mark.parametrize("wrong", [5, True, [], "", b"", "a\0b"])
def test_a_path_is_one(name, wrong):
    refused(f"{name} must be (a path|the path of a file), was", **{name: wrong})


@pytest.mark.parametrize("name", ["on_unknown", "on_late_arrival"])
def test_a_hook_can_be_called(name):
    refused(f"{name} must be callable with an OrderResult, was str", **{name: "f"})


@pytest.mark.parametrize("durability", ["power", "disk", None])
def test_a_durability_comes_with_a_journal(durability):
    refused("durability must come with a journal", durability=durability)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("api.topstepx.com", "must begin with https://"),
        ("", "must begin with https://"),
        ("https://", "must name a host"),
        ("https://h h", "must have no blanks"),
        ("https://\u00fc.de", "must be ASCII"),
        ("https://h/?q=1", "must be a scheme, a host and a path"),
        ("http://api.topstepx.com", "must be https"),
        (b"https://h", "must be text, was bytes"),
    ],
)
def test_a_url_that_cannot_be_used_is_told_why(url, text):
    refused(f"base_url {text}", base_url=url)


def test_a_key_that_is_empty_is_not_sent(trader, gateway):
    with pytest.raises(fastorder.InvalidField, match="api_key must not be empty"):
        trader.login("trader1", "")
    assert gateway.ledger.requests() == []


@pytest.mark.parametrize("drain", ["x", True, -1, float("nan")])
def test_a_wrong_drain_is_told_and_the_executor_stays_open(drain):
    wrong = (fastorder.InvalidField, fastorder.WrongFieldType)
    executor = blocking.OrderExecutor(URL)
    with executor, pytest.raises(wrong, match="drain must be"):
        executor.close(drain)
    awaited = fastorder.OrderExecutor(URL)
    with pytest.raises(wrong, match="drain must be"):
        asyncio.run(awaited.aclose(drain))
    assert not awaited.closed
    asyncio.run(awaited.aclose())


@pytest.mark.parametrize("reason", ["", None, 5])
def test_a_kill_shows_whatever_its_reason_is(trader, reason):
    trader.kill(reason)
    assert trader.halted
    trader.resume()
    assert trader.halted is None
