"""One signature for all acknowledgements of a batch, each of which can be checked alone: a Merkle tree.

A signature of its own for each case cost both ends more than all the rest of it. So the acknowledgements of a batch are
the leaves of a tree of hashes, as in RFC 9162 (Certificate Transparency), 2.1, and its root is signed, once. Each keeps
the root's signature and its *path*: the hashes that lead from it to the root. Who has one acknowledgement and the
backend's public key needs nothing else: no other leaf, no list, and nothing that the backend keeps.

    leaf    H(00 || canonical bytes of the acknowledgement)
    node    H(01 || left || right); where a level has an odd number, its last one goes up as it is
    path    from the leaf upwards, for each level a byte that says where the other half stands (00 left, 01 right) and
            its 32 bytes: 44 letters of base64, and no filling
    signed  canonical("kiosk-acks-v1", root in hex)

H is the hash of the key's suite. An acknowledgement that is alone in its batch has no path: it is signed itself.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from kiosk import suites
from kiosk.suites import BadSignature, sign, verify
from kiosk.wire.items import Ack
from kiosk.wire.signing import canonical, unb64

_LEFT, _RIGHT = b"\x00", b"\x01"
_STEP = 33  # bytes
_HIGHEST = 32  # steps: no batch has so many


def sign_acks(private_key: bytes, acks: Sequence[Ack]) -> list[Ack]:
    """The same, in their order, each with signature and path."""
    if len(acks) <= 1:
        return [replace(ack, signature=sign(private_key, ack.canonical())) for ack in acks]
    suite = suites.of_key(private_key)
    level = [_hash(suite, b"\x00" + ack.canonical()) for ack in acks]
    levels = []
    while len(level) > 1:
        levels.append(level)
        above = [_hash(suite, b"\x01" + level[at] + level[at + 1]) for at in range(0, len(level) - 1, 2)]
        level = above + level[-1:] if len(level) % 2 else above
    signature = sign(private_key, _root(level[0]))
    paths = [""]
    for level in reversed(levels):
        steps = [_text((_RIGHT if at % 2 else _LEFT) + node) for at, node in enumerate(level)]
        last = len(level) - 1
        paths = [(steps[at ^ 1] if at ^ 1 <= last else "") + paths[at >> 1] for at in range(last + 1)]
    return [
        Ack(ack.id, ack.hash, ack.terminal_id, ack.received_at, ack.key_id, signature, path)
        for ack, path in zip(acks, paths, strict=True)
    ]


class AckVerifier:
    """Checks acknowledgements of one key. What it has found on the way to a good root it does not reckon again."""

    def __init__(self, public_key: bytes) -> None:
        self._key = public_key
        self._good: set[tuple[bytes, bytes, str]] = set()  # a node, the path from there on, the signature it leads to

    def check(self, ack: Ack) -> None:
        """Raises BadSignature unless the key's holder has acknowledged just this."""
        if not ack.path:
            verify(self._key, ack.canonical(), ack.signature)
            return
        passed = []
        for node, path in _climb(self._key, ack):
            if (node, path, ack.signature) in self._good:
                break
            passed.append((node, path, ack.signature))
        else:
            verify(self._key, _root(node), ack.signature)
        self._good.update(passed)


def verify_ack(public_key: bytes, ack: Ack) -> None:
    """One acknowledgement alone. Raises BadSignature."""
    AckVerifier(public_key).check(ack)


def _climb(public_key: bytes, ack: Ack) -> Iterator[tuple[bytes, bytes]]:
    """Each node on the way up with what is left of the path; the root is the last, with nothing left."""
    try:
        suite = suites.of_key(public_key)
        path = unb64(ack.path)
    except ValueError as error:
        raise BadSignature from error
    if len(path) % _STEP or len(path) > _STEP * _HIGHEST:
        raise BadSignature
    node = _hash(suite, b"\x00" + ack.canonical())
    yield node, path
    while path:
        side, other, path = path[:1], path[1:_STEP], path[_STEP:]
        if side == _LEFT:
            node = _hash(suite, b"\x01" + other + node)
        elif side == _RIGHT:
            node = _hash(suite, b"\x01" + node + other)
        else:
            raise BadSignature
        yield node, path


def _root(node: bytes) -> bytes:
    return canonical("kiosk-acks-v1", node.hex())


def _hash(suite: suites.Suite, data: bytes) -> bytes:
    if suite.NAME == suites.DEFAULT:
        return hashlib.sha256(data).digest()
    return bytes.fromhex(suite.digest(data))


def _text(step: bytes) -> str:
    return binascii.b2a_base64(step, newline=False).decode("ascii")
