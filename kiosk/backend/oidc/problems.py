"""What can go wrong on the way to the issuer and back, as a closed list; words and cure in console/words.toml."""

from __future__ import annotations

from typing import Literal, get_args

Code = Literal[
    "provider-down",  # does not answer, or not in time
    "provider-garbled",  # answers what no provider says
    "provider-refused",  # says no to us: client id, secret or redirect URI
    "busy",  # too many wait for it
    "clock",  # its clock and ours differ
    "wrong-issuer",  # another one answers than the one that is configured
    "bad-token",  # signature, audience, nonce, form
    "replayed",  # the way back was gone before, or took too long
    "other-browser",  # it was begun elsewhere
    "denied",  # whoever signs in was refused there, or turned back
    "weak",  # without the second factor that is demanded
    "unknown",  # nobody here has this subject
    "locked",  # the account is
    "no-role",  # the groups give no role, or several
]
CODES: tuple[Code, ...] = get_args(Code)


class OidcError(Exception):
    """``code`` is one of CODES; ``detail``, for the log, names a step or a claim, never what was in it."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(code)
        self.code, self.detail = code, detail

    @property
    def status(self) -> int:
        return 503 if self.code in ("provider-down", "provider-garbled", "busy") else 403
