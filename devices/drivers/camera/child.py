"""The child side: ``python -m devices.drivers.camera.child``, started by the driver and by nothing else."""

from __future__ import annotations

import os

from devices.transports.child import attach


def main() -> None:
    channel = attach()  # before the heavy imports: the parent's death must end us from now on
    os.nice(5)  # a touch on the screen comes before a face
    from devices.drivers.camera.worker import Worker
    from devices.vision.serving import serve

    serve(channel, Worker)


if __name__ == "__main__":
    main()
