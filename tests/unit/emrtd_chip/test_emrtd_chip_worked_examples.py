"""The simulated travel document does what ICAO Doc 9303 says, byte for byte where the standard works an example.

The terminal's side here is written out from the worked examples; it shares no code with the reader.
"""

from __future__ import annotations

from datetime import date

from devices.simulators.emrtd_chip import EmrtdChip
from devices.simulators.emrtd_crypto import CURVES, ENC, MAC, PACE, derive, nonce_cipher
from devices.simulators.emrtd_pace import mrz_password, token
from devices.simulators.emrtd_traveller import Traveller, check_digit, mrz_key, mrz_lines
from tests.unit.emrtd_chip.chip_room import (
    D_ENC,
    D_MAC,
    D_SESSION_ENC,
    D_SESSION_MAC,
    G_OID,
    G_STEPS,
    SELECT,
    SPECIMEN,
    Personalised,
    h,
    plain,
)

# Part 11, appendix G.1: PACE, ECDH with generic mapping, AES-128, BrainpoolP256r1, MRZ of T22000129
G_SECRETS = (
    h("3F00C4D39D153F2B2A214A078D899B22"),  # nonce
    h("498FF49756F2DC1587840041839A85982BE7761D14715FB091EFA7BCE9058560"),  # chip's mapping key
    h("107CF58696EF6155053340FD633392BA81909DF7B9706F226F32086C7AFF974A"),  # chip's agreement key
)


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
