"""Whatever happens to card, reader or pcscd has a name, ends in time, and spoils nothing for the next card."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from devices.actor import Spec
from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, State
from devices.contracts.identity import NoCard
from devices.contracts.social_card import SocialCardRead
from devices.drivers.pcsc.driver import PcscReader
from devices.drivers.sscard.driver import SocialCardSlot
from devices.manager import Manager
from devices.simulators.applet_slot import AppletSlot
from devices.simulators.applets import social_security
from devices.transports import pcsc_monitor
from devices.transports.pcsc_monitor import Monitor, Sight
from devices.transports.pcsc_session import Session
from devices.transports.slot import Look
from devices.transports.stream import Unplugged
from devices.transports.worker import left_behind
from tests.patience import BUSY, kept
from tests.wire.pcsc_room import PcscRoom, door, until

CARD = "devices.simulators.applets.social_security:v2"
READ_APDUS = 18  # of a card of version 2.00, with the answers that are fetched
ROUNDS = int(os.environ.get("KIOSK_PEER_ROUNDS", "3"))
SEED = int(os.environ.get("KIOSK_PEER_SEED", "724"))
UNPLUG_SEEN, USABLE_AGAIN = 2.0, 5.0  # seconds


def soon() -> Deadline:
    return Deadline.after(5)


def code_of(function: Callable[[], object]) -> str:
    with pytest.raises(DeviceError) as caught:
        function()
    assert caught.value.advice
    return caught.value.code


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PcscRoom]:
    with PcscRoom(tmp_path_factory.mktemp("pcsc")) as room:
        yield room


@pytest.fixture
def room(shared: PcscRoom) -> PcscRoom:
    """With a well pcscd and a card in its first slot, whatever the test before has left."""
    shared.thaw()
    shared.start(["Virtual PCD"])
    if not shared.has_card():
        shared.insert(CARD)
    shared.act("ok")
    shared.act("insert")
    assert until(lambda: left_behind() == 0)
    return shared


@pytest.fixture
def reader(room: PcscRoom) -> Iterator[PcscReader]:
    reader = PcscReader(room.readers[0])
    assert until(lambda: reader.present(soon()))
    yield reader
    reader.close()


def reads(reader: PcscReader) -> bool:
    """Whether a whole card can be read now."""
    try:
        return isinstance(SocialCardSlot(reader).read(soon()), SocialCardRead)
    except DeviceError:
        return False


def test_pcscd_that_dies_is_told_at_once_and_taken_up_again(room: PcscRoom, reader: PcscReader) -> None:
    assert reads(reader)
    room.kill()
    assert code_of(lambda: reader.poll(soon())) == "pcscd-gone"
    assert code_of(lambda: reader.connect(soon())) == "pcscd-gone"
    assert code_of(lambda: PcscReader("any").open(soon())) == "pcscd-gone"
    room.start()
    assert reader.poll(soon()).state is State.ONLINE
    assert until(lambda: reads(reader), USABLE_AGAIN + BUSY)


def test_pcscd_that_dies_in_the_middle_of_a_command_is_told_then(room: PcscRoom, reader: PcscReader) -> None:
    assert reads(reader)
    room.act("slow", milliseconds=5000)
    killer = threading.Timer(0.3, room.kill)
    killer.start()
    start = time.monotonic()
    assert code_of(lambda: SocialCardSlot(reader).read(soon())) == "pcscd-gone"
    assert time.monotonic() - start < 3
    killer.join()


def test_pcscd_that_hangs_costs_no_call_more_than_its_deadline(room: PcscRoom, reader: PcscReader) -> None:
    calls: list[Callable[[Deadline], object]] = [reader.poll, reader.present, reader.connect, reader.open, reader.reset]
    for call in calls:
        assert reads(reader)
        room.freeze()
        deadline = Deadline.after(0.15)
        assert code_of(lambda call=call, deadline=deadline: call(deadline)) == "no-answer"  # type: ignore[misc]
        assert time.monotonic() - deadline.at < BUSY, f"{call} outlasted its deadline"
        assert left_behind() > 0
        room.thaw()
        assert until(lambda: left_behind() == 0), "threads that were left behind did not end"
    assert reads(reader)


def test_closing_while_pcscd_hangs_takes_no_time_either(room: PcscRoom, reader: PcscReader) -> None:
    assert reads(reader)
    room.freeze()
    start = time.monotonic()
    reader.close()
    assert time.monotonic() - start < BUSY
    room.thaw()


def test_a_hanging_pcscd_is_told_from_a_mute_card(room: PcscRoom, reader: PcscReader) -> None:
    assert reads(reader)
    room.freeze()
    card = reader
    deadline = Deadline.after(0.5)
    assert code_of(lambda: SocialCardSlot(card).read(deadline)) == "no-answer"
    assert not deadline.expired or time.monotonic() - deadline.at < BUSY


def test_pcscd_that_dies_at_any_moment_is_never_taken_for_a_refusal(room: PcscRoom) -> None:
    """libpcsclite gives W_SECURITY_VIOLATION for a connection that was closed, and that is a refusal elsewhere."""
    random = Random(SEED)
    for _ in range(2 * ROUNDS):
        reader = PcscReader(room.readers[0])
        told: list[str] = []

        def ask(reader: PcscReader = reader, told: list[str] = told) -> None:
            while not told:
                try:
                    reader.poll(soon())
                    reader.connect(soon())
                    reader.disconnect()
                except DeviceError as error:
                    told.append(error.code)

        asking = threading.Thread(target=ask)
        asking.start()
        threading.Event().wait(random.uniform(0.0, 0.05))  # the moment is the point
        room.kill()
        asking.join(10)
        assert told == ["pcscd-gone"]
        reader.close()
        room.start()


def test_a_slow_card_is_waited_for(room: PcscRoom, reader: PcscReader) -> None:
    room.act("slow", milliseconds=30)
    assert reads(reader)


def test_a_pcscd_without_the_reader_is_a_missing_port(room: PcscRoom, reader: PcscReader) -> None:
    room.kill()
    room.start(readers=[])
    assert code_of(lambda: reader.poll(soon())) == "pcscd-gone"
    assert code_of(lambda: reader.poll(soon())) == "port-missing"
    room.start(readers=["Another Make"])
    assert code_of(lambda: reader.poll(soon())) == "port-missing"
    assert code_of(lambda: PcscReader().open(soon())) == "port-ambiguous"  # it has two slots
    by_make = PcscReader("Another Make 00 01")
    assert by_make.poll(soon()).usable
    by_make.close()


def test_a_card_that_another_program_holds_is_busy_and_free_again(room: PcscRoom, reader: PcscReader) -> None:
    other = PcscReader(room.readers[0])
    assert not isinstance(other.connect(soon()), NoCard)
    assert code_of(lambda: reader.connect(soon())) == "port-busy"
    status = reader.poll(soon())
    assert ([fault.code for fault in status.faults], status.usable) == (["port-busy"], False)
    other.disconnect()
    assert reads(reader)
    other.close()


def test_a_user_who_may_not_is_told_the_rule_that_is_missing(room: PcscRoom) -> None:
    """pcscd's socket closed to others, and the bench tool as user nobody. (Debian 12's pcscd knows no polkit.)"""
    gate = Path(os.environ["PCSCLITE_CSOCK_NAME"]).resolve()
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-m"]
    able = subprocess.run([*command, "devices.drivers.pcsc", "--help"], capture_output=True, check=False, timeout=30)
    if able.returncode != 0:
        pytest.skip("this Python cannot be run by user nobody")
    folders = [Path(os.environ["PCSCLITE_CSOCK_NAME"]).parent, *gate.parents]
    modes = {folder: folder.stat().st_mode for folder in folders if folder.stat().st_uid == os.getuid()}
    assert until(lambda: gate.stat().st_mode & 0o777 == 0o666), "pcscd opens its socket to all once it listens"
    try:
        for folder in modes:
            if not modes[folder] & 0o001:
                folder.chmod(modes[folder] | 0o055)
        gate.chmod(0o600)
        done = subprocess.run(
            [*command, "devices.drivers.pcsc", "status", "--json"], capture_output=True, check=False, timeout=30
        )
    finally:
        gate.chmod(0o666)
        for folder, mode in modes.items():
            folder.chmod(mode)
    assert done.returncode == 1
    assert b'"code": "port-denied"' in done.stdout
    assert b"50-kiosk-pcscd.rules" in done.stdout


def test_a_pcscd_that_hangs_up_on_everybody_is_a_refusal(room: PcscRoom, tmp_path: Path) -> None:
    """What a pcscd with polkit does to a user who may not: it closes the connection before it has said anything."""
    link, target = door(), os.readlink(door())
    with socket.create_server(str(tmp_path / "refusing"), family=socket.AF_UNIX) as refusing:
        ended = threading.Event()

        def refuse() -> None:
            while not ended.is_set():
                with contextlib.suppress(OSError):
                    refusing.accept()[0].close()

        refusing.settimeout(0.2)
        refuser = threading.Thread(target=refuse)
        refuser.start()
        try:
            link.unlink()
            link.symlink_to(tmp_path / "refusing")
            for _ in range(8):  # libpcsclite has three codes for it, as it comes
                assert code_of(lambda: PcscReader("any").open(soon())) == "port-denied"
        finally:
            link.unlink()
            link.symlink_to(target)
            ended.set()
            refuser.join()
    reader = PcscReader(room.readers[0])
    reader.open(soon())
    reader.close()


@pytest.mark.parametrize("apdu", range(READ_APDUS))
def test_nothing_is_ever_read_from_a_card_pulled_at_any_command(apdu: int) -> None:
    slot = AppletSlot(social_security.v2())
    device = SocialCardSlot(PcscReader(slot=slot))
    slot.act("pull-at-apdu", {"n": apdu})
    assert code_of(lambda: device.read(soon())) == "card-pulled"
    assert device.read(soon()) == NoCard()
    slot.act("insert")
    assert isinstance(device.read(soon()), SocialCardRead)
    assert slot.card.commands >= READ_APDUS


# ---- the monitor ----


class Diary:
    """What a monitor has told, in short words."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def note(self, sight: Sight) -> None:
        if sight.error is not None:
            self.words.append(sight.error.code)
        else:
            self.words.append("card" if sight.look and sight.look.present else "empty")


