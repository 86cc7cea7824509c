"""The page on which anyone can check a paper: one HTML file with the list in it, which asks no network.

Served where the codes lead (``place.progress_url``) it finds the mark behind the ``#`` by itself; saved to a disk it
works without a line. Ed25519 is the browser's own (WebCrypto); where it has none, noble-ed25519 does it (vendor/, MIT),
and where there is no WebCrypto at all (plain http to another machine) the page says that it cannot check.
"""

from __future__ import annotations

import json
from importlib.resources import files

PLACE = "/*SCRIPT*/"


def page(published: str, root: str) -> str:
    """``published``: the list as a JWS; ``root``: the backend's first signing key, base64, which the page goes by."""
    here = files("kiosk.papers")
    data = json.dumps({"list": published, "root": root}).replace("<", "\\u003c")
    library = (here / "vendor" / "noble-ed25519.js").read_text(encoding="utf-8")
    body, _, names = library.rpartition("export {")
    if "verifyAsync" not in names:
        raise ValueError("noble-ed25519.js does not end as it did")
    script = (here / "page" / "check.js").read_text(encoding="utf-8")
    parts = (f"const DATA = {data};", f"const noble = (() => {{\n{body}\nreturn {{ verifyAsync }};\n}})();", script)
    whole = "\n".join(parts)
    if "</script" in whole:
        raise ValueError("a script may not end its own element")
    return (here / "page" / "check.html").read_text(encoding="utf-8").replace(PLACE, whole)
