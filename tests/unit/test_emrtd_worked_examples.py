"""The worked examples of ICAO Doc 9303-11, appendices D and G, byte for byte in both directions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from devices.contracts.device import DeviceError
from devices.contracts.smart_card import Response
from devices.contracts.travel_document import MrzKey
from devices.drivers.emrtd import bac, mrz, pace, protocol
from devices.drivers.emrtd.curves import by_pace
from devices.drivers.emrtd.protocol import Command
from devices.drivers.emrtd.secure_messaging import AesSuite, Session, SessionLost, TripleDesSuite, pad, unpad

b = bytes.fromhex

# ---- appendix D: basic access control and secure messaging ----

KEY_TEXT = "L898902C<369080619406236"
SEED = b("239AB9CB282DAF66231DC5A4DF6BFBAE")
K_ENC, K_MAC = b("AB94FDECF2674FDFB9B391F85D7F76F2"), b("7962D9ECE03D1ACD4C76089DCE131543")
RND_IC, RND_IFD = b("4608F91988702212"), b("781723860C06C226")
K_IFD = b("0B795240CB7049B01C19B33E32804F0B")
E_IFD = b("72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2")
M_IFD = b("5F1448EEA8AD90A7")
ANSWER = b("46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F2F2D235D074D7449")
KS_ENC, KS_MAC = b("979EC13B1CBFE9DCD01AB0FED307EAE5"), b("F1CB1F1FB5ADF208806B89DC579DC1F8")
COUNTER = 0x887022120C06C226

SELECT_COM = protocol.select_file(0x011E)
# command in the clear, protected command, protected answer, answer in the clear
MESSAGES = (
    (
        SELECT_COM,
        "0CA4020C 15 8709016375432908C044F6 8E08BF8B92D635FF24F8 00",
        "99029000 8E08FA855A5D4C50A8ED 9000",
        "",
    ),
    (
        protocol.read_binary(0, 4),
        "0CB00000 0D 970104 8E08ED6705417E96BA55 00",
        "8709019FF0EC34F9922651 99029000 8E08AD55CC17140B2DED 9000",
        "60145F01",
    ),
    (
        protocol.read_binary(4, 18),
        "0CB00004 0D 970112 8E082EA28A70F3C7B535 00",
        "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A 99029000 8E08C8B2787EAEA07D74 9000",
        "04303130365F36063034303030305C026175",
    ),
)

Script = list[tuple[bytes, bytes]]


def scripted(script: Script) -> Callable[[Command], Response]:
    """The chip of a worked example: each command must be the one in print."""
    left = list(script)

    def exchange(command: Command) -> Response:
        expected, answer = left.pop(0)
        assert command.encode() == expected
        return Response(answer[:-2], int.from_bytes(answer[-2:], "big"))

    return exchange


def response(literal: str) -> Response:
    data = b(literal)
    return Response(data[:-2], int.from_bytes(data[-2:], "big"))


def test_d2_the_key_text_has_the_check_digits_of_the_zone() -> None:
    assert mrz.key_text(MrzKey("L898902C", "690806", "940623")) == KEY_TEXT
    assert mrz.key_text(MrzKey("L898902C<", "690806", "940623")) == KEY_TEXT


@pytest.mark.parametrize(
    ("zone", "key_text", "digest"),
    [
        (
            "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\nD23145890<UTO3407127M95071227349<<<8",
            "D23145890734934071279507122",
            "B366AD857DDCA2B08C0E299811714730",
        ),
        (
            "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<",
            "D23145890734934071279507122",
            "B366AD857DDCA2B08C0E299811714730",
        ),
    ],
    ids=("TD2", "TD1"),
)
def test_d2_a_long_document_number_goes_into_the_key_whole(zone: str, key_text: str, digest: str) -> None:
    read = mrz.parse(zone)
    assert read.number == "D23145890734"
    assert mrz.key_text(read.key) == key_text
    assert bac.seed_of(key_text) == b(digest)


def test_d1_keys_are_derived_with_parity() -> None:
    assert bac.seed_of(KEY_TEXT) == SEED
    assert bac.derive_3des(SEED, bac.ENCRYPTION) == K_ENC
    assert bac.derive_3des(SEED, bac.MAC) == K_MAC


def test_d3_mutual_authentication_sends_and_takes_the_literal_bytes() -> None:
    given = [RND_IFD, K_IFD]
    exchange = scripted(
        [
            (b("0084000008"), RND_IC + b("9000")),
            (b("0082000028") + E_IFD + M_IFD + b("28"), ANSWER + b("9000")),
        ]
    )
    session = bac.authenticate(exchange, KEY_TEXT, lambda count: given.pop(0))
    assert session.counter == COUNTER
    assert session.protect(SELECT_COM).encode() == b(MESSAGES[0][1])  # so its keys are the session keys in print


def test_d3_session_keys_are_those_in_print() -> None:
    seed = b("0036D272F5C350ACAC50C3F572D23600")
    assert bac.derive_3des(seed, bac.ENCRYPTION) == KS_ENC
    assert bac.derive_3des(seed, bac.MAC) == KS_MAC


def test_d4_three_messages_there_and_back() -> None:
    session = Session(TripleDesSuite(KS_ENC, KS_MAC), COUNTER)
    for command, protected, answer, clear in MESSAGES:
        assert session.protect(command).encode() == b(protected)
        assert session.reveal(response(answer)) == Response(b(clear), 0x9000)


def test_d4_the_same_answer_a_second_time_is_refused() -> None:
    session = Session(TripleDesSuite(KS_ENC, KS_MAC), COUNTER)
    session.protect(SELECT_COM)
    assert session.reveal(response(MESSAGES[0][2])).ok
    session.protect(SELECT_COM)
    with pytest.raises(SessionLost):
        session.reveal(response(MESSAGES[0][2]))


# ---- appendix G.1: PACE with elliptic curves, generic mapping ----

G_ACCESS = b("31143012060A04007F0007020204020202010202010D")
G_KEY = MrzKey("T22000129", "640812", "101031")
G_MAPPING = 0x7F4EF07B9EA82FD78AD689B38D0BC78CF21F249D953BC46F4C6E19259C010F99
G_AGREEMENT = 0xA73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595
G_CHIP_MAPPING = 0x498FF49756F2DC1587840041839A85982BE7761D14715FB091EFA7BCE9058560
G_NONCE = b("3F00C4D39D153F2B2A214A078D899B22")
G_CHIP_PUBLIC = (
    "824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57"
    "30D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C54"
)
G_SHARED_POINT = (
    0x60332EF2450B5D247EF6D3868397D398852ED6E8CAF6FFEEF6BF85CA57057FD5,
    0x0840CA7415BAF3E43BD414D35AA4608B93A2CAF3A4E3EA4E82C9C13D03EB7181,
)
G_GENERATOR = (
    0x8CED63C91426D4F0EB1435E7CB1D74A46723A0AF21C89634F65A9AE87A9265E2,
    0x8C879506743F8611AC33645C5B985C80B5F09A0B83407C1B6A4D857AE76FE522,
)
G_SCRIPT: Script = [
    (b("0022C1A4 0F 800A04007F00070202040202 830101"), b("9000")),
    (b("10860000 02 7C00 00"), b("7C12 8010 95A3A016522EE98D01E76CB6B98B42C3 9000")),
    (
        b(
            "10860000 45 7C43 8141 04 7ACF3EFC982EC45565A4B155129EFBC74650DCBFA6362D896FC70262E0C2CC5E"
            "544552DCB6725218799115B55C9BAA6D9F6BC3A9618E70C25AF71777A9C4922D 00"
        ),
        b("7C43 8241 04" + G_CHIP_PUBLIC + "9000"),
    ),
    (
        b(
            "10860000 45 7C43 8341 04 2DB7A64C0355044EC9DF190514C625CBA2CEA48754887122F3A5EF0D5EDD301C"
            "3556F3B3B186DF10B857B58F6A7EB80F20BA5DC7BE1D43D9BF850149FBB36462 00"
        ),
        b(
            "7C43 8441 04 9E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB"
            "7764B22277A2EDDC3C265A9F018F9CB852E111B768B326904B59A0193776F094 9000"
        ),
    ),
    (b("00860000 0C 7C0A 8508 C2B0BD78D94BA866 00"), b("7C0A 8608 3ABB9674BCE93C08 9000")),
]


def g_session(script: Script) -> Session:
    (info,) = pace.offers(G_ACCESS)
    scalars = [G_MAPPING, G_AGREEMENT]
    secret = pace.mrz_secret(mrz.key_text(G_KEY))
    return pace.authenticate(scripted(script), info, secret, pace.MRZ_PASSWORD, lambda order: scalars.pop(0))


def test_g1_card_access_offers_ecdh_generic_mapping_with_aes_128_on_brainpool_256() -> None:
    (info,) = pace.offers(G_ACCESS)
    assert (info.protocol.hex(), info.curve.name, info.key_bytes) == ("04007f00070202040202", "brainpoolp256r1", 16)


def test_a_chip_that_offers_several_curves_is_told_which_and_the_strongest_is_taken() -> None:
    def info(cipher: str, curve: str) -> bytes:
        return b("3012060A04007F000702020402" + cipher + "020102" + "0201" + curve)

    other = b("300D 0608 04007F0007020202 020102")  # terminal authentication
    listed = info("02", "0D") + info("04", "0C") + info("04", "10") + info("04", "02") + other
    first, second, third = pace.offers(b("31") + bytes([len(listed)]) + listed)
    assert [(offer.curve.name, offer.key_bytes, offer.parameters.hex()) for offer in (first, second, third)] == [
        ("brainpoolp384r1", 32, "10"),
        ("secp256r1", 32, "0c"),
        ("brainpoolp256r1", 16, ""),
    ]
    command = b("0022C1A4 12 800A04007F00070202040204 830102 840110")
    with pytest.raises(DeviceError) as caught:
        pace.authenticate(scripted([(command, b("6A80"))]), first, b"123456", pace.CAN_PASSWORD, lambda order: 1)
    assert caught.value.code == "card-refused"


def test_g1_the_password_key_deciphers_the_nonce() -> None:
    (info,) = pace.offers(G_ACCESS)
    secret = pace.mrz_secret(mrz.key_text(G_KEY))
    assert secret == b("7E2D2A41C74EA0B38CD36F863939BFA8E9032AAD")
    assert pace.derive(secret, bac.PACE, 16) == b("89DED1B26624EC1E634C1989302849DD")
    assert pace.decrypt_nonce(info, secret, b("95A3A016522EE98D01E76CB6B98B42C3")) == G_NONCE
    assert pace.derive(pace.can_secret("123456"), bac.PACE, 16) == b("591468CDA83D65219CCCB8560233600F")


def test_g1_points_of_the_mapping() -> None:
    curve = by_pace(13)
    assert curve is not None
    chip = curve.multiply(G_CHIP_MAPPING, curve.generator)
    assert curve.encode(chip) == b("04" + G_CHIP_PUBLIC)
    shared = curve.multiply(G_MAPPING, chip)
    assert shared == G_SHARED_POINT
    nonce = int.from_bytes(G_NONCE, "big")
    assert curve.add(curve.multiply(nonce, curve.generator), shared) == G_GENERATOR


def test_g1_the_whole_protocol_sends_and_takes_the_literal_bytes() -> None:
    session = g_session(G_SCRIPT)
    assert session.counter == 0
    keys = AesSuite(b("F5F0E35C0D7161EE6724EE513A0D9A7F"), b("FE251C7858B356B24514B3BD5F4297D1"))
    assert session.protect(SELECT_COM).encode() == Session(keys, 0).protect(SELECT_COM).encode()


def test_g1_a_chip_whose_token_is_wrong_does_not_know_the_password() -> None:
    command, answer = G_SCRIPT[-1]
    with pytest.raises(DeviceError) as caught:
        g_session([*G_SCRIPT[:-1], (command, answer[:-3] + bytes([answer[-3] ^ 1]) + answer[-2:])])
    assert caught.value.code == "wrong-key"


@pytest.mark.parametrize("sw", ["6300", "63C2", "6A80", "6982", "6988"])
def test_a_refused_password_is_a_wrong_key(sw: str) -> None:
    with pytest.raises(DeviceError) as caught:
        g_session([*G_SCRIPT[:-1], (G_SCRIPT[-1][0], b(sw))])
    assert caught.value.code == "wrong-key"
    assert not any(word in str(caught.value) for word in ("T22000129", "640812", "101031"))


def test_a_chip_that_sends_our_own_key_back_is_refused() -> None:
    third, fourth = G_SCRIPT[2], G_SCRIPT[3]
    mirrored = b("7C43 8441") + fourth[0][9:-1] + b("9000")
    with pytest.raises(DeviceError) as caught:
        g_session([*G_SCRIPT[:2], third, (fourth[0], mirrored)])
    assert caught.value.code == "secure-messaging"


def test_a_point_that_is_not_on_the_curve_is_refused() -> None:
    command, answer = G_SCRIPT[2]
    off = answer[:-3] + bytes([answer[-3] ^ 1]) + answer[-2:]
    with pytest.raises(DeviceError) as caught:
        g_session([*G_SCRIPT[:2], (command, off)])
    assert caught.value.code == "secure-messaging"


# ---- small parts ----


def test_padding_is_method_2() -> None:
    assert pad(b"", 8) == b("8000000000000000")
    assert pad(b("011E"), 8) == b("011E800000000000")
    assert pad(b("60145F0160145F01"), 8) == b("60145F0160145F018000000000000000")
    assert unpad(b("011E800000000000")) == b("011E")


@pytest.mark.parametrize(
    ("command", "literal"),
    [
        (protocol.SELECT_APPLICATION, "00A4040C 07 A0000002471001"),
        (protocol.GET_CHALLENGE, "00840000 08"),
        (SELECT_COM, "00A4020C 02 011E"),
        (protocol.read_binary(0x7FFF, 256), "00B07FFF 00"),
        (protocol.read_binary(0x8000, 223), "00B10000 04 54028000 DF"),
        (protocol.read_binary(0x1_0000, 223), "00B10000 05 5403010000 DF"),
        (protocol.read_binary(0, 2048), "00B00000 000800"),
        (protocol.read_binary(0, 65_536), "00B00000 000000"),
        (protocol.read_binary(0x8000, 2048), "00B10000 000004 54028000 0800"),
    ],
)
def test_commands_are_the_literal_bytes(command: Command, literal: str) -> None:
    assert command.encode() == b(literal)


def test_an_extended_command_is_protected_as_an_extended_one() -> None:
    session = Session(TripleDesSuite(KS_ENC, KS_MAC), COUNTER)
    apdu = session.protect(protocol.read_binary(0, 2048)).encode()
    assert apdu[:7] == b("0CB00000 00000E")
    assert apdu[7:11] == b("97020800")
    assert apdu[-2:] == b("0000")
