"""What a script or the DevDock may do besides touching: cards, printers, doors, power, network, the staff's code; and
what the office publishes meanwhile, or does with a case.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devices.simulators.control import ControlError
from kiosk.access.staff_code import SHARED, parse_staff, totp
from kiosk.demo.commands import kiosk
from kiosk.demo.whole import STAFF

STEP = 30


class DemoStage:
    """The twins' control point, and the authenticator app of the demo's staff.

    What a twin does not know, and a cabinet that has gone, is a ValueError whose message says so.
    """

    def __init__(
        self,
        control: Any,
        secret_file: Path,
        wall: Callable[[], float] = time.time,
        office: Callable[[Path], Callable[[], bool]] | None = None,
        clerk: Callable[[str, Mapping[str, object]], Callable[[], bool]] | None = None,
        meetings: Path | None = None,
        database: str = "",
    ) -> None:
        self._control, self._secret_file, self._wall = control, secret_file, wall
        self._office, self._clerk, self._meetings = office, clerk, meetings
        self._database = database
        self._codes_shown = 0

    def do(self, device: str, action: str, arguments: dict[str, Any]) -> None:
        with _told():
            self._control.do(device, action, **arguments)

    def state(self) -> dict[str, Any]:
        with _told():
            states: dict[str, Any] = self._control.state()
        return states

    def network(self, mode: str) -> None:
        self.do("network", mode, {})

    def staff_code(self) -> str:
        """The code of now, behind the number of its member of staff; when it was shown before, the next one (a code is
        good for one use).
        """
        counter = max(int(self._wall()) // STEP, self._codes_shown + 1)
        self._codes_shown = counter
        number, secret = next(iter(parse_staff(self._secret_file.read_text(encoding="ascii")).items()))
        return ("" if number == SHARED else number) + totp(secret, counter * STEP)

    def entry_code(self, role: str, terminal: str, hour: str, challenge: str) -> str:
        """What the operator's side reads out on the telephone to whoever stands before the entry page."""
        if not self._database:
            raise ValueError("nobody here issues codes")
        said = kiosk(
            "backend", "entry-code", "--db", self._database, "--terminal", terminal, "--hour", hour,
            "--challenge", challenge, "--role", role, "--staff", STAFF, "--by", "demo",
        )  # fmt: skip
        return str(json.loads(said)["code"])

    def publish(self, pack: Path) -> Callable[[], bool]:
        """Published to this demo; the result says whether the terminal uses it yet (kiosk.demo.office)."""
        if self._office is None:
            raise ValueError("nobody publishes here: the demo's terminal trusts a key that is not the demo's")
        return self._office(pack)

    def staff(self, deed: str, said: Mapping[str, object]) -> Callable[[], bool]:
        """What staff do with the newest case; the result says whether it is done (kiosk.demo.clerk)."""
        if self._clerk is None:
            raise ValueError("there are no staff here")
        return self._clerk(deed, said)

    def meet(self, name: str) -> Callable[[], bool]:
        """Tells whoever acts beside the script, in a browser for example, that it has come so far: a file NAME.here in
        the folder ``meetings``. The result says whether they have laid NAME.go beside it.
        """
        if self._meetings is None or not name.isidentifier():
            raise ValueError(f"nobody can be met as {name!r} here")
        self._meetings.mkdir(mode=0o700, exist_ok=True)
        (self._meetings / f"{name}.here").touch()
        return (self._meetings / f"{name}.go").exists


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ControlError as error:
        raise ValueError(str(error)) from error
