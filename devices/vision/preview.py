"""Pictures for the window, out of a thread of their own: none waits for what a request looks for.

A credit (``more``) is a picture that the window has room for. Two may be on their way, so that the next one travels
while the last is taken (with one, a window that takes 10 ms over a picture saw 26 of 30 on a busy machine); with none
the thread rests, and the pictures of the meantime are never sent. Holds no picture but the one it sends.
"""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable
from typing import Any

import cv2

from devices.transports.child_channel import Channel
from devices.vision.capture import Capture, Shot
from devices.vision.scale import narrowed

CREDITS = 2
QUALITY = 80  # of a preview's JPEG
TICK = 0.1  # seconds between looks at what is wrong while no picture comes


class Preview:
    """``dress`` says what else goes with a picture; ``tell`` has whatever is wrong with the capture told before it.

    Both are called by the preview's thread. ``start`` and ``stop`` belong to one thread, ``more`` to any."""

    def __init__(
        self, channel: Channel, dress: Callable[[Shot], dict[str, Any]], tell: Callable[[Capture], None]
    ) -> None:
        self._channel, self._dress, self._tell = channel, dress, tell
        self._news = threading.Condition()
        self._capture: Capture | None = None  # while it is on
        self._width = 0
        self._credit = 0
        self._sent = 0  # sequence number of the newest picture sent
        threading.Thread(target=self._run, name="preview", daemon=True).start()

    @property
    def on(self) -> bool:
        return self._capture is not None

    def start(self, capture: Capture, width: int) -> None:
        """Send this capture's pictures, at most ``width`` pixels wide, as credit allows."""
        with self._news:
            self._capture, self._width, self._credit = capture, width, CREDITS
            self._news.notify_all()

    def stop(self) -> None:
        """A picture that is being made still goes."""
        with self._news:
            self._capture = None

    def more(self) -> None:
        """The window has taken a picture."""
        with self._news:
            self._credit = min(CREDITS, self._credit + 1)
            self._news.notify_all()

    def _run(self) -> None:
        try:
            while True:
                self._turn()
        except EOFError:
            os._exit(0)  # the parent has gone
        except Exception:
            traceback.print_exc()
            os._exit(1)  # a preview that ended by a bug would be taken for a camera without pictures

    def _turn(self) -> None:
        with self._news:
            self._news.wait_for(lambda: self._capture is not None and self._credit > 0)
            capture, width = self._capture, self._width
        if capture is None:
            return
        shot = capture.newest(self._sent, TICK)
        self._tell(capture)
        if shot is not None:
            self._send(shot, width)

    def _send(self, shot: Shot, width: int) -> None:
        image = narrowed(shot.image, width)
        done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        self._sent = shot.sequence
        if not done:
            return
        with self._news:
            self._credit -= 1
        tall, wide = image.shape[:2]
        head = {"is": "frame", "width": wide, "height": tall, "sequence": shot.sequence, "captured_at": shot.seen}
        self._channel.send(head | self._dress(shot), jpeg.tobytes())
