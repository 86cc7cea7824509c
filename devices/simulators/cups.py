"""An A4 printer behind CUPS: the IPP twin, with a private cupsd between it and the driver.

The printer's actions are the IPP twin's; cupsd has its own: it can be gone, killed in the middle of a job, mute, and
its queue stopped or told to reject jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from devices.simulators.cups_daemon import CupsDaemon
from devices.simulators.ipp import ADD, OTHERS, REMOVE, IppTwin
from devices.simulators.twin import Json, UnknownAction

QUEUE = "Kiosk"
CUPS = ("cupsd-gone", "cupsd-mute", "cupsd-back", "queue-stop", "queue-start", "queue-reject", "queue-accept")


class CupsTwin:
    """Options: those of the IPP twin, and ``ppd`` False for a raw queue."""

    def __init__(self, name: str, *, spool: str | Path | None = None, pace: float = 0.05, ppd: bool = True) -> None:
        self.name = name
        self.printer = IppTwin(f"{name}-printer", spool=spool, pace=pace)
        self._ppd = ppd
        self.daemon: CupsDaemon | None = None
        self._stopped = self._rejecting = self._mute = False

    @property
    def port(self) -> str:
        return self.daemon.port(QUEUE) if self.daemon else f"cups:{QUEUE}"

    def start(self) -> None:
        """Raises RuntimeError where no cupsd can be started; the message names the package."""
        self.printer.start()
        self.daemon = CupsDaemon({QUEUE: self.printer.port}, ppd=self._ppd)
        try:
            self.daemon.start()
        except RuntimeError:
            self.stop()
            raise

    def stop(self) -> None:
        daemon, self.daemon = self.daemon, None
        if daemon is not None:
            daemon.stop()
        self.printer.stop()

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        """An action of the IPP twin's, or one of CUPS. ``cupsd-gone`` is a kill: what was spooled stays."""
        daemon = self.daemon
        if daemon is None:
            raise UnknownAction(f"{self.name} is not started")
        if action in (*ADD, *REMOVE, *OTHERS):
            if action == "ok":
                self._heal(daemon)
            self.printer.act(action, arguments)
        elif action == "cupsd-gone":
            daemon.kill()
        elif action == "cupsd-mute":
            daemon.freeze()
            self._mute = True
        elif action == "cupsd-back":
            self._wake(daemon)
        elif action in ("queue-stop", "queue-start"):
            self._stopped = action == "queue-stop"
            daemon.command("cupsdisable" if self._stopped else "cupsenable", QUEUE)
        elif action in ("queue-reject", "queue-accept"):
            self._rejecting = action == "queue-reject"
            daemon.command("cupsreject" if self._rejecting else "cupsaccept", QUEUE)
        else:
            known = ", ".join([*ADD, *REMOVE, *OTHERS, *CUPS])
            raise UnknownAction(f"{self.name} has no action {action!r}; it has {known}")

    def state(self) -> dict[str, Json]:
        daemon = self.daemon
        return {
            **self.printer.state(),
            "port": self.port,
            "cupsd": "gone" if daemon is None or not daemon.running else "mute" if self._mute else "running",
            "queue": "stopped" if self._stopped else "rejecting" if self._rejecting else "enabled",
        }

    def _wake(self, daemon: CupsDaemon) -> None:
        daemon.thaw()
        self._mute = False
        daemon.start()

    def _heal(self, daemon: CupsDaemon) -> None:
        self._wake(daemon)
        if self._stopped or self._rejecting:
            self._stopped = self._rejecting = False
            daemon.command("cupsenable", QUEUE)
            daemon.command("cupsaccept", QUEUE)
