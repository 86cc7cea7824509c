"""How staff sign in, declared in a TOML file (`kiosk backend --sign-in FILE`); without one, by password and code.

    passwords = "break-glass"                # "all" (the default): everybody who has one; "break-glass": these alone
    break_glass = ["emergency"]              # names to sign in with

    [oidc]
    issuer = "https://sso.example/realms/office"
    client_id = "kiosk-console"
    secret_file = "oidc.secret"              # relative to this file, for its owner's eyes alone
    origin = "https://console.example"       # how browsers reach the console; left out: --public-url
    second_factor = "own"                    # own (the default): our one-time code after it; provider: acr or amr
    acr = []                                 # prove it, one of these; trusted: the provider is believed to ask always
    amr = []
    subject = "sub"                          # the claim that says who it is
    scopes = []                              # beside openid
    roots_file = ""                          # PEM; no authority but these is believed for the provider
    seconds = 5.0                            # for each of its answers
    leeway = 60                              # seconds by which clocks may differ

    [oidc.groups]                            # left out: accounts are made by the operator, and matched by subject
    claim = "groups"                         # accounts make themselves for whom exactly one of these rules fits
    name = "name"                            # the claim that says what the history of cases calls them
    [[oidc.groups.rules]]
    group = "kiosk-street-330102001"
    role = "street"
    areas = ["330102001"]
    services = []

Read when the backend starts: a file that is wrong is found then, not with the first who wants in.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kiosk import address
from kiosk.backend.settings import BackendError, Settings

SECOND_FACTORS = ("own", "provider", "trusted")
PASSWORDS = ("all", "break-glass")
LONGEST = 15.0  # seconds
LARGEST_LEEWAY = 300  # seconds
BAD = "bad-sign-in"
_OIDC = {
    "issuer": str, "client_id": str, "secret_file": str, "origin": str, "second_factor": str, "acr": list,
    "amr": list, "subject": str, "scopes": list, "roots_file": str, "seconds": (int, float), "leeway": int,
    "groups": dict,
}  # fmt: skip
_RULE = {"group": str, "role": str, "areas": list, "services": list}


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is in this group at the issuer, and what that makes of somebody here."""

    group: str
    role: str
    areas: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Groups:
    claim: str
    name: str
    rules: tuple[Rule, ...]

    def rule_of(self, groups: Collection[str]) -> Rule | None:
        """The one that fits; None where none does, or more than one."""
        fitting = [rule for rule in self.rules if rule.group in groups]
        return fitting[0] if len(fitting) == 1 else None


@dataclass(frozen=True, slots=True, repr=False)
class Issuer:
    """``origin``: https://HOST of our own pages. ``groups``: None where accounts have to be there beforehand."""

    issuer: str
    client_id: str
    secret: str
    origin: str
    second_factor: str = "own"
    acr: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()
    subject: str = "sub"
    scopes: tuple[str, ...] = ()
    roots: Path | None = None
    seconds: float = 5.0
    leeway: int = 60
    groups: Groups | None = None


@dataclass(frozen=True, slots=True)
class SignInRules:
    """``break_glass``: None where everybody who has a password may use it; else who still may, by name."""

    break_glass: frozenset[str] | None = None
    oidc: Issuer | None = field(default=None, repr=False)

    def by_password(self, login: str) -> bool:
        return self.break_glass is None or login.strip().casefold() in self.break_glass


def rules_of(settings: Settings) -> SignInRules:
    """As the backend was told. Raises BackendError."""
    return load(Path(settings.sign_in), settings.public_url) if settings.sign_in else SignInRules()


