"""Frames from a camera, a stream, a video or a picture: newest only, stamped, with what is wrong with them.

A thread reads as long as somebody wants frames; nothing runs otherwise. OpenCV's ``read()`` may block for ever or
return an old picture after an unplug (opencv issues 14044, 5221, 10927), so the clock and the pictures themselves
are watched from outside that thread. Nothing is stored.
"""

from __future__ import annotations

import math
import threading
import time
import zlib
from dataclasses import dataclass, replace
from enum import Enum

import cv2
import numpy as np

from devices.vision.face import Image
from devices.vision.parameters import CaptureParameters

_LET_GO = 1.0  # seconds that a camera may need to let go of whoever looked before
_AGAIN = 0.3  # seconds before a source that is gone is tried again


class CaptureFault(Enum):
    """What is wrong with the pictures; the value is the fault code."""

    GONE = "gone"  # the source does not open, or ended
    FROZEN = "frozen"  # opened, but no new picture comes
    COVERED = "covered"  # pictures come, without content


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One captured frame. ``seen`` is when it left the driver (monotonic s); ``fresh`` False for a repeated picture."""

    image: Image
    sequence: int
    seen: float
    light: float  # mean grey level, 0-255
    deviation: float  # standard deviation of the grey level
    checksum: int
    fresh: bool = True

    @property
    def empty(self) -> bool:
        """No content: all dark, or one even colour right in front of the lens."""
        return self.deviation < 6.0 or (self.light < 14.0 and self.deviation < 12.0)


def inspect(image: Image, sequence: int, seen: float) -> Shot:
    """Measure a frame (about 1 ms for 640x480)."""
    sample = np.ascontiguousarray(image[::8, ::8]).mean(axis=2)
    checksum = zlib.adler32(image[::4, ::4].tobytes())
    return Shot(image, sequence, seen, float(sample.mean()), float(sample.std()), checksum)


class Watch:
    """Judges a stream from its shots and the clock alone."""

    def __init__(self, wanted: CaptureParameters, now: float, *, still: bool = False) -> None:
        self._wanted, self._still = wanted, still
        self._opened = False
        self._ended = False
        self._begun = now
        self._since = now  # of opening, or of the last new shot
        self._tried = now  # when opening was tried last
        self._changed = now  # of the last picture that differed
        self._content: float | None = None  # of the last picture with content
        self._checksum: int | None = None

    def trying(self, now: float) -> None:
        self._tried = now

    def retrying(self, now: float) -> bool:
        """Whether the source ended or did not open, and the reading thread tries again: it does not hang."""
        return self._ended and not self._opened and now - self._tried < self._wanted.open_seconds + 1.0

    def opened(self, now: float, *, still: bool) -> None:
        self._opened, self._ended, self._still = True, False, still
        self._since = self._changed = now

    def ended(self, now: float) -> None:
        self._opened, self._ended, self._since = False, True, now

    def saw(self, shot: Shot) -> Shot:
        """Take note of a shot; returns it with ``fresh`` set."""
        fresh = self._still or shot.checksum != self._checksum
        if fresh:
            self._changed = shot.seen
        if not shot.empty:
            self._content = shot.seen
        elif self._content is None:
            self._content = shot.seen  # gives the camera's exposure control its time
        self._checksum, self._since = shot.checksum, shot.seen
        return replace(shot, fresh=fresh)

    def fault(self, now: float) -> CaptureFault | None:
        wanted = self._wanted
        if not self._opened:
            gone = self._ended and now - self._begun > _LET_GO
            return CaptureFault.GONE if gone or now - self._since > wanted.open_seconds else None
        if now - self._since > wanted.stale_after:
            return CaptureFault.FROZEN
        if self._content is not None and self._since - self._content > wanted.covered_after:
            return CaptureFault.COVERED
        if self._since - self._changed > wanted.identical_after:
            return CaptureFault.FROZEN
        return None


class Capture:
    """The reading thread and its newest shot. Thread-safe."""

    def __init__(self, source: str, wanted: CaptureParameters) -> None:
        self._source, self._wanted = source, wanted
        self._news = threading.Condition()
        self._watch = Watch(wanted, time.monotonic())
        self._shot: Shot | None = None
        self._sequence = 0
        self.first = 0  # sequence number before the first shot of this run
        self._run: object | None = None  # identity of the reading thread that may publish
        self._reader: threading.Thread | None = None

    @property
    def running(self) -> bool:
        return self._run is not None

    @property
    def sequence(self) -> int:
        """Number of the newest shot; a wait for a later one cannot be answered with an old picture."""
        return self._sequence

    def start(self) -> None:
        with self._news:
            if self._run is not None:
                return
            run = self._run = object()
            self._shot, self.first = None, self._sequence  # never a picture from before
            self._watch = Watch(self._wanted, time.monotonic())
            self._reader = threading.Thread(target=self._read, args=(run, self._reader), name="capture", daemon=True)
            self._reader.start()

    def stop(self) -> None:
        """Let the thread end after its present read; whatever it reads is dropped."""
        with self._news:
            self._run = self._shot = None
            self._news.notify_all()

    def newest(self, after: int, seconds: float) -> Shot | None:
        """The newest shot with a sequence number above ``after``; None when none came within ``seconds``."""
        with self._news:
            self._news.wait_for(lambda: self._shot is not None and self._shot.sequence > after, seconds)
            return self._shot if self._shot is not None and self._shot.sequence > after else None

    def fault(self) -> CaptureFault | None:
        with self._news:
            return self._watch.fault(time.monotonic()) if self._run is not None else None

    def retrying(self) -> bool:
        """Whether a source that is gone is tried again by a thread that does not hang."""
        with self._news:
            return self._run is not None and self._watch.retrying(time.monotonic())

    def _read(self, run: object, before: threading.Thread | None) -> None:
        """``before``: who read for the last run. Most cameras serve one at a time, so it has to have let go."""
        if before is not None:
            before.join()
        while self._run is run:
            with self._news:
                self._watch.trying(time.monotonic())
            reader = open_source(self._source, self._wanted)
            with self._news:
                if reader is not None and self._run is run:
                    self._watch.opened(time.monotonic(), still=reader.still or self._wanted.still)
            if reader is not None:
                self._pump(run, reader)
            with self._news:
                if self._run is run:
                    self._watch.ended(time.monotonic())
                    self._news.wait_for(lambda: self._run is not run, _AGAIN)

    def _pump(self, run: object, reader: Reader) -> None:
        due = 0.0
        try:
            while self._run is run:
                wait = due - time.monotonic()
                image = reader.read(wait)
                if image is None:
                    if reader.ended:
                        return
                    continue
                seen = time.monotonic()
                due = max(due + 1 / self._wanted.rate, seen - 1 / self._wanted.rate)
                shot = inspect(image, self._sequence + 1, seen)
                with self._news:
                    if self._run is not run:
                        return
                    self._sequence += 1
                    self._shot = self._watch.saw(shot)
                    self._news.notify_all()
        finally:
            reader.close()


class Reader:
    """One opened source."""

    still = False

    def __init__(self, video: cv2.VideoCapture, *, pace: float | None) -> None:
        self._video, self._pace, self._next = video, pace, time.monotonic()
        self.ended = False

    def read(self, wait: float) -> Image | None:
        """The next picture, or None: not due for another ``wait`` seconds (skipped undecoded), or ended."""
        if self._pace is not None:  # a file runs at its own speed and starts again at its end
            time.sleep(max(0.0, self._next - time.monotonic()))
            self._next = max(self._next + self._pace, time.monotonic() - self._pace)
        if not self._video.grab() and not (self._pace is not None and self._rewind()):
            self.ended = True
            return None
        if wait > 0:
            return None
        done, image = self._video.retrieve()
        return image.astype(np.uint8, copy=False) if done and image is not None and image.size else None

    def close(self) -> None:
        self._video.release()

    def _rewind(self) -> bool:
        return self._video.set(cv2.CAP_PROP_POS_FRAMES, 0) and self._video.grab()


class Picture(Reader):
    """A still picture shown as a live stream."""

    still = True

    def __init__(self, image: Image) -> None:
        self._image, self.ended = image, False

    def read(self, wait: float) -> Image | None:
        time.sleep(max(0.0, wait))
        return self._image

    def close(self) -> None:
        return None


def is_stream(source: str) -> bool:
    return "://" in source and not source.startswith("file://")


def open_source(source: str, wanted: CaptureParameters) -> Reader | None:
    """Open a file (picture or video), ``http(s)://`` MJPEG, ``rtsp://`` or ``/dev/videoN``; None when it does not."""
    source = source.removeprefix("file://")
    milliseconds = math.ceil(wanted.open_seconds * 1000)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, milliseconds, cv2.CAP_PROP_READ_TIMEOUT_MSEC, milliseconds]
    pace: float | None = None
    if is_stream(source):
        video = cv2.VideoCapture(source, cv2.CAP_FFMPEG, limits)
    elif source.startswith("/dev/"):
        video = cv2.VideoCapture(source, cv2.CAP_V4L2)
        video.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    else:
        if (picture := cv2.imread(source, cv2.IMREAD_COLOR)) is not None:
            return Picture(picture.astype(np.uint8, copy=False))
        video = cv2.VideoCapture(source, cv2.CAP_FFMPEG)
        rate = video.get(cv2.CAP_PROP_FPS) if video.isOpened() else 0.0
        pace = 1 / rate if 1 <= rate <= 120 else 1 / 25
    if not video.isOpened():
        video.release()
        return None
    return Reader(video, pace=pace)
