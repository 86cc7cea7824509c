"""Receipt printer on its wire: ESC/POS over TCP or a pty, each receipt as a PNG, faults before and during a job."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping
from pathlib import Path

from devices.contracts.printing import Raster
from devices.simulators.escpos_engine import Engine
from devices.simulators.listener import Listener
from devices.simulators.png import png
from devices.simulators.pty import PtyWire
from devices.simulators.twin import Json, UnknownAction

SENSORS = {
    "near-end": ("near_end", True),
    "paper-out": ("paper_out", True),
    "cover-open": ("cover_open", True),
    "cover-close": ("cover_open", False),
    "offline": ("offline", True),
    "cutter-jam": ("cutter_jam", True),
    "mute": ("mute", True),
    "no-realtime": ("no_realtime", True),
    "no-asb": ("no_asb", True),
}
OTHERS = ("ok", "load", "paper-out-mid", "slow", "unplug", "plug")
ALL = ("near_end", "paper_out", "cover_open", "offline", "cutter_jam", "mute", "no_realtime", "no_asb")


class EscPosTwin:
    """Options: ``transport`` tcp (default) or pty, ``out`` a folder for PNGs (owner only), ``dots`` a row,
    ``row_seconds`` per row (0: as fast as bytes come), ``link`` a path for the pty."""

    def __init__(
        self,
        name: str,
        *,
        transport: str = "tcp",
        out: str | Path | None = None,
        dots: int = 576,
        row_seconds: float = 0.0,
        link: str = "",
    ) -> None:
        if transport not in ("tcp", "pty"):
            raise ValueError(f"transport {transport!r}: tcp or pty")
        self.name = name
        self.last: Raster | None = None
        self._out = Path(out) if out else None
        self._row_seconds = row_seconds
        self._host: socket.socket | None = None
        self.engine = Engine(dots=dots, row_seconds=row_seconds, printed=self._printed, reply=self._send)
        self._listener = Listener(name, self._serve) if transport == "tcp" else None
        self._pty = PtyWire(name, self.engine.take_in, link=link) if transport == "pty" else None

    @property
    def port(self) -> str:
        return self._pty.port if self._pty else f"tcp://127.0.0.1:{self._listener.number if self._listener else 0}"

    def start(self) -> None:
        if self._out:
            self._out.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.engine.start()
        self._plug()

    def stop(self) -> None:
        self.engine.stop()  # frees a wire that waits for room
        if self._listener:
            self._listener.close()
        if self._pty:
            self._pty.stop()

    # ---- control ----

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        """See SENSORS and OTHERS. ``slow`` takes seconds (a row), ``paper-out-mid`` takes after (rows)."""
        engine = self.engine
        if action == "unplug":
            self._unplug()
            return
        with engine.changed:
            if action in SENSORS:
                setattr(engine, *SENSORS[action])
            elif action == "load":
                engine.paper_out = engine.near_end = False
            elif action == "paper-out-mid":
                engine.out_after = int(_number(arguments, "after", 100))
            elif action == "slow":
                engine.row_seconds = _number(arguments, "seconds", 0.01)
            elif action == "ok":
                for sensor in ALL:
                    setattr(engine, sensor, False)
                engine.out_after, engine.row_seconds = None, self._row_seconds
            elif action != "plug":
                raise UnknownAction(f"{self.name} has no action {action!r}; it has {', '.join([*SENSORS, *OTHERS])}")
            engine.notice()
        if action in ("ok", "plug"):
            self._plug()

    def state(self) -> dict[str, Json]:
        engine = self.engine
        with engine.changed:
            return {
                "kind": "receipt_printer",
                "port": self.port,
                "plugged": self._plugged,
                **{sensor.replace("_", "-"): bool(getattr(engine, sensor)) for sensor in ALL},
                "receipts": engine.receipts,
                "rows_out": engine.rows_out,
                "not_drawn": engine.not_drawn,
            }

    # ---- the wire ----

    @property
    def _plugged(self) -> bool:
        return self._listener.is_open if self._listener else bool(self._pty and self._pty.plugged)

    def _plug(self) -> None:
        self.engine.power_on()
        if self._listener:
            self._listener.open()
        if self._pty:
            self._pty.plug()

    def _unplug(self) -> None:
        self.engine.power_cut()
        if self._listener:
            self._listener.close()
        if self._pty:
            self._pty.unplug()

    def _serve(self, connection: socket.socket) -> None:
        self._host = connection
        try:
            while data := connection.recv(4096):
                self.engine.take_in(data)
        finally:
            if self._host is connection:
                self._host = None

    def _send(self, data: bytes) -> None:
        if self._pty:
            self._pty.send(data)
            return
        host = self._host
        if host:
            with contextlib.suppress(OSError):  # the host has gone: nobody to tell
                host.send(data, socket.MSG_DONTWAIT)

    def _printed(self, raster: Raster) -> None:
        self.last = raster
        if self._out:
            path = self._out / f"receipt-{self.engine.receipts + 1:04d}.png"
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(png(raster))


def _number(arguments: Mapping[str, Json], name: str, default: float) -> float:
    value = arguments.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnknownAction(f"{name} must be a number")
    return float(value)