def load(path: Path, public_url: str = "") -> SignInRules:
    """Raises BackendError, which says the entry and the cure."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BackendError(BAD, f"{path} cannot be read as TOML: {type(error).__name__}") from error
    _only(path, "", said, {"passwords": str, "break_glass": list, "oidc": dict})
    issuer = _issuer(path, said["oidc"], public_url) if "oidc" in said else None
    names = frozenset(name.strip().casefold() for name in _texts(path, "break_glass", said))
    if said.get("passwords", "all") not in PASSWORDS:
        raise BackendError(BAD, f"{path}: passwords is all or break-glass")
    if said.get("passwords", "all") == "all":
        if names:
            raise BackendError(BAD, f'{path}: break_glass means nothing without passwords = "break-glass"')
        return SignInRules(None, issuer)
    if issuer is None or not names:
        raise BackendError(BAD, f'{path}: passwords = "break-glass" needs [oidc], and a name or more in break_glass')
    return SignInRules(names, issuer)


def _issuer(path: Path, said: Mapping[str, Any], public_url: str) -> Issuer:
    _only(path, "oidc.", said, _OIDC)
    for key in ("issuer", "client_id", "secret_file"):
        if not said.get(key):
            raise BackendError(BAD, f"{path}: [oidc] lacks {key}")
    issuer = said["issuer"]
    if not is_address(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment:
        raise BackendError(BAD, f"{path}: oidc.issuer is https://HOST/PATH, as the provider itself writes it")
    origin = (said.get("origin") or public_url).rstrip("/")
    if not origin:
        advice = f"{path}: say how browsers reach the console: oidc.origin, or --public-url https://HOST"
        raise BackendError(BAD, advice)
    if not is_address(origin) or urlsplit(origin).path or urlsplit(origin).query:
        raise BackendError(BAD, f"{path}: oidc.origin (or --public-url) is https://HOST[:PORT] and nothing behind it")
    acr, amr = _texts(path, "oidc.acr", said), _texts(path, "oidc.amr", said)
    second = said.get("second_factor", "own")
    if second not in SECOND_FACTORS:
        raise BackendError(BAD, f"{path}: oidc.second_factor is {', '.join(SECOND_FACTORS)}")
    if (second == "provider") != bool(acr or amr):
        raise BackendError(BAD, f'{path}: second_factor = "provider" needs acr or amr that prove it, and they need it')
    seconds, leeway = float(said.get("seconds", 5.0)), said.get("leeway", 60)
    if not 0 < seconds <= LONGEST or not 0 <= leeway <= LARGEST_LEEWAY:
        raise BackendError(BAD, f"{path}: oidc.seconds is at most {LONGEST:g}, oidc.leeway at most {LARGEST_LEEWAY}")
    roots = path.parent / said["roots_file"] if said.get("roots_file") else None
    if roots is not None and not roots.is_file():
        raise BackendError(BAD, f"{path}: oidc.roots_file is not there")
    return Issuer(
        issuer, said["client_id"], _secret(path.parent / said["secret_file"], path), origin, second, acr, amr,
        said.get("subject") or "sub", _texts(path, "oidc.scopes", said), roots, seconds, leeway,
        _groups(path, said["groups"]) if "groups" in said else None,
    )  # fmt: skip


def _groups(path: Path, said: Mapping[str, Any]) -> Groups:
    _only(path, "oidc.groups.", said, {"claim": str, "name": str, "rules": list})
    rules = said.get("rules", [])
    if not rules:
        raise BackendError(BAD, f"{path}: [oidc.groups] without [[oidc.groups.rules]] lets nobody in")
    made = []
    for rule in rules:
        if not isinstance(rule, dict):
            raise BackendError(BAD, f"{path}: [[oidc.groups.rules]] are tables")
        _only(path, "oidc.groups.rules.", rule, _RULE)
        if not rule.get("group") or not rule.get("role"):
            raise BackendError(BAD, f"{path}: each of oidc.groups.rules has a group and a role")
        areas, services = (_texts(path, f"oidc.groups.rules.{key}", rule) for key in ("areas", "services"))
        _known(path, rule["role"], areas)
        made.append(Rule(rule["group"], rule["role"], areas, services))
    return Groups(said.get("claim") or "groups", said.get("name") or "name", tuple(made))


def _known(path: Path, role: str, areas: tuple[str, ...]) -> None:
    from kiosk.backend.console.people import reach_of  # for a file with groups alone
    from kiosk.backend.console.roles import Role

    try:
        reach_of(Role(role), areas, ())
    except ValueError:
        roles = ", ".join(each.value for each in Role)
        raise BackendError(BAD, f"{path}: oidc.groups.rules.role is {roles}") from None
    except BackendError as error:
        raise BackendError(BAD, f"{path}: oidc.groups.rules.areas: {error.advice}") from None


def _only(path: Path, where: str, said: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    for key, value in said.items():
        if key not in known:
            raise BackendError(BAD, f"{path}: {where}{key} is not known; there are {', '.join(known)}")
        if not isinstance(value, known[key]) or isinstance(value, bool):
            raise BackendError(BAD, f"{path}: {where}{key} has the wrong form")


def _texts(path: Path, where: str, said: Mapping[str, Any]) -> tuple[str, ...]:
    values = said.get(where.rpartition(".")[2], [])
    if not all(isinstance(value, str) and value.strip() for value in values):
        raise BackendError(BAD, f"{path}: {where} is a list of texts")
    return tuple(values)


def is_address(url: str) -> bool:
    """https://, or http:// on this machine; nobody's name in it."""
    try:
        parts = urlsplit(url)
        address.parse(f"{parts.scheme}://{parts.netloc}")
    except ValueError:
        return False
    return parts.username is None


def _secret(file: Path, where: Path) -> str:
    try:
        if file.stat().st_mode & 0o077:
            raise BackendError(BAD, f"{where}: secret_file is not its owner's alone: chmod 600")
        secret = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BackendError(BAD, f"{where}: secret_file cannot be read: {type(error).__name__}") from error
    if not secret or not secret.isprintable() or " " in secret:
        raise BackendError(BAD, f"{where}: secret_file holds one line")
    return secret
