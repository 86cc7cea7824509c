"""Which benches there are, and the function that measures each.

A bench is named, not imported: some live beside twins or the window, which production code must not import. Each is
loaded in a process of its own (``python -m kiosk.bench.child NAME``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bench:
    """``target`` is ``module:function``. The function takes nothing and returns one row or several: ``Row``, or
    mappings that ``kiosk.bench.reading`` understands. ``limit`` holds for a mapping that names none.
    """

    name: str
    target: str
    what: str
    deadline: float  # seconds, for the whole bench
    limit: float | None = None


BENCHES: tuple[Bench, ...] = (
    Bench("startup", "kiosk.bench.startup:measure", "spawn to first frame, against an empty QML window", 180),
    Bench(
        "journal", "kiosk.journal.bench:measure", "one whole case commit, against raw SQLite with the same bytes", 180
    ),
    Bench(
        "queue", "kiosk.journal.bench_queue:measure", "put, claim and ack, restart, against raw SQLite and peers", 900
    ),
    Bench(
        "case", "kiosk.journal.bench_case:measure", "a case with five pictures, against one file and one commit", 600
    ),
    Bench(
        "upload", "kiosk.backend.bench_upload:measure", "a picture to the backend, against hash, file and fsync", 300
    ),
    Bench("sync", "kiosk.backend.bench:measure", "10,000 cases to the backend, again, and from many at once", 1200),
    Bench("ingest", "kiosk.backend.store.bench:measure", "a batch into PostgreSQL, against COPY of the same rows", 300),
    Bench("pouchdb", "kiosk.backend.bench_pouchdb:measure", "10,000 cases, against PouchDB's replication", 1200),
    Bench(
        "detection", "kiosk.backend.oversight.bench:measure", "made-up data in simulated years: precision, recall", 900
    ),
    Bench("console", "kiosk.backend.console.bench:measure", "every page of staff and citizens, with many cases", 7200),
    Bench("sdt", "devices.simulators.bench_sdt:measure", "a card read, against its time on the wire", 180, limit=1.05),
    Bench(
        "document", "devices.vision.bench_document:measure", "a document frame to its page, against OpenCV alone", 180
    ),
    Bench("codes", "devices.vision.bench_codes:measure", "codes in a 1080p frame, against zxing-cpp alone", 180),
    Bench("face", "devices.vision.bench_face:measure", "a face frame, against the networks alone", 180),
    Bench("preview", "kiosk.bench.preview:measure", "the window's answers while the camera looks for a face", 120),
    Bench("packs", "kiosk.services.bench:measure", "packs read, a decision with its trace, a page of a form", 120),
    Bench(
        "certificate", "kiosk.documents.bench:measure", "a certificate's page against reportlab, its seal apart", 180
    ),
    Bench("idle", "kiosk.bench.idle:measure", "processor and memory of the attract screen", 300),
)
