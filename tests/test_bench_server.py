"""The benchmarks where nginx is missing: the local gateway answers in its place."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent.parent / "benchmarks"))

from contenders import CONTENDERS, Process
from environments import own
from server import running_server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, "which", lambda name: None)
        with running_server(tmp_path_factory.mktemp("server")) as running:
            yield running


def test_it_is_named_and_speaks_no_tls(server):
    assert (server.name, server.tls, server.http2) == ("simulator", None, None)


@pytest.mark.parametrize("name", ["raw socket", "raw protocol", "fastorder"])
def test_orders_are_answered_with_success(server, name):
    process = Process(CONTENDERS[name], own())
    try:
        process.ask("open", target=server.target("plain"))
        assert len(process.ask("run", verb="place", orders=30)["ns"]) == 30
    finally:
        process.end()
