"""Who publishes in the demo: a publishing key of its own, whose public half the demo's terminal knows from its profile.

What is done with it is what an operator does, by the same commands: ``kiosk pack sign``, ``kiosk backend publish``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kiosk import wire
from kiosk.demo.commands import kiosk
from kiosk.services import signing
from kiosk.suites import SuiteName

KEY = "publishing.key"  # in the demo's folder, mode 0600


def public_key(out: Path, suite: SuiteName) -> str:
    """Of the demo's own key, made at its first start. Raises SigningError."""
    file = out / KEY
    return wire.b64((signing.load_key(file) if file.exists() else signing.make_key(file, suite)).public)


class Office:
    """``database``: the running backend's URL; ``kick`` lets the terminal look, ``in_use``: its packs' versions."""

    def __init__(
        self, out: Path, database: str, kick: Callable[[], None], in_use: Callable[[], Mapping[str, str]]
    ) -> None:
        self._out, self._database, self._kick, self._in_use = out, database, kick, in_use
        self._work = ThreadPoolExecutor(max_workers=1, thread_name_prefix="demo-office")

    def publish(self, pack: Path) -> Callable[[], bool]:
        """Begins, and returns at once. The result says whether the terminal uses it; it raises ValueError if not."""
        begun = self._work.submit(self._publish, pack)

        def taken() -> bool:
            if not begun.done():
                return False
            name, version = begun.result()
            return self._in_use().get(name) == version

        return taken

    def close(self) -> None:
        self._work.shutdown(wait=True, cancel_futures=True)

    def _publish(self, pack: Path) -> tuple[str, str]:
        """Id and version of what is in force when this returns. The signature goes beside a copy."""
        folder, key = self._out / "published", self._out / KEY
        folder.mkdir(mode=0o700, exist_ok=True)
        try:
            file = Path(shutil.copyfile(pack, folder / pack.name))
        except OSError as error:
            raise ValueError(f"{pack}: {error.strerror}") from error
        signed = json.loads(kiosk("pack", "sign", str(file), "--key", str(key), "--json"))[0]
        kiosk(
            "backend", "publish", "--db", self._database, "--to", "all", "--pack", str(file), "--signing-key", str(key)
        )
        self._kick()
        return signed["id"], signed["version"]
