"""The NUT protocol: lines as upsd 2.8 sends them, what ups.status means, and whatever else may come."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.contracts.device import DeviceError, State
from devices.contracts.ups import Battery, Power, Replacement, Supply
from devices.drivers.nut import protocol
from devices.drivers.nut.protocol import BadLine, ListDecoder, Lost, Refused

# Taken from a conversation with upsd 2.8.0 and its dummy driver.
LITERAL = b"""BEGIN LIST VAR kiosk
VAR kiosk battery.charge "90"
VAR kiosk battery.runtime "1200"
VAR kiosk device.mfr "Dummy \\"Manufacturer\\""
VAR kiosk ups.status "OL"
END LIST VAR kiosk
"""


def decode(data: bytes) -> dict[str, str]:
    decoder = ListDecoder("kiosk")
    ended = [decoder.feed(line) for line in data.splitlines(keepends=True)]
    assert ended == [False] * (len(ended) - 1) + [True]
    return decoder.variables


def test_questions_are_the_literal_lines() -> None:
    assert protocol.list_variables("kiosk") == b"LIST VAR kiosk\n"
    assert protocol.get_variable("kiosk", "ups.status") == b"GET VAR kiosk ups.status\n"


def test_a_literal_list_is_read_and_written_again() -> None:
    variables = decode(LITERAL)
    assert variables["device.mfr"] == 'Dummy "Manufacturer"'
    assert variables["ups.status"] == "OL"
    told = b"".join(protocol.encode_variable("kiosk", name, value) for name, value in variables.items())
    assert b"BEGIN LIST VAR kiosk\n" + told + b"END LIST VAR kiosk\n" == LITERAL


@pytest.mark.parametrize(
    ("line", "kind", "code"),
    [
        (b"ERR DATA-STALE\n", Lost, "data-stale"),
        (b"ERR DRIVER-NOT-CONNECTED\n", Lost, "driver-not-connected"),
        (b"ERR UNKNOWN-UPS\n", Refused, "ups-unknown"),
        (b"ERR ACCESS-DENIED\n", Refused, "access-denied"),
        (b"ERR SOMETHING-NEW with words\n", Refused, "nut-error"),
        (b"SSH-2.0-OpenSSH_9.2\n", BadLine, "garbage"),
        (b"BEGIN LIST VAR other\n", BadLine, "garbage"),
        (b"\xff\xfe\n", BadLine, "garbage"),
        (b"BEGIN LIST VAR kiosk\x1b[2J\n", BadLine, "garbage"),
    ],
)
def test_each_first_line_that_is_no_list_has_its_name(line: bytes, kind: type[DeviceError], code: str) -> None:
    with pytest.raises(kind) as caught:
        ListDecoder("kiosk").feed(line)
    assert caught.value.code == code
    assert caught.value.advice
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "line",
    [b'VAR other ups.status "OL"', b'VAR kiosk ups.status "OL', b"VAR kiosk ups.status OL", b"", b"END LIST VAR x"],
)
def test_a_line_that_does_not_belong_into_the_list_spoils_it(line: bytes) -> None:
    decoder = ListDecoder("kiosk")
    decoder.feed(b"BEGIN LIST VAR kiosk\n")
    with pytest.raises(BadLine):
        decoder.feed(line + b"\n")


@pytest.mark.parametrize("name", ["", "a b", "kiosk\nLIST UPS", "k" * 65, "ups\x00"])
def test_a_name_that_is_none_never_reaches_the_line(name: str) -> None:
    with pytest.raises(DeviceError) as caught:
        protocol.ups_name(name)
    assert caught.value.code == "profile"


@pytest.mark.parametrize(
    ("status", "supply", "battery", "replacement", "state", "codes"),
    [
        ("OL", Supply.ON_LINE, Battery.GOOD, Replacement.NOT_NEEDED, State.ONLINE, []),
        ("OL CHRG", Supply.ON_LINE, Battery.GOOD, Replacement.NOT_NEEDED, State.ONLINE, []),
        ("OB DISCHRG", Supply.ON_BATTERY, Battery.GOOD, Replacement.NOT_NEEDED, State.ONLINE, ["on-battery"]),
        ("OB LB", Supply.ON_BATTERY, Battery.LOW, Replacement.NOT_NEEDED, State.ONLINE, ["battery-low", "on-battery"]),
        ("OL LB", Supply.ON_LINE, Battery.LOW, Replacement.NOT_NEEDED, State.ONLINE, ["battery-low-on-line"]),
        ("OL RB", Supply.ON_LINE, Battery.GOOD, Replacement.NEEDED, State.ONLINE, ["battery-replace"]),
        ("FSD OL", Supply.ON_LINE, Battery.LOW, Replacement.NOT_NEEDED, State.ONLINE, ["battery-low"]),
        ("OL OFF", Supply.ON_LINE, Battery.GOOD, Replacement.NOT_NEEDED, State.ONLINE, ["output-off"]),
        ("", Supply.UNKNOWN, Battery.UNKNOWN, Replacement.UNKNOWN, State.UNKNOWN, ["status-unclear"]),
        ("OL OB", Supply.UNKNOWN, Battery.UNKNOWN, Replacement.UNKNOWN, State.UNKNOWN, ["status-unclear"]),
        ("WAIT", Supply.UNKNOWN, Battery.UNKNOWN, Replacement.UNKNOWN, State.UNKNOWN, ["status-unclear"]),
        ("CHRG", Supply.UNKNOWN, Battery.UNKNOWN, Replacement.UNKNOWN, State.UNKNOWN, ["status-unclear"]),
    ],
)
def test_the_status_words_mean_what_the_contract_says(
    status: str, supply: Supply, battery: Battery, replacement: Replacement, state: State, codes: list[str]
) -> None:
    variables = {"ups.status": status, "battery.charge": "57.5", "battery.runtime": "660"}
    now = protocol.power(variables)
    assert (now.supply, now.battery, now.replacement) == (supply, battery, replacement)
    found, faults = protocol.judge(now, variables)
    assert (found, [fault.code for fault in faults]) == (state, codes)
    assert now.critical == (status == "OB LB")


def test_on_battery_does_not_block_and_low_does() -> None:
    now = {"ups.status": "OB DISCHRG LB RB"}
    blocking = {fault.code: fault.blocking for fault in protocol.judge(protocol.power(now), now)[1]}
    assert blocking == {"battery-low": True, "battery-replace": False, "on-battery": False}


@pytest.mark.parametrize("charge", ["", "-1", "101", "many", "1e2", "٣", "9" * 30])
def test_a_figure_that_is_none_is_not_told(charge: str) -> None:
    assert protocol.power({"ups.status": "OL", "battery.charge": charge}) == Power(
        Supply.ON_LINE, Battery.GOOD, Replacement.NOT_NEEDED
    )


@given(st.dictionaries(st.sampled_from(["ups.status", "ups.load", "x"]), st.text(st.sampled_from('aZ0 "\\]中é'))))
def test_every_value_survives_the_wire(variables: dict[str, str]) -> None:
    told = b"".join(protocol.encode_variable("kiosk", name, value) for name, value in variables.items())
    assert decode(b"BEGIN LIST VAR kiosk\n" + told + b"END LIST VAR kiosk\n") == variables


@given(st.lists(st.binary(max_size=100).map(lambda line: line + b"\n")))
def test_no_line_whatsoever_does_more_than_raise_a_named_error(lines: list[bytes]) -> None:
    decoder = ListDecoder("kiosk")
    with contextlib.suppress(BadLine, Lost, Refused):
        assert not any(decoder.feed(line) for line in lines)


@given(st.text(max_size=60))
def test_whatever_the_status_says_it_is_never_well_by_chance(status: str) -> None:
    variables = {"ups.status": status}
    state, _ = protocol.judge(protocol.power(variables), variables)
    assert (state is State.ONLINE) == (
        ("OL" in status.split()) != ("OB" in status.split()) and "WAIT" not in status.split()
    )
