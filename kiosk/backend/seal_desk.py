"""What the operator does about seals and certificates, beside a running backend.

Each deed prints one line of JSON (a request for a certificate: PEM) and returns the exit status: 0 done, 1 not made.
Raises BackendError.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kiosk import wire
from kiosk.backend.certificates import Electronic, NotCertified
from kiosk.backend.commanding import say, with_backend
from kiosk.backend.core import Backend
from kiosk.backend.lives import Act
from kiosk.backend.seal_keys import SAMPLE_DAYS, Seal, SealKeys
from kiosk.backend.settings import BackendError, Settings
from kiosk.domain.life import Deed, LifeError, Role
from kiosk.domain.text import Text
from kiosk.durable import put
from kiosk.seals.sealer import times

PASSWORD = "KIOSK_SEAL_PASSWORD"  # noqa: S105  # the variable in which a PKCS#12 file's password is handed over


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to become of an authority's seal; with none of the files and words a sample is made."""

    authority: str
    days: int = SAMPLE_DAYS
    source: str = "file"
    request: Path | None = None  # where the request for a certificate goes
    certificate: Path | None = None  # the CA's answer, PEM
    pkcs12: Path | None = None
    withdraw: bool = False


def seal_key(settings: Settings, wanted: Wanted) -> int:
    """Make, request, install, bring or withdraw the seal of one authority; without an authority: list them."""
    seals = SealKeys(settings.seals_path(), settings.clock)
    if not wanted.authority:
        for seal in seals.all():
            say(**_told(seal))
        return 0
    if wanted.withdraw:
        say(authority=wanted.authority, withdrawn=seals.withdraw(wanted.authority))
        return 0
    if wanted.request is not None:
        seal, pem = seals.request(wanted.authority, wanted.source)
        put(wanted.request, pem.encode("ascii"))
    elif wanted.certificate is not None:
        seal = seals.install(wanted.authority, _read(wanted.certificate))
    elif wanted.pkcs12 is not None:
        password = os.environ.get(PASSWORD, "").encode() or None
        seal = seals.bring(wanted.authority, _read(wanted.pkcs12), password, wanted.source)
    else:
        seal = seals.make(wanted.authority, wanted.days, wanted.source)
    say(**_told(seal))
    return 0


def certificate(settings: Settings, case_id: str, out: Path | None) -> int:
    """The sealed certificate of a case as FILE, the SM2 signature beside it as FILE.sm2; made where it was not yet."""
    if out is None:
        raise BackendError("no-file", "say where: kiosk backend certificate --case ID --out FILE")
    try:
        return _written(with_backend(settings, lambda backend: backend.certificates.of(case_id)), out)
    except NotCertified as error:
        raise BackendError(error.code, error.advice) from error


def correct(settings: Settings, case_id: str, changes: dict[str, str], why: str, out: Path | None) -> int:
    """The next version of a certificate, with these values in place of the case's; told in its life."""
    if out is None or not changes:
        raise BackendError("no-file", "say what and where: --argument FIELD=VALUE --reason WORD --out FILE")
    act = Act(Deed.CORRECTED, Role.DEPARTMENT, reason=Text(why, why))

    def work(backend: Backend) -> int:
        backend.lives.check(case_id, act)
        status = _written(backend.certificates.correct(case_id, changes, why), out)
        backend.lives.act(case_id, act)
        return status

    try:
        return with_backend(settings, work)
    except (NotCertified, LifeError) as error:
        raise BackendError(error.code, error.advice) from error


def certify(settings: Settings) -> int:
    """Every certificate that is due and not made; status 1 where one could not be made."""
    done = with_backend(settings, lambda backend: backend.certificates.run())
    say(made=done.made, not_made=done.not_made)
    return 1 if done.not_made else 0


def _written(made: Electronic, out: Path) -> int:
    put(out, made.pdf)
    beside = out.with_name(f"{out.name}.sm2")
    if made.sm2:
        put(beside, made.sm2)
    say(certificate=str(out), sm2=str(beside) if made.sm2 else "", licence_id=made.licence_id, version=made.version)
    return 0


def _told(seal: Seal) -> dict[str, object]:
    until = f"{times(wire.unb64(seal.certificates[0]))[1]:%Y-%m-%d}" if seal.certificates else ""
    return {
        "seal": seal.name, "authority": seal.authority, "sample": seal.sample, "until": until,
        "sm2": bool(seal.sm2), "withdrawn": seal.withdrawn, "waiting": not seal.certificates,
    }  # fmt: skip


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BackendError("no-file", f"{file}: {error.strerror}") from error
