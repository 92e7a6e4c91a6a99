"""The kill file: whatever is not certainly absent shuts the gate."""

import errno
import os
import shutil
import socket
import sys

import pytest
from conftest import ACCOUNT, QUICK, prepared

import fastorder
from fastorder import Outcome, blocking
from fastorder._core.transport.gate import Gate

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and modes")


def dangling_link(switch):
    switch.symlink_to(switch.parent / "nothing")


def loop_of_links(switch):
    switch.symlink_to(switch)


def folder_gone(switch):
    shutil.rmtree(switch.parent)


def folder_is_a_file(switch):
    shutil.rmtree(switch.parent)
    switch.parent.write_text("")


def folder_is_a_loop(switch):
    shutil.rmtree(switch.parent)
    switch.parent.symlink_to(switch.parent)


def folder_is_shut(switch):
    switch.parent.chmod(0)


def fifo(switch):
    os.mkfifo(switch)


def a_socket(switch):
    with socket.socket(socket.AF_UNIX) as made, pytest.MonkeyPatch.context() as patch:
        patch.chdir(switch.parent)  # the whole path may be too long for a socket
        made.bind(switch.name)


SHUT = {
    "an empty file": lambda switch: switch.touch(),
    "a file without rights": lambda switch: switch.touch(0),
    "a folder": lambda switch: switch.mkdir(),
    "a pipe": fifo,
    "a socket": a_socket,
    "a dangling link": dangling_link,
    "a link to itself": loop_of_links,
    "its folder gone": folder_gone,
    "its folder a file": folder_is_a_file,
    "its folder a link to itself": folder_is_a_loop,
    "its folder without rights": folder_is_shut,
}


@pytest.fixture
def switch(tmp_path):
    folder = tmp_path / "switches"
    folder.mkdir()
    yield folder / "stop"
    if folder.is_dir():
        folder.chmod(0o700)


@pytest.mark.parametrize("made", SHUT.values(), ids=SHUT)
def test_whatever_is_not_certainly_absent_shuts(switch, made):
    gate = Gate(switch)
    assert not gate.is_shut()
    assert gate.why is None
    if made is folder_is_shut and os.geteuid() == 0:
        pytest.skip("root looks into every folder")
    made(switch)
    assert gate.is_shut()
    assert f"the file {switch}" in gate.why
    assert not gate.open()


@pytest.mark.parametrize(
    "made", [SHUT["an empty file"], dangling_link], ids=["file", "dangling link"]
)
def test_no_order_leaves_while_the_name_is_taken(gateway, switch, made):
    with blocking.OrderExecutor(
        gateway.base_url, retry=QUICK, kill_file=switch
    ) as executor:
        trader = prepared(executor, gateway)
        made(switch)
        with pytest.raises(fastorder.Halted, match="is there"):
            trader.place_market_order("MNQ", "BUY", 1, ACCOUNT)
        switch.unlink()
        placed = trader.place_market_order("MNQ", "BUY", 1, ACCOUNT)
        assert placed.outcome is Outcome.ACCEPTED
    assert len(gateway.ledger.placements()) == 1


IMPOSSIBLE = {
    "no folder": ("none/stop", errno.ENOENT),
    "a file for a folder": ("file/stop", errno.ENOTDIR),
    "a loop for a folder": ("loop/stop", errno.ELOOP),
    "a name too long": ("x" * 300, errno.ENAMETOOLONG),
}


@pytest.mark.parametrize(("path", "error"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_an_impossible_path_is_refused_at_start(tmp_path, path, error):
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(fastorder.ConfigurationError, match=os.strerror(error)):
        blocking.OrderExecutor("http://127.0.0.1:1", kill_file=tmp_path / path)


def test_two_dots_behind_a_link_are_where_the_system_has_them(tmp_path):
    (tmp_path / "far" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "below")
    gate = Gate(f"{tmp_path}/link/../stop")
    (tmp_path / "far" / "stop").touch()
    assert gate.is_shut()


def test_a_relative_path_stays_where_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    gate = Gate("stop")
    monkeypatch.chdir("/")
    assert not gate.is_shut()
    (tmp_path / "stop").touch()
    assert gate.is_shut()
