"""The child side: ``python -m devices.drivers.camera.child``, started by the driver and by nothing else.

Three threads: the main one works (frames out, checks), one reads commands, one captures while frames are wanted.
The end of the channel ends the process at once, even while OpenCV blocks. Pictures are held in memory only.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from typing import Any

from devices.transports.child import attach
from devices.transports.child_channel import Channel, Garbage, Message


def main() -> None:
    channel = attach()  # before the heavy imports: the parent's death must end us from now on
    os.nice(5)  # a touch on the screen comes before a face
    import cv2

    from devices.drivers.camera.worker import Worker

    cv2.setNumThreads(1)
    inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
    worker = Worker(channel, inbox)
    threading.Thread(target=_listen, args=(channel, inbox, worker), name="commands", daemon=True).start()
    channel.send({"is": "ready", "opencv": cv2.__version__})
    try:
        worker.run()
    except EOFError:
        os._exit(0)


def _listen(channel: Channel, inbox: queue.SimpleQueue[Message], worker: Any) -> None:
    """Feed the worker. ``status`` and ``cancel`` are dealt with here, so that they work in the middle of a check."""
    try:
        while True:
            message = channel.receive()
            match message.head.get("do"):
                case "status":
                    channel.send({"is": "status", "id": message.head.get("id"), **worker.status(time.monotonic())})
                case "cancel":
                    worker.cancelled = int(message.head["id"])
                case _:
                    inbox.put(message)
    except (EOFError, Garbage):
        os._exit(0)  # not sys.exit: a blocked capture would keep the process alive


if __name__ == "__main__":
    main()
