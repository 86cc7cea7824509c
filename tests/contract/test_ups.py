"""What every UPS promises: run against the twin over TCP, a capture replay, and (marked) the device behind upsd."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.contracts.ups import Battery, Power, Replacement, Supply, Ups
from devices.drivers.nut.driver import NutUps
from devices.simulators.nut import NutTwin
from devices.transports.capture import CapturingStream, ReplayStream
from devices.transports.tcp import TcpStream


def soon() -> Deadline:
    return Deadline.after(5)


class UpsContract:
    """Subclasses give ``ups``, open, with the mains there."""

    def test_it_is_a_device_and_says_who_it_is(self, ups: Ups) -> None:
        assert isinstance(ups, Device)
        assert (ups.info.kind, bool(ups.info.port)) == ("ups", True)

    def test_with_the_mains_it_is_usable_and_on_line(self, ups: Ups) -> None:
        status = ups.poll(soon())
        assert (status.state, status.usable) == (State.ONLINE, True)
        now = ups.power(soon())
        assert (now.supply, now.critical, now.why) == (Supply.ON_LINE, False, "")

    def test_self_tests_pass_or_leave_it_to_a_person(self, ups: Ups) -> None:
        assert ups.self_test(Level.INTERNAL, soon()).passed is True
        assert ups.self_test(Level.EXTERNAL, soon()).passed is True
        assert ups.self_test(Level.INTERACTIVE, soon()).passed is None

    def test_reset_open_and_close_may_be_repeated(self, ups: Ups) -> None:
        for _ in range(2):
            ups.reset(soon())
            ups.open(soon())
        ups.close()
        ups.close()
        ups.open(soon())
        assert ups.poll(soon()).usable
        assert ups.statistics()["questions"] >= 4


class TestNutTwin(UpsContract):
    @pytest.fixture
    def twin(self) -> Iterator[NutTwin]:
        twin = NutTwin("ups")
        twin.start()
        yield twin
        twin.stop()

    @pytest.fixture
    def ups(self, twin: NutTwin) -> Iterator[NutUps]:
        ups = NutUps(twin.port, "kiosk", patience=1.0)
        ups.open(soon())
        yield ups
        ups.close()

    @pytest.mark.parametrize(
        ("action", "power", "codes", "usable"),
        [
            (
                "on-battery",
                Power(Supply.ON_BATTERY, Battery.GOOD, Replacement.NOT_NEEDED, 80, 1800),
                ["on-battery"],
                True,
            ),
            (
                "low",
                Power(Supply.ON_BATTERY, Battery.LOW, Replacement.NOT_NEEDED, 8, 120),
                ["battery-low", "on-battery"],
                False,
            ),
            (
                "low-on-line",
                Power(Supply.ON_LINE, Battery.LOW, Replacement.NOT_NEEDED, 9, 150),
                ["battery-low-on-line"],
                True,
            ),
            ("replace", Power(Supply.ON_LINE, Battery.GOOD, Replacement.NEEDED, 100, 600), ["battery-replace"], True),
            ("overload", Power(Supply.ON_LINE, Battery.GOOD, Replacement.NOT_NEEDED, 100, 600), ["overload"], True),
        ],
    )
    def test_each_state_of_the_power_is_told(
        self, twin: NutTwin, ups: NutUps, action: str, power: Power, codes: list[str], usable: bool
    ) -> None:
        twin.act(action, {})
        assert ups.power(soon()) == power
        status = ups.poll(soon())
        assert ([fault.code for fault in status.faults], status.usable) == (codes, usable)
        assert power.critical == (action == "low")
        twin.act("ok", {})
        assert ups.poll(soon()).faults == ()

    @pytest.mark.parametrize(
        ("action", "code"),
        [
            ("stale", "data-stale"),
            ("no-driver", "driver-not-connected"),
            ("wait", "status-unclear"),
            ("nonsense", "status-unclear"),
        ],
    )
    def test_a_ups_that_its_daemon_has_lost_is_unknown(
        self, twin: NutTwin, ups: NutUps, action: str, code: str
    ) -> None:
        twin.act(action, {})
        status = ups.poll(soon())
        assert (status.state, status.usable, status.faults[0].code) == (State.UNKNOWN, False, code)
        assert ups.power(soon()) == Power(why=code)
        assert ups.self_test(Level.INTERNAL, soon()).passed is None
        ups.close()
        ups.open(soon())  # the daemon is there: that is enough to be open
        assert ups.poll(soon()).state is State.UNKNOWN

    def test_a_name_that_the_daemon_does_not_know_is_for_the_profile_to_mend(self, twin: NutTwin) -> None:
        with pytest.raises(DeviceError) as caught:
            NutUps(twin.port, "cellar").open(soon())
        assert (caught.value.code, caught.value.retryable) == ("ups-unknown", False)

    def test_a_daemon_that_was_started_again_is_asked_without_an_error(self, twin: NutTwin, ups: NutUps) -> None:
        assert ups.poll(soon()).usable
        twin.act("gone", {})
        twin.act("replug", {})
        assert ups.poll(soon()).usable
        assert ups.statistics()["reconnects"] == 1

    def test_a_daemon_that_is_gone_is_an_error_and_comes_back(self, twin: NutTwin, ups: NutUps) -> None:
        twin.act("gone", {})
        with pytest.raises(DeviceError) as caught:
            ups.poll(soon())
        assert caught.value.code == "port-missing"
        twin.act("ok", {})
        ups.open(soon())
        assert ups.poll(soon()).usable

    def test_it_says_who_the_ups_is(self, ups: NutUps) -> None:
        assert (ups.info.vendor, ups.info.model, ups.info.serial) == ("Simulated", "Twin 1000", "T724")


def test_a_captured_conversation_replays_to_the_same_power(tmp_path: Path) -> None:
    twin = NutTwin("ups")
    twin.start()
    try:
        stream = CapturingStream(TcpStream(twin.port), tmp_path / "ups.jsonl")
        live = NutUps(twin.port, "kiosk", stream=stream)
        live.open(soon())
        twin.act("low", {})
        first = live.power(soon())
        live.close()
    finally:
        twin.stop()
    replay = ReplayStream.load(tmp_path / "ups.jsonl")
    replayed = NutUps("replay", "kiosk", stream=replay)
    replayed.open(soon())
    assert replayed.power(soon()) == first
    assert first.critical
    assert replay.finished


@pytest.mark.hardware
class TestNutOnADevice(UpsContract):
    """HARDWARE_UPS is upsd's address (tcp://127.0.0.1:3493), HARDWARE_UPS_NAME the UPS's name there."""

    @pytest.fixture
    def ups(self) -> Iterator[NutUps]:
        ups = NutUps(os.environ["HARDWARE_UPS"], os.environ.get("HARDWARE_UPS_NAME", "kiosk"))
        ups.open(soon())
        yield ups
        ups.close()
