"""What every reader of social-security cards promises: in this process, behind a real pcscd, from a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Device, DeviceError, Level, State
from devices.contracts.identity import NoCard
from devices.contracts.social_card import SocialCardPartly, SocialCardRead, SocialCardReader
from devices.contracts.social_card import SocialSecurityCard as Card
from devices.drivers.pcsc.driver import PcscReader
from devices.drivers.sscard.driver import SocialCardSlot
from devices.simulators.applet_slot import AppletSlot
from devices.simulators.applets import piv, social_security
from devices.simulators.applets.social_security import SampleAuthority, holder
from devices.simulators.card import make_applet
from devices.transports.apdu_capture import CapturingSlot, ReplaySlot
from tests.wire.pcsc_room import PcscRoom, until

FACTORY = "devices.simulators.applets.social_security:"


def soon() -> Deadline:
    return Deadline.after(5)


@dataclass
class Bench:
    reader: SocialCardReader
    slot: PcscReader
    put: Callable[[str, str], None]  # the card of a version and role
    act: Callable[..., object]


def in_process(authority: SampleAuthority | None) -> Bench:
    slot = AppletSlot(social_security.v2(), inserted=False)

    def put(version: str, role: str) -> None:
        slot.act("pull")
        slot.card.applet = make_applet(FACTORY + version, {"role": role})
        slot.act("insert")

    reader = PcscReader(slot=slot)
    return Bench(SocialCardSlot(reader, authority), reader, put, lambda what, **more: slot.act(what, more))


def behind_pcscd(room: PcscRoom, authority: SampleAuthority | None) -> Bench:
    reader = PcscReader(room.readers[0])

    def put(version: str, role: str) -> None:
        room.insert(FACTORY + version, role=role)
        wanted = holder(role, f"{version[1]}.00")

        def lies_there() -> bool:  # pcscd sees a card that was exchanged only at its next look
            try:
                outcome = SocialCardSlot(reader).read(soon())
            except DeviceError:
                return False
            return not isinstance(outcome, NoCard) and outcome.card.card_id == wanted.card_id

        assert until(lies_there)

    return Bench(SocialCardSlot(reader, authority), reader, put, room.act)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PcscRoom]:
    with PcscRoom(tmp_path_factory.mktemp("pcsc")) as room:
        yield room


@pytest.fixture(params=["in process", "behind pcscd"])
def make(request: pytest.FixtureRequest) -> Iterator[Callable[[SampleAuthority | None], Bench]]:
    made: list[Bench] = []

    def build(authority: SampleAuthority | None = None) -> Bench:
        behind = request.param == "behind pcscd"
        bench = behind_pcscd(request.getfixturevalue("room"), authority) if behind else in_process(authority)
        made.append(bench)
        bench.reader.open(soon())
        return bench

    yield build
    for bench in made:
        bench.reader.close()
        bench.slot.close()


def card_of(outcome: object) -> Card:
    assert isinstance(outcome, SocialCardRead), outcome
    return outcome.card


@pytest.mark.parametrize(("version", "role"), [("v1", "elder"), ("v2", "minority")])
def test_everything_on_an_open_card_is_read(make: Callable[..., Bench], version: str, role: str) -> None:
    bench = make()
    bench.put(version, role)
    card = card_of(bench.reader.read(soon()))
    assert card == holder(role, f"{version[1]}.00")
    assert bench.reader.present(soon())
    assert card_of(bench.reader.read(soon())) == card, "it can be read again while it lies there"


def test_a_guarded_card_shows_itself_and_says_what_it_wants(make: Callable[..., Bench]) -> None:
    bench = make()
    bench.put("v3", "resident")
    outcome = bench.reader.read(soon())
    assert isinstance(outcome, SocialCardPartly)
    assert outcome.reason.code == "authentication-required"
    whole = holder("resident", "3.00")
    assert outcome.card == Card(
        whole.version, whole.card_id, whole.card_class, whole.organisation, whole.issued, whole.valid_to,
        whole.card_number,
    )  # fmt: skip


def test_a_guarded_card_opens_to_who_holds_its_key(make: Callable[..., Bench]) -> None:
    bench = make(SampleAuthority())
    bench.put("v3", "resident")
    assert card_of(bench.reader.read(soon())) == holder("resident", "3.00")
    assert bench.reader.statistics()["authentications"] >= 1


def test_a_guarded_card_stays_shut_to_another_key(make: Callable[..., Bench]) -> None:
    bench = make(SampleAuthority(key=bytes(16)))
    bench.put("v3", "resident")
    outcome = bench.reader.read(soon())
    assert isinstance(outcome, SocialCardPartly)
    assert outcome.reason.code == "authentication-failed"
    assert (outcome.card.name, outcome.card.number) == ("", "")


# What follows does not depend on the wire.


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = in_process(None)
    bench.reader.open(soon())
    yield bench
    bench.reader.close()


def test_it_is_a_device_and_says_who_it_is(bench: Bench) -> None:
    assert isinstance(bench.reader, Device)
    assert bench.reader.info.kind == "social_card"
    assert bench.reader.poll(soon()).state is State.ONLINE
    assert bench.reader.capabilities["authentication"] == "none"
    assert in_process(SampleAuthority()).reader.capabilities["authentication"] == "unverified plug-in"


def test_an_empty_slot_is_no_card(bench: Bench) -> None:
    assert bench.reader.read(soon()) == NoCard()
    assert not bench.reader.present(soon())


@pytest.mark.parametrize("role", ["resident", "long_term", "minority", "hmt", "minor", "elder"])
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_the_card_of_every_role_is_read(bench: Bench, version: str, role: str) -> None:
    bench.put(version, role)
    assert card_of(bench.reader.read(soon())) == holder(role, f"{version[1]}.00")


def test_another_kind_of_card_is_a_wrong_card() -> None:
    reader = SocialCardSlot(PcscReader(slot=AppletSlot(piv.staff())))
    with pytest.raises(DeviceError) as caught:
        reader.read(soon())
    assert caught.value.code == "wrong-card"
    assert reader.self_test(Level.EXTERNAL, soon()).passed is None
    assert reader.self_test(Level.INTERACTIVE, soon()).passed is False


def test_a_card_that_refuses_otherwise_is_told_as_such(bench: Bench) -> None:
    bench.put("v2", "resident")
    bench.act("wrong-status", sw="6F00", ins=0xB2)
    with pytest.raises(DeviceError) as caught:
        bench.reader.read(soon())
    assert caught.value.code == "card-refused"
    assert isinstance(bench.reader.read(soon()), SocialCardRead)


def test_self_tests_tell_the_version_and_nothing_of_the_person(bench: Bench) -> None:
    assert bench.reader.self_test(Level.INTERNAL, soon()).passed is True
    bench.put("v2", "resident")
    result = bench.reader.self_test(Level.INTERACTIVE, soon())
    assert result.passed is True
    assert "version 2.00" in result.report
    person = holder("resident", "2.00")
    assert not any(secret in result.report for secret in (person.name, person.number, person.card_id))


def test_statistics_count_outcomes(bench: Bench) -> None:
    bench.put("v2", "resident")
    bench.reader.read(soon())
    bench.put("v3", "resident")
    bench.reader.read(soon())
    counts = bench.reader.statistics()
    assert (counts["read"], counts["authentication-required"]) == (1, 1)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_captured_conversation_replays_to_the_same_card(tmp_path: Path, version: str) -> None:
    path = tmp_path / "card.jsonl"
    recorder = PcscReader(slot=CapturingSlot(AppletSlot(make_applet(FACTORY + version)), path))
    first = SocialCardSlot(recorder).read(soon())
    recorder.close()
    slot = ReplaySlot.load(path)
    assert SocialCardSlot(PcscReader(slot=slot)).read(soon()) == first
    assert slot.finished


@pytest.mark.parametrize(("version", "asked"), [("v1", False), ("v2", True)])
def test_the_extension_of_the_name_is_asked_for_where_cards_have_one(tmp_path: Path, version: str, asked: bool) -> None:
    path = tmp_path / "card.jsonl"
    recorder = PcscReader(slot=CapturingSlot(AppletSlot(make_applet(FACTORY + version)), path))
    SocialCardSlot(recorder).read(soon())
    recorder.close()
    assert ("00b24e0016" in path.read_text(encoding="ascii")) is asked


def test_a_challenge_of_another_length_is_no_challenge() -> None:
    slot = AppletSlot(social_security.v3())
    slot.act("wrong-status", {"sw": "01029000", "ins": 0x84})
    with pytest.raises(DeviceError) as caught:
        SocialCardSlot(PcscReader(slot=slot), SampleAuthority()).read(soon())
    assert caught.value.code == "short-answer"
