"""The card's end of vpcd's wire, byte by byte, from a vpcd that is only a socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from devices.simulators.applets import social_security
from devices.simulators.vpcd import VpcdTwin
from tests.wire.pcsc_room import until

SELECT = bytes.fromhex("001400A404000F7378312E73682EC9E7BBE1B1A3D5CF")  # with its length before it


@pytest.fixture
def vpcd() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        yield server


@pytest.fixture
def twin(vpcd: socket.socket) -> Iterator[VpcdTwin]:
    twin = VpcdTwin("card", number=vpcd.getsockname()[1])
    twin.start()
    yield twin
    twin.stop()


@pytest.fixture
def wire(vpcd: socket.socket, twin: VpcdTwin) -> Iterator[socket.socket]:
    wire, _ = vpcd.accept()
    wire.settimeout(10)
    yield wire
    wire.close()


def answer(wire: socket.socket) -> bytes:
    """One frame: u16 BE length, payload; empty where the card has hung up."""
    got = b""
    while len(got) < 2 or len(got) < 2 + int.from_bytes(got[:2], "big"):
        part = wire.recv(4096)
        if not part:
            return b""
        got += part
    assert len(got) == 2 + int.from_bytes(got[:2], "big")
    return got[2:]


def ask(wire: socket.socket, frame: bytes) -> bytes:
    wire.sendall(frame)
    return answer(wire)


def test_the_atr_is_told_and_power_is_not_answered(wire: socket.socket) -> None:
    assert ask(wire, bytes.fromhex("000101 000104".replace(" ", ""))) == social_security.ATR
    assert ask(wire, bytes.fromhex("000100000102000104")) == social_security.ATR


def test_an_apdu_is_answered_whole_even_when_it_comes_byte_by_byte(wire: socket.socket) -> None:
    for byte in SELECT[:-1]:
        wire.sendall(bytes([byte]))
    assert ask(wire, SELECT[-1:]) == bytes.fromhex("611B")
    assert ask(wire, bytes.fromhex("000500C000001B"))[-2:] == b"\x90\x00"


def test_power_forgets_what_was_selected(wire: socket.socket) -> None:
    assert ask(wire, SELECT)[:1] == b"\x61"
    wire.sendall(bytes.fromhex("000100000101"))
    assert ask(wire, bytes.fromhex("000700A4020002EF05")) == bytes.fromhex("6A82")


def test_pulling_hangs_up_and_inserting_comes_back(vpcd: socket.socket, twin: VpcdTwin, wire: socket.socket) -> None:
    twin.act("pull", {})
    assert answer(wire) == b""
    twin.act("insert", {})
    with vpcd.accept()[0] as again:
        again.settimeout(10)
        assert ask(again, bytes.fromhex("000104")) == social_security.ATR


def test_pulled_at_a_command_hangs_up_before_its_answer(twin: VpcdTwin, wire: socket.socket) -> None:
    twin.act("pull-at-apdu", {"n": 1})
    assert ask(wire, SELECT)[:1] == b"\x61"
    assert ask(wire, SELECT) == b""
    assert twin.state()["inserted"] is False


def test_a_mute_card_swallows_the_command_and_gives_it_back_late(twin: VpcdTwin, wire: socket.socket) -> None:
    twin.act("mute", {})
    wire.sendall(SELECT)
    assert until(lambda: twin.state()["commands"] == 1)
    wire.settimeout(0.1)
    with pytest.raises(TimeoutError):
        wire.recv(1)
    wire.settimeout(10)
    twin.act("ok", {})
    assert answer(wire) == bytes.fromhex("6F00")
    assert ask(wire, SELECT)[:1] == b"\x61"


def test_a_vpcd_that_goes_away_is_waited_for(twin: VpcdTwin, vpcd: socket.socket, wire: socket.socket) -> None:
    wire.close()
    with vpcd.accept()[0] as again:
        again.settimeout(10)
        assert ask(again, bytes.fromhex("000104")) == social_security.ATR


def test_stopping_frees_the_wire(twin: VpcdTwin, wire: socket.socket) -> None:
    twin.stop()
    assert answer(wire) == b""
