"""A chip whose PACE and secure messaging are done by libeac (Debian package libeac3), which nobody here wrote.

libeac is the open implementation of BSI TR-03110 behind OpenPACE; ICAO Doc 9303-11 took PACE from there. Here it plays
the chip: nonce, mapping, key agreement, tokens, keys, ciphers and MACs are its own. Only the files and the wrapping of
APDUs are written here.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Mapping
from functools import cache
from typing import Any

from devices.drivers import tlv

MRZ, CAN = 1, 2  # enum s_type, and the standard's reference of a password
_PACE_CONTEXT = 0
_OK, _NOT_FOUND, _WRONG_KEY, _BROKEN, _DENIED = b"\x90\x00", b"\x6a\x82", b"\x63\x00", b"\x69\x88", b"\x69\x82"
_APPLICATION = bytes.fromhex("A0000002471001")
_CARD_ACCESS = 0x011C


class _Buffer(ctypes.Structure):
    """BUF_MEM of OpenSSL."""

    _fields_ = [
        ("length", ctypes.c_size_t),
        ("data", ctypes.POINTER(ctypes.c_ubyte)),
        ("max", ctypes.c_size_t),
        ("flags", ctypes.c_ulong),
    ]


_B, _P = ctypes.POINTER(_Buffer), ctypes.c_void_p
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "EAC_init": (None, []),
    "EAC_CTX_new": (_P, []),
    "EAC_CTX_clear_free": (None, [_P]),
    "EAC_CTX_init_ef_cardaccess": (ctypes.c_int, [ctypes.c_char_p, ctypes.c_size_t, _P]),
    "EAC_CTX_set_encryption_ctx": (ctypes.c_int, [_P, ctypes.c_int]),
    "EAC_increment_ssc": (ctypes.c_int, [_P]),
    "EAC_encrypt": (_B, [_P, _B]),
    "EAC_decrypt": (_B, [_P, _B]),
    "EAC_authenticate": (_B, [_P, _B]),
    "EAC_verify_authentication": (ctypes.c_int, [_P, _B, _B]),
    "EAC_add_iso_pad": (_B, [_P, _B]),
    "EAC_remove_iso_pad": (_B, [_B]),
    "PACE_SEC_new": (_P, [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]),
    "PACE_SEC_clear_free": (None, [_P]),
    "PACE_STEP1_enc_nonce": (_B, [_P, _P]),
    "PACE_STEP3A_generate_mapping_data": (_B, [_P]),
    "PACE_STEP3A_map_generator": (ctypes.c_int, [_P, _B]),
    "PACE_STEP3B_generate_ephemeral_key": (_B, [_P]),
    "PACE_STEP3B_compute_shared_secret": (ctypes.c_int, [_P, _B]),
    "PACE_STEP3C_derive_keys": (ctypes.c_int, [_P]),
    "PACE_STEP3D_compute_authentication_token": (_B, [_P, _B]),
    "PACE_STEP3D_verify_authentication_token": (ctypes.c_int, [_P, _B]),
    "BUF_MEM_create_init": (_B, [ctypes.c_char_p, ctypes.c_size_t]),
    "BUF_MEM_clear_free": (None, [_B]),
}


class Refused(Exception):
    """libeac said no."""


@cache
def library() -> Any:
    """The library with its signatures; None where it is not installed."""
    name = ctypes.util.find_library("eac")
    if name is None:
        return None
    eac = ctypes.CDLL(name)
    for function, (result, arguments) in _SIGNATURES.items():
        getattr(eac, function).restype, getattr(eac, function).argtypes = result, arguments
    eac.EAC_init()
    return eac


class Context:
    """An EAC_CTX; every method raises Refused where libeac refuses."""

    def __init__(self, card_access: bytes) -> None:
        self._eac = library()
        self._ctx = self._eac.EAC_CTX_new()
        self._want(self._eac.EAC_CTX_init_ef_cardaccess(card_access, len(card_access), self._ctx))

    def close(self) -> None:
        if self._ctx:
            self._eac.EAC_CTX_clear_free(self._ctx)
            self._ctx = None

    def nonce(self, password: bytes, kind: int) -> bytes:
        secret = self._eac.PACE_SEC_new(password, len(password), kind)
        try:
            return self._bytes(self._eac.PACE_STEP1_enc_nonce(self._ctx, secret))
        finally:
            self._eac.PACE_SEC_clear_free(secret)

    def do(self, function: str, data: bytes | None = None) -> bytes:
        """Call a function of the context with one buffer or none; its buffer, or nothing where it gives a number."""
        given = () if data is None else (self._eac.BUF_MEM_create_init(data, len(data)),)
        try:
            result = getattr(self._eac, function)(self._ctx, *given)
        finally:
            for buffer in given:
                self._eac.BUF_MEM_clear_free(buffer)
        if isinstance(result, int):
            self._want(result)
            return b""
        return self._bytes(result)

    def verify(self, data: bytes, mac: bytes) -> None:
        given = [self._eac.BUF_MEM_create_init(part, len(part)) for part in (data, mac)]
        try:
            self._want(self._eac.EAC_verify_authentication(self._ctx, *given))
        finally:
            for buffer in given:
                self._eac.BUF_MEM_clear_free(buffer)

    def unpad(self, data: bytes) -> bytes:
        given = self._eac.BUF_MEM_create_init(data, len(data))
        try:
            return self._bytes(self._eac.EAC_remove_iso_pad(given))
        finally:
            self._eac.BUF_MEM_clear_free(given)

    def protect(self) -> None:
        self._want(self._eac.EAC_CTX_set_encryption_ctx(self._ctx, _PACE_CONTEXT))

    def _want(self, result: int) -> None:
        if result != 1:
            raise Refused

    def _bytes(self, buffer: Any) -> bytes:
        if not buffer:
            raise Refused
        try:
            return bytes(buffer.contents.data[: buffer.contents.length])
        finally:
            self._eac.BUF_MEM_clear_free(buffer)


class LibeacChip:
    """An applet for AppletSlot. ``files`` of the application, by identifier; ``card_access`` says which PACE."""

    atr = bytes.fromhex("3B80800101")

    def __init__(self, files: Mapping[int, bytes], card_access: bytes, passwords: Mapping[int, bytes]) -> None:
        self._files, self._card_access, self._passwords = dict(files), card_access, dict(passwords)
        self._context: Context | None = None
        self.sessions = 0
        self.reset()

    def reset(self) -> None:
        if self._context is not None:
            self._context.close()
        self._context = None
        self._protected = self._in_application = False
        self._file = b""
        self._password = 0
        self._theirs = b""

    def answer(self, apdu: bytes) -> bytes:
        try:
            if apdu[0] & 0x0C:
                return self._secured(apdu) if self._protected else _BROKEN
            if self._protected:
                self.reset()
                return _DENIED
            return self._run(apdu[1], apdu[2], apdu[3], *_parts(apdu))
        except (Refused, ValueError):
            self.reset()
            return _BROKEN

    # Commands

    def _run(self, ins: int, p1: int, p2: int, data: bytes, le: int) -> bytes:
        if ins == 0xA4:
            return self._select(p1, data)
        if ins in (0xB0, 0xB1):
            return self._read(ins, p1 << 8 | p2, data, le)
        if ins == 0x22:
            return self._set_up(data)
        return self._general_authenticate(data) if ins == 0x86 else b"\x6d\x00"

    def _select(self, p1: int, data: bytes) -> bytes:
        if p1 == 0x04:
            self._in_application = data == _APPLICATION and self._protected
            return _OK if self._in_application else _DENIED
        files = self._files if self._in_application else {_CARD_ACCESS: self._card_access}
        found = files.get(int.from_bytes(data, "big"))
        if found is None:
            return _NOT_FOUND
        self._file = found
        return _OK

    def _read(self, ins: int, offset: int, data: bytes, le: int) -> bytes:
        if ins == 0xB0:
            return self._file[offset : offset + le] + _OK
        offset = int.from_bytes(tlv.only(data, 0x54), "big")
        return tlv.encode(0x53, self._file[offset : offset + le - (2 if le < 0x82 else 3)]) + _OK

    def _set_up(self, data: bytes) -> bytes:
        self._password = (tlv.find(data, 0x83) or b"\0")[0]
        self._context = Context(self._card_access)
        return _OK if self._password in self._passwords else b"\x6a\x88"

    def _general_authenticate(self, data: bytes) -> bytes:
        context = self._context
        if context is None:
            return b"\x69\x85"
        given = list(tlv.objects(tlv.only(data, 0x7C)))
        tag, value = (given[0].tag, given[0].value) if given else (0, b"")
        if tag == 0x85:
            try:
                context.do("PACE_STEP3D_verify_authentication_token", value)
            except Refused:
                return _WRONG_KEY
            token = context.do("PACE_STEP3D_compute_authentication_token", self._theirs)
            context.protect()
            self._protected = True
            self.sessions += 1
            return tlv.encode(0x7C, tlv.encode(0x86, token)) + _OK
        return tlv.encode(0x7C, self._step(context, tag, value)) + _OK

    def _step(self, context: Context, tag: int, value: bytes) -> bytes:
        if tag == 0x81:
            ours = context.do("PACE_STEP3A_generate_mapping_data")
            context.do("PACE_STEP3A_map_generator", value)
            return tlv.encode(0x82, ours)
        if tag == 0x83:
            self._theirs = value
            ours = context.do("PACE_STEP3B_generate_ephemeral_key")
            context.do("PACE_STEP3B_compute_shared_secret", value)
            context.do("PACE_STEP3C_derive_keys")
            return tlv.encode(0x84, ours)
        return tlv.encode(0x80, context.nonce(self._passwords[self._password], self._password))

    # Secure messaging

    def _secured(self, apdu: bytes) -> bytes:
        context = self._context
        if context is None:
            raise Refused
        data, _ = _parts(apdu)
        found = {part.tag: part for part in tlv.objects(data)}
        context.do("EAC_increment_ssc")
        sealed = context.do("EAC_add_iso_pad", apdu[:4]) + b"".join(found[t].raw for t in found if t != 0x8E)
        context.verify(context.do("EAC_add_iso_pad", sealed) if len(found) > 1 else sealed, found[0x8E].value)
        plain = b""
        if 0x87 in found:
            plain = context.unpad(context.do("EAC_decrypt", found[0x87].value[1:]))
        elif 0x85 in found:
            plain = context.unpad(context.do("EAC_decrypt", found[0x85].value))
        le = int.from_bytes(found[0x97].value, "big") if 0x97 in found else 0
        answer = self._run(apdu[1], apdu[2], apdu[3], plain, le)
        return self._seal(context, answer[:-2], answer[-2:])

    def _seal(self, context: Context, data: bytes, sw: bytes) -> bytes:
        context.do("EAC_increment_ssc")
        body = b""
        if data:
            body = tlv.encode(0x87, b"\x01" + context.do("EAC_encrypt", context.do("EAC_add_iso_pad", data)))
        body += tlv.encode(0x99, sw)
        return body + tlv.encode(0x8E, context.do("EAC_authenticate", context.do("EAC_add_iso_pad", body))) + sw


def _parts(apdu: bytes) -> tuple[bytes, int]:
    """Data and Le of a short command."""
    rest = apdu[4:]
    if len(rest) <= 1:
        return b"", rest[0] or 256 if rest else 0
    data = rest[1 : 1 + rest[0]]
    after = rest[1 + rest[0] :]
    return data, (after[0] or 256) if after else 0
