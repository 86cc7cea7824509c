"""The demo: simulated devices on their wires, an embedded backend, the real terminal and window.

Also what scripted visits run on. Never part of a production run.
"""

from kiosk.demo.run import Wanted, run

__all__ = ["Wanted", "run"]
