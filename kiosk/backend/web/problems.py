"""What can be wrong with a browser's request, as a closed list: status and words (words.toml, ``problem.CODE``)."""

from __future__ import annotations

from kiosk.backend.settings import BackendError

CODES = {
    "not-found": 404,
    "forbidden": 403,
    "method": 405,
    "bad-form": 400,
    "expired": 403,  # a form of a page that was open too long, or of another site
    "too-large": 413,
    "slow-body": 408,
    "too-many": 429,
    "busy": 503,
    "fault": 500,
}


class WebError(Exception):
    """A request that is refused, told in words. ``code`` is one of CODES; it never repeats what was sent."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code, self.status = code, CODES[code]


class ElsewhereError(Exception):
    """The browser is sent to another of our pages first, such as the one to sign in on."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def web_error(error: BackendError) -> WebError:
    """What a page makes of it; whoever knows better says so in its own words."""
    if error.code in ("no-such-case", "no-such-terminal"):
        return WebError("not-found")
    return WebError("busy" if error.retryable else "fault")
