"""What a card holds beside its text and photograph: the address appended later, and fingerprint features."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError
from devices.contracts.identity import CardRead, FingerprintFeatures, FingerprintReader, NoCard
from devices.drivers.sdt import protocol
from devices.drivers.sdt.__main__ import main
from devices.drivers.sdt.driver import SdtReader
from devices.drivers.sdt.layouts import CardContent
from devices.drivers.sdt.link import Patience
from devices.drivers.sdt.protocol import SW3, Payload, decode_payload, encode_answer, encode_payload
from devices.simulators.sdt import SdtTwin, fingerprint
from devices.simulators.twin import UnknownAction

QUICK = Patience(command=0.3, frame=0.2, noise=0.2, settle=0.02)
NEWEST = "浙江省杭州市西湖区样例路99号1幢201室"
Open = Callable[..., tuple[SdtReader, SdtTwin]]


def soon() -> Deadline:
    return Deadline.after(5)


@pytest.fixture
def opened() -> Iterator[Open]:
    """Makes a reader and its twin with the options given; all are closed in the end."""
    made: list[tuple[SdtReader, SdtTwin]] = []

    def make(*, newest_address: bool = False, fingerprint: int = 0) -> tuple[SdtReader, SdtTwin]:
        twin = SdtTwin("id_reader", baud=0, fingerprint=fingerprint)
        twin.start()
        made.append((SdtReader(twin.port, newest_address=newest_address, patience=QUICK), twin))
        made[-1][0].open(soon())
        return made[-1]

    yield make
    for reader, twin in made:
        reader.close()
        twin.stop()


@pytest.mark.parametrize(("count", "whole"), [(1024, 2321), (512, 1809), (0, 1297)])
def test_the_record_with_fingerprint_has_the_sizes_of_the_documents(count: int, whole: int) -> None:
    assert protocol.READ_FINGERPRINT.frame == bytes.fromhex("AAAAAA96690003301023")
    payload = Payload(bytes(256), bytes(1024), bytes(count))
    frame = encode_answer(SW3.OK, encode_payload(payload, 3))
    assert len(frame) == whole
    assert frame[10:16] == bytes.fromhex("01000400") + count.to_bytes(2, "big")
    assert decode_payload(frame[10:-1], 3) == payload


@pytest.mark.parametrize("count", [1, 511, 513, 2048])
def test_a_fingerprint_of_another_size_is_not_taken(count: int) -> None:
    with pytest.raises(CardContent, match="fingerprint"):
        decode_payload(encode_payload(Payload(bytes(256), bytes(1024), bytes(count)), 3), 3)


@pytest.mark.parametrize(("count", "fingers"), [(1024, 2), (512, 1), (0, 0)])
def test_the_features_of_the_card_read_last_are_handed_over(opened: Open, count: int, fingers: int) -> None:
    reader, twin = opened(fingerprint=count)
    asked: FingerprintReader = reader
    twin.act("put", {"card": "resident"})
    assert isinstance(asked.read(soon()), CardRead)
    features = asked.fingerprint(soon())
    assert isinstance(features, FingerprintFeatures)
    assert (features.data, features.fingers) == (fingerprint("resident", count), fingers)
    assert repr(features) == f"FingerprintFeatures({fingers} fingers)"
    assert not any(isinstance(kept, FingerprintFeatures) for kept in vars(reader).values())


def test_nothing_is_told_of_a_card_that_was_not_read_or_is_gone_or_exchanged(opened: Open) -> None:
    reader, twin = opened(fingerprint=512)
    twin.act("put", {"card": "resident"})
    assert reader.fingerprint(soon()) == NoCard()
    reader.read(soon())
    twin.act("take", {})
    assert reader.fingerprint(soon()) == NoCard()
    twin.act("put", {"card": "resident"})
    reader.read(soon())
    twin.act("put", {"card": "elder"})
    assert reader.fingerprint(soon()) == NoCard()
    assert "fingerprints" not in reader.statistics()


def test_a_card_pulled_while_its_features_are_read_is_an_error(opened: Open) -> None:
    reader, twin = opened(fingerprint=512)
    twin.act("put", {"card": "resident"})
    reader.read(soon())
    twin.act("card-pulled", {"command": "read-fingerprint"})
    with pytest.raises(DeviceError) as caught:
        reader.fingerprint(soon())
    assert caught.value.code == "card-read"


def test_the_address_appended_later_is_read_where_asked_for(opened: Open) -> None:
    for asked, expected in ((True, NEWEST), (False, "")):
        reader, twin = opened(newest_address=asked)
        twin.act("put", {"card": "resident", "newest_address": NEWEST})
        outcome = reader.read(soon())
        assert isinstance(outcome, CardRead)
        assert outcome.document.newest_address == expected
        assert outcome.document.address == twin.deck["resident"].document.address
        assert reader.capabilities["newest_address"] == ("yes" if asked else "no")
        assert NEWEST not in repr(outcome)


def test_a_card_without_one_and_a_reader_that_cannot_ask_are_read_all_the_same(opened: Open) -> None:
    reader, twin = opened(newest_address=True)
    twin.act("put", {"card": "resident"})
    outcome = reader.read(soon())
    assert isinstance(outcome, CardRead)
    assert outcome.document.newest_address == ""


def test_the_address_appended_later_is_held_to_what_every_text_of_a_card_is_held_to() -> None:
    marked = "\u202e某省某市\u200b某路7号\0\0"
    assert protocol.decode_address(marked.encode("utf-16-le")) == "某省某市某路7号"
    with pytest.raises(CardContent, match="newest address holds control characters"):
        protocol.decode_address("某路\x1b[2J".encode("utf-16-le"))


def test_a_card_pulled_before_its_newest_address_was_read_counts_as_not_read(opened: Open) -> None:
    reader, twin = opened(newest_address=True)
    twin.act("put", {"card": "resident", "newest_address": NEWEST})
    twin.act("card-pulled", {"command": "newest-address"})
    with pytest.raises(DeviceError) as caught:
        reader.read(soon())
    assert caught.value.code == "card-read"
    assert reader.statistics().get("cards", 0) == 0
    twin.act("put", {"card": "resident", "newest_address": NEWEST})
    outcome = reader.read(soon())
    assert isinstance(outcome, CardRead)
    assert outcome.document.newest_address == NEWEST


@pytest.mark.parametrize("address", [7, "很" * 36])
def test_the_twin_takes_no_address_that_a_card_cannot_hold(opened: Open, address: object) -> None:
    _, twin = opened()
    with pytest.raises(UnknownAction, match="newest_address"):
        twin.act("put", {"card": "resident", "newest_address": address})  # type: ignore[dict-item]


def test_the_bench_tool_tells_the_address_and_only_the_number_of_fingers(
    opened: Open, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    reader, twin = opened(fingerprint=512)
    reader.close()
    twin.act("put", {"card": "resident", "newest_address": NEWEST})
    assert main(["read", "--port", twin.port, "--newest-address", "--fingerprint", "--json"]) == 0
    out = capsysbinary.readouterr().out
    report = json.loads(out)
    assert (report["newest_address"], report["fingers"]) == (NEWEST, 1)
    assert fingerprint("resident", 512).hex().encode() not in out
