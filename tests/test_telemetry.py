"""What is seen of orders from outside: the log, spans, metrics."""

import json
import logging
import subprocess
import sys

import pytest
from canary import API_KEY
from conftest import ACCOUNT, QUICK, prepared

from fastorder import Outcome, blocking
from fastorder.errors import ConfigurationError, TokenMissing, WrongFieldType
from fastorder.simulator import Fault


def order(executor, side="BUY", **options):
    return executor.place_market_order("MNQ", side, 1, ACCOUNT, **options)


def refused(executor):
    """A limit order that is off the grid at the gateway's own check of the account."""
    return executor.place_market_order("MNQ", "BUY", 1, 999)


def lines(caplog):
    return [each for each in caplog.records if hasattr(each, "change")]


def test_an_order_is_one_line_with_its_tag_outcome_attempts_and_latencies(
    trader, caplog
):
    caplog.set_level(logging.INFO, "fastorder")
    result = order(trader)
    (line,) = lines(caplog)
    assert line.levelname == "INFO"
    assert line.getMessage().startswith(
        f"place ACCEPTED tag={result.tag} order={result.order_id} attempts=1 written_"
    )
    known, timing = line.change, result.timing
    assert known["written_us"] == timing.call_to_written // 1000
    assert known["result_us"] == timing.call_to_result // 1000
    assert known["error"] is None


def test_a_change_that_failed_says_why(trader, caplog):
    caplog.set_level(logging.INFO, "fastorder")
    refused(trader)
    trader.cancel_order(77, ACCOUNT)
    rejected, cancel = lines(caplog)
    assert "place REJECTED" in rejected.getMessage()
    assert rejected.getMessage().endswith(rejected.change["error"])
    assert cancel.change["action"] == "cancel"
    assert cancel.change["outcome"] == "REJECTED"


def test_both_facades_write_the_line(connect, run, caplog):
    caplog.set_level(logging.INFO, "fastorder")

    async def buy():
        async with connect() as executor:
            return await order(executor)

    result = run(buy())
    assert [each.change["tag"] for each in lines(caplog)] == [result.tag]


def test_an_unknown_outcome_is_a_warning_and_told_once(gateway, caplog):
    caplog.set_level(logging.WARNING, "fastorder")
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        prepared(executor, gateway)
        gateway.faults.add(Fault("/api/Order/place", reply="hang_up"))
        blind = Fault("/api/Order/search", effect="none", reply="status", times=99)
        gateway.faults.add(blind)
        result = order(executor)
        assert executor.resolve(result.tag).outcome is Outcome.UNKNOWN
    assert result.outcome is Outcome.UNKNOWN
    assert [(each.levelname, each.change["outcome"]) for each in lines(caplog)] == [
        ("WARNING", "UNKNOWN")
    ]


def test_a_level_that_is_set_later_is_followed_at_once(trader, caplog):
    logger = logging.getLogger("fastorder")
    caplog.set_level(logging.INFO, "fastorder")
    logger.setLevel(logging.WARNING)
    order(trader)
    assert lines(caplog) == []
    logger.setLevel(logging.INFO)
    order(trader, "SELL")
    assert len(lines(caplog)) == 1
    logging.disable(logging.CRITICAL)
    try:
        order(trader)
    finally:
        logging.disable(logging.NOTSET)
    assert len(lines(caplog)) == 1


def test_a_handler_that_raises_costs_no_order(trader):
    class Broken(logging.Handler):
        def emit(self, record):
            raise RuntimeError("full")

    logger, handler = logging.getLogger("fastorder"), Broken()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        assert order(trader).success
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


PROGRAM = """
import sys
from fastorder import blocking
with blocking.OrderExecutor(sys.argv[1]) as executor:
    executor.login("trader1", sys.argv[2])
    executor.set_contract_id("MNQ", "CON.F.US.MNQ.Z26", tick_size="0.25")
    executor.place_market_order("MNQ", "BUY", 1, 12345678)
with blocking.OrderExecutor(sys.argv[1]):
    pass
"""


