"""The other end of the simulated chip, for its tests: a terminal written out from ICAO Doc 9303, part 11.

It shares no code with the reader. The numbers of the standard's worked examples that more than one file needs stand
here as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from devices.simulators.emrtd_chip import EmrtdChip
from devices.simulators.emrtd_crypto import (
    CURVES,
    ENC,
    MAC,
    PACE,
    Suite3Des,
    SuiteAes,
    derive,
    nonce_cipher,
    objects,
    pad,
    tlv,
    unpad,
)
from devices.simulators.emrtd_issuer import COM
from devices.simulators.emrtd_pace import mrz_password, token
from devices.simulators.emrtd_session import Command, parse
from devices.simulators.emrtd_traveller import Traveller, mrz_key

h = bytes.fromhex

# Part 11, appendix D: keys of the document L898902C, 69-08-06, 94-06-23
D_ENC, D_MAC = h("AB94FDECF2674FDFB9B391F85D7F76F2"), h("7962D9ECE03D1ACD4C76089DCE131543")
D_SESSION_ENC, D_SESSION_MAC = h("979EC13B1CBFE9DCD01AB0FED307EAE5"), h("F1CB1F1FB5ADF208806B89DC579DC1F8")
D_COM = h("60145F0104303130365F36063034303030305C026175")
SPECIMEN = Traveller("specimen", "P", "L898902C", "ERIKSSON", "ANNA MARIA", "F", date(1969, 8, 6), date(1994, 6, 23))

# Part 11, appendix G.1: PACE, ECDH with generic mapping, AES-128, BrainpoolP256r1, MRZ of T22000129
G_OID = h("04007F00070202040202")
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

SELECT = "00A4040C07A0000002471001"


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
