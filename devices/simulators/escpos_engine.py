"""The inside of the simulated receipt printer: paper, cover, sensors, a buffer and a knife.

Real-time questions are answered while a picture is being taken in; everything else in its turn, by one worker thread
that sleeps unless there is something to print.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

from devices.contracts.printing import Raster
from devices.simulators.escpos_stream import Piece, Splitter, What

CAPACITY = 32 * 1024  # bytes taken in but not printed; then the wire is left waiting, as flow control does
SLICE = 8  # rows between two looks at the sensors
LINE = 30  # rows of a line of text
CLEAR = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
REALTIME = re.compile(b"\x10\x04[\x01-\x04]|" + re.escape(CLEAR), re.DOTALL)


class Engine:
    """``printed`` gets each receipt when it is cut; ``reply`` sends bytes to the host."""

    def __init__(
        self, *, dots: int, row_seconds: float, printed: Callable[[Raster], None], reply: Callable[[bytes], None]
    ):
        self.changed = threading.Condition()
        self.dots, self.row_seconds = dots, row_seconds
        self.near_end = self.paper_out = self.cover_open = self.offline = self.cutter_jam = False
        self.mute = False
        self.no_realtime = self.no_asb = False  # cheap printers lack the one or the other
        self.powered = True
        self.out_after: int | None = None  # rows that still come out before the paper ends
        self.receipts = 0
        self.rows_out = 0  # rows on the paper since the last cut
        self.not_drawn = 0  # commands and characters that a raster cannot show here
        self._printed, self._reply = printed, reply
        self._across = dots // 8
        self._paper = bytearray()
        self._splitter = Splitter()
        self._tail = b""
        self._align = 0
        self._asb = False
        self._closing = False
        self._worker: threading.Thread | None = None

    # ---- life ----

    def start(self) -> None:
        self._closing = False
        self._worker = threading.Thread(target=self._work, name="twin-escpos-engine", daemon=True)
        self._worker.start()

    def stop(self) -> None:
        with self.changed:
            self._closing = True
            self.changed.notify_all()
        if self._worker:
            self._worker.join()
        self._worker = None

    def power_cut(self) -> None:
        """What was not printed is gone; the paper already out stays."""
        with self.changed:
            self.powered = False
            self._splitter.clear()
            self._tail, self._asb = b"", False
            self.changed.notify_all()

    def power_on(self) -> None:
        with self.changed:
            self.powered = True

    @property
    def blocked(self) -> bool:
        return self.paper_out or self.cover_open or self.offline or self.cutter_jam

    def notice(self) -> None:
        """Call with the lock held after changing a sensor."""
        if self._asb:
            self._answer(self._asb_block())
        self.changed.notify_all()

    # ---- bytes in ----

    def take_in(self, data: bytes) -> None:
        """Called by the wire. Obeys real-time commands at once, wherever they stand; waits while the buffer is full."""
        with self.changed:
            if not self.powered:
                return
            seen, whole, start = len(self._tail), self._tail + data, 0
            for found in REALTIME.finditer(whole):
                if found.end() <= seen:
                    continue
                if found.group() == CLEAR:
                    self._splitter.clear()
                    start = found.end()
                elif not self.no_realtime:
                    self._answer(bytes((self.realtime(found.group()[2]),)))
            self._splitter.buffer += whole[max(start, seen) :]
            self._tail = whole[-(len(CLEAR) - 1) :]
            self.changed.notify_all()
            self.changed.wait_for(lambda: self._closing or not self.powered or len(self._splitter.buffer) < CAPACITY)

    def realtime(self, n: int) -> int:
        """The answer to DLE EOT n."""
        if n == 1:
            return 0x12 | (0x08 if self.blocked else 0)
        if n == 2:
            return (
                0x12
                | (0x04 if self.cover_open else 0)
                | (0x20 if self.paper_out else 0)
                | (0x40 if self.cutter_jam else 0)
            )
        if n == 3:
            return 0x12 | (0x08 if self.cutter_jam else 0)
        return 0x12 | (0x0C if self.near_end or self.paper_out else 0) | (0x60 if self.paper_out else 0)

    def _asb_block(self) -> bytes:
        first = 0x10 | (0x08 if self.blocked else 0) | (0x20 if self.cover_open else 0)
        return bytes((first, 0x08 if self.cutter_jam else 0, self._paper_bits(), 0))

    def _paper_bits(self) -> int:
        return 0x0F if self.paper_out else 0x03 if self.near_end else 0x00

    def _answer(self, data: bytes) -> None:
        if not self.mute:
            self._reply(data)

    # ---- paper out ----

    def _work(self) -> None:
        with self.changed:
            while not self._closing:
                piece = None if self.blocked else self._splitter.take(SLICE)
                if piece is None:
                    self.changed.wait()
                    continue
                self.changed.notify_all()  # there is room in the buffer again
                if piece.what is What.ROWS:
                    self._draw(piece)
                elif piece.what is What.COMMAND:
                    self._obey(piece)
                elif piece.what is What.LINE_FEED:
                    self._advance(LINE)
                else:
                    self.not_drawn += len(piece.data)

    def _draw(self, piece: Piece) -> None:
        shift = max(0, self._across - piece.across) // 2 if self._align == 1 else 0
        for start in range(0, len(piece.data), piece.across):
            row = bytes(shift) + piece.data[start : start + min(piece.across, self._across)]
            self._row(row.ljust(self._across, b"\0"))

    def _advance(self, rows: int) -> None:
        for _ in range(rows):
            self._row(bytes(self._across))

    def _row(self, row: bytes) -> None:
        self.changed.wait_for(lambda: self._closing or not self.blocked)
        if self._closing:
            return
        if self.row_seconds:
            self.changed.wait_for(lambda: self._closing, timeout=self.row_seconds)
        self._paper += row
        self.rows_out += 1
        if self.out_after is not None:
            self.out_after -= 1
            if self.out_after <= 0:
                self.out_after, self.paper_out = None, True
                self.notice()

    def _obey(self, piece: Piece) -> None:
        name, data = piece.name, piece.data
        if name == b"\x1b@":
            self._align, self._asb = 0, False
        elif name == b"\x1ba":
            self._align = data[2] % 48
        elif name == b"\x1bd":
            self._advance(data[2] * LINE)
        elif name == b"\x1bJ":
            self._advance(data[2])
        elif name == b"\x1dr":
            self._answer(bytes((self._paper_bits() if data[2] in (1, 49) else 0,)))
        elif name == b"\x1da":
            self._asb = data[2] != 0 and not self.no_asb
            if self._asb:
                self._answer(self._asb_block())
        elif name == b"\x1dV" or name in (b"\x1bi", b"\x1bm"):
            self._cut()
        elif name in (b"\x1d(", b"\x1d8", b"\x1b*", b"\x1dk") or len(data) == 1:
            self.not_drawn += 1

    def _cut(self) -> None:
        if not self._paper:
            return
        raster = Raster(self.dots, len(self._paper) // self._across, bytes(self._paper))
        self._paper.clear()
        self.rows_out = 0
        self._printed(raster)
        self.receipts += 1
        self.changed.notify_all()
