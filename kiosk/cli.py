"""The command line: ``kiosk run | guard | demo | backend | doctor | journal | keys | pack | paper | log | bench``.

Every command imports what it needs when it runs: nothing heavy stands before the first frame.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

DEMO_DATA = Path("demo-out/data")
SUITES = ("international", "shangmi")  # those of kiosk.suites
ENTRY_ROLES = ("keeper", "technician", "administrator", "unlock")  # those of kiosk.access.roles; opens what is closed


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    gc.set_threshold(10_000, 20, 20)  # at 700 a sixth of a start goes into looking for cycles among what stays
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has enough (| head)
        import signal

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 128 + signal.SIGPIPE
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

    guard = commands.add_parser("guard", help="watch over a command as systemd would: kill a silent one, begin it anew")
    guard.add_argument(
        "--watchdog", type=float, metavar="SECONDS", help="how long it may be silent (6, as in deploy/systemd)"
    )
    guard.add_argument(
        "command_line", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="such as: kiosk run --profile FILE"
    )
    guard.set_defaults(run=_guard)

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
    demo.add_argument(
        "--pictures", choices=("all", "few"), default="all",
        help="of every page passed (all), or those that a script asks for and of visits that fail (few)",
    )  # fmt: skip
    demo.add_argument("--suite", choices=SUITES, default=SUITES[0], help="crypto suite of both ends (international)")
    demo.add_argument("--lang", choices=("zh_CN", "en"), default="zh_CN", help="the first language (zh_CN)")
    demo.add_argument(
        "--publishing-key", default="", metavar="PUBLIC",
        help="whose packs its terminal takes, as kiosk pack key prints it (DIR/publishing.key, made by the demo)",
    )  # fmt: skip
    demo.add_argument("--connectors", default="", metavar="FILE", help="departments that are sent its cases (YAML)")
    demo.set_defaults(run=_demo)

    backend = commands.add_parser("backend", help="run the backend, save it, put it back, publish to terminals")
    backend.add_argument(
        "action", nargs="?", default="serve",
        choices=("serve", "backup", "restore", "check", "rotate-keys", "revoke", "publish", "published", "outcomes",
                 "settle", "withdraw-pack", "papers", "replay", "case", "due", "seal-key", "certificate",
                 "correct-certificate", "certify", "ratings", "connectors", "staff", "oversight", "entry-code",
                 "entry-codes"),
        help="serve (the default); backup --out, also while it serves; restore --from; check: every row has "
        "its parent; rotate-keys: a new epoch of its "
        "keys, which a running backend takes up; revoke --terminal; publish --to --signing-key packs, a policy or a "
        "command; published: the manifests in force; outcomes: what terminals report of commands; "
        "settle --case --found: what the office says of a case; withdraw-pack: a pack that decides no more; papers "
        "--out: the list and the page by which anyone checks a paper; replay [tests]: every decision made again, a "
        "difference is an alarm; case --case: how it stands and what was done, with --act --by what is done now; due: "
        "what is overdue or nearly so; seal-key --authority: the seal under which certificates are made, without "
        "--authority all there are; certificate --case --out: the sealed one; correct-certificate: its next version; "
        "certify: all that are due; ratings: tasks of bad ratings, with --case one of them, with --act --by what is "
        "done now, its words by the standard input; connectors --connectors: how departments' lines stand, with --act "
        "lag, waiting, dead, aside, check, or show, retry, repair --letter (repair: TABLE.COLUMN=VALUE by the standard "
        "input, --by); entry-code --terminal --hour --challenge --role --staff --by: lets a member of staff into the "
        "maintenance of a terminal, whose page shows the first three; entry-codes --terminal: what was issued for it",
    )  # fmt: skip
    backend.add_argument("what", nargs="?", default="", metavar="WHAT", help="of oversight: see there; replay tests")
    backend.add_argument("--db", default="sqlite:///backend.db", metavar="URL")
    backend.add_argument(
        "--blobs", default="backend-blobs", metavar="URL", help="sealed materials: a folder, or s3://BUCKET/PREFIX"
    )
    backend.add_argument("--keys", default="", metavar="FILE", help="its private keys (beside an SQLite file)")
    backend.add_argument("--out", type=Path, metavar="FILE", help="of a backup; its keys go to FILE.keys.json")
    backend.add_argument("--from", type=Path, metavar="FILE", dest="source", help="the backup to restore")
    backend.add_argument("--backup-keys", type=Path, metavar="FILE", help="where a backup's keys are, if not beside it")
    backend.add_argument("--terminal", default="", metavar="ID", help="the terminal to withdraw")
    backend.add_argument(
        "--suite", action="append", choices=SUITES, default=[],
        help="whose terminals it serves; several times for both (as its key file is; a new one: international)",
    )  # fmt: skip
    backend.add_argument("--listen", default="127.0.0.1:8470", metavar="HOST:PORT", help="port 0: any (127.0.0.1:8470)")
    backend.add_argument(
        "--registers", default="", metavar="FILE", help="departments' registers that terminals may ask (TOML)"
    )
    backend.add_argument(
        "--connectors", default="", metavar="FILE", help="departments that are sent cases, each in its format (YAML)"
    )
    backend.add_argument("--letter", default="", metavar="ID", help="of connectors: a letter or a result")
    backend.add_argument(
        "--sample-seals", action="store_true",
        help="an authority without a seal gets a sample (样章) when a certificate of its is asked for: for a demo",
    )  # fmt: skip
    backend.add_argument("--console", action="store_true", help="pages for staff (/console) and citizens (/p)")
    backend.add_argument("--public-url", default="", metavar="URL", help="how citizens reach the pages: https://HOST")
    backend.add_argument("--proxy", default="", metavar="ADDRESS", help="of the proxy in front, which says who asks")
    backend.add_argument("--sign-in", default="", metavar="FILE", help="how staff sign in: by an OIDC issuer (TOML)")
    backend.add_argument("--issue-code", nargs=2, metavar=("AREA", "NAME"), help="print a one-time enrolment code")
    backend.add_argument("--first-terminal", nargs=2, metavar=("AREA", "NAME"), help="serve, and print a code with it")
    backend.add_argument(
        "--heads", metavar="TERMINAL", help="print the confirmed heads of its audit log, for log verify --checkpoints"
    )
    backend.add_argument(
        "--allow-log", metavar="TERMINAL", help="its journal was set aside or its disk replaced: take another audit log"
    )
    _publishing_options(backend)
    _late_options(backend)
    _life_options(backend)
    _seal_options(backend)
    _staff_options(backend)
    _oversight_options(backend)
    _entry_options(backend)
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
    listing = actions.add_parser("list", help="the packs that come with the terminal; with --profile, those it uses")
    listing.add_argument("--profile", type=Path, metavar="FILE", help="of a terminal")
    key = actions.add_parser("key", help="make a publishing key in a file of yours alone; prints its public half")
    key.add_argument("--out", type=Path, required=True, metavar="FILE", help="never written over")
    key.add_argument("--suite", choices=("international", "shangmi"), default="international", help="Ed25519, or SM2")
    sign = actions.add_parser("sign", help="check a pack and sign it: FILE.sig beside it")
    sign.add_argument("files", nargs="+", type=Path, metavar="FILE")
    sign.add_argument("--key", type=Path, required=True, metavar="FILE", help="made by kiosk pack key")
    diff = actions.add_parser("diff", help="what differs between two packs, value by value")
    diff.add_argument("files", nargs=2, type=Path, metavar="FILE")
    for action in (check, listing, key, sign, diff):
        action.add_argument("--json", action="store_true")
        action.set_defaults(run=_pack)

    keys = commands.add_parser("keys", help="the terminal's own keys: where they lie, and how they change")
    keys.add_argument(
        "action", nargs="?", choices=("list", "change", "move", "restore"), default="list",
        help="list (the default); change: the signing key, with the next contact; move --to, while the terminal does "
        "not run: killed half-way, call it again; restore --copy: back to files, where the source is gone",
    )  # fmt: skip
    keys.add_argument("--data", type=Path, default=DEMO_DATA, metavar="DIR", help=f"a terminal's ({DEMO_DATA})")
    keys.add_argument("--to", default="", metavar="SOURCE", help="file, credential (systemd) or tpm")
    keys.add_argument("--pcrs", default="", metavar="LIST", help="bind a TPM's to measured state, such as sha256:0,7")
    keys.add_argument("--copy", type=Path, metavar="FILE", help="of all keys, for the safe: a broken TPM has none")
    keys.add_argument("--json", action="store_true")
    keys.set_defaults(run=_keys)

    paper = commands.add_parser("paper", help="is a paper genuine")
    paper.add_argument(
        "action", choices=("verify", "verify-seal"),
        help="verify: hold its code against a published list; verify-seal: who has sealed this PDF, when, and whether "
        "a bit has changed; neither needs a line",
    )  # fmt: skip
    paper.add_argument("text", nargs="?", default="", metavar="CODE", help="what the paper's code holds; a PDF's file")
    paper.add_argument("--image", type=Path, metavar="FILE", help="a picture of the paper, instead")
    paper.add_argument("--list", type=Path, metavar="FILE", help="papers.jws, from the office")
    paper.add_argument("--root", default="", metavar="KEY", help="the office's first key (base64, or a file: root.key)")
    paper.add_argument("--sm2", type=Path, metavar="FILE", help="of verify-seal: the SM2 signature beside the PDF")
    paper.add_argument(
        "--trust", type=Path, action="append", default=[], metavar="FILE", help="of verify-seal: certificates (PEM)"
    )
    paper.add_argument("--fields", type=Path, metavar="FILE", help="what the paper says, in JSON, to be compared")
    paper.add_argument("--json", action="store_true")
    paper.set_defaults(run=_paper)

    bundle = commands.add_parser("bundle", help="a diagnostics bundle that a terminal wrote to a stick")
    bundle.add_argument("action", choices=("check",), help="is it whole, and which terminal has signed it")
    bundle.add_argument("file", type=Path, metavar="FILE")
    bundle.add_argument("--key", default="", metavar="KEY", help="the terminal's public key (base64, or a file)")
    bundle.add_argument("--json", action="store_true")
    bundle.set_defaults(run=_bundle)

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


def _publishing_options(backend: argparse.ArgumentParser) -> None:
    publish = backend.add_argument_group("publish (and outcomes: --command ID)")
    publish.add_argument("--to", default="", metavar="SCOPE", help="all, an area code, or a terminal's id")
    publish.add_argument("--signing-key", type=Path, metavar="FILE", help="made by kiosk pack key")
    publish.add_argument("--pack", type=Path, action="append", default=[], metavar="FILE", help="signed")
    publish.add_argument("--policy", type=Path, metavar="FILE", help="values that may be changed from afar (TOML)")
    publish.add_argument("--drop", action="append", default=[], metavar="NAME", help="no longer publish this pack")
    publish.add_argument(
        "--command", default="", metavar="NAME",
        help="sync-now, change-terminal-key, resend-item item=ID, restart, out-of-service reason=WORD [until=TIME], "
        "in-service, collect-diagnostics, unlock-entry; without any of these the last manifest is published anew",
    )  # fmt: skip
    publish.add_argument("--argument", action="append", default=[], metavar="KEY=VALUE", help="of the command")
    publish.add_argument("--days", type=int, default=90, help="that the manifest holds (90)")
    publish.add_argument("--hours", type=int, default=24, help="that the command may be carried out (24)")
    publish.add_argument("--after", type=int, default=0, metavar="HOURS", help="until it may be taken up (0)")


def _late_options(backend: argparse.ArgumentParser) -> None:
    late = backend.add_argument_group("settle, withdraw-pack, papers")
    late.add_argument("--case", default="", metavar="ID", help="the case's id (kiosk journal list --json)")
    late.add_argument(
        "--found", default="", metavar="WORD",
        help="otherwise, revoked, elsewhere, withdrawn; confirmed; of ratings: reached, missed, upheld, ...",
    )  # fmt: skip
    late.add_argument("--service", default="", metavar="ID", help="of the pack that decides no more")
    late.add_argument("--version", default="", metavar="VERSION", help="of it")
    late.add_argument("--since", default="", metavar="TIME", help="ISO 8601 with offset (now)")
    late.add_argument("--phone", default="", help="stands on the page, for whoever has a question")


def _life_options(backend: argparse.ArgumentParser) -> None:
    life = backend.add_argument_group("case (with --case, and --to WHO where it is handed on)")
    life.add_argument("--act", default="", metavar="EVENT", help="accepted, supplement_asked, approved, refused, ...")
    life.add_argument("--by", default="", metavar="NAME", help="who does it")
    life.add_argument(
        "--role", default="department",
        choices=("community", "street", "department", "applicant", "supervisor", "operator", *ENTRY_ROLES),
        help="of whom; applicant: written down for the applicant; supervisor: of appeals (department); the last four: "
        "of entry-code",
    )  # fmt: skip
    life.add_argument("--reason", default="", metavar="TEXT", help="which the applicant is told")
    life.add_argument(
        "--lacking", action="append", default=[], metavar="WHAT", help="a material's key in the pack, or words; each"
    )
    life.add_argument("--approval", default="", metavar="WHO", help="who has approved an extension")
    life.add_argument("--number", type=int, default=1, help="of ratings: 1 the first one, 2 what was added (1)")


def _seal_options(backend: argparse.ArgumentParser) -> None:
    seal = backend.add_argument_group(
        "seal-key; certificate (--case, --out), correct-certificate (also --argument FIELD=VALUE --reason WORD)"
    )
    seal.add_argument("--authority", default="", metavar="NAME", help="as certificates name it; makes a sample")
    seal.add_argument("--valid-days", type=int, default=365, help="of a sample (365)")
    seal.add_argument(
        "--source", default="file", choices=("file", "credential", "tpm"), dest="key_source", help="of its keys (file)"
    )
    how = seal.add_mutually_exclusive_group()
    how.add_argument("--request", type=Path, metavar="FILE", help="a key, and the request for its certificate (PEM)")
    how.add_argument("--certificate", type=Path, metavar="FILE", help="the CA's answer to the request (PEM)")
    how.add_argument(
        "--pkcs12", type=Path, metavar="FILE", help="key and certificate from a CA; password in KIOSK_SEAL_PASSWORD"
    )
    how.add_argument("--withdraw", action="store_true", help="nothing that it has sealed is believed any more")


def _staff_options(backend: argparse.ArgumentParser) -> None:
    staff = backend.add_argument_group("staff: who may sign in to the console (with --add also --role)")
    staff.add_argument("--add", default="", metavar="NAME", help="to sign in with; the password by the standard input")
    staff.add_argument("--shown", default="", metavar="TEXT", help="what the history of cases calls them (NAME)")
    staff.add_argument(
        "--area", action="append", default=[], metavar="CODE", help="with all that lies in it: 2, 4, 6, 9, 12 digits"
    )
    staff.add_argument("--matter", action="append", default=[], metavar="ID", help="these matters alone; each")
    staff.add_argument("--oidc", default="", metavar="SUBJECT", help="at the issuer of --sign-in, who signs them in")
    staff.add_argument("--reset", default="", metavar="NAME", help="a new password; none given: a new second factor")
    staff.add_argument("--change", default="", metavar="NAME", help="another --role and --area, also --matter")
    staff.add_argument("--end", default="", metavar="NAME", help="locked: nobody signs in with it any more")
    staff.add_argument("--unlock", default="", metavar="NAME", help="it may be signed in with again")


def _oversight_options(backend: argparse.ArgumentParser) -> None:
    oversight = backend.add_argument_group(
        "oversight WHAT",
        "refresh: figures and suspicions anew (by a timer); report --out FILE.pdf or .xlsx [--area]; export --month "
        "--out: open data, without persons; commitments: hashes of the coming days' seeds, to be published; sample "
        "--day: drawn, with --case --found --by what was found; detect: what looks made up, with --suspicion --found "
        "--by the verdict",
    )
    oversight.add_argument("--day", default="", metavar="YYYY-MM-DD", help="that is over")
    oversight.add_argument("--month", default="", metavar="YYYY-MM", help="that is over")
    oversight.add_argument("--suspicion", default="", metavar="ID", help="of detect")


def _entry_options(backend: argparse.ArgumentParser) -> None:
    entry = backend.add_argument_group("entry-code (also --terminal, --role, --by)")
    entry.add_argument("--challenge", default="", metavar="DIGITS", help="the six that the terminal's page shows")
    entry.add_argument("--hour", default="", metavar="TEXT", help='as it shows it: "2026-11-27 14"')
    entry.add_argument("--staff", default="", metavar="NUMBER", help="of the member of staff who stands there")
    entry.add_argument(
        "--secret-file", type=Path, metavar="FILE", help="the installer's, of a terminal that was never on the line"
    )


def _fail(message: str) -> int:
    from kiosk.domain.text import shown

    print(f"kiosk: {shown(message)}", file=sys.stderr)
    return 2


def _run(options: argparse.Namespace) -> int:
    from kiosk import display, profile, trial
    from kiosk.running import run

    file = options.profile.absolute()
    try:
        loaded, standing = trial.load(file)
    except profile.ProfileError as error:
        return _fail(str(error))
    if why := display.missing():
        return _fail(f"{why}; start it inside one, or name a platform of Qt that needs none (QT_QPA_PLATFORM=eglfs)")
    return run(loaded, file=file, trial=standing)


def _demo(options: argparse.Namespace) -> int:
    os.umask(0o077)  # what it writes is its owner's alone
    from kiosk import demo, profile
    from kiosk.services.signing import public_keys

    try:
        size = profile.parse_size(options.size)
        public_keys([options.publishing_key] if options.publishing_key else [])
    except profile.ProfileError as error:
        return _fail(str(error))
    except ValueError:
        return _fail("--publishing-key: give the public key that `kiosk pack key` prints")
    return demo.run(
        demo.Wanted(
            out=options.out.resolve(),
            headless=options.headless,
            visits=tuple(options.visit),
            offline=options.offline,
            size=size,
            language=options.lang,
            devices=options.devices,
            pictures=options.pictures == "all",
            suite=options.suite,
            connectors=str(Path(options.connectors).resolve()) if options.connectors else "",
            publishing_key=options.publishing_key,
        )
    )


def _backend(options: argparse.Namespace) -> int:
    os.umask(0o077)  # database, materials, write-ahead log: the owner's alone
    from kiosk.backend import BackendError, Settings, issue_code, serve
    from kiosk.backend.serve import FirstTerminal

    try:
        if options.issue_code:
            settings = Settings(options.db, options.blobs, options.keys, suites=tuple(options.suite))
            print(issue_code(settings, *options.issue_code))
            return 0
        if options.heads or options.allow_log:
            return _log_desk(options)
        if options.role in ENTRY_ROLES and options.action != "entry-code":
            return _fail(f"--role {options.role} is a role at a terminal: it goes with entry-code alone")
        if options.action != "serve":
            return _backend_desk(options)
        first = FirstTerminal(*options.first_terminal) if options.first_terminal else None
        serve(
            options.db, options.blobs, options.listen, ready=lambda line: print(line, flush=True), keys=options.keys,
            first=first, suites=tuple(options.suite), registers=options.registers, sample_seals=options.sample_seals,
            connectors=options.connectors, console=options.console, public_url=options.public_url,
            proxy=options.proxy, sign_in=options.sign_in,
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
    if options.action == "check":
        return desk.check(settings)
    if options.action in ("publish", "published", "outcomes"):
        return _publish(options)
    if options.action == "settle":
        return desk.settle(settings, options.case, options.found)
    if options.action == "withdraw-pack":
        return desk.withdraw_pack(settings, options.service, options.version, options.since)
    if options.action == "papers":
        return desk.papers(settings, options.out, options.phone)
    if options.action == "replay":
        return desk.replay(settings, tests=options.what == "tests")
    if options.action in ("seal-key", "certificate", "correct-certificate", "certify"):
        return _seal_desk(options)
    if options.action in ("case", "due"):
        return _life_desk(options)
    if options.action == "oversight":
        return _oversight_desk(options)
    if options.action == "connectors":
        return _connectors_desk(options)
    if options.action == "staff":
        return _staff_desk(options)
    if options.action == "ratings":
        return _ratings_desk(options)
    if options.action in ("entry-code", "entry-codes"):
        return _entry_desk(options)
    return desk.rotate_keys(settings) if options.action == "rotate-keys" else desk.revoke(settings, options.terminal)


def _oversight_desk(options: argparse.Namespace) -> int:
    from kiosk.backend import Settings
    from kiosk.backend.oversight import desk

    settings = Settings(options.db, options.blobs, options.keys)
    return desk.run(
        settings,
        desk.Wanted(
            options.what, options.out, next(iter(options.area), ""), options.day,
            options.month, options.case, options.suspicion,
            options.found, options.by,
        ),
    )  # fmt: skip


def _connectors_desk(options: argparse.Namespace) -> int:
    from kiosk.backend import Settings
    from kiosk.backend.connectors import desk

    settings = Settings(options.db, options.blobs, options.keys, connectors=options.connectors)
    return desk.connectors(settings, options.act or "list", options.letter, options.by)


def _seal_desk(options: argparse.Namespace) -> int:
    from kiosk.backend import Settings, seal_desk

    settings = Settings(options.db, options.blobs, options.keys)
    if options.action == "certificate":
        return seal_desk.certificate(settings, options.case, options.out)
    if options.action == "certify":
        return seal_desk.certify(settings)
    if options.action == "correct-certificate":
        changes = dict(text.partition("=")[::2] for text in options.argument)
        return seal_desk.correct(settings, options.case, changes, options.reason, options.out)
    return seal_desk.seal_key(
        settings,
        seal_desk.Wanted(
            options.authority, options.valid_days, options.key_source, options.request, options.certificate,
            options.pkcs12, options.withdraw,
        ),
    )  # fmt: skip


def _life_desk(options: argparse.Namespace) -> int:
    from kiosk.backend import Settings, lives_desk

    settings = Settings(options.db, options.blobs, options.keys)
    if options.action == "due":
        return lives_desk.due(settings)
    wanted = None
    if options.act:
        wanted = lives_desk.Wanted(
            options.act, options.by, options.role, options.reason, options.lacking, options.to, options.approval
        )
    return lives_desk.case(settings, options.case, wanted)


def _ratings_desk(options: argparse.Namespace) -> int:
    from kiosk.backend import Settings
    from kiosk.backend.ratings import desk

    settings = Settings(options.db, options.blobs, options.keys)
    if not options.case:
        return desk.tasks(settings)
    wanted = desk.Wanted(options.act, options.by, options.role, options.found) if options.act else None
    return desk.task(settings, options.case, options.number, wanted)


def _staff_desk(options: argparse.Namespace) -> int:
    from kiosk.backend import Settings
    from kiosk.backend.console import staff_desk

    settings = Settings(options.db, options.blobs, options.keys, public_url=options.public_url, sign_in=options.sign_in)
    if options.reset:
        return staff_desk.reset(settings, options.reset)
    if options.end or options.unlock:
        return staff_desk.lock(settings, options.end or options.unlock, locked=bool(options.end))
    if options.change:
        return staff_desk.change(settings, options.change, options.role, options.area, options.matter)
    if not options.add:
        return staff_desk.show(settings)
    return staff_desk.add(
        settings, options.add, options.role, options.area, options.matter, options.shown, options.oidc
    )


def _entry_desk(options: argparse.Namespace) -> int:
    from kiosk.backend import Settings, entry_desk

    settings = Settings(options.db, options.blobs, options.keys)
    if options.action == "entry-codes":
        return entry_desk.issued(settings, options.terminal)
    return entry_desk.code(
        settings, options.terminal, options.hour, options.challenge, options.role, options.staff, options.by,
        options.secret_file,
    )  # fmt: skip


def _publish(options: argparse.Namespace) -> int:
    from kiosk.backend import Settings, publish_desk

    settings = Settings(options.db, options.blobs, options.keys)
    if options.action == "published":
        return publish_desk.show(settings)
    if options.action == "outcomes":
        return publish_desk.outcomes(settings, options.command)
    pairs = dict(text.partition("=")[::2] for text in options.argument)
    return publish_desk.publish(
        settings,
        publish_desk.Wanted(
            options.to, options.signing_key, options.pack, options.policy, options.drop, options.command, pairs,
            options.days, options.hours, options.after,
        ),
    )  # fmt: skip


def _log_desk(options: argparse.Namespace) -> int:
    from kiosk.backend import Settings
    from kiosk.backend.log_desk import allow_another, heads

    settings = Settings(options.db, options.blobs, options.keys)
    if options.allow_log:
        allow_another(settings, options.allow_log)
    if options.heads:
        print("\n".join(heads(settings, options.heads)))
    return 0


def _guard(options: argparse.Namespace) -> int:
    from kiosk.health import guard

    words = options.command_line
    times = guard.Times() if options.watchdog is None else guard.Times(watchdog=options.watchdog)
    return guard.main(words[1:] if words[:1] == ["--"] else words, times)


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


def _paper(options: argparse.Namespace) -> int:
    from kiosk.papers import commands

    if options.action == "verify-seal":
        from kiosk.seals.commands import verify_seal

        if not options.text:
            return _fail("name the PDF")
        return verify_seal(
            Path(options.text), sm2=options.sm2, list_file=options.list, root=options.root, trust=options.trust,
            as_json=options.json,
        )  # fmt: skip
    if options.list is None:
        return _fail("name the office's list: --list papers.jws")
    if bool(options.text) == (options.image is not None):
        return _fail("name what the code holds, or --image with a picture of the paper")
    return commands.verify(
        options.text, image=options.image, list_file=options.list, root=options.root, fields=options.fields,
        as_json=options.json,
    )  # fmt: skip


def _bundle(options: argparse.Namespace) -> int:
    from kiosk.health import bundle_check

    return bundle_check.run(options.file, key=options.key, as_json=options.json)


def _log(options: argparse.Namespace) -> int:
    from kiosk.journal import commands
    from kiosk.sync.identity import public_key_in

    inside = options.data.name == "journal"  # the journal's own folder was named: the key lies beside it
    own = public_key_in(options.data.parent if inside else options.data)
    return commands.verify_log(options.data, receipts=options.receipts, own_key=own, as_json=options.json)


def _keys(options: argparse.Namespace) -> int:
    os.umask(0o077)
    from kiosk.keystore import commands

    return commands.run(options.data, options.action, options.to, options.pcrs, options.copy, as_json=options.json)


def _pack(options: argparse.Namespace) -> int:
    from kiosk.services import commands

    if options.action == "list":
        return commands.list_packs(options.profile, as_json=options.json)
    if options.action == "key":
        return commands.make_key(options.out, options.suite, as_json=options.json)
    if options.action == "sign":
        return commands.sign(options.files, options.key, as_json=options.json)
    if options.action == "diff":
        return commands.diff(*options.files, as_json=options.json)
    return commands.check(options.files, as_json=options.json)


def _bench(options: argparse.Namespace) -> int:
    from kiosk.bench import commands

    return commands.run(options.name, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