def test_the_monitor_tells_each_change_once_and_outlives_pcscd(room: PcscRoom) -> None:
    diary = Diary()
    monitor = Monitor(room.readers[0], diary.note, heartbeat=0.3)
    monitor.start()
    try:
        assert until(lambda: diary.words[-1:] == ["card"])
        room.pull()
        assert until(lambda: diary.words[-1:] == ["empty"])
        room.act("insert")
        assert until(lambda: diary.words[-1:] == ["card"])
        known = len(diary.words)
        room.kill()
        assert until(lambda: diary.words[known:] != [], UNPLUG_SEEN + BUSY)
        assert diary.words[known:] == ["pcscd-gone"]
        room.start()
        assert until(lambda: diary.words[-1:] == ["card"], USABLE_AGAIN + BUSY)
        assert diary.words[known:] in (["pcscd-gone", "empty", "card"], ["pcscd-gone", "card"])
    finally:
        start = time.monotonic()
        assert monitor.stop(soon())
    assert time.monotonic() - start < BUSY, "SCardCancel did not end the wait"


def test_a_reader_that_cannot_be_looked_at_is_tried_ever_more_rarely(
    room: PcscRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []

    class Blind(Session):
        def look(self, known: Look | None, seconds: float) -> Look:
            tried.append(time.monotonic())
            raise Unplugged(self.reader)

    monkeypatch.setattr(pcsc_monitor, "Session", Blind)
    monitor = Monitor(room.readers[0], Diary().note, heartbeat=0.1)
    monitor.start()
    try:
        assert until(lambda: len(tried) >= 4)
    finally:
        assert monitor.stop(soon())
    assert tried[3] - tried[0] > 0.1 + 0.2 + 0.4


def test_what_the_monitor_saw_is_unknown_once_pcscd_hangs(room: PcscRoom) -> None:
    diary = Diary()
    monitor = Monitor(room.readers[0], diary.note, heartbeat=0.1)
    monitor.start()
    assert until(lambda: monitor.sight.look is not None)
    room.freeze()
    assert until(lambda: monitor.sight.error is not None and monitor.sight.error.code == "no-answer", 2)
    start = time.monotonic()
    assert not monitor.stop(Deadline.after(0.1))
    assert time.monotonic() - start < 0.1 + BUSY
    room.thaw()


# ---- again and again, as the terminal has it: reader, application and monitor under the manager ----


class Terminal:
    """The reader and the 社保卡 on it under the manager, with the monitor as the reader's bell."""

    def __init__(self, port: str) -> None:
        slot = PcscReader(port)
        self.manager = Manager([Spec("reader", slot), Spec("social", SocialCardSlot(slot), on="reader")])
        self.reader = self.manager["reader"]
        self.monitor = Monitor(port, lambda _: self.reader.look_again())

    def __enter__(self) -> Terminal:
        self.manager.start()
        self.monitor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.monitor.stop(soon())
        self.manager.stop()

    def reads(self) -> bool:
        try:
            outcome = self.manager["social"].submit(lambda device, deadline: device.read(deadline), 5).result(6)
        except DeviceError:
            return False
        return isinstance(outcome, SocialCardRead)


def seconds_until(true: Callable[[], bool], limit: float) -> float:
    start = time.monotonic()
    assert until(true, limit), f"not within {limit} s"
    return time.monotonic() - start


@pytest.mark.timeout(60 + 20 * ROUNDS)
def test_a_reader_that_comes_and_goes_is_seen_and_usable_in_time_every_time(room: PcscRoom) -> None:
    """KIOSK_PEER_ROUNDS=100 for the long run; the seed is printed, KIOSK_PEER_SEED takes another."""
    random = Random(SEED)
    seen: list[float] = []
    back: list[float] = []
    with Terminal(room.readers[0]) as terminal:
        assert until(terminal.reads)
        for number in range(ROUNDS):
            how = ("killed", "killed in a command", "reader gone", "card pulled in a command")[number % 4]
            if how == "card pulled in a command":
                room.act("pull-at-apdu", n=random.randrange(READ_APDUS))
                assert not terminal.reads()
                seen.append(
                    seconds_until(lambda: terminal.reader.status.details.get("card") == "none", 2 * UNPLUG_SEEN)
                )
                room.act("insert")
            else:
                command = None
                if how == "killed in a command":
                    room.act("slow", milliseconds=40)
                    command = threading.Thread(target=terminal.reads)
                    command.start()
                    assert until(lambda: room.act("slow", milliseconds=40)["commands"] > 0)
                room.kill()
                seen.append(seconds_until(lambda: not terminal.reader.status.usable, 2 * UNPLUG_SEEN))
                if command is not None:
                    command.join()
                if how == "reader gone":
                    room.start(readers=[])
                    assert not terminal.reads()
                    assert not terminal.reader.status.usable
                    room.kill()
                room.act("ok")
                assert not terminal.reader.status.usable, "unknown was shown as well"
                room.start(["Virtual PCD"])
            back.append(seconds_until(terminal.reads, 2 * USABLE_AGAIN))
            assert terminal.reader.status.usable
    print(f"\nseed {SEED}, {ROUNDS} rounds: gone seen in at most {max(seen):.2f} s, usable again in {max(back):.2f} s")
    assert kept(seen, UNPLUG_SEEN)
    assert kept(back, USABLE_AGAIN)
    assert until(lambda: left_behind() == 0)
