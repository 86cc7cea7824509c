"""The office's staff in the demo: what they do with a case between two visits, by the command that staff have.

``kiosk backend case --case ID --act EVENT`` on the running backend's database, as soon as the case has arrived there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from kiosk.demo.commands import done, kiosk

NAME = "演示工作人员"
SECONDS = 60.0  # for the case to arrive
LOOK_EVERY = 0.1  # s


class Clerk:
    """``newest``: the id of the case that was committed last, "" for none; ``arrived``: whether the backend has it."""

    def __init__(
        self, database: str, newest: Callable[[], str], arrived: Callable[[str], bool], kick: Callable[[], None]
    ) -> None:
        self._database, self._newest, self._arrived, self._kick = database, newest, arrived, kick
        self._closing = threading.Event()
        self._work = ThreadPoolExecutor(max_workers=1, thread_name_prefix="demo-clerk")

    def act(self, deed: str, said: Mapping[str, object]) -> Callable[[], bool]:
        """Begins, and returns at once. The result says whether it is done; it raises ValueError if it cannot be.

        ``said``: ``reason``, ``to``, ``approval`` and ``role`` (texts), ``lacking`` (a list).
        """
        return done(self._work.submit(self._act, deed, dict(said)))

    def close(self) -> None:
        self._closing.set()
        self._work.shutdown(wait=True, cancel_futures=True)

    def _act(self, deed: str, said: dict[str, object]) -> None:
        case_id = self._newest()
        if not case_id:
            raise ValueError("staff have nothing to act on: no case was committed yet")
        self._kick()
        for _ in range(round(SECONDS / LOOK_EVERY)):
            if self._arrived(case_id):
                break
            if self._closing.wait(LOOK_EVERY):
                raise ValueError("the demo ended before the case had arrived at the backend")
        else:
            raise ValueError("the case has not arrived at the backend")
        lacking = said.pop("lacking", [])
        words = [word for name, value in said.items() for word in (f"--{name}", str(value))]
        words += [word for one in (lacking if isinstance(lacking, list) else []) for word in ("--lacking", str(one))]
        kiosk("backend", "case", "--db", self._database, "--case", case_id, "--act", deed, "--by", NAME, *words)
