"""The other end of ``devices.vision.networks``: ``python -m devices.vision.networks_child``, started by it alone.

Asked (``do``): ``load`` confidence width | ``find`` shape + body pixels | ``describe`` shape face + body pixels.
Answers: ``faces`` | a body of 128 float64 | ``missing`` what is not installed; each with ``spent``, the processor time
so far in seconds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from devices.transports.child import attach

if TYPE_CHECKING:
    from devices.transports.child_channel import Channel, Message
    from devices.vision.face import DlibMatcher, LibFaceDetector


def main() -> None:
    channel = attach()  # before the heavy imports: the parent's death must end us from now on
    try:
        serve(channel)
    except EOFError:
        os._exit(0)


def serve(channel: Channel) -> None:
    """Load what is asked for first, then look and compare until the channel ends."""
    from devices.vision.face import DlibMatcher, LibFaceDetector, MatcherMissing

    head = channel.receive().head
    try:
        detector = LibFaceDetector(confidence=float(head["confidence"]), width=int(head["width"]))
        matcher = DlibMatcher()
    except MatcherMissing as error:
        tell(channel, {"missing": str(error)})
    else:
        tell(channel, {})
        while True:
            answer(channel, channel.receive(), detector, matcher)


def answer(channel: Channel, message: Message, detector: LibFaceDetector, matcher: DlibMatcher) -> None:
    import numpy as np

    from devices.vision.face import Face

    head = message.head
    image = np.frombuffer(message.body, np.uint8).reshape(head["shape"])
    if head["do"] == "find":
        faces = detector.find(image)
        tell(channel, {"faces": [[one.left, one.top, one.width, one.height, one.confidence] for one in faces]})
    else:
        tell(channel, {}, matcher.describe(image, Face(*head["face"])).tobytes())


def tell(channel: Channel, head: Mapping[str, Any], body: bytes = b"") -> None:
    channel.send({**head, "spent": time.process_time()}, body)


if __name__ == "__main__":
    main()
