"""The simulated travel document does what ICAO Doc 9303 says, byte for byte where the standard works an example.

The terminal's side here is written out from the worked examples; it shares no code with the reader. OpenSSL, which
nobody here wrote, judges EF.SOD.
"""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from devices.simulators.applets import travel_document
from devices.simulators.card import Pulled, SimulatedCard, make_applet
from devices.simulators.deck import DEFAULT_TODAY
from devices.simulators.emrtd_chip import CardMute, CardPulled, EmrtdChip
from devices.simulators.emrtd_crypto import (
    CURVES,
    ENC,
    MAC,
    PACE,
    BadTlv,
    Suite3Des,
    SuiteAes,
    derive,
    nonce_cipher,
    objects,
    pad,
    tlv,
    unpad,
)
from devices.simulators.emrtd_issuer import COM, SOD, Document, issue
from devices.simulators.emrtd_pace import MRZ, Pace, mrz_password, token
from devices.simulators.emrtd_session import Command, Session, parse
from devices.simulators.emrtd_traveller import Traveller, check_digit, make_travellers, mrz_key, mrz_lines
from devices.simulators.twin import UnknownAction

h = bytes.fromhex

# Part 11, appendix D: keys of the document L898902C, 69-08-06, 94-06-23
D_ENC, D_MAC = h("AB94FDECF2674FDFB9B391F85D7F76F2"), h("7962D9ECE03D1ACD4C76089DCE131543")
D_SESSION_ENC, D_SESSION_MAC = h("979EC13B1CBFE9DCD01AB0FED307EAE5"), h("F1CB1F1FB5ADF208806B89DC579DC1F8")
D_COUNTER = h("887022120C06C226")
D_COM = h("60145F0104303130365F36063034303030305C026175")
SPECIMEN = Traveller("specimen", "P", "L898902C", "ERIKSSON", "ANNA MARIA", "F", date(1969, 8, 6), date(1994, 6, 23))

# Part 11, appendix G.1: PACE, ECDH with generic mapping, AES-128, BrainpoolP256r1, MRZ of T22000129
G_OID = h("04007F00070202040202")
G_SECRETS = (
    h("3F00C4D39D153F2B2A214A078D899B22"),  # nonce
    h("498FF49756F2DC1587840041839A85982BE7761D14715FB091EFA7BCE9058560"),  # chip's mapping key
    h("107CF58696EF6155053340FD633392BA81909DF7B9706F226F32086C7AFF974A"),  # chip's agreement key
)
G_STEPS = (
    ("0022C1A40F800A04007F00070202040202830101", "9000"),
    ("10860000027C0000", "7C12801095A3A016522EE98D01E76CB6B98B42C39000"),
    (
        "10860000457C438141047ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E"
        "544552DCB6725218799115B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D00",
        "7C43824104824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57"
        "30D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C549000",
    ),
    (
        "10860000457C438341042DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C"
        "3556F3B3B186DF10B857B58F6A7EB80F20BA5DC7BE1D43D9BF850149FBB3646200",
        "7C438441049E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB"
        "7764B22277A2EDDC3C265A9F018F9CB852E111B768B326904B59A0193776F0949000",
    ),
    ("008600000C7C0A8508C2B0BD78D94BA86600", "7C0A86083ABB9674BCE93C089000"),
)


@dataclass
class Personalised:
    """A document of which a test says the bytes."""

    files: dict[int, bytes] = field(default_factory=lambda: {COM: D_COM, 0x0101: bytes(range(256)) * 3})
    mrz_key: bytes = mrz_key(SPECIMEN)
    can: str = "123456"


@dataclass
class Terminal:
    """The other end, as plainly as the standard describes it."""

    chip: EmrtdChip
    suite: Suite3Des | SuiteAes
    counter: int

    def send(self, apdu: str, *, extended: bool = False) -> tuple[bytes, int]:
        """Protect a command, check and open its answer."""
        reply = self.chip.answer(self.wrap(parse(h(apdu)), extended=extended))
        return self.unwrap(reply, parse(h(apdu)).ins)

    def wrap(self, command: Command, *, extended: bool = False) -> bytes:
        self.counter += 1
        block = self.suite.block
        header = bytes([command.cla | 0x0C, command.ins, command.p1, command.p2])
        body = b""
        if command.data:
            hidden = self.suite.encrypt(pad(command.data, block), self._counter())
            body += tlv(0x85, hidden) if command.ins & 1 else tlv(0x87, b"\x01", hidden)
        if command.le is not None:
            body += tlv(0x97, (command.le % 65_536).to_bytes(2, "big") if extended else bytes([command.le % 256]))
        mac = self.suite.mac(pad(self._counter() + pad(header, block) + body, block))
        body += tlv(0x8E, mac)
        if extended:
            return header + b"\0" + len(body).to_bytes(2, "big") + body + b"\0\0"
        return header + bytes([len(body)]) + body + b"\0"

    def unwrap(self, reply: bytes, ins: int) -> tuple[bytes, int]:
        self.counter += 1
        assert len(reply) > 2, f"not protected: {reply.hex()}"
        parts = dict(objects(reply[:-2]))
        covered = b"".join(tlv(tag, value) for tag, value in parts.items() if tag != 0x8E)
        assert self.suite.mac(pad(self._counter() + covered, self.suite.block)) == parts[0x8E]
        assert parts[0x99] == reply[-2:]
        hidden = parts.get(0x85 if ins & 1 else 0x87, b"")
        hidden = hidden if ins & 1 else hidden[1:]
        data = unpad(self.suite.decrypt(hidden, self._counter())) if hidden else b""
        return data, int.from_bytes(reply[-2:], "big")

    def _counter(self) -> bytes:
        return self.counter.to_bytes(self.suite.block, "big")