def child(gateway, form, monkeypatch):
    monkeypatch.setenv("FASTORDER_LOG", form)
    given = [sys.executable, "-c", PROGRAM, gateway.base_url, API_KEY]
    return subprocess.run(given, capture_output=True, text=True, timeout=60)


def test_the_log_is_json_where_the_environment_says_so(gateway, monkeypatch):
    done = child(gateway, "json", monkeypatch)
    assert done.returncode == 0, done.stderr
    (line,) = map(json.loads, done.stderr.splitlines())
    (placed,) = gateway.ledger.placements()
    assert (line["level"], line["tag"]) == ("INFO", placed.custom_tag)
    assert (line["outcome"], line["attempts"]) == ("ACCEPTED", 1)
    assert line["at"].endswith("Z")


def test_without_it_nothing_is_written(gateway, monkeypatch):
    assert child(gateway, "", monkeypatch).stderr == ""


def test_another_form_is_refused_before_anything_is_sent(monkeypatch):
    monkeypatch.setenv("FASTORDER_LOG", "xml")
    with pytest.raises(ConfigurationError, match="must be json or text, was 'xml'"):
        blocking.OrderExecutor("http://127.0.0.1:1")


# ---------------------------------------------------------------- observers


def test_what_is_no_observer_is_refused(trader):
    with pytest.raises(WrongFieldType, match="change_began and change_ended"):
        trader.observe(print)


def test_an_observer_that_raises_costs_no_order(trader, caplog):
    class Broken:
        def change_began(self, ticket):
            raise RuntimeError("began")

        def change_ended(self, ticket, result):
            raise RuntimeError("ended")

    trader.observe(Broken())
    assert order(trader).success
    told = [each.getMessage() for each in caplog.records if each.exc_info]
    assert told == [
        "change_began of an observer raised",
        "change_ended of an observer raised",
    ]


@pytest.fixture
def exporter():
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import (
        InMemorySpanExporter,
    )

    provider, kept = sdk.TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    return provider, kept


def test_a_span_has_the_times_of_the_order_and_the_callers_span_above(
    connect, run, exporter
):
    from fastorder.telemetry import OpenTelemetrySpans

    provider, kept = exporter

    async def buy():
        async with connect() as executor:
            executor.observe(OpenTelemetrySpans(provider))
            with provider.get_tracer("bot").start_as_current_span("signal"):
                return await order(executor), await refused(executor)

    accepted, rejected = run(buy())
    good, bad, signal = kept.get_finished_spans()
    assert good.end_time - good.start_time == accepted.timing.call_to_result
    assert good.name == "fastorder place"
    assert good.parent.span_id == bad.parent.span_id == signal.context.span_id
    assert good.attributes["fastorder.tag"] == accepted.tag
    assert good.attributes["http.response.status_code"] == 200
    written, _ = good.events
    assert written.timestamp - good.start_time == accepted.timing.call_to_written
    assert not bad.status.is_ok
    assert bad.status.description == rejected.message


def test_metrics_count_what_has_ended_and_what_is_open(gateway):
    client = pytest.importorskip("prometheus_client")
    from fastorder.telemetry import PrometheusMetrics

    registry = client.CollectorRegistry()
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        executor.observe(PrometheusMetrics(registry))
        with pytest.raises(TokenMissing):
            executor.place_market_order("CON.F.US.MNQ.Z26", "BUY", 1, ACCOUNT)
        prepared(executor, gateway)
        results = [order(executor), order(executor, "SELL"), refused(executor)]

    def value(name, **labels):
        return registry.get_sample_value(f"fastorder_{name}", labels)

    assert value("changes_total", action="place", outcome="ACCEPTED") == 2
    assert value("changes_total", action="place", outcome="REJECTED") == 1
    assert value("sends_total", action="place") == 3
    assert value("changes_open") == 0
    summed = sum(each.timing.call_to_result for each in results) / 1e9
    assert value("result_seconds_sum", action="place") == pytest.approx(summed)
