"""What the rooms of maintenance may use of the terminal they stand in. Made once, by ``kiosk/terminal.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devices.contracts.camera import Frame
    from devices.contracts.device import Status
    from devices.contracts.document_camera import DocumentFrame
    from kiosk.afar import Afar
    from kiosk.counter.actors import Actor
    from kiosk.documents.worker import DocumentsWorker
    from kiosk.journal.journal import Journal
    from kiosk.profile import Profile
    from kiosk.services.model import ServicePack
    from kiosk.sync.client import SyncClient


@dataclass(frozen=True, slots=True)
class House:
    """``profile`` is what holds now, ``profile_file`` where it was read from (None: it was made in memory).

    ``now``: Beijing time; ``clock``: monotonic seconds. ``client`` is the line to the backend, ``kick`` tries it now.
    ``afar`` closes, opens and restarts between visits. ``frames`` subscribes to a camera's preview pictures.
    ``sign`` signs with the terminal's own key (kiosk.suites).
    """

    profile: Profile
    profile_file: Path | None
    journal: Journal
    actors: Mapping[str, Actor]
    statuses: Callable[[], Mapping[str, Status]]
    documents: DocumentsWorker
    client: SyncClient
    afar: Afar
    packs: Callable[[], Mapping[str, ServicePack]]
    online: Callable[[], bool]
    kick: Callable[[], None]
    now: Callable[[], datetime]
    clock: Callable[[], float]
    sign: Callable[[bytes], bytes]
    show_frame: Callable[[Frame | DocumentFrame | None], None]
    power_down: Callable[[], None]