def plain(chip: EmrtdChip, apdu: str) -> str:
    return chip.answer(h(apdu)).hex().upper()


SELECT = "00A4040C07A0000002471001"


def bac(chip: EmrtdChip, key: bytes) -> Terminal:
    """Basic access control with fixed numbers of the terminal."""
    seed = mrz_password(key)[:16]
    suite = Suite3Des(derive(seed, ENC), derive(seed, MAC))
    assert plain(chip, SELECT) == "9000"
    challenge = chip.answer(h("0084000008"))[:8]
    hidden = suite.encrypt(h("781723860C06C226") + challenge + bytes(16), b"")
    reply = chip.answer(h("0082000028") + hidden + suite.mac(pad(hidden, 8)) + b"\x28")
    assert reply[-2:] == h("9000"), reply.hex()
    opened = suite.decrypt(reply[:32], b"")
    assert opened[:16] == challenge + h("781723860C06C226")
    secret = opened[16:]  # the terminal's half of the key is zero
    counter = int.from_bytes(challenge[4:] + h("0C06C226"), "big")
    return Terminal(chip, Suite3Des(derive(secret, ENC), derive(secret, MAC)), counter)


def read_all(terminal: Terminal, file: int, step: int = 200) -> bytes:
    assert terminal.send(f"00A4020C02{file:04X}") == (b"", 0x9000)
    got = b""
    while True:
        data, sw = terminal.send(f"00B0{len(got):04X}{step:02X}")
        got += data
        if sw in (0x6282, 0x6B00) or len(data) < step:
            return got


@pytest.fixture(scope="module")
def document() -> Document:
    return issue()


@pytest.fixture
def chip(document: Document) -> EmrtdChip:
    return EmrtdChip(document)


@pytest.fixture
def terminal(chip: EmrtdChip, document: Document) -> Terminal:
    return bac(chip, document.mrz_key)


