"""One codec under fire: what it takes, which errors are its own, what it may cost, and one example judged."""

from __future__ import annotations

import signal
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import FrameType
from typing import Any
from zlib import crc32

_COST = "it took"


class Missing(Exception):
    """The codec, or a package that it needs, is not here; the message names it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with one input."""

    target: str
    data: bytes
    what: str


@dataclass(frozen=True, slots=True)
class Target:
    """A codec by name; ``a.b:c`` names are imported when it is used.

    ``decode`` takes bytes (text with ``text``) and returns a value, or raises one of ``errors``. With ``encode``, what
    was decoded, encoded and decoded again must be the same. ``golden`` are good frames as hexadecimal (text as it is
    with ``text``), or the name of a function that makes them as bytes. ``seconds`` of CPU time and ``memory`` bytes
    are the most that one input may cost.
    """

    name: str
    decode: str
    errors: tuple[str, ...] = ("devices.contracts.device:DeviceError",)
    golden: tuple[str, ...] | str = ()
    encode: str = ""
    text: bool = False
    seconds: float = 0.25
    memory: int = 16 << 20

    def load(self) -> Loaded:
        """Ready to be fired at. Raises Missing."""
        decode = _named(self.decode)
        encode = _named(self.encode) if self.encode else None
        errors = tuple(_named(error) for error in self.errors)
        if isinstance(self.golden, str):
            golden = tuple(_named(self.golden)())
        else:
            golden = tuple(frame.encode() if self.text else bytes.fromhex(frame) for frame in self.golden)
        return Loaded(self, decode, encode, errors, golden)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A target with everything imported."""

    target: Target
    decode: Callable[[Any], object]
    encode: Callable[[Any], Any] | None
    errors: tuple[type[BaseException], ...]
    golden: tuple[bytes, ...]

    def check(self, data: bytes, *, weigh: bool | None = None) -> Failure | None:
        """One example: only the codec's own errors, in bounded time and memory, and the round trip holds.

        Memory is weighed for one input in four (which ones, follows from the bytes): it trebles the time.
        """
        weigh = crc32(data) % 4 == 0 if weigh is None else weigh
        what = self._trouble(data, weigh)
        if what is not None and what.startswith(_COST):  # once more: what is built at its first use is not its cost
            what = self._trouble(data, weigh)
        if what is None:
            return None  # an error may quote its input, which need not be text that can be written down
        return Failure(self.target.name, data, what.encode("utf-8", "backslashreplace").decode("utf-8"))

    def _trouble(self, data: bytes, weigh: bool) -> str | None:
        given: bytes | str = data.decode("utf-8", "surrogateescape") if self.target.text else data
        if not weigh:
            return self._told(given)
        tracemalloc.start(1)
        try:
            what = self._told(given)
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        if what is None and most > self.target.memory:
            return f"{_COST} {most} bytes of memory, allowed are {self.target.memory}"
        return what

    def _told(self, given: bytes | str) -> str | None:
        """What is wrong with errors, time or round trip; None where nothing is."""
        start = time.thread_time()
        taken = False  # from here on an error of the codec's own is a finding too
        try:
            with _no_longer_than(4 * self.target.seconds):
                value = self.decode(given)
                taken = True
                if self.encode is not None and self.decode(self.encode(value)) != value:
                    return "decoded, encoded and decoded again it is another value"
        except self.errors as error:
            if taken:
                return f"decoded and encoded it is refused: {type(error).__name__}: {error}"
        except _TooLong:
            return f"it did not end within {4 * self.target.seconds} s of CPU time"
        except Exception as error:  # whatever comes out is the finding
            return f"{type(error).__name__} came out: {error}"
        spent = time.thread_time() - start
        if spent > self.target.seconds:
            return f"{_COST} {spent:.3f} s of CPU time, allowed are {self.target.seconds}"
        return None


class _TooLong(BaseException):
    """Raised in the middle of a codec that does not come back; no codec catches it by ``except Exception``."""


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    """Interrupts Python code after so much CPU time of this process. In the main thread only: signals go there."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_: int, __: FrameType | None) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _named(name: str) -> Any:
    """What ``module:attribute[.attribute]`` names."""
    module, _, path = name.partition(":")
    try:
        found: Any = import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        raise Missing(f"{name}: {error}") from error
    return found
