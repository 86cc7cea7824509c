"""Room ``overview``: each device, the line, what waits, power, disk and clock: what is wrong comes first, with why,
since when, and what mends it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kiosk.access.roles import Deed
from kiosk.domain.beijing import CHINA
from kiosk.maintenance import repair_book, stock, words
from kiosk.maintenance.bare import BareRoom
from kiosk.maintenance.facts import Facts, gather
from kiosk.maintenance.live import Every, Live, every
from kiosk.maintenance.moments import lasting
from kiosk.maintenance.screen import Button, Page, Row, Said, Tone
from kiosk.maintenance.verdicts import ORDER, verdict, worse

if TYPE_CHECKING:
    from devices.contracts.device import Status
    from kiosk.health.proofs import Proof
    from kiosk.maintenance.house import House
    from kiosk.maintenance.repair_book import Repair
    from kiosk.maintenance.room import Path, Session
    from kiosk.maintenance.since import Since

EVERY = 5.0  # seconds between two looks at everything
TOGETHER = ("ups", "sensors")  # told as "power and cabinet"
TODAY = frozenset(
    {"receipts", "sheets", "id_cards", "slot_cards", "face_checks", "desk_pages", "scanned_pages", "codes"}
)
"""Counts that say how much a device was used today."""
ASIDE = frozenset({"needs-person"})
"""Codes of proofs that say nothing of the device: nobody was there to judge."""
OPENS = {"network": "network", "queue": "queue", "power": "tests/ups", "disk": "tests/disk"}
ELSEWHERE = {"packs": "software", "keys": "network", "chain": "network", "actors": "tests"}
"""Where one looks further, of what is no device."""
LATELY = timedelta(hours=36)  # the last night's word counts, one of last week's does not
LIVE_TESTS = frozenset({"state", "lasts", "line"})
"""Tests whose answer of now stands on the same page: the status, what is used up, the line."""


REPORT = Row(
    "report", Said("maint.overview.report"), Said("maint.overview.report_row"),
    button=Button("report", Said("maint.overview.look"), opens="report"), picture="computer",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    row: Row
    fault: str = ""
    repair: Repair | None = None
    kind: str = ""


class Overview(BareRoom):
    """``since`` has listened from the program's start on."""

    name = "overview"
    opens = Deed.LOOK

    def __init__(self, house: House, since: Since, tick: Every = every) -> None:
        super().__init__()
        self._house, self._since = house, since
        self._live = Live(tick)
        self._facts: Facts | None = None
        self._codes = True  # whether the codes of faults stand beside their words
        self._looking = threading.Lock()

    def tone(self) -> Tone:
        return worse("ok", *(line.row.tone for line in self._lines(self._house.now())))

    def enter(self, path: Path, session: Session) -> None:
        super().enter(path, session)
        self.read(self._look)
        actors = self._house.actors.values()
        self._live.begin(actors, self.desk.changed, EVERY, lambda: self.read(self._look))

    def leave(self, path: Path) -> None:
        super().leave(path)
        self._live.end()

    def act(self, path: Path, name: str, value: str, session: Session) -> None:
        """All its buttons open other pages."""

    def _look(self) -> None:
        if not self._looking.acquire(blocking=False):
            return  # the look before takes its time
        try:
            self._facts = gather(self._house)
        finally:
            self._looking.release()
        self.desk.changed()

    # -- the page ------------------------------------------------------------------------------------

    def page(self, path: Path, session: Session) -> Page:
        now = self._house.now()
        self._codes = session.may(Deed.REPAIR)
        lines = sorted(self._lines(now), key=lambda line: ORDER.index(line.row.tone))
        tones = [line.row.tone for line in lines]
        return Page(
            "overview",
            heading(tones.count("broken"), tones.count("attention"), tones.count("unknown")),
            tone=worse("ok", *tones),
            rows=(*(line.row for line in lines), REPORT),
            buttons=self._buttons(lines, session),
            notice=self.notice,
        )

    def _buttons(self, lines: list[_Line], session: Session) -> tuple[Button, ...]:
        mend = next(
            (each for each in lines if each.repair is not None and session.may(each.repair.deed)), None
        )  # the first that this role may mend
        tests = Button("all", Said("maint.overview.test_all"), opens="tests/all", weight="plain" if mend else "main")
        if mend is None or mend.repair is None:
            return (tests,)
        what = words.fault(mend.fault) if mend.fault else words.device(mend.kind)
        label = Said("maint.overview.mend", (what, len(mend.repair.steps)))
        main = Button("mend", label, opens=mend.repair.path(mend.kind), weight="main")
        return main, tests

    def _lines(self, now: datetime) -> list[_Line]:
        statuses = self._house.statuses()
        kinds = [device.kind for device in self._house.profile.devices]
        lines = [self._device(kind, statuses.get(kind), now) for kind in kinds if kind not in TOGETHER]
        lines.append(self._touch(now))
        lines += [self._proved(line, now) for line in (self._network(), self._queue(now))]
        together = [kind for kind in kinds if kind in TOGETHER]
        if together:
            lines.append(self._proved(self._power(together, statuses, now), now))
        return [*self._closed(), *lines, self._proved(self._disk(), now), self._clock(), *self._elsewhere(now)]

    def _closed(self) -> list[_Line]:
        """That the public is not served, whoever has closed the terminal: leaving alone does not open it."""
        word = self._house.afar.closed
        if not word:
            return []
        why = words.dots(Said("maint.power.closed"), Said(f"maint.power.reason.{word}", (word,)))
        return [self._plain("service", "attention", why, "power")]

    def _device(self, kind: str, status: Status | None, now: datetime) -> _Line:
        found = verdict(status)
        if found.tone in ("broken", "attention", "unknown") and (found.code or found.tone != "unknown"):
            repair = repair_book.mending(kind, found.code)
            why = words.dots(
                words.fault(found.code),
                None if repair is not None or found.action.value == "none" else words.todo(found.action),
                words.since(self._since.of(kind), now),
                Said("", (words.fault_value(found.code),)) if self._codes else None,
            )
            return self._line(kind, found.tone, why, repair, found.code)
        if found.tone == "unknown":
            return self._line(kind, "unknown", Said("maint.overview.unknown"), None)
        bad = self._failed(kind)
        if bad is not None:
            why = words.dots(words.proof(bad), words.told_at(bad.at, now))
            tone: Tone = "broken" if bad.outcome == "failed" and bad.test in ("internal", "external") else "attention"
            return self._line(kind, tone, why, repair_book.proving(kind, bad))
        low = self._low(kind, now)
        if low is not None:
            return low
        return self._line(kind, "ok", words.dots(Said("maint.overview.well"), self._used_today(kind, now)), None)

    def _line(self, kind: str, tone: Tone, why: Said, repair: Repair | None, fault: str = "") -> _Line:
        button = None
        if repair is not None:
            button = Button("mend", Said(f"maint.repairs.{repair.name}.offer"), opens=repair.path(kind))
        elif tone != "ok":
            button = Button("test", Said("maint.overview.test"), opens=f"tests/{kind}")
        row = Row(kind, words.device(kind), why, tone, button, picture=words.place(kind))
        return _Line(row, fault, repair, kind)

    def _failed(self, kind: str) -> Proof | None:
        """The newest test of it that did not come out well, and was not mended since."""
        if self._facts is None:
            return None
        mine = [one for (subject, _), one in self._facts.proofs.items() if subject == kind]
        bad = [one for one in mine if one.outcome != "passed" and one.code not in ASIDE and one.test not in LIVE_TESTS]
        return max((one for one in bad if not mended(one, mine)), key=lambda one: one.at, default=None)

    def _low(self, kind: str, now: datetime) -> _Line | None:
        if self._facts is None:
            return None
        today = now.astimezone(CHINA).date()
        for each in stock.kinds().values():
            left = stock.left(each, self._facts.supplies.get(each.name), today)
            if each.kind != kind or stock.tone(each, left, today) != "attention":
                continue
            name = Said(f"maint.supplies.{each.name}")
            ends = None if left.day is None else Said("maint.supplies.until", (words.day(left.day),))
            about = None if left.percent is None else Said("maint.supplies.about", (name, left.percent))
            line = self._line(kind, "attention", words.dots(about or name, ends), None)
            repair = repair_book.repairs().get(each.repair)
            if repair is not None:
                return self._line(kind, "attention", words.dots(about or name, ends), repair)
            button = Button("supplies", Said("maint.overview.order"), opens="supplies")
            return replace(line, row=replace(line.row, button=button))
        return None

    def _used_today(self, kind: str, now: datetime) -> Said | None:
        if self._facts is None:
            return None
        today = now.astimezone(CHINA).date()
        for each in stock.kinds().values():
            supply = self._facts.supplies.get(each.name)
            if each.kind == kind and each.name in TODAY and supply is not None and supply.days.get(today):
                return Said(f"maint.overview.today.{each.name}", (supply.days[today],))
        return None

    # -- what is no device ---------------------------------------------------------------------------

    def _touch(self, now: datetime) -> _Line:
        """Nobody asks a touch screen how it is: what it was when somebody touched every field."""
        proofs = (
            [] if self._facts is None else [one for (name, _), one in self._facts.proofs.items() if name == "touch"]
        )
        last = max(proofs, key=lambda one: one.at, default=None)
        if last is not None and last.outcome != "passed":
            why = words.dots(words.proof(last), words.told_at(last.at, now))
            return self._line("touch", "attention", why, repair_book.repairs()["touch"])
        when = None if last is None else Said("maint.overview.touched", (words.told_at(last.at, now),))
        tone: Tone = "plain" if last is None else "ok"
        why = words.dots(Said("maint.overview.well"), when) if when else Said("maint.common.never_tested")
        return _Line(Row("touch", words.device("touch"), why, tone, None, words.place("touch")), kind="touch")

    def _proved(self, line: _Line, now: datetime) -> _Line:
        """What is well now, but was found wanting lately."""
        bad = self._failed(line.kind if line.row.key != "power" else "power")
        if line.row.tone != "ok" or bad is None or now - bad.at > LATELY:
            return line
        why = words.dots(words.proof(bad), words.told_at(bad.at, now))
        opens = OPENS.get(line.row.key, "tests")
        button = Button("look", Said("maint.overview.look"), opens=opens)
        return replace(line, row=replace(line.row, detail=why, tone="attention", button=button))

    def _elsewhere(self, now: datetime) -> list[_Line]:
        """What has a line only when something of it was found wanting: packs, keys, the chain, the actors."""
        lines = []
        for subject, opens in ELSEWHERE.items():
            bad = self._failed(subject)
            if bad is not None:
                why = words.dots(words.proof(bad), words.told_at(bad.at, now))
                lines.append(self._plain(subject, "attention", why, opens))
        return lines

    def _plain(self, name: str, tone: Tone, why: Said, opens: str) -> _Line:
        button = None if tone == "ok" else Button("look", Said("maint.overview.look"), opens=opens)
        return _Line(Row(name, words.device(name), why, tone, button, words.place(name)), kind=name)

    def _network(self) -> _Line:
        facts = self._facts
        if facts is None:
            return self._plain("network", "unknown", Said("maint.overview.looking"), "network")
        if not facts.online:
            return self._plain("network", "broken", Said("maint.overview.offline"), "network")
        off = None if facts.clock_off is None else Said("maint.overview.clock_off", (_tenths(facts.clock_off),))
        return self._plain("network", "ok", words.dots(Said("maint.overview.well"), off), "network")

    def _queue(self, now: datetime) -> _Line:
        facts = self._facts
        if facts is None:
            return self._plain("queue", "unknown", Said("maint.overview.looking"), "queue")
        oldest = None if facts.oldest is None else Said("maint.overview.oldest", (lasting(now - facts.oldest),))
        aside = Said("maint.overview.aside", (facts.aside,))
        why = words.dots(Said("maint.overview.waiting", (facts.waiting,)), oldest, aside)
        return self._plain("queue", "attention" if facts.aside else "ok", why, "queue")

    def _power(self, kinds: list[str], statuses: Mapping[str, Status], now: datetime) -> _Line:
        found = {kind: verdict(statuses.get(kind)) for kind in kinds}
        tone = worse(*(each.tone for each in found.values()))
        kind = next(kind for kind, each in found.items() if each.tone == tone)
        code = found[kind].code
        parts: list[Said | None] = []
        if code:
            parts += [words.fault(code), words.since(self._since.of(kind), now)]
        elif tone == "unknown":
            parts.append(Said("maint.overview.unknown"))
        if "ups" in found and found["ups"].tone == "ok":
            parts.append(Said("maint.overview.mains"))
        ups, sensors = statuses.get("ups"), statuses.get("sensors")
        if ups is not None and ups.details.get("runtime", "").isdecimal():
            parts.append(Said("maint.overview.backup", (int(ups.details["runtime"]) // 60,)))
        if sensors is not None and any(
            value == "open" for name, value in sensors.details.items() if name.startswith("door:")
        ):
            parts.append(Said("maint.overview.door_open"))
        if code:
            parts.append(Said("", (words.fault_value(code),)))
        button = None if tone == "ok" else Button("test", Said("maint.overview.test"), opens=f"tests/{kind}")
        why = words.dots(*parts) if parts else Said("maint.overview.well")
        return _Line(Row("power", words.device("power"), why, tone, button, words.place("power")), code, kind=kind)

    def _disk(self) -> _Line:
        facts = self._facts
        if facts is None:
            return self._plain("disk", "unknown", Said("maint.overview.looking"), "tests/disk")
        free = Said("maint.overview.disk_free", (_gigabytes(facts.disk_free),))
        word = None if facts.disk == "ok" else Said(f"maint.overview.disk_{facts.disk}")
        return self._plain("disk", facts.disk, words.dots(word, free), "tests/disk")

    def _clock(self) -> _Line:
        facts = self._facts
        if facts is None:
            return self._plain("clock", "unknown", Said("maint.overview.looking"), "network")
        tone: Tone = {"confirmed": "ok", "wrong": "broken"}.get(facts.trust, "unknown")  # type: ignore[assignment]
        told = Said(f"maint.overview.clock_{facts.trust}")
        clock = Said("", (f"{self._house.now():%Y-%m-%d %H:%M}",))
        return self._plain("clock", tone, words.dots(told, clock), "network")


def mended(bad: Proof, proofs: list[Proof]) -> bool:
    """Whether a repair that is for this test has come out well since."""
    return any(
        one.outcome == "passed"
        and one.at > bad.at
        and (repair := repair_book.repairs().get(one.test)) is not None
        and repair.mends & {bad.test, bad.code}
        for one in proofs
    )


def heading(broken: int, attention: int, unknown: int) -> Said:
    """``1 处故障，2 处要留意``."""
    counted = (("broken", broken), ("attention", attention), ("unknown", unknown))
    parts = [Said(f"maint.overview.heading.{name}", (count,)) for name, count in counted if count]
    if not parts:
        return Said("maint.overview.heading.ok")
    said = parts[0]
    for part in parts[1:]:
        said = Said("maint.common.and", (said, part))
    return said


def _tenths(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}"


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f}"
