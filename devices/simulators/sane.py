"""Document scanner on its wire: SANE's own backend ``test`` behind the real scanimage, in a configuration of our own.

The wire of a SANE scanner is scanimage: what the backend can play (sheets missing, jammed, cover open, pages that end
too early, a reader that trickles, a device that is gone) it plays by its configuration file. For what it cannot (a jam
at a later page, a crash, a hang in opening, another program's scanner) ``program`` runs the real scanimage in another
way. Needs Debian's ``sane-utils`` and ``libsane1``.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from devices.simulators.twin import Json, UnknownAction

DEVICE = "test:1"
CONFIG = """number_of_devices {devices}
mode Gray
depth 8
hand-scanner false
three-pass false
three-pass-order RGB
resolution_min 50.0
resolution_max 600.0
resolution_quant 1.0
resolution 75.0
test-picture "Grid"
invert-endianess false
read-limit {limit}
read-limit-size {limit_size}
read-delay {delay}
read-delay-duration {microseconds}
read-status-code "{status}"
fuzzy-parameters false
ppl-loss 0
non-blocking false
select-fd false
enable-test-options false
geometry_min 0.0
geometry_max 300.0
geometry_quant 1.0
tl_x 0.0
tl_y 0.0
br_x 210.0
br_y 297.0
"""
STATES = {  # what sane_read says from the first byte on
    "no-docs": "SANE_STATUS_NO_DOCS",
    "jammed": "SANE_STATUS_JAMMED",
    "cover-open": "SANE_STATUS_COVER_OPEN",
    "busy": "SANE_STATUS_DEVICE_BUSY",
    "io-error": "SANE_STATUS_IO_ERROR",
    "no-memory": "SANE_STATUS_NO_MEM",
    "denied": "SANE_STATUS_ACCESS_DENIED",  # and then scanimage 1.2.1 hangs in closing
    "cancelled": "SANE_STATUS_CANCELLED",
    "truncated": "SANE_STATUS_EOF",
}
SPEEDS = ("slow", "trickle")
PLANS = {
    "taken": 'echo "scanimage: open of device {device} failed: Device busy" >&2; exit 1',
    "forbidden": 'echo "scanimage: open of device {device} failed: Access to resource has been denied" >&2; exit 1',
    "mute": "kill -STOP $$",
    "jam-after": 'case "$*" in *--batch=*) {real} "$@" --batch-count={after}; exec {real} "$@" '
    "--read-return-value=SANE_STATUS_JAMMED --batch-start={next} --batch-count=1;; esac",
    "crash": 'case "$*" in *--batch=*) {real} "$@" & page=$!; sleep 0.3; kill -SEGV $page; wait $page; '
    "kill -SEGV $$;; esac",
}
OTHERS = ("gone", "ok")


class SaneTwin:
    """``program`` stands for scanimage in the driver. No picture is kept anywhere."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._folder = Path()
        self._real = ""
        self._state = "ok"

    @property
    def port(self) -> str:
        return f"sane:{self._folder}#{DEVICE}"

    @property
    def program(self) -> str:
        return str(self._folder / "scanimage")

    def start(self) -> None:
        """Raises RuntimeError where scanimage or the backend is missing; the message names the package."""
        real = shutil.which("scanimage")
        if real is None:
            raise RuntimeError("needs the Debian package sane-utils")
        self._real = real
        self._folder = Path(tempfile.mkdtemp(prefix="sane-"))
        (self._folder / "dll.conf").write_text("test\n", encoding="ascii")
        wrapper = self._folder / "scanimage"
        wrapper.write_text(f'#!/bin/sh\n. "{self._folder}/plan"\nexec {real} "$@"\n', encoding="ascii")
        wrapper.chmod(0o700)
        self.act("ok", {})

    def stop(self) -> None:
        if self._folder.name:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = Path()

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        """One state at a time, from the next run of scanimage on. ``jam-after`` takes pages (default 2)."""
        plan, settings = "", dict.fromkeys(("limit", "delay"), "false")
        status = STATES.get(action, "Default")
        if action in PLANS:
            after = arguments.get("pages", 2)
            if isinstance(after, bool) or not isinstance(after, int) or after < 1:
                raise UnknownAction("pages must be a number of whole pages")
            plan = PLANS[action].format(real=self._real, device=DEVICE, after=after, next=after + 1)
        elif action not in (*STATES, *SPEEDS, *OTHERS):
            known = ", ".join([*STATES, *SPEEDS, *PLANS, *OTHERS])
            raise UnknownAction(f"{self.name} has no action {action!r}; it has {known}")
        if action in (*SPEEDS, "crash"):
            settings = dict.fromkeys(("limit", "delay"), "true")
        text = CONFIG.format(
            devices=1 if action == "gone" else 2,
            status=status,
            limit_size=1 if action == "trickle" else 4096,
            microseconds=200_000 if action == "trickle" else 20_000,
            **settings,
        )
        (self._folder / "test.conf").write_text(text, encoding="ascii")
        (self._folder / "plan").write_text(plan + "\n", encoding="ascii")
        self._state = action

    def state(self) -> dict[str, Json]:
        return {"kind": "document_scanner", "port": self.port, "state": self._state}
