"""Secure messaging (ICAO Doc 9303-11 section 9.8): commands are enciphered and sealed, answers checked and deciphered.

Two suites: 3DES in CBC mode with a retail MAC (after BAC), AES in CBC mode with CMAC (after PACE). A session is spent
after the first answer that is not sound: both sides' counters no longer agree, and the chip has closed it too.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from typing import Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from devices.contracts.device import DeviceError
from devices.contracts.smart_card import Response
from devices.drivers import tlv
from devices.drivers.emrtd.protocol import SHORT_LE, Command, trouble

_PADDED, _PLAIN_ODD, _LE, _STATUS, _SEAL = 0x87, 0x85, 0x97, 0x99, 0x8E
_SEAL_BYTES = 8
_SECURE = 0x0C  # class bits: secure messaging, header authenticated


class SessionLost(DeviceError):
    """The answer came without protection or is not sound. ``sw`` is what the chip said in the clear, 0 otherwise."""

    def __init__(self, why: str, sw: int = 0) -> None:
        error = trouble("secure-messaging", why)
        super().__init__(error.code, str(error), advice=error.advice, retryable=True, action=error.action)
        self.sw = sw


class Suite(Protocol):
    """A cipher and a MAC with their keys. ``block`` is the size of a block, and of the counter (bytes)."""

    block: int

    def encrypt(self, counter: bytes, padded: bytes) -> bytes: ...

    def decrypt(self, counter: bytes, data: bytes) -> bytes: ...

    def seal(self, padded: bytes) -> bytes:
        """Eight bytes over whole blocks."""
        ...


class TripleDesSuite:
    """Two-key 3DES, zero IV; MAC algorithm 3 of ISO/IEC 9797-1 (retail MAC)."""

    block = 8

    def __init__(self, encryption_key: bytes, mac_key: bytes) -> None:
        self._cipher = TripleDES(_three_keys(encryption_key))
        self._mac_last = TripleDES(_three_keys(mac_key))
        self._mac_chain = TripleDES(mac_key[:8] * 3)  # three times the same key: single DES

    def encrypt(self, counter: bytes, padded: bytes) -> bytes:
        return _all(Cipher(self._cipher, modes.CBC(bytes(8))).encryptor(), padded)

    def decrypt(self, counter: bytes, data: bytes) -> bytes:
        return _all(Cipher(self._cipher, modes.CBC(bytes(8))).decryptor(), data)

    def seal(self, padded: bytes) -> bytes:
        chained = bytes(8) + _all(Cipher(self._mac_chain, modes.CBC(bytes(8))).encryptor(), padded[:-8])
        return _all(Cipher(self._mac_last, modes.CBC(chained[-8:])).encryptor(), padded[-8:])


class AesSuite:
    """AES with an IV that is the enciphered counter; CMAC cut to eight bytes."""

    block = 16

    def __init__(self, encryption_key: bytes, mac_key: bytes) -> None:
        self._cipher = algorithms.AES(encryption_key)
        self._mac = algorithms.AES(mac_key)

    def encrypt(self, counter: bytes, padded: bytes) -> bytes:
        return _all(Cipher(self._cipher, modes.CBC(self._iv(counter))).encryptor(), padded)

    def decrypt(self, counter: bytes, data: bytes) -> bytes:
        return _all(Cipher(self._cipher, modes.CBC(self._iv(counter))).decryptor(), data)

    def seal(self, padded: bytes) -> bytes:
        mac = CMAC(self._mac)
        mac.update(padded)
        return mac.finalize()[:_SEAL_BYTES]

    def _iv(self, counter: bytes) -> bytes:
        return _all(Cipher(self._cipher, modes.ECB()).encryptor(), counter)  # noqa: S305 - one block, as the standard says


def _three_keys(key: bytes) -> bytes:
    return key + key[:8]


def _all(context: CipherContext, data: bytes) -> bytes:
    return context.update(data) + context.finalize()


def pad(data: bytes, block: int) -> bytes:
    """Padding method 2 of ISO/IEC 9797-1: 80, then zeros to a whole block; always at least one byte."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(data: bytes) -> bytes:
    """The inverse; ValueError where there is no padding."""
    bare = data.rstrip(b"\0")
    if not bare.endswith(b"\x80"):
        raise ValueError("no padding")
    return bare[:-1]


