"""The seals of the authorities for which this backend makes certificates: keys, certificates, and until when they hold.

They lie here and never at a terminal: who breaks a cabinet open in the street would otherwise carry away an office's
seal, and all that it has ever sealed would be doubted. A terminal asks for what was sealed, and prints it.

One folder (``seals``) beside the backend's key file, of its owner alone. Of each seal ``NAME.json`` (public: authority,
certificate, SM2 public key) and the secrets ``NAME.key`` (PKCS#8) and ``NAME-sm2.key``, each in one of the forms of
kiosk/keystore (file, credential of systemd, TPM). NAME is a hash of the authority and a number: the newest that holds
is used, older ones stay, so that what they have sealed is still vouched for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from kiosk import suites, wire
from kiosk.backend import log
from kiosk.backend.settings import BackendError
from kiosk.durable import put
from kiosk.keystore import store
from kiosk.keystore.errors import KeyUnavailable
from kiosk.papers.listing import SealKey
from kiosk.seals import making
from kiosk.seals.errors import SealError
from kiosk.seals.sealer import Sealer, times

T = TypeVar("T")
SAMPLE_DAYS = 365
LONGEST = 64  # characters of an authority's name
_RESTORE = "Bring the folder seals back from its backup, or make another seal."


@dataclass(frozen=True, slots=True)
class Seal:
    """What is public of one seal. ``certificates``: its own first, base64 of DER; none while a CA is still asked."""

    name: str
    authority: str
    since: str
    certificates: tuple[str, ...] = ()
    sm2: str = ""
    withdrawn: str = ""
    sample: bool = False


class SealKeys:
    """The folder of seals. Raises BackendError where it cannot be read, and KeyUnavailable of a secret's source.

    ``samples``: an authority that has no seal gets a sample when one is asked for, which nobody has to make by hand.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime], *, samples: bool = False) -> None:
        self._folder, self._clock, self.samples = folder, clock, samples

    def all(self) -> list[Seal]:
        """Every seal there ever was, oldest first."""
        found = [self._read(file) for file in sorted(self._folder.glob("*.json"))] if self._folder.is_dir() else []
        return sorted(found, key=lambda seal: (seal.since, seal.name))

    def public(self) -> list[SealKey]:
        """For the list by which anyone checks."""
        return [SealKey(s.authority, s.certificates[0], s.since, s.sm2, s.withdrawn, s.sample)
                for s in self.all() if s.certificates]  # fmt: skip

    def sealer(self, authority: str) -> Sealer | None:
        """The newest seal of this authority that holds now, or a sample made now; None where it has none here."""
        now = self._clock()
        for seal in reversed(self.all()):
            if seal.authority == authority and seal.certificates and not seal.withdrawn and _holds(seal, now):
                return self._sealer(seal)
        withdrawn = any(seal.authority == authority and seal.withdrawn for seal in self.all())
        return self._sealer(self.make(authority)) if self.samples and not withdrawn else None

    def make(self, authority: str, days: int = SAMPLE_DAYS, source: str = "file", pcrs: str = "") -> Seal:
        """A sample, vouched for by nobody else. Raises BackendError."""
        seal = self._begin(authority, making.new_key(), source, pcrs)
        key = store.load(self._key(seal.name)) or b""
        made = making.sample_certificate(authority, key, self._clock(), days)
        return self._keep(replace(seal, certificates=(wire.b64(made),), sample=True))

    def request(self, authority: str, source: str = "file", pcrs: str = "") -> tuple[Seal, str]:
        """A key whose certificate is still to come, and the request for it (PEM). Raises BackendError."""
        seal = self._keep(self._begin(authority, making.new_key(), source, pcrs))
        return seal, making.request(authority, store.load(self._key(seal.name)) or b"").decode("ascii")

    def install(self, authority: str, pem: bytes) -> Seal:
        """The CA's certificate for the key that waits for one, with what leads to the CA. Raises BackendError."""
        found = _guarded(lambda: making.certificates_in(pem))
        for seal in reversed(self.all()):
            if seal.authority != authority or seal.certificates:
                continue
            key = store.load(self._key(seal.name)) or b""
            if _guarded(lambda key=key: making.fits(key, found[0])):  # type: ignore[misc]  # bound now
                named = tuple(map(wire.b64, found))
                return self._keep(replace(seal, certificates=named, sample=making.sample(found[0])))
        raise BackendError(
            "seal-not-fitting", "no key of this authority waits for this certificate: look at --authority"
        )

    def bring(self, authority: str, data: bytes, password: bytes | None, source: str = "file") -> Seal:
        """Key and certificate that a CA has made (PKCS#12). Raises BackendError."""
        key, certificate, chain = _guarded(lambda: making.from_pkcs12(data, password))
        seal = self._begin(authority, key, source, "")
        named = tuple(map(wire.b64, (certificate, *chain)))
        return self._keep(replace(seal, certificates=named, sample=making.sample(certificate)))

    def withdraw(self, authority: str) -> int:
        """No seal of this authority that is here is used or believed any more. How many there were."""
        gone = [seal for seal in self.all() if seal.authority == authority and not seal.withdrawn]
        for seal in gone:
            self._keep(replace(seal, withdrawn=self._clock().isoformat()))
            log.event("seal.withdrawn", seal=seal.name)
        return len(gone)

    def _begin(self, authority: str, key: bytes, source: str, pcrs: str) -> Seal:
        if not 0 < len(authority) <= LONGEST or not authority.isprintable():
            raise BackendError("bad-authority", f"the authority's name has 1 to {LONGEST} characters")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stem = hashlib.sha256(authority.encode()).hexdigest()[:12]
        name = f"{stem}-{1 + len(list(self._folder.glob(f'{stem}-*.json')))}"
        try:
            form = store.source(source, pcrs)
            store.create(self._key(name), lambda: key, form)
            private, public = suites.by_name("shangmi").new_signing_pair()
            store.create(self._sm2(name), lambda: private, form)
            sm2 = wire.b64(public)
        except suites.SuiteMissing:
            sm2 = ""  # a PDF's seal needs none
        except KeyUnavailable as error:
            raise BackendError(error.code, error.advice) from error
        except ValueError as error:  # a TPM holds 128 bytes: no RSA key
            raise BackendError("seal-not-kept", f"{error}: name another --source") from error
        log.event("seal.made", seal=name)
        return Seal(name, authority, self._clock().isoformat(), sm2=sm2)

    def _sealer(self, seal: Seal) -> Sealer:
        try:
            key = store.load(self._key(seal.name))
            sm2 = store.load(self._sm2(seal.name)) if seal.sm2 else b""
        except KeyUnavailable as error:
            raise BackendError(error.code, error.advice, retryable=error.retryable) from error
        if key is None or sm2 is None:
            raise BackendError("seal-damaged", _RESTORE)
        own, *chain = map(wire.unb64, seal.certificates)
        return Sealer(seal.authority, key, own, tuple(chain), sm2, seal.sample)

    def _keep(self, seal: Seal) -> Seal:
        put(self._folder / f"{seal.name}.json", json.dumps(asdict(seal), ensure_ascii=False, indent=1).encode())
        return seal

    def _read(self, file: Path) -> Seal:
        try:
            found = json.loads(file.read_text("utf-8"))
            return Seal(**(found | {"certificates": tuple(found["certificates"])}))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise BackendError("seal-damaged", f"{file.name} cannot be read. {_RESTORE}") from error

    def _key(self, name: str) -> Path:
        return self._folder / f"{name}.key"

    def _sm2(self, name: str) -> Path:
        return self._folder / f"{name}-sm2.key"


def _guarded(work: Callable[[], T]) -> T:
    try:
        return work()
    except SealError as error:
        raise BackendError(error.code, f"{error}: {error.advice}") from error


def _holds(seal: Seal, now: datetime) -> bool:
    since, until = times(wire.unb64(seal.certificates[0]))
    return since <= now <= until
