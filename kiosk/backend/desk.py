"""What the operator does at the command line, beside a running backend: save, put back, check, change keys, withdraw.

Each prints one line of JSON and returns the exit status: 0 done, 1 done with something missing. Raises BackendError.
"""

from __future__ import annotations

from pathlib import Path

from kiosk.backend import backup as saving
from kiosk.backend import keys
from kiosk.backend.commanding import say, with_backend
from kiosk.backend.core import Backend
from kiosk.backend.lives_about import broken_chains
from kiosk.backend.settings import BackendError, Settings
from kiosk.backend.store import copying
from kiosk.backend.store.checking import orphans
from kiosk.backend.store.engine import Store, StoreBusy
from kiosk.durable import put
from kiosk.papers.pages import page


def backup(settings: Settings, out: Path | None, keys_out: Path | None) -> int:
    if out is None:
        raise BackendError("no-file", "say where: kiosk backend backup --out FILE")
    made = saving.backup(settings, out, keys_out)
    beside = keys_out or saving.keys_beside(out)
    say(backup=str(out), keys=str(beside), materials=made.materials, missing=made.missing, kind=made.kind)
    return 1 if made.missing else 0


def restore(settings: Settings, source: Path | None, keys_source: Path | None) -> int:
    if source is None:
        raise BackendError("no-file", "say from where: kiosk backend restore --from FILE")
    made = saving.restore(settings, source, keys_source)
    say(restored=str(source), made_at=made.made_at, materials=made.materials, missing=made.missing, kind=made.kind)
    return 1 if made.missing else 0


def check(settings: Settings) -> int:
    """Whether every row has its parent (store/checking.py), and the events of every case are whole; status 1 if not."""
    if not copying.is_there(settings.db_url):
        raise BackendError("no-database", "there is nothing to check: look at --db")
    store = Store.open(settings.db_url)
    try:
        found, broken = store.read(lambda connection: (orphans(connection), broken_chains(connection)))
    except StoreBusy as error:
        raise BackendError("store-busy", "the database does not answer: try again", retryable=True) from error
    finally:
        store.close()
    say(rows_without_parent=found, lives_not_whole=broken)
    return 1 if found or broken else 0


def rotate_keys(settings: Settings) -> int:
    for made in keys.rotate(settings.keys_path(), settings.clock()):
        say(
            epoch=made.public.epoch, suite=made.suite, sealing_key=made.sealing_id, signing_key=made.signing_id
        )  # fmt: skip
    return 0


def revoke(settings: Settings, terminal_id: str) -> int:
    def work(backend: Backend) -> None:
        if backend.find_terminal(terminal_id) is None:
            raise BackendError("no-such-terminal", "no terminal of this name is enrolled: check --terminal and --db")
        backend.revoke(terminal_id)

    with_backend(settings, work)
    say(revoked=terminal_id)
    return 0


def settle(settings: Settings, case_id: str, word: str) -> int:
    """What the office found of a case: kiosk/backend/late.py."""
    state = with_backend(settings, lambda backend: backend.late.settle(case_id, word))
    say(case=case_id, cause=word, state=state)
    return 0


def withdraw_pack(settings: Settings, service_id: str, version: str, since: str) -> int:
    moment = with_backend(settings, lambda backend: backend.late.withdraw_pack(service_id, version, since))
    say(withdrawn=service_id, version=version, since=moment.isoformat())
    return 0


def replay(settings: Settings, *, tests: bool = False) -> int:
    """Decisions made again (replaying.py); status 1 while there is a difference that nobody has put right. ``tests``:
    those of terminals that are being tried out, told and nothing else.
    """
    done, standing = with_backend(
        settings, lambda backend: (backend.replays.run(tests=tests), backend.replays.standing())
    )
    say(equal=done.equal, differing=done.differing, not_replayed=done.impossible, standing=standing)
    return 1 if standing else 0


def papers(settings: Settings, out: Path | None, phone: str) -> int:
    """``papers.jws``, ``check.html`` and ``root.key`` into the folder ``out``, for everybody to read."""
    if out is None:
        raise BackendError("no-folder", "say where: kiosk backend papers --out DIR")
    signed, made = with_backend(settings, lambda backend: backend.late.published(phone=phone))
    out.mkdir(parents=True, exist_ok=True)
    whole = {"papers.jws": signed, "check.html": page(signed, made.root), "root.key": made.root}
    for name, text in whole.items():
        put(out / name, text.encode(), draft=out / f"{name}.new")
    say(papers=str(out), keys=len(made.keys), revoked=len(made.revoked), issued_at=made.issued_at)
    return 0
