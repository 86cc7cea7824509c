"""The command line: ``kiosk run | demo | backend | doctor | journal | pack | log | bench``.

Every command imports what it needs when it runs: nothing heavy stands before the first frame.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

DEMO_DATA = Path("demo-out/data")


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    options = _parser().parse_args(arguments)
    status: int = options.run(options)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kiosk", description="Self-service terminal of the 7x24 政务服务超市", allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="run the terminal of a profile")
    run.add_argument(
        "--profile", type=Path, required=True, metavar="FILE", help="what this terminal is; examples: deploy/profiles"
    )
    run.set_defaults(run=_run)

    demo = commands.add_parser("demo", help="simulated devices on their wires, embedded backend, the real window")
    demo.add_argument("--headless", action="store_true", help="no screen: draw offscreen")
    demo.add_argument("--visit", type=Path, action="append", default=[], metavar="FILE", help="play a scripted citizen")
    demo.add_argument(
        "--out",
        type=Path,
        default=Path("demo-out"),
        metavar="DIR",
        help="where it writes (demo-out); pictures, papers and the report of an earlier run there are replaced",
    )
    demo.add_argument("--offline", action="store_true", help="the network to the backend is gone during the visits")
    demo.add_argument("--size", default="1080x1920", metavar="WxH", help="of the window (1080x1920)")
    demo.add_argument(
        "--devices",
        choices=("usual", "all"),
        default="usual",
        help="those of a visit (usual), or every one that has a twin: UPS, doors, locker, card slot, scanners, sound",
    )
    demo.add_argument("--lang", choices=("zh_CN", "en"), default="zh_CN", help="the first language (zh_CN)")
    demo.set_defaults(run=_demo)

    backend = commands.add_parser("backend", help="run the backend, save it, put it back, change its keys")
    backend.add_argument(
        "action", nargs="?", choices=("serve", "backup", "restore", "rotate-keys", "revoke"), default="serve",
        help="serve (the default); backup --out, also while it serves; restore --from; rotate-keys: a new epoch of its "
        "keys, which a running backend takes up; revoke --terminal",
    )  # fmt: skip
    backend.add_argument("--db", default="sqlite:///backend.db", metavar="URL")
    backend.add_argument(
        "--blobs", default="backend-blobs", metavar="URL", help="sealed materials: a folder, or s3://BUCKET/PREFIX"
    )
    backend.add_argument("--keys", default="", metavar="FILE", help="its private keys (beside an SQLite file)")
    backend.add_argument("--out", type=Path, metavar="FILE", help="of a backup; its keys go to FILE.keys.json")
    backend.add_argument("--from", type=Path, metavar="FILE", dest="source", help="the backup to restore")
    backend.add_argument("--backup-keys", type=Path, metavar="FILE", help="where a backup's keys are, if not beside it")
    backend.add_argument("--terminal", default="", metavar="ID", help="the terminal to withdraw")
    backend.add_argument("--listen", default="127.0.0.1:8470", metavar="HOST:PORT", help="port 0: any (127.0.0.1:8470)")
    backend.add_argument("--issue-code", nargs=2, metavar=("AREA", "NAME"), help="print a one-time enrolment code")
    backend.add_argument("--first-terminal", nargs=2, metavar=("AREA", "NAME"), help="serve, and print a code with it")
    backend.add_argument(
        "--heads", metavar="TERMINAL", help="print the confirmed heads of its audit log, for log verify --checkpoints"
    )
    backend.add_argument(
        "--allow-log", metavar="TERMINAL", help="its journal was set aside or its disk replaced: take another audit log"
    )
    backend.set_defaults(run=_backend)

    doctor = commands.add_parser("doctor", help="what is well, what is not, and what to do")
    doctor.add_argument("--profile", type=Path, metavar="FILE", help="of a terminal; without it, the machine alone")
    doctor.add_argument("--json", action="store_true")
    doctor.set_defaults(run=_doctor)

    journal = commands.add_parser("journal", help="look into the journal")
    journal.add_argument(
        "action",
        choices=("verify", "list", "export", "release", "reject"),
        help="is it whole; one line a case; every sealed item as JSON lines; send an item that was set aside once "
        "more, or leave it out for good (these two while the terminal does not run)",
    )
    journal.add_argument("item", nargs="?", default="", metavar="ID", help="of the case, for release and reject")
    journal.add_argument("--reason", default="", metavar="WORD", help="why, for the audit log: put-right, withdrawn")
    journal.add_argument("--data", type=Path, default=DEMO_DATA, metavar="DIR", help=f"a terminal's ({DEMO_DATA})")
    journal.add_argument("--json", action="store_true")
    journal.set_defaults(run=_journal)

    pack = commands.add_parser("pack", help="service packs")
    actions = pack.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="every problem of a pack, with line and cure")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    listing = actions.add_parser("list", help="the packs that come with the terminal")
    for action in (check, listing):
        action.add_argument("--json", action="store_true")
        action.set_defaults(run=_pack)

    log = commands.add_parser("log", help="the audit chain")
    log.add_argument("action", choices=("verify",), help="is every row in its place, unchanged, signed and confirmed")
    log.add_argument("--data", type=Path, default=DEMO_DATA, metavar="DIR", help=f"a terminal's ({DEMO_DATA})")
    outside = log.add_mutually_exclusive_group()
    for name, what in (("--receipt", "the backend's newest receipt"), ("--checkpoints", "all receipts, one a line")):
        outside.add_argument(name, type=Path, metavar="FILE", dest="receipts", help=f"{what}, kept elsewhere")
    log.add_argument("--json", action="store_true")
    log.set_defaults(run=_log)

    bench = commands.add_parser("bench", help="measure against references in the same run")
    bench.add_argument("name", nargs="?", metavar="NAME", help="one bench; all without it; `list` names them")
    bench.add_argument("--json", action="store_true")
    bench.set_defaults(run=_bench)
    return parser


def _fail(message: str) -> int:
    from kiosk.domain.text import shown

    print(f"kiosk: {shown(message)}", file=sys.stderr)
    return 2


def _run(options: argparse.Namespace) -> int:
    from kiosk import display, profile
    from kiosk.running import run

    try:
        loaded = profile.load(options.profile)
    except profile.ProfileError as error:
        return _fail(str(error))
    if why := display.missing():
        return _fail(f"{why}; start it inside one, or name a platform of Qt that needs none (QT_QPA_PLATFORM=eglfs)")
    return run(loaded)


def _demo(options: argparse.Namespace) -> int:
    os.umask(0o077)  # what it writes is its owner's alone
    from kiosk import demo, profile

    try:
        size = profile.parse_size(options.size)
    except profile.ProfileError as error:
        return _fail(str(error))
    return demo.run(
        demo.Wanted(
            out=options.out.resolve(),
            headless=options.headless,
            visits=tuple(options.visit),
            offline=options.offline,
            size=size,
            language=options.lang,
            devices=options.devices,
        )
    )


def _backend(options: argparse.Namespace) -> int:
    os.umask(0o077)  # database, materials, write-ahead log: the owner's alone
    from kiosk.backend import BackendError, Settings, issue_code, serve
    from kiosk.backend.serve import FirstTerminal

    try:
        if options.issue_code:
            print(issue_code(Settings(options.db, options.blobs, options.keys), *options.issue_code))
            return 0
        if options.heads or options.allow_log:
            return _log_desk(options)
        if options.action != "serve":
            return _backend_desk(options)
        first = FirstTerminal(*options.first_terminal) if options.first_terminal else None
        serve(
            options.db, options.blobs, options.listen, ready=lambda line: print(line, flush=True), keys=options.keys,
            first=first,
        )  # fmt: skip
    except BackendError as error:
        return _fail(f"{error}; {error.advice}" if error.advice else str(error))
    return 0


def _backend_desk(options: argparse.Namespace) -> int:
    from kiosk.backend import Settings, desk

    settings = Settings(options.db, options.blobs, options.keys)
    if options.action == "backup":
        return desk.backup(settings, options.out, options.backup_keys)
    if options.action == "restore":
        return desk.restore(settings, options.source, options.backup_keys)
    return desk.rotate_keys(settings) if options.action == "rotate-keys" else desk.revoke(settings, options.terminal)


def _log_desk(options: argparse.Namespace) -> int:
    from kiosk.backend import Settings
    from kiosk.backend.log_desk import allow_another, heads

    settings = Settings(options.db, options.blobs, options.keys)
    if options.allow_log:
        allow_another(settings, options.allow_log)
    if options.heads:
        print("\n".join(heads(settings, options.heads)))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from kiosk.doctor import examine

    return examine(options.profile, as_json=options.json)


def _journal(options: argparse.Namespace) -> int:
    from kiosk.journal import commands, staff

    if options.action in staff.ACTIONS:
        if not options.item or not options.reason:
            print(f"kiosk journal {options.action}: name the item's ID and a --reason", file=sys.stderr)
            return 2
        return staff.settle(options.data, options.action, options.item, options.reason, as_json=options.json)
    work = {"verify": commands.verify, "list": commands.list_cases, "export": commands.export}[options.action]
    return work(options.data, as_json=options.json)


def _log(options: argparse.Namespace) -> int:
    from kiosk.journal import commands
    from kiosk.sync.identity import public_key_in

    inside = options.data.name == "journal"  # the journal's own folder was named: the key lies beside it
    own = public_key_in(options.data.parent if inside else options.data)
    return commands.verify_log(options.data, receipts=options.receipts, own_key=own, as_json=options.json)


def _pack(options: argparse.Namespace) -> int:
    from kiosk.services import commands

    if options.action == "list":
        return commands.list_packs(as_json=options.json)
    return commands.check(options.files, as_json=options.json)


def _bench(options: argparse.Namespace) -> int:
    from kiosk.bench import commands

    return commands.run(options.name, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
