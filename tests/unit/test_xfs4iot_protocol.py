"""XFS4IoT messages in both editions, literal; and whatever a service may send that is none.

``KIOSK_PEER_ROUNDS=20 .venv/bin/python -m pytest tests/unit/test_xfs4iot_protocol.py`` is the long run.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, State
from devices.contracts.printing import Paper
from devices.drivers.xfs4iot import codes
from devices.drivers.xfs4iot.cards import chip_protocol
from devices.drivers.xfs4iot.discovery import interfaces_of, versions_of
from devices.drivers.xfs4iot.protocol import BadMessage, Edition, Kind, Message, decode, encode
from devices.drivers.xfs4iot.session import Session
from devices.drivers.xfs4iot.shapes import SHAPES, misfit, pack, unpack
from devices.transports.message_capture import ReplayLine, Said
from tests.xfs_schema import MISSING, load

ROUNDS = int(os.environ.get("KIOSK_PEER_ROUNDS", "1"))  # times as many hostile messages
pytestmark = pytest.mark.timeout(60 + 10 * ROUNDS)
EJECT = {"from": "transport", "to": "exit"}

# What stands where, as the schema of 2021-1 and the messages of later services have it.
LITERAL = {
    "command 2021-1": (
        Edition.PAYLOAD,
        '{"header":{"type":"command","name":"CardReader.Move","requestId":7,"version":"1.0"},'
        '"payload":{"from":"transport","to":"exit","timeout":5000}}',
        Message(Kind.COMMAND, "CardReader.Move", 7, EJECT, timeout=5000, edition=Edition.PAYLOAD),
    ),
    "command later": (
        Edition.HEADER,
        '{"header":{"type":"command","name":"CardReader.Move","requestId":7,"version":"2.0","timeout":5000},'
        '"payload":{"from":"transport","to":"exit"}}',
        Message(Kind.COMMAND, "CardReader.Move", 7, EJECT, timeout=5000, version="2.0", edition=Edition.HEADER),
    ),
    "acknowledge 2021-1": (
        Edition.PAYLOAD,
        '{"header":{"type":"acknowledge","name":"CardReader.Move","requestId":7,"version":"1.0"},"payload":{"status":"ok"}}',
        Message(Kind.ACKNOWLEDGE, "CardReader.Move", 7, status="ok", edition=Edition.PAYLOAD),
    ),
    "acknowledge later": (
        Edition.HEADER,
        '{"header":{"type":"acknowledge","name":"CardReader.Move","requestId":7,"version":"2.0"},"payload":{}}',
        Message(Kind.ACKNOWLEDGE, "CardReader.Move", 7, status="ok", version="2.0", edition=Edition.HEADER),
    ),
    "refusal later": (
        Edition.HEADER,
        '{"header":{"type":"acknowledge","name":"CardReader.Move","requestId":7,"version":"2.0",'
        '"status":"tooManyRequests"},"payload":{}}',
        Message(
            Kind.ACKNOWLEDGE, "CardReader.Move", 7, status="tooManyRequests", version="2.0", edition=Edition.HEADER
        ),
    ),
    "completion 2021-1": (
        Edition.PAYLOAD,
        '{"header":{"type":"completion","name":"CardReader.ChipIO","requestId":7,"version":"1.0"},'
        '"payload":{"chipProtocol":"chipT0","chipData":"kAA=","completionCode":"success"}}',
        Message(
            Kind.COMPLETION, "CardReader.ChipIO", 7, {"chipProtocol": "chipT0", "chipData": "kAA="},
            completion="success", edition=Edition.PAYLOAD,
        ),
    ),
    "completion later": (
        Edition.HEADER,
        '{"header":{"type":"completion","name":"CardReader.ChipIO","requestId":7,"version":"3.0",'
        '"completionCode":"success"},"payload":{"chipProtocol":"chipT0","chipData":"kAA="}}',
        Message(
            Kind.COMPLETION, "CardReader.ChipIO", 7, {"chipProtocol": "chipT0", "chipData": "kAA="},
            completion="success", version="3.0", edition=Edition.HEADER,
        ),
    ),
    "event": (
        Edition.PAYLOAD,
        '{"header":{"type":"event","name":"Printer.MediaPresentedEvent","requestId":7,"version":"1.0"},'
        '"payload":{"wadIndex":1,"totalWads":1}}',
        Message(Kind.EVENT, "Printer.MediaPresentedEvent", 7, {"wadIndex": 1, "totalWads": 1}),
    ),
    "unsolicited 2021-1": (
        Edition.PAYLOAD,
        '{"header":{"type":"unsolicited","name":"CardReader.MediaRemovedEvent","requestId":0,"version":"1.0"},"payload":{}}',
        Message(Kind.UNSOLICITED, "CardReader.MediaRemovedEvent"),
    ),
    "unsolicited later": (
        Edition.HEADER,
        '{"header":{"type":"unsolicited","name":"CardReader.MediaRemovedEvent","version":"2.0"},"payload":{}}',
        Message(Kind.UNSOLICITED, "CardReader.MediaRemovedEvent", version="2.0"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("edition", "text", "message"), LITERAL.values(), ids=LITERAL.keys())
def test_literal_messages_in_both_directions(edition: Edition, text: str, message: Message) -> None:
    assert decode(text) == message
    assert json.loads(encode(message, edition)) == json.loads(text)


@pytest.mark.skipif(load() is None, reason=MISSING)
@pytest.mark.parametrize("name", [name for name in LITERAL if "later" not in name])
def test_the_literal_messages_of_2021_are_those_of_the_schema(name: str) -> None:
    schema = load()
    assert schema is not None
    schema.check(LITERAL[name][1])


def test_a_later_service_leaves_out_what_it_has_nothing_to_say_in() -> None:
    text = '{"header":{"name":"CardReader.MediaInsertedEvent","requestId":123456,"type":"event","version":"2.0"}}'
    assert decode(text).payload == {}
    text = '{"header":{"name":"X.Y","requestId":null,"type":"unsolicited","version":"2.0"},"payload":null}'
    assert decode(text).request_id == 0
    text = '{"header":{"name":"X.Y","requestId":3,"type":"completion","completionCode":"success","version":"2.0"}}'
    assert decode(text).completion == "success"


def test_what_a_message_shows_of_itself_holds_nothing_of_its_payload() -> None:
    message = Message(Kind.COMMAND, "CardReader.ChipIO", 4, {"chipData": pack(b"SECRET")})
    assert repr(message) == "Message(command CardReader.ChipIO #4)"


def test_a_command_of_the_wrong_shape_is_never_sent() -> None:
    with pytest.raises(ValueError, match="chipPower is not what it should be"):
        encode(Message(Kind.COMMAND, "CardReader.ChipPower", 1, {"chipPower": "hot"}), Edition.PAYLOAD)


def test_in_2021_every_property_of_set_light_is_a_light() -> None:
    wish = {"cardReader": {"flashRate": "off"}}
    text = encode(Message(Kind.COMMAND, "Lights.SetLight", 1, wish, timeout=900), Edition.PAYLOAD)
    assert json.loads(text)["payload"] == wish


BAD = {
    "nothing": "",
    "half": '{"header":{"type":"completion","name":"Common.Sta',
    "a list": "[1,2,3]",
    "no header": '{"payload":{}}',
    "header is a word": '{"header":"completion"}',
    "unknown type": '{"header":{"type":"shout","name":"A.B","requestId":1}}',
    "no name": '{"header":{"type":"event","requestId":1}}',
    "a name with a path": '{"header":{"type":"event","name":"../../etc.passwd","requestId":1}}',
    "no request id": '{"header":{"type":"event","name":"A.B"}}',
    "a request id that is true": '{"header":{"type":"event","name":"A.B","requestId":true}}',
    "a negative request id": '{"header":{"type":"event","name":"A.B","requestId":-1}}',
    "a request id beyond all numbers": '{"header":{"type":"event","name":"A.B","requestId":%s}}' % ("9" * 30),
    "a number of thousands of digits": '{"header":{"type":"event","name":"A.B","requestId":%s}}' % ("9" * 6000),
    "a fraction": '{"header":{"type":"event","name":"A.B","requestId":1.5}}',
    "not a number": '{"header":{"type":"event","name":"A.B","requestId":1},"payload":{"x":NaN}}',
    "the same name twice": '{"header":{"type":"event","name":"A.B","requestId":1,"requestId":2}}',
    "a payload that is a list": '{"header":{"type":"event","name":"A.B","requestId":1},"payload":[]}',
    "a completion without its code": '{"header":{"type":"completion","name":"A.B","requestId":1},"payload":{}}',
    "a completion code that is a number": '{"header":{"type":"completion","name":"A.B","requestId":1,'
    '"completionCode":5}}',
    "deeply nested": '{"header":' * 100_000,
    "deeply nested lists": "[" * 100_000 + "]" * 100_000,
    "base64 that is none": '{"header":{"type":"completion","name":"CardReader.ChipIO","requestId":1,'
    '"completionCode":"success"},"payload":{"chipData":"%%%"}}',
    "bytes that are a number": '{"header":{"type":"completion","name":"CardReader.ChipIO","requestId":1,'
    '"completionCode":"success"},"payload":{"chipData":7}}',
}  # fmt: skip


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_what_is_no_message_is_told_as_such(text: str) -> None:
    with pytest.raises(BadMessage) as caught:
        decode(text)
    assert (caught.value.code, caught.value.retryable) == ("bad-message", True)
    assert caught.value.advice
    assert len(str(caught.value)) < 200, "what came must not be told in full: it may name a person"


def test_a_bad_answer_tells_whose_it_was_where_that_can_be_read() -> None:
    with pytest.raises(BadMessage) as caught:
        decode('{"header":{"type":"completion","name":"A.B","requestId":12},"payload":{}}')
    assert (caught.value.request_id, caught.value.kind) == (12, Kind.COMPLETION)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
NAMES = st.sampled_from(sorted({name for _, name in SHAPES} | {"A.B", "", "Common.Status\n"})) | st.text(max_size=12)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from([kind.value for kind in Kind]) | JSON,
        "name": NAMES | JSON,
        "requestId": st.integers(-2, 5) | JSON,
        "version": JSON,
        "timeout": JSON,
        "status": JSON,
        "completionCode": st.just("success") | JSON,
    },
)
PAYLOADS = st.dictionaries(
    st.sampled_from(sorted({key for shape in SHAPES.values() for key in shape} | {"errorCode", "completionCode"})),
    JSON, max_size=4,
) | JSON  # fmt: skip


@settings(deadline=None, max_examples=80 * ROUNDS)
@given(st.fixed_dictionaries({}, optional={"header": HEADERS | JSON, "payload": PAYLOADS}))
def test_hostile_messages_are_messages_or_bad_messages(whole: dict[str, Any]) -> None:
    try:
        message = decode(json.dumps(whole))
    except BadMessage:
        return
    assert misfit(message.name, message.kind.value, message.payload) == ""
    assert isinstance(message.error_code, str)
    assert len(repr(message)) < 200
    interfaces_of(message.payload)
    versions_of(message.payload)


@settings(deadline=None, max_examples=60 * ROUNDS)
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("utf-8", "replace")))
def test_hostile_text_is_a_bad_message(text: str) -> None:
    with pytest.raises(BadMessage):
        decode(text)


@settings(deadline=None)
@given(
    st.sampled_from(Kind),
    st.integers(1, 2**53),
    st.integers(0, 10**9),
    st.sampled_from(Edition),
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.text(max_size=5)),
)
def test_what_is_written_is_read_again(
    kind: Kind, number: int, timeout: int, edition: Edition, payload: dict[str, str]
) -> None:
    message = Message(
        kind, "Some.Command", 0 if kind is Kind.UNSOLICITED else number, payload,
        timeout=timeout if kind is Kind.COMMAND else 0, status="ok" if kind is Kind.ACKNOWLEDGE else "",
        completion="success" if kind is Kind.COMPLETION else "",
    )  # fmt: skip
    again = decode(encode(message, edition))
    assert (again.kind, again.name, again.request_id) == (message.kind, message.name, message.request_id)
    assert (again.timeout, again.status, again.completion) == (message.timeout, message.status, message.completion)
    if edition is Edition.PAYLOAD or kind in (Kind.COMMAND, Kind.ACKNOWLEDGE, Kind.COMPLETION):
        assert dict(again.payload) == payload


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_bytes_go_through_base64_unchanged(data: bytes) -> None:
    assert unpack(pack(data)) == data


def test_what_is_no_base64_is_none() -> None:
    assert [unpack(text) for text in ("A", "AA=", "A A=", "QUJD\n", 7, "中")] == [None] * 6
    assert unpack(None) == unpack("") == b""


# -- what codes mean -----------------------------------------------------------------------------------


def test_every_completion_code_of_the_standard_has_a_meaning() -> None:
    known = (
        "commandErrorCode canceled deviceNotReady hardwareError internalError invalidCommand invalidRequestID timeOut "
        "unsupportedCommand invalidData userError unsupportedData fraudAttempt sequenceError authorizationRequired "
        "noCommandNonce invalidToken invalidTokenNonce invalidTokenHMAC invalidTokenFormat invalidTokenKeyNoValue "
        "notEnoughSpace"
    )
    assert set(known.split()) - {"commandErrorCode"} <= set(codes.COMPLETIONS)


def test_each_failure_says_what_mends_it_and_whether_it_is_sure() -> None:
    def failed(completion: str, error: str = "") -> codes.CommandFailed:
        payload = {"errorCode": error} if error else {}
        return codes.failure(Message(Kind.COMPLETION, "Printer.PrintRaw", 1, payload, completion=completion))

    out = failed("commandErrorCode", "paperOut")
    assert (out.code, out.action, out.sure) == ("media-empty", Action.REPLENISH, True)
    late = failed("timeOut")
    assert (late.code, late.sure, late.retryable) == ("timed-out", False, True)
    odd = failed("commandErrorCode", "vendorThing")
    assert (odd.code, odd.sure) == ("device-refused", False)
    assert failed("commandErrorCode", "a text that quotes what was printed").code == "device-refused"
    assert "quotes" not in str(failed("commandErrorCode", "a text that quotes what was printed"))


def test_states_and_paper_that_we_do_not_know_are_unknown() -> None:
    assert [codes.state_of(word) for word in ("online", "potentialFraud", "sleepy", None, 5)] == [
        State.ONLINE, State.POTENTIAL_FRAUD, State.UNKNOWN, State.UNKNOWN, State.UNKNOWN,
    ]  # fmt: skip
    assert [codes.paper_of(word) for word in ("out", "moist", [])] == [Paper.OUT, Paper.UNKNOWN, Paper.UNKNOWN]


@pytest.mark.parametrize(
    ("atr", "protocol"),
    [
        ("3B6500002063CBA000", "chipT0"),  # no TD1: T=0
        ("3B9F958131FE9F006646530523002571DF000003900096", "chipT1"),  # TA1 = 95, TD1 = 81
        ("3B80800101", "chipT0"),  # TD1 = 80: T=0 first
        ("3B", "chipProtocolNotRequired"),
    ],
)
def test_the_protocol_of_a_chip_is_the_first_its_atr_offers(atr: str, protocol: str) -> None:
    assert chip_protocol(bytes.fromhex(atr)) == protocol


# -- a service that says anything in any order ---------------------------------------------------------

NAME = "Common.Status"
IDS = st.sampled_from([1, 1, 1, 2, 99, 0])
ANSWERS = st.builds(
    lambda kind, number, status, completion, name, edition: encode(
        Message(kind, name, number, status=status, completion=completion), edition
    ),
    st.sampled_from([Kind.ACKNOWLEDGE, Kind.COMPLETION, Kind.EVENT, Kind.UNSOLICITED]),
    IDS,
    st.sampled_from(["ok", "ok", "tooManyRequests", "odd"]),
    st.sampled_from(["success", "success", "canceled", "commandErrorCode", "odd"]),
    st.sampled_from([NAME, NAME, "Common.Cancel", "Other.Thing"]),
    st.sampled_from(Edition),
)
HEARD = st.lists(ANSWERS | st.sampled_from(["", "{}", '{"header":', "\x00", LITERAL["event"][1]]), max_size=8)


def command(name: str, number: int, payload: dict[str, Any]) -> Said:
    return Said("out", encode(Message(Kind.COMMAND, name, number, payload, version="2.0"), Edition.PAYLOAD))


@settings(deadline=None, max_examples=60 * ROUNDS)
@given(HEARD, HEARD)
def test_whatever_a_service_says_in_whatever_order_a_request_ends(before: list[str], after: list[str]) -> None:
    said = [
        command(NAME, 1, {}),
        *(Said("in", text) for text in before),
        command("Common.Cancel", 2, {"requestIds": [1]}),
        *(Said("in", text) for text in after),
    ]
    line = ReplayLine(said)
    session = Session(line, edition=Edition.PAYLOAD)
    session.open(Deadline.after(5))
    try:
        done = session.request(NAME, deadline=Deadline.after(5))
    except DeviceError:
        return
    assert (done.kind, done.name, done.request_id, done.completion) == (Kind.COMPLETION, NAME, 1, "success")
    assert any('"completionCode":"success"' in text for text in before + after)
    assert session.counts["commands"] == 1