class TestWorkedExamples:
    """Part 11, appendices D and G; parts 4 and 5, appendices B."""

    def test_d2_keys_of_the_document(self) -> None:
        assert mrz_key(SPECIMEN) == b"L898902C<369080619406236"
        seed = mrz_password(mrz_key(SPECIMEN))[:16]
        assert seed == h("239AB9CB282DAF66231DC5A4DF6BFBAE")
        assert (derive(seed, ENC), derive(seed, MAC)) == (D_ENC, D_MAC)

    def test_d2_a_number_of_more_than_nine_characters(self) -> None:
        long = Traveller("long", "I", "D23145890734", "A", "B", "F", date(1934, 7, 12), date(1995, 7, 12))
        assert mrz_key(long) == b"D23145890734934071279507122"

    def test_d3_the_chip_authenticates_as_in_the_example(self) -> None:
        draws = iter((h("4608F91988702212"), h("0B4F80323EB3191CB04970CB4052790B")))
        chip = EmrtdChip(Personalised(), draw=lambda count: next(draws))
        assert plain(chip, SELECT) == "9000"
        assert plain(chip, "0084000008") == "4608F919887022129000"
        asked = "72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F25F1448EEA8AD90A7"
        answer = "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F2F2D235D074D7449"
        assert plain(chip, f"0082000028{asked}28") == answer + "9000"
        # D.4: the session that this opens
        assert (
            plain(chip, "0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800") == "990290008E08FA855A5D4C50A8ED9000"
        )
        assert (
            plain(chip, "0CB000000D9701048E08ED6705417E96BA5500")
            == "8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000"
        )
        assert (
            plain(chip, "0CB000040D9701128E082EA28A70F3C7B53500")
            == "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A990290008E08C8B2787EAEA07D749000"
        )

    def test_d3_session_keys(self) -> None:
        secret = h("0036D272F5C350ACAC50C3F572D23600")
        assert (derive(secret, ENC), derive(secret, MAC)) == (D_SESSION_ENC, D_SESSION_MAC)

    def test_g1_password_and_nonce(self) -> None:
        person = Traveller("g", "I", "T22000129", "A", "B", "F", date(1964, 8, 12), date(2010, 10, 31))
        password = mrz_password(mrz_key(person))
        assert password == h("7E2D2A41C74EA0B38CD36F863939BFA8E9032AAD")
        key = derive(password, PACE, "AES-128")
        assert key == h("89DED1B26624EC1E634C1989302849DD")
        assert nonce_cipher(key, G_SECRETS[0]) == h("95A3A016522EE98D01E76CB6B98B42C3")
        assert nonce_cipher(key, nonce_cipher(key, G_SECRETS[0]), decrypt=True) == G_SECRETS[0]

    def test_g1_mapped_generator(self) -> None:
        curve = CURVES[13]
        theirs = curve.decode(h(G_STEPS[2][0])[9:-1])
        shared = curve.multiply(int.from_bytes(G_SECRETS[1], "big"), theirs)
        assert curve.encode(shared) == h(
            "0460332EF2450B5D247EF6D3868397D398852ED6E8CAF6FFEEF6BF85CA57057FD5"
            "0840CA7415BAF3E43BD414D35AA4608B93A2CAF3A4E3EA4E82C9C13D03EB7181"
        )
        mapped = curve.add(curve.multiply(int.from_bytes(G_SECRETS[0], "big"), curve.g), shared)
        assert curve.encode(mapped) == h(
            "048CED63C91426D4F0EB1435E7CB1D74A46723A0AF21C89634F65A9AE87A9265E2"
            "8C879506743F8611AC33645C5B985C80B5F09A0B83407C1B6A4D857AE76FE522"
        )

    def test_g1_the_chip_runs_pace_as_in_the_example(self) -> None:
        key = b"T22000129364081251010318"
        draws = iter((G_SECRETS[0], *(_less_one(secret) for secret in G_SECRETS[1:])))
        chip = EmrtdChip(Personalised(mrz_key=key), pace="AES-128", draw=lambda count: next(draws))
        assert plain(chip, "00B09C0000") == "31143012060A04007F0007020204020202010202010D9000"  # EF.CardAccess
        for asked, answer in G_STEPS:
            assert plain(chip, asked) == answer
        # SELECT of the application under the example's session keys, counter zero; computed by a public reference
        # implementation written from part 11, not part of the standard's example
        assert (
            plain(chip, "0CA4040C1D871101752F676B09FAC86A87D632749A49C7CC8E08C18BA1FCE707BD9F00")
            == "990290008E08BEA7B381C494A0799000"
        )

    def test_g1_tokens(self) -> None:
        curve, key = CURVES[13], h("FE251C7858B356B24514B3BD5F4297D1")
        secret = h("28768D20701247DAE81804C9E780EDE582A9996DB4A315020B2733197DB84925")
        assert derive(secret, ENC, "AES-128") == h("F5F0E35C0D7161EE6724EE513A0D9A7F")
        assert derive(secret, MAC, "AES-128") == key
        assert token(key, G_OID, curve, curve.decode(h(G_STEPS[3][1])[4:-2])) == h("C2B0BD78D94BA866")

    def test_check_digits_of_the_specimen_passport_and_card(self) -> None:
        assert [check_digit(t) for t in ("L898902C3", "740812", "120415", "ZE184226B<<<<<")] == ["6", "2", "9", "1"]
        person = Traveller(
            "td3",
            "P",
            "L898902C3",
            "ERIKSSON",
            "ANNA MARIA",
            "F",
            date(1974, 8, 12),
            date(2012, 4, 15),
            optional="ZE184226B",
        )
        assert mrz_lines(person) == (
            "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
            "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
        )
        card = Traveller("td1", "I", "D23145890", "ERIKSSON", "ANNA MARIA", "F", date(1974, 8, 12), date(2012, 4, 15))
        assert mrz_lines(card) == (
            "I<UTOD231458907<<<<<<<<<<<<<<<",
            "7408122F1204159UTO<<<<<<<<<<<6",
            "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        )


def _less_one(secret: bytes) -> bytes:
    """What the chip has to draw so that it takes this private key: it adds one to keep zero out."""
    return (int.from_bytes(secret, "big") - 1).to_bytes(len(secret), "big")


class TestAccess:
    """Nothing personal before access control; the session is strict."""

    @pytest.mark.parametrize(
        "apdu", ["00A4020C02011E", "00A4020C020101", "00B0810004", "00B0820004", "00B1010104540100 04"]
    )
    def test_files_are_refused_before_access_control(self, chip: EmrtdChip, apdu: str) -> None:
        assert plain(chip, SELECT) == "9000"
        assert plain(chip, apdu) == "6982" if apdu[2:4] != "B1" else plain(chip, "00B1010103540100FF") == "6982"

    def test_a_chip_may_refuse_the_reading_only(self, document: Document) -> None:
        chip = EmrtdChip(document, refuse_at="read")
        plain(chip, SELECT)
        assert plain(chip, "00A4020C02011E") == "9000"
        assert plain(chip, "00B0000004") == "6982"
        assert plain(chip, "00A4020C02010F") == "6A82"

    def test_basic_access_opens_every_file(self, terminal: Terminal, document: Document) -> None:
        for file, content in document.files.items():
            assert read_all(terminal, file) == content

    def test_a_wrong_key_is_6300_and_waits_longer_each_time(self, document: Document) -> None:
        waits: list[float] = []
        chip = EmrtdChip(document, wrong_key_seconds=0.5, sleep=waits.append)
        for _ in range(3):
            plain(chip, SELECT)
            plain(chip, "0084000008")
            assert plain(chip, "0082000028" + "11" * 40 + "28") == "6300"
        assert waits == [0.5, 1.0, 1.5]
        assert plain(chip, "00A4020C02011E") == "6982"
        assert read_all(bac(chip, document.mrz_key), COM) == document.files[COM]

    def test_a_challenge_serves_once_and_is_needed(self, chip: EmrtdChip) -> None:
        assert plain(chip, "0084000008") == "6985"  # the application is not selected
        plain(chip, SELECT)
        assert plain(chip, "0082000028" + "11" * 40 + "28") == "6985"
        plain(chip, "0084000008")
        assert plain(chip, "0082000028" + "11" * 40 + "28") == "6300"
        assert plain(chip, "0082000028" + "11" * 40 + "28") == "6985"

    def test_a_wrong_mac_is_6988_and_ends_the_session(self, chip: EmrtdChip, terminal: Terminal) -> None:
        command = terminal.wrap(parse(h("00A4020C02011E")))
        assert chip.answer(command[:-2] + bytes([command[-2] ^ 1]) + command[-1:]) == h("6988")
        assert chip.answer(terminal.wrap(parse(h("00A4020C02011E")))) == h("6982")
        assert plain(chip, "00A4020C02011E") == "6982"

    def test_a_repeated_or_skipped_command_is_6988(self, document: Document) -> None:
        for repeated in (True, False):
            chip = EmrtdChip(document)
            terminal = bac(chip, document.mrz_key)
            command = terminal.wrap(parse(h("00A4020C02011E")))
            if repeated:
                chip.answer(command)
            else:
                command = terminal.wrap(parse(h("00A4020C02011E")))
            assert chip.answer(command) == h("6988")

    def test_missing_objects_and_plain_commands_are_6987_and_end_the_session(self, document: Document) -> None:
        for apdu in ("0CB0000003970104 00", "0CB0000000", "00B0000004", "00A4020C02011E"):
            chip = EmrtdChip(document)
            bac(chip, document.mrz_key)
            assert plain(chip, apdu) == "6987"
            assert plain(chip, "00B0000004") == "6982"

    def test_a_chip_may_process_the_plain_command_that_ends_the_session(self, document: Document) -> None:
        chip = EmrtdChip(document, plain="process")
        bac(chip, document.mrz_key)
        assert plain(chip, SELECT) == "9000"
        assert plain(chip, "00A4020C02011E") == "6982"

    def test_errors_in_a_session_are_protected_and_leave_it_alive(self, terminal: Terminal, document: Document) -> None:
        assert terminal.send("00A4020C02010F") == (b"", 0x6A82)
        assert terminal.send("00CA000004") == (b"", 0x6D00)
        assert read_all(terminal, COM) == document.files[COM]

    def test_power_ends_a_session(self, chip: EmrtdChip, terminal: Terminal) -> None:
        chip.reset()
        assert chip.answer(terminal.wrap(parse(h("00A4020C02011E")))) == h("6982")

    @pytest.mark.parametrize(
        ("apdu", "sw"),
        [
            ("", "6700"),
            ("00A404", "6700"),
            ("00A4040C08A000000247", "6700"),
            ("80A4040C00", "6E00"),
            ("00FF0000", "6D00"),
            ("00A4040C07A0000002471002", "6A82"),
            ("00A4050C02011E", "6A86"),
            ("00B0000004", "6986"),
            ("00B0E00004", "6A86"),
            ("00A40000023F00", "6F0483023F009000"),
            ("00A4000C02011C", "6A82"),
            ("00C0000004", "6D00"),
            ("00A4040C000007A0000002471001", "6700"),
        ],
    )
    def test_commands_that_a_chip_does_not_take(self, chip: EmrtdChip, apdu: str, sw: str) -> None:
        assert plain(chip, apdu) == sw


class TestReading:
    """READ BINARY in all its forms (part 10, 3.6.3)."""

    def test_by_short_id_and_offset(self, terminal: Terminal, document: Document) -> None:
        com = document.files[COM]
        assert terminal.send("00B09E0004") == (com[:4], 0x9000)
        assert terminal.send("00B0000404") == (com[4:8], 0x9000)
        assert terminal.send("00B0810208") == (document.files[0x0101][2:10], 0x9000)
        assert terminal.send("00B08F0004") == (b"", 0x6A82)

    def test_odd_instruction_with_current_file_short_id_and_file_id(
        self, terminal: Terminal, document: Document
    ) -> None:
        face = document.files[0x0102]
        assert terminal.send("00B10002035401 0A 0A".replace(" ", "")) == (tlv(0x53, face[10:18]), 0x9000)
        assert terminal.send("00B10000045402010006") == (tlv(0x53, face[256:260]), 0x9000)
        assert terminal.send("00B1010204540201000A") == (tlv(0x53, face[256:264]), 0x9000)
        assert terminal.send("00B10102055403010000FF") == (b"", 0x6B00)
        assert terminal.send("00B1010203530100FF") == (b"", 0x6A80)

    @pytest.mark.parametrize(
        ("eof", "expected"),
        [("6282", (D_COM[16:], 0x6282)), ("9000", (D_COM[16:], 0x9000)), ("6c", (b"", 0x6C06))],
    )
    def test_the_end_of_the_file(self, eof: str, expected: tuple[bytes, int]) -> None:
        terminal = bac(EmrtdChip(Personalised(), eof=eof), mrz_key(SPECIMEN))
        assert terminal.send("00A4020C02011E") == (b"", 0x9000)
        assert terminal.send("00B0001010") == expected
        assert terminal.send("00B0001006") == (D_COM[16:], 0x9000)
        assert terminal.send("00B0001610") == (b"", 0x6B00)

    @pytest.mark.parametrize(("pace", "most"), [("", 231), ("AES-128", 223)])
    def test_a_short_answer_holds_what_fits_beside_its_mac(self, pace: str, most: int) -> None:
        chip = EmrtdChip(Personalised(), pace=pace)
        terminal = run_pace(chip, b"123456") if pace else bac(chip, mrz_key(SPECIMEN))
        if pace:
            assert terminal.send(SELECT) == (b"", 0x9000)
        command = terminal.wrap(parse(h("00B0810000")))
        reply = chip.answer(command)
        assert len(reply) <= 258
        assert terminal.unwrap(reply, 0xB0) == ((bytes(range(256)) * 3)[:most], 0x9000)

    def test_a_file_of_more_than_64_kilobytes(self) -> None:
        """A large DG2 (portraits of some states): the second half is out of reach for READ BINARY with an even INS."""
        content = bytes(range(256)) * 300
        chip = EmrtdChip(Personalised(files={COM: D_COM, 0x0102: content}))
        terminal = bac(chip, mrz_key(SPECIMEN))
        assert terminal.send("00A40204020102") == (h("6209800301 2C00 8302 0102"), 0x9000)
        assert terminal.send("00B100000554030111700A") == (tlv(0x53, content[70_000:70_008]), 0x9000)
        assert terminal.send("00B07FFF04") == (content[32_767:32_771], 0x9000)

    def test_extended_length(self) -> None:
        content = (bytes(range(256)) * 3, 0x9000)
        chip = EmrtdChip(Personalised(), extended=True)
        terminal = bac(chip, mrz_key(SPECIMEN))
        reply = chip.answer(terminal.wrap(parse(h("00B08100000400")), extended=True))
        assert terminal.unwrap(reply, 0xB0) == (content[0], 0x6282)
        reply = chip.answer(terminal.wrap(parse(h("00B08100000000")), extended=True))
        assert terminal.unwrap(reply, 0xB0) == content
        assert plain(EmrtdChip(Personalised(), extended=True), "00B0810000") == "7F66080202FFFF0202FFFF9000"

    def test_extended_length_is_refused_where_it_is_off(self, chip: EmrtdChip, terminal: Terminal) -> None:
        assert chip.answer(terminal.wrap(parse(h("00B08100000400")), extended=True)) == h("6700")

    @pytest.mark.parametrize(("over", "expected"), [("short", (bytes(range(100)), 0x9000)), ("refuse", (b"", 0x6700))])
    def test_the_most_that_a_chip_gives_at_once(self, over: str, expected: tuple[bytes, int]) -> None:
        terminal = bac(EmrtdChip(Personalised(), max_le=100, over_le=over), mrz_key(SPECIMEN))
        assert terminal.send("00B08100C8") == expected
        assert terminal.send("00B0810064") == (bytes(range(100)), 0x9000)

    def test_answers_wait_for_get_response_where_the_card_is_of_that_kind(self) -> None:
        chip = EmrtdChip(Personalised(), get_response=True)
        assert plain(chip, "00A4040407A0000002471001") == "610B"
        assert plain(chip, "00C0000020") == "6C0B"
        assert plain(chip, "00C0000005") == "62098407A06106"
        assert plain(chip, "00C0000006") == "0000024710019000"
        assert plain(chip, "00C0000001") == "6985"


def run_pace(
    chip: EmrtdChip, password: bytes, reference: int = 2, suite: str = "AES-128", parameters: int = 13
) -> Terminal:
    """The terminal's side of generic mapping with small private keys: only the chip's numbers need be good."""
    curve = CURVES[parameters]
    oid = G_OID[:-1] + bytes([{"AES-128": 2, "AES-192": 3, "AES-256": 4}[suite]])
    assert chip.answer(h("0022C1A40F") + tlv(0x80, oid) + tlv(0x83, bytes([reference]))) == h("9000")

    def step(tag: int, value: bytes, last: bool = False) -> bytes:
        inner = tlv(0x7C, tlv(tag, value) if tag else b"")
        reply = chip.answer(bytes([0x00 if last else 0x10, 0x86, 0, 0, len(inner)]) + inner + b"\0")
        assert reply[-2:] == h("9000"), reply.hex()
        ((_, objects_inside),) = objects(reply[:-2])
        return objects_inside[2:]

    nonce = nonce_cipher(derive(password, PACE, suite), step(0, b""), decrypt=True)
    theirs = curve.decode(step(0x81, curve.encode(curve.multiply(5, curve.g))))
    base = curve.add(curve.multiply(int.from_bytes(nonce, "big"), curve.g), curve.multiply(5, theirs))
    ours = curve.multiply(7, base)
    theirs = curve.decode(step(0x83, curve.encode(ours)))
    shared = curve.multiply(7, theirs)
    assert shared is not None
    secret = shared[0].to_bytes(curve.size, "big")
    keys = derive(secret, ENC, suite), derive(secret, MAC, suite)
    assert step(0x85, token(keys[1], oid, curve, theirs), last=True) == token(keys[1], oid, curve, ours)
    return Terminal(chip, SuiteAes(*keys), 0)


class TestPace:
    """PACE with generic mapping (part 11, 4.4)."""

    @pytest.mark.parametrize("suite", ["AES-128", "AES-192", "AES-256"])
    @pytest.mark.parametrize("parameters", sorted(CURVES))
    def test_every_suite_on_every_curve_opens_the_files(self, document: Document, suite: str, parameters: int) -> None:
        chip = EmrtdChip(document, pace=suite, parameters=parameters)
        terminal = run_pace(chip, document.can.encode(), suite=suite, parameters=parameters)
        assert terminal.send(SELECT) == (b"", 0x9000)
        assert read_all(terminal, COM) == document.files[COM]
        assert read_all(terminal, 0x0101) == document.files[0x0101]

    def test_by_the_machine_readable_zone(self, document: Document) -> None:
        chip = EmrtdChip(document, pace="AES-128")
        terminal = run_pace(chip, mrz_password(document.mrz_key), reference=MRZ)
        assert terminal.send(SELECT) == (b"", 0x9000)

    def test_a_wrong_number_is_6300_and_begins_anew(self, document: Document) -> None:
        chip = EmrtdChip(document, pace="AES-128")
        with pytest.raises(AssertionError, match="6300"):
            run_pace(chip, b"000000")
        assert plain(chip, G_STEPS[4][0]) == "6985"
        run_pace(chip, document.can.encode())

    @pytest.mark.parametrize(
        ("data", "sw"),
        [
            ("800A04007F00070202040202830104", "6A88"),  # a PIN: this document has none
            ("800A04007F00070202040204830101", "6A80"),  # a suite that it does not offer
            ("800A04007F0007020204020283010184010C", "6A80"),  # parameters that it does not offer
            ("800A04007F00070202040202", "6A80"),
            ("80", "6A80"),
        ],
    )
    def test_what_it_does_not_offer_is_refused(self, document: Document, data: str, sw: str) -> None:
        chip = EmrtdChip(document, pace="AES-128")
        assert plain(chip, f"0022C1A4{len(data) // 2:02X}{data}") == sw
        assert plain(chip, "10860000027C0000") == "6985"

    def test_a_point_off_the_curve_is_refused(self, document: Document) -> None:
        chip = EmrtdChip(document, pace="AES-128")
        plain(chip, G_STEPS[0][0])
        plain(chip, G_STEPS[1][0])
        assert plain(chip, "10860000457C43814104" + "11" * 64 + "00") == "6A80"

    def test_steps_out_of_turn_are_refused(self) -> None:
        pace = Pace("AES-128", 13, {MRZ: b"x"}, lambda count: bytes(count))
        assert pace.set_at(h("800A04007F00070202040202830101")) == 0x9000
        with pytest.raises(Exception, match="6A80"):
            pace.authenticate(parse(h(G_STEPS[3][0])))


class TestFaults:
    """A fault comes when it is due, once or until ok."""

    def test_an_answer_with_a_wrong_mac(self, chip: EmrtdChip, terminal: Terminal) -> None:
        chip.act("wrong-mac", {"at": 1})
        assert terminal.send("00A4020C02011E") == (b"", 0x9000)
        with pytest.raises(AssertionError):
            terminal.send("00B0000004")
        assert terminal.send("00B0000004")[1] == 0x9000

    def test_a_torn_answer(self, chip: EmrtdChip, terminal: Terminal) -> None:
        chip.act("torn")
        reply = chip.answer(terminal.wrap(parse(h("00B0810010"))))
        assert reply[-2:] == h("9000")
        with pytest.raises((BadTlv, KeyError)):
            terminal.unwrap(reply, 0xB0)

    def test_pulled_at_an_apdu_and_laid_down_again(self, chip: EmrtdChip, document: Document) -> None:
        chip.act("pulled", {"at": 2})
        plain(chip, SELECT)
        plain(chip, "0084000008")
        for _ in range(2):
            with pytest.raises(CardPulled):
                plain(chip, SELECT)
        chip.act("ok")
        chip.reset()
        assert read_all(bac(chip, document.mrz_key), COM) == document.files[COM]

    def test_mute_and_slow(self, document: Document) -> None:
        waits: list[float] = []
        chip = EmrtdChip(document, sleep=waits.append)
        chip.act("mute", {"times": 1})
        with pytest.raises(CardMute):
            plain(chip, SELECT)
        chip.act("slow", {"seconds": 0.25, "times": 2})
        assert [plain(chip, SELECT) for _ in range(3)] == ["9000"] * 3
        assert waits == [0.25, 0.25]

    def test_in_a_slot_it_can_be_pulled_and_armed_from_plain_options(self) -> None:
        card = SimulatedCard(make_applet("devices.simulators.applets.travel_document:chip", {"role": "card", "at": 1}))
        assert card.reply(h(SELECT)) == h("9000")
        card = SimulatedCard(travel_document.chip("card", fault="pulled", at=1))
        assert card.reply(h(SELECT)) == h("9000")
        with pytest.raises(Pulled):
            card.reply(h(SELECT))
        torn = travel_document.chip("passport", fault="torn", at=3)
        terminal = bac(torn, travel_document.document().mrz_key)
        with pytest.raises((BadTlv, KeyError)):
            terminal.send("00B0810010")

    def test_an_unknown_fault_is_told(self, chip: EmrtdChip) -> None:
        for action, arguments in (("explode", {}), ("torn", {"at": -1}), ("slow", {"seconds": "x"})):
            with pytest.raises(UnknownAction):
                chip.act(action, arguments)

    def test_its_state_says_nothing_of_the_person(
        self, chip: EmrtdChip, terminal: Terminal, document: Document
    ) -> None:
        told = f"{chip.state()} {document!r} {document.traveller!r} {parse(h('00A4020C02011E'))!r}"
        assert chip.state()["session"] is True
        assert document.traveller.surname not in told
        assert document.traveller.number not in told


class TestIssuer:
    """What the authority of Utopia issues; OpenSSL judges the signature."""

    def test_the_same_seed_gives_the_same_document(self) -> None:
        assert issue("card", seed=5).files == issue("card", seed=5).files
        assert issue("card", seed=5).files != issue("card", seed=6).files

    def test_every_role_is_issued_and_read(self) -> None:
        people = make_travellers()
        assert people["expired"].expiry < DEFAULT_TODAY <= people["minor"].expiry
        for role, person in people.items():
            document = issue(role)
            assert read_all(bac(EmrtdChip(document), document.mrz_key), 0x0101)[5:] == "".join(document.mrz).encode()
            assert {len(line) for line in document.mrz} == {44 if person.code == "P" else 30}

    def test_a_name_in_national_characters_stands_in_a_group_of_its_own(self) -> None:
        document = issue("native_name")
        terminal = bac(EmrtdChip(document), document.mrz_key)
        ((tag, group),) = objects(read_all(terminal, 0x010B))
        assert (tag, dict(objects(group))[0x5F0E].decode()) == (0x6B, "样例<<文清")
        assert dict(objects(read_all(terminal, COM)[2:]))[0x5C] == b"\x61\x75\x6b"

    @pytest.mark.parametrize(("image", "kind"), [("jpeg", "JPEG"), ("jpeg2000", "JPEG2000")])
    def test_the_face_is_a_record_of_iso_19794_5(self, image: str, kind: str) -> None:
        ((_, group),) = objects(issue(image=image).files[0x0102])
        ((_, templates),) = objects(group)
        record = dict(objects(dict(objects(templates))[0x7F60]))[0x5F2E]
        assert record[:8] == b"FAC\x00010\x00"
        assert struct.unpack(">IH", record[8:14]) == (len(record), 1)
        assert struct.unpack(">IH", record[14:20]) == (len(record) - 14, 0)
        picture = Image.open(io.BytesIO(record[46:]))
        assert (picture.format, picture.size) == (kind, struct.unpack(">HH", record[36:40]))

    def test_pictures_of_people_come_from_the_same_place_as_on_cards(self) -> None:
        pytest.importorskip("skimage")
        assert len(issue(picture="portrait").files[0x0102]) > 3000
        assert issue(picture="stranger:3").files[0x0102] != issue(picture="stranger:4").files[0x0102]

    @pytest.mark.parametrize(
        ("algorithm", "forged", "verdict"),
        [
            ("ecdsa", (), "successful"),
            ("rsa", (), "successful"),
            ("rsa-pss", (), "successful"),
            ("ecdsa", ("dg1",), "successful"),  # the signature is good: only the digest of DG1 tells
            ("ecdsa", ("signature",), "failure"),
            ("rsa", ("signature",), "failure"),
            ("rsa-pss", ("signature",), "failure"),
            ("ecdsa", ("unknown-csca",), "unable to get local issuer certificate"),
            ("ecdsa", ("expired-signer",), "certificate has expired"),
        ],
    )
    def test_openssl_judges_the_security_object(
        self, tmp_path: Path, algorithm: str, forged: tuple[str, ...], verdict: str
    ) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("needs Debian's openssl")
        document = issue("card", algorithm=algorithm, forged=forged)
        ((tag, signed),) = objects(document.files[SOD])
        assert tag == 0x77
        (tmp_path / "sod").write_bytes(signed)
        certificate = x509.load_der_x509_certificate(document.csca)
        (tmp_path / "csca").write_bytes(certificate.public_bytes(Encoding.PEM))
        at = datetime(DEFAULT_TODAY.year, DEFAULT_TODAY.month, DEFAULT_TODAY.day).timestamp()
        command = ["openssl", "cms", "-verify", "-inform", "DER", "-in", "sod", "-CAfile", "csca", "-purpose", "any"]
        command += ["-attime", str(int(at)), "-out", "lds"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=20)
        assert verdict in done.stderr
        assert (done.returncode == 0) is (verdict == "successful")

    def test_a_digest_tells_a_changed_data_group(self) -> None:
        honest, forged = issue("card"), issue("card", forged=("dg1", "dg2"))
        assert honest.files[SOD] == forged.files[SOD]
        assert honest.files[0x0101] != forged.files[0x0101]
        assert honest.files[0x0102] != forged.files[0x0102]

    @pytest.mark.parametrize("wrong", [{"forged": ("dg9",)}, {"algorithm": "md5"}, {"image": "gif"}, {"picture": "me"}])
    def test_wrong_options_are_told(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValueError, match="must be"):
            issue(**wrong)  # type: ignore[arg-type]


@given(st.binary(max_size=80))
def test_any_bytes_get_a_status_word(apdu: bytes) -> None:
    chip = EmrtdChip(Personalised(), pace="AES-128", get_response=True)
    assert len(chip.answer(apdu)) >= 2


@given(st.lists(st.binary(max_size=60), max_size=6))
@settings(max_examples=50)
def test_any_bytes_in_a_session_get_a_status_word(apdus: list[bytes]) -> None:
    chip = EmrtdChip(Personalised(), eof="6c")
    bac(chip, mrz_key(SPECIMEN))
    for apdu in apdus:
        assert len(chip.answer(b"\x0c" + apdu)) >= 2


@given(st.binary(max_size=400), st.integers(1, 2**16 - 1))
def test_objects_are_read_as_they_are_written(value: bytes, tag: int) -> None:
    tag = 0x5F00 | tag & 0x7F if tag > 0xFF or tag & 0x1F == 0x1F else tag
    assert list(objects(tlv(tag, value))) == [(tag, value)]
    assert unpad(pad(value, 16)) == value


@given(st.binary(min_size=4, max_size=4), st.binary(max_size=300), st.sampled_from((None, 1, 256, 300, 65_536)))
def test_commands_are_read_in_every_length(header: bytes, data: bytes, le: int | None) -> None:
    extended = len(data) > 255 or (le or 0) > 256
    body = b""
    if extended:
        body += (b"\0" + len(data).to_bytes(2, "big") + data) if data else b""
        body += (b"" if data else b"\0") + (le % 65_536).to_bytes(2, "big") if le else b""
    else:
        body += bytes([len(data)]) + data if data else b""
        body += bytes([le % 256]) if le else b""
    command = parse(header + body)
    assert (command.data, command.le, command.extended) == (data, le, extended and bool(body))


def test_a_session_counts_over_its_end() -> None:
    session = Session(Suite3Des(D_SESSION_ENC, D_SESSION_MAC), b"\xff" * 8)
    session.protect(b"", 0x9000, 0xA4)
    assert session.counter == 0


_: Callable[[], EmrtdChip] = lambda: EmrtdChip(issue())  # noqa: E731  # a Document of the issuer is what a chip takes
