"""Conversations with XFS4IoT services, recorded and played again; a PIN is never written down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devices.drivers.xfs4iot.cards import XfsCard, XfsCardReader
from devices.drivers.xfs4iot.pins import hide_pins
from devices.drivers.xfs4iot.shapes import pack
from devices.simulators.xfs4iot import XfsTwin
from devices.transports.capture import ReplayMismatch
from devices.transports.message_capture import CapturingLine, ReplayLine, Said
from devices.transports.websocket import WebSocketLine
from tests.contract.xfs4iot.xfs_room import SELECT, inserted, soon


def recorded(twin: XfsTwin, path: Path) -> bytes:
    reader = XfsCardReader("live", line=CapturingLine(WebSocketLine(twin.address("CardReader1")), path))
    reader.open(soon())
    answer = inserted(reader, twin).transmit(SELECT, soon())
    reader.eject(soon())
    reader.close()
    return answer.data


def replayed(line: ReplayLine) -> bytes:
    reader = XfsCardReader("replay", line=line)
    reader.open(soon())
    reader.admit(soon())
    assert reader.present(soon())
    card = reader.connect(soon())
    assert isinstance(card, XfsCard)
    answer = card.transmit(SELECT, soon())
    reader.eject(soon())
    reader.close()
    return answer.data


def test_a_captured_conversation_replays_to_the_same_answer(twin: XfsTwin, tmp_path: Path) -> None:
    data = recorded(twin, tmp_path / "card.jsonl")
    line = ReplayLine.load(tmp_path / "card.jsonl")
    assert replayed(line) == data == b"kiosk test card"
    assert line.finished


def test_a_replay_takes_other_request_numbers(twin: XfsTwin, tmp_path: Path) -> None:
    recorded(twin, tmp_path / "card.jsonl")
    text = (tmp_path / "card.jsonl").read_text(encoding="utf-8")
    shifted = text.replace('\\"requestId\\":', '\\"requestId\\":70')
    shifted = shifted.replace('\\"requestId\\":700,', '\\"requestId\\":0,')  # unsolicited events have none
    (tmp_path / "shifted.jsonl").write_text(shifted, encoding="utf-8")
    assert replayed(ReplayLine.load(tmp_path / "shifted.jsonl")) == b"kiosk test card"


def test_a_replay_fails_on_the_first_message_that_differs(twin: XfsTwin, tmp_path: Path) -> None:
    recorded(twin, tmp_path / "card.jsonl")
    lines = (tmp_path / "card.jsonl").read_text(encoding="utf-8").splitlines()
    said = [Said.of(json.loads(line)) for line in lines]
    place = next(n for n, entry in enumerate(said) if entry.direction == "out" and "ChipIO" in entry.text)
    changed = said[place].text.replace("AKQEAAA=", "AKQEAAE=")
    assert changed != said[place].text
    said[place] = Said("out", changed)
    with pytest.raises(ReplayMismatch, match=r"ChipIO differs from the captured one at payload\.chipData") as caught:
        replayed(ReplayLine(said))
    assert "AKQEA" not in str(caught.value)


def test_a_pin_is_never_written_down_and_replays_all_the_same(twin: XfsTwin, tmp_path: Path) -> None:
    path, verify = tmp_path / "pin.jsonl", bytes.fromhex("0020008008") + b"31415926"
    live = XfsCardReader("live", line=CapturingLine(WebSocketLine(twin.address("CardReader1")), path, hide_pins))
    live.open(soon())
    first = inserted(live, twin).transmit(verify, soon())
    live.close()
    written = path.read_text(encoding="utf-8")
    assert pack(verify) not in written
    assert f'"{pack(verify[:4])}"' in written.replace("\\", ""), "the header alone: not even the length is told"
    again = XfsCardReader("replay", line=ReplayLine.load(path, hide_pins))
    again.open(soon())
    again.admit(soon())
    again.present(soon())
    card = again.connect(soon())
    assert isinstance(card, XfsCard)
    assert card.transmit(verify, soon()) == first


def test_a_replay_that_has_ended_takes_no_more(tmp_path: Path) -> None:
    line = ReplayLine([])
    reader = XfsCardReader("replay", line=line)
    with pytest.raises(ReplayMismatch, match=r"sent Common\.Capabilities, captured nothing"):
        reader.open(soon())
