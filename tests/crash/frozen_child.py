"""A terminal with its window, as ``kiosk run`` runs it, whose parts a test makes stand still; played by the robot.

``python -m tests.crash.frozen_child '{...}'``, as terminal_child.py. Orders more: ``arm`` (failpoints, from now on)
and ``begin_anew``, as an operator's restart does. The end of stdin ends it in good order.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any

from devices.simulators.photo import SimulatedPhotoDecoder
from kiosk import running
from kiosk.health import failpoints
from kiosk.terminal import Terminal
from tests.crash.terminal_child import Child, profile_of, say


def orders(child: Child) -> None:
    """A thread: what stands still must not be what takes the orders."""
    child.stand()
    for line in sys.stdin:
        order = json.loads(line)
        if order["do"] == "arm":
            failpoints.arm(order["points"])
            say(armed=order["points"])
        elif order["do"] == "begin_anew":
            restart = child.terminal._restart
            assert restart is not None
            restart()
        else:
            getattr(child, order.pop("do"))(**order)
    os.kill(os.getpid(), signal.SIGTERM)


def main(given: dict[str, Any]) -> int:
    def made(terminal: Terminal) -> None:
        threading.Thread(target=orders, args=(Child(given, terminal=terminal),), daemon=True).start()

    say(life=os.getpid())
    return running.run(profile_of(given), made=made, decoder=SimulatedPhotoDecoder())


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
