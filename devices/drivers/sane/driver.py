"""A document scanner by SANE.

``poll`` opens the device and lets go of it again (``scanimage -n``), but not at every turn: with some backends opening
warms a lamp or moves the head. Between two openings the status keeps the time of the last one; a USB device's file is
looked for at every turn, so that a pulled plug is seen at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Fault, Level, State, Status, TestResult
from devices.contracts.document_scanner import (
    Mode,
    NotScanned,
    ScanListener,
    Scanned,
    ScanOutcome,
    ScanSettings,
    Source,
    Unknown,
)
from devices.drivers.sane import protocol
from devices.drivers.sane.port import SanePort, failure, missing
from devices.drivers.sane.protocol import Options
from devices.drivers.sane.run import Run
from devices.transports.program import Direct, Programs

REST = 30.0  # seconds between two openings of a scanner that nobody uses
STEP = 8.0  # seconds for opening it once; some backends reset the device
KILL = 0.3  # seconds kept back for ending a scanimage that hangs
SLACK = 2.0  # mm by which a page may be larger than the scanner's glass: it is cut to the glass
SMALL = (50.0, 50.0)  # mm, of the self-test


class SaneScanner:
    """``port`` is ``[sane:][CONFIG_FOLDER#]DEVICE``, DEVICE as ``scanimage -L`` tells it.

    ``rest`` seconds lie between two openings by ``poll`` at least; ``program`` is scanimage, or stands for it;
    ``programs`` are a capture's or a replay's."""

    def __init__(
        self, port: str, *, rest: float = REST, program: str = "scanimage", programs: Programs | None = None
    ) -> None:
        self._port = SanePort.parse(port)
        self._name, self._rest, self._program = port, rest, program
        self._programs = programs or Direct()
        self._options = Options()
        self._known = False
        self._opened: Status | None = None
        self._left: Fault | None = None  # what the last scan ran into, until one succeeds
        self._count: Counter[str] = Counter()

    # ---- Device ----

    @property
    def info(self) -> DeviceInfo:
        return DeviceInfo("document_scanner", "sane", self._name, model=self._port.device.partition(":")[0])

    @property
    def capabilities(self) -> Mapping[str, str]:
        """What the device lets one choose; empty before ``open``."""
        options = self._options
        sources = [source.value for source in Source if options.source(source) is not None] if self._known else []
        return {
            "sources": ", ".join(sources),
            "modes": ", ".join(mode.value for mode in Mode if options.mode(mode)),
            "dpi": ("{:g}-{:g}" if options.ranged else ", ".join(["{:g}"] * len(options.resolutions))).format(
                *options.resolutions
            ),
            "size": "{:g} x {:g} mm".format(*options.size) if options.size[0] else "",
        }

    def open(self, deadline: Deadline) -> None:
        """Ask the device for its options. Raises DeviceError."""
        self._present()
        self._options = protocol.options_of(self._ask(["--all-options"], deadline))
        self._known = True
        self._opened = self._status()

    def close(self) -> None:
        """Nothing is held open between two scans."""
        self._opened, self._known = None, False

    def poll(self, deadline: Deadline) -> Status:
        self._present()
        if self._opened is not None and self._opened.age() < self._rest:
            return self._opened
        self._opened = None
        try:
            self._ask(["--dont-scan"], deadline)
        except DeviceError as error:
            if error.code != "busy":
                raise
            self._opened = self._status(error.fault())
        else:
            self._opened = self._status()
        return self._opened

    def reset(self, deadline: Deadline) -> None:
        """Forget what was known and open the device afresh; idempotent."""
        self.close()
        self._left = None
        self.open(deadline)

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        """INTERNAL opens; EXTERNAL scans a corner of the glass (a feeder alone cannot be tested so); INTERACTIVE
        scans a page that a person has laid down, for the person to judge."""
        self.reset(deadline)
        chosen = self._options.source(Source.FLATBED) is not None
        if level is Level.INTERNAL:
            return TestResult(level, True, f"opened; {self.capabilities['sources']}")
        if level is Level.EXTERNAL and not chosen:
            return TestResult(level, None, "a feeder without glass: lay a sheet into it and use the interactive level")
        source = Source.FLATBED if chosen else Source.FEEDER
        settings = ScanSettings(source, self._some_mode(), self._some_dpi(), SMALL, pages=1)
        if level is Level.INTERACTIVE:
            settings = replace(settings, size=self._largest())
        outcome = self.scan(settings, deadline=deadline)
        if isinstance(outcome, Scanned):
            page = outcome.pages[0]
            report = f"a page of {page.width} x {page.height} dots, {page.dpi} dpi, {page.mode.value}"
            return TestResult(level, None if level is Level.INTERACTIVE else True, report)
        return TestResult(level, False, f"{type(outcome).__name__}: {outcome.reason.code}")

    def statistics(self) -> Mapping[str, int]:
        return dict(self._count)

    # ---- DocumentScanner ----

    def scan(self, settings: ScanSettings, *, deadline: Deadline, progress: ScanListener | None = None) -> ScanOutcome:
        outcome = self._scan(settings, deadline, progress or (lambda _: None))
        word = {Scanned: "scanned", NotScanned: "not_scanned", Unknown: "unknown"}[type(outcome)]
        self._count["scans"] += 1
        self._count[word] += 1
        if isinstance(outcome, Scanned):
            self._count["pages"] += len(outcome.pages)
        failed = None if isinstance(outcome, Scanned) else outcome.reason
        stays = failed is not None and failed.code in ("jammed", "cover-open")
        self._left = replace(failed, blocking=False) if failed is not None and stays else None
        self._opened = self._status() if failed is None else None
        return outcome

    def _scan(self, settings: ScanSettings, deadline: Deadline, progress: ScanListener) -> ScanOutcome:
        try:
            if not self._known:
                self.open(deadline)
            self._present()
            words = self._words(settings)
        except DeviceError as error:
            return NotScanned(error.fault())
        run = Run(self._port, self._program, words, self._fitting(settings), progress, self._programs)
        outcome = run.scan(deadline)
        self._count["killed"] += run.killed
        return outcome

    def _words(self, settings: ScanSettings) -> list[str]:
        """Options for scanimage. Raises DeviceError ``settings`` for what the device cannot do: scanimage itself
        would take the nearest it can, and say so on the side."""
        options = self._options
        source, mode = options.source(settings.source), options.mode(settings.mode)
        for what, fits in (
            (f"no {settings.source.value}", source is not None),
            (f"no mode {settings.mode.value}", mode is not None or not options.modes),
            (f"not {settings.dpi} dpi", options.takes_dpi(settings.dpi)),
            (f"not {settings.size[0]:g} x {settings.size[1]:g} mm", self._fits(settings.size)),
        ):
            if not fits:
                raise DeviceError(
                    "settings",
                    f"the scanner has {what}",
                    advice="Correct the scanner's settings in the profile; `status` lists what it can do.",
                    retryable=False,
                    action=Action.CONFIGURE,
                )
        width, height = self._fitting(settings).size
        chosen = {"source": source, "mode": mode, "resolution": str(settings.dpi)}
        words = [f"--{name}={value}" for name, value in chosen.items() if value and name in options.names]
        for name, value in (("l", 0.0), ("t", 0.0), ("x", width), ("y", height)):
            if name in options.names:
                words += [f"-{name}", f"{value:g}"]
        return words

    def _fits(self, size: tuple[float, float]) -> bool:
        return all(most == 0 or wanted <= most + SLACK for wanted, most in zip(size, self._options.size, strict=True))

    def _fitting(self, settings: ScanSettings) -> ScanSettings:
        sizes = zip(settings.size, self._options.size, strict=True)
        width, height = (min(wanted, most) if most else wanted for wanted, most in sizes)
        pages = 1 if settings.source is Source.FLATBED else settings.pages
        return replace(settings, size=(width, height), pages=pages)

    def _some_mode(self) -> Mode:
        return next((mode for mode in (Mode.GREY, Mode.COLOUR, Mode.LINEART) if self._options.mode(mode)), Mode.GREY)

    def _some_dpi(self) -> int:
        near = [dpi for dpi in (75, 100, 150, 200, 300, 600) if self._options.takes_dpi(dpi)]
        return near[0] if near else int(self._options.resolutions[0])

    def _largest(self) -> tuple[float, float]:
        width, height = self._options.size
        return (min(width, 210.0) or 210.0, min(height, 297.0) or 297.0)

    # ---- the device ----

    def _present(self) -> None:
        """A USB device's file must be there. Raises ``port-missing``."""
        file = self._port.device_file
        if file is not None and not file.exists():
            raise missing(self._name)

    def _ask(self, words: list[str], deadline: Deadline) -> str:
        """One short run of scanimage; what it wrote to stdout. Raises DeviceError."""
        self._count["openings"] += 1
        left = deadline.remaining()
        step = Deadline(deadline.at - min(KILL, 0.2 * left)).sooner(STEP)
        command = [self._program, f"--device-name={self._port.device}", *words]
        program = self._programs.start(command, self._port.environment)
        try:
            status = program.wait(step)
            if status != 0:
                self._count["killed"] += status is None
                raise failure(self._name, status, program.said())
            return program.output()
        finally:
            program.end(deadline.sooner(KILL))

    def _status(self, busy: Fault | None = None) -> Status:
        faults = tuple(fault for fault in (busy, self._left) if fault is not None)
        evidence = "opened, and the last scan" if self._left else "opened"
        return Status(State.DEVICE_BUSY if busy else State.ONLINE, faults, details={"evidence": evidence})


def attached(deadline: Deadline, programs: Programs | None = None) -> list[dict[str, str]]:
    """What ``scanimage -L`` finds: slow, for every backend of the machine looks for its devices. Raises DeviceError."""
    program = (programs or Direct()).start(["scanimage", "--formatted-device-list=%d|%v|%m|%t%n"], {})
    try:
        status = program.wait(deadline)
        if status != 0:
            raise failure("", status, program.said())
        rows = [line.split("|") for line in program.output().splitlines() if line.count("|") == 3]
    finally:
        program.end(Deadline.after(0.2))
    return [dict(zip(("device", "vendor", "model", "type"), row, strict=True)) for row in rows]
