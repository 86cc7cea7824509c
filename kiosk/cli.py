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
    demo.add_argument("--lang", choices=("zh_CN", "en"), default="zh_CN", help="the first language (zh_CN)")
    demo.set_defaults(run=_demo)

    backend = commands.add_parser("backend", help="run the backend")
    backend.add_argument("--db", default="sqlite:///backend.db", metavar="URL")
    backend.add_argument("--blobs", default="backend-blobs", metavar="URL", help="folder for sealed materials")
    backend.add_argument("--listen", default="127.0.0.1:8470", metavar="HOST:PORT", help="port 0: any (127.0.0.1:8470)")
    backend.add_argument("--issue-code", nargs=2, metavar=("AREA", "NAME"), help="print a one-time enrolment code")
    backend.add_argument("--first-terminal", nargs=2, metavar=("AREA", "NAME"), help="serve, and print a code with it")
    backend.set_defaults(run=_backend)

    doctor = commands.add_parser("doctor", help="what is well, what is not, and what to do")
    doctor.add_argument("--profile", type=Path, metavar="FILE", help="of a terminal; without it, the machine alone")
    doctor.add_argument("--json", action="store_true")
    doctor.set_defaults(run=_doctor)

    journal = commands.add_parser("journal", help="look into the journal")
    journal.add_argument(
        "action",
        choices=("verify", "list", "export"),
        help="is it whole; one line a case; every sealed item as JSON lines",
    )
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
    log.add_argument("action", choices=("verify",), help="is every row in its place, and unchanged")
    log.add_argument("--data", type=Path, default=DEMO_DATA, metavar="DIR", help=f"a terminal's ({DEMO_DATA})")
    log.add_argument("--json", action="store_true")
    log.set_defaults(run=_journal)

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
        )
    )


def _backend(options: argparse.Namespace) -> int:
    os.umask(0o077)  # database, materials, write-ahead log: the owner's alone
    from kiosk.backend import BackendError, Settings, issue_code, serve
    from kiosk.backend.serve import FirstTerminal

    try:
        if options.issue_code:
            print(issue_code(Settings(options.db, options.blobs), *options.issue_code))
            return 0
        first = FirstTerminal(*options.first_terminal) if options.first_terminal else None
        serve(options.db, options.blobs, options.listen, ready=lambda line: print(line, flush=True), first=first)
    except BackendError as error:
        return _fail(f"{error}; {error.advice}" if error.advice else str(error))
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from kiosk.doctor import examine

    return examine(options.profile, as_json=options.json)


def _journal(options: argparse.Namespace) -> int:
    from kiosk.journal import commands

    work = {"verify": commands.verify, "list": commands.list_cases, "export": commands.export}[options.action]
    return work(options.data, as_json=options.json)


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