@dataclass(slots=True, repr=False)
class Session:
    """One protected connection. ``counter`` is the send sequence counter, raised before every command and answer."""

    suite: Suite
    counter: int

    def protect(self, command: Command) -> Command:
        """The command as it goes to the chip."""
        counter = self._next()
        header = replace(command, cla=command.cla | _SECURE)
        body = b""
        if command.data:
            cipher = self.suite.encrypt(counter, pad(command.data, self.suite.block))
            odd = command.ins & 1
            body += tlv.encode(_PLAIN_ODD if odd else _PADDED, cipher if odd else b"\x01" + cipher)
        if command.le is not None:
            body += tlv.encode(_LE, _le(command))
        start = bytes((header.cla, header.ins, header.p1, header.p2))
        sealed = counter + pad(start, self.suite.block) + body
        seal = self.suite.seal(pad(sealed, self.suite.block) if body else sealed)
        body += tlv.encode(_SEAL, seal)
        outer = 65_536 if command.extended else SHORT_LE
        return replace(header, data=body, le=outer)

    def reveal(self, response: Response) -> Response:
        """The chip's answer in the clear, with the status word it has sealed. SessionLost where anything is wrong."""
        counter = self._next()
        if not response.data:
            raise SessionLost(f"answer without protection: {response.sw:04X}", response.sw)
        try:
            return self._reveal(counter, response)
        except ValueError as error:  # data objects, padding or cipher blocks that are none
            raise SessionLost("the answer is not well-formed") from error

    def _reveal(self, counter: bytes, response: Response) -> Response:
        found = {found.tag: found for found in tlv.objects(response.data)}
        order = [tag for tag in (_PADDED, _PLAIN_ODD, _STATUS, _SEAL) if tag in found]
        if b"".join(found[tag].raw for tag in order) != response.data:
            raise SessionLost("data objects out of order, twice or unknown")
        if _STATUS not in found or _SEAL not in found or (_PADDED in found and _PLAIN_ODD in found):
            raise SessionLost("a data object is missing or too many")
        sealed = counter + b"".join(found[tag].raw for tag in order[:-1])
        if not hmac.compare_digest(self.suite.seal(pad(sealed, self.suite.block)), found[_SEAL].value):
            raise SessionLost("wrong seal")
        status = found[_STATUS].value
        if len(status) != 2 or int.from_bytes(status, "big") != response.sw:
            raise SessionLost("the sealed status word is another")
        return Response(self._content(counter, found), response.sw)

    def _content(self, counter: bytes, found: dict[int, tlv.Tlv]) -> bytes:
        if _PADDED in found:
            cipher = found[_PADDED].value
            if not cipher.startswith(b"\x01"):
                raise SessionLost("unknown padding indicator")
            cipher = cipher[1:]
        elif _PLAIN_ODD in found:
            cipher = found[_PLAIN_ODD].value
        else:
            return b""
        return unpad(self.suite.decrypt(counter, cipher))

    def _next(self) -> bytes:
        self.counter = (self.counter + 1) % (1 << 8 * self.suite.block)
        return self.counter.to_bytes(self.suite.block, "big")

    def __repr__(self) -> str:  # keys never reach a log
        return f"Session({type(self.suite).__name__})"


def _le(command: Command) -> bytes:
    """Le inside DO'97': one byte, or two where the command is extended (00 and 00 00 ask for the most)."""
    le = command.le or 0
    return (le & 0xFFFF).to_bytes(2, "big") if command.extended else bytes([le & 0xFF])
