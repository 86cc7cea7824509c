"""A secret in its folder, in whatever form it lies there: found, made, moved to another form.

Where several forms lie there, a move was cut short: they hold the same secret, and the move is to be done again.

Failpoints: ``keys.kept`` (the new form is whole, the old one is still there), ``keys.taken`` (a file has no name any
more, its bytes are still there), ``keys.moved`` (the old one is gone).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kiosk.domain.keys import SOURCES
from kiosk.durable import sync_path
from kiosk.health.failpoints import hit
from kiosk.keystore.errors import KeyUnavailable
from kiosk.keystore.sources import CredentialSource, FileSource, Source, beside
from kiosk.keystore.tpm import TpmSource, pcrs_in

FAILPOINTS = ("keys.kept", "keys.taken", "keys.moved")
USUAL = FileSource()
_FORMS: tuple[Source, ...] = (USUAL, CredentialSource(), TpmSource())


def source(name: str, pcrs: str = "") -> Source:
    """Raises ValueError for a name that is none of `SOURCES`, and for PCRs of what is no TPM."""
    if pcrs and name != "tpm":
        raise ValueError("only a TPM knows PCRs")
    made = TpmSource(pcrs) if pcrs else next((one for one in _FORMS if one.name == name), None)
    if made is None:
        raise ValueError(f"there is no key source {name!r}: {', '.join(SOURCES)}")
    return made


def forms(path: Path) -> list[Source]:
    """In which forms the secret lies here; the one that costs least to read first."""
    return [one for one in _FORMS if beside(path, one).exists()]


def exposed(path: Path) -> bool:
    """Whether it lies here as it is, and others than its owner may read or change it. Raises OSError."""
    return path.exists() and bool(path.stat().st_mode & 0o077)


def load(path: Path) -> bytes | None:
    """The secret; None where it lies here in no form. Raises KeyUnavailable, OSError."""
    found = forms(path)
    return found[0].get(path) if found else None


def create(path: Path, make: Callable[[], bytes], wanted: Source = USUAL) -> bytes:
    """A new secret, on the disk before it is used. Raises KeyUnavailable, OSError."""
    secret = make()
    _keep(path, secret, wanted)
    return secret


def move(path: Path, wanted: Source) -> str:
    """The secret in this form and in no other. The form it had, or empty where nothing was to be done.

    Again after a kill: the rest is done. Raises KeyUnavailable, OSError; then every form that was there still is.
    """
    found = forms(path)
    others = [one for one in found if one.name != wanted.name]
    bound_anew = isinstance(wanted, TpmSource) and _bound(path) not in (None, wanted.pcrs)
    if not others and not bound_anew:
        return ""
    secret = found[0].get(path)
    if bound_anew or not _holds(path, wanted, secret):
        _keep(path, secret, wanted)
    hit("keys.kept")
    for one in others:
        one.remove(path)
    hit("keys.moved")
    return others[0].name if others else wanted.name


def source_of(path: Path) -> Source:
    """The source in which the secret lies, bound as it is; the usual one where there is none. Raises KeyUnavailable."""
    found = forms(path)
    if found and isinstance(found[0], TpmSource):
        return TpmSource(_bound(path) or "")
    return found[0] if found else USUAL


def _holds(path: Path, wanted: Source, secret: bytes) -> bool:
    """Whether this form is there already, from a move that was cut short, and can be had."""
    try:
        return beside(path, wanted).exists() and wanted.get(path) == secret
    except KeyUnavailable:
        return False


def _bound(path: Path) -> str | None:
    """The measured state that the TPM's form is bound to; None where there is no such form."""
    file = beside(path, TpmSource())
    return pcrs_in(file) if file.exists() else None


def _keep(path: Path, secret: bytes, wanted: Source) -> None:
    """Beside whatever is there, read back, and only then in its place."""
    if isinstance(wanted, FileSource):
        wanted.put(path, secret)
        return
    draft = path.with_name(f"{path.name}.anew")
    wanted.put(draft, secret)
    if wanted.get(draft) != secret:
        message = f"what was written by {wanted.name} does not read back"
        raise KeyUnavailable("key-not-kept", message, "Use another source.")
    beside(draft, wanted).replace(beside(path, wanted))
    sync_path(path.parent)
