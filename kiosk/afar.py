"""What an operator does from afar, and staff on the spot, where it meets the terminal: packs, policy, closing, a
restart, a look.

Who closes: an operator's word counts before that of staff on the spot, and that before the hours of profile or policy.
Both outlast a restart. An operator's ``in-service`` opens what staff have closed, too; staff open what staff have
closed, and never what an operator has. An operator's time (``until``) opens by itself; what staff expect is told to the
public and opens nothing: whoever has taken a terminal apart says when it is whole.

Nothing of it reaches into a visit. Packs change between two visits; what is built into the terminal when it starts (a
policy's values) is taken up by a restart between two visits, which the process does to itself (kiosk/running.py).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from kiosk import __version__, policy
from kiosk.domain.beijing import CHINA
from kiosk.health import findings
from kiosk.health.rounds import Job
from kiosk.profile import Profile
from kiosk.sync import commands, orders, taking
from kiosk.visit.events import ClosedChanged
from kiosk.wire.publishing import MAX_REPORT_DETAILS, MAX_REPORT_TEXT

if TYPE_CHECKING:
    from devices.contracts.device import Status
    from kiosk.journal.journal import Journal
    from kiosk.services.model import ServicePack
    from kiosk.visit.runner import Runner
    from kiosk.visit.visit import Machine

_log = logging.getLogger("kiosk.afar")
LOOK_SECONDS = 20.0  # between two looks at the hours of service
VISIT_DAYS, VISIT_DETAILS = 7, 4  # how far back it is told where visits broke off, and in how many details


class Afar:
    """Implements kiosk.sync.commands.Deeds; thread-safe. ``profile`` is as it was read, ``found`` what was in use then.

    ``restart`` ends the process so that it begins anew; None where whoever runs the terminal cannot. ``taken`` is told
    the packs that hold from now on, in the core's thread; ``tell`` may take its time, and does so in another: in
    `look`, which ``hurry`` asks for, because a service of which nobody has said that it can be done cannot.
    ``now``: Beijing time.
    """

    def __init__(
        self,
        profile: Profile,
        found: taking.InUse,
        *,
        journal: Journal,
        runner: Runner,
        restart: Callable[[], None] | None,
        taken: Callable[[Mapping[str, ServicePack]], None],
        tell: Callable[[], None],
        hurry: Callable[[], None] = lambda: None,
        statuses: Callable[[], Mapping[str, Status]],
        trust: Callable[[], str],
        now: Callable[[], datetime],
    ) -> None:
        self._profile, self._found, self._journal, self._runner = profile, found, journal, runner
        self._restart, self._taken, self._statuses, self._trust, self._now = restart, taken, statuses, trust, now
        self._tell, self._hurry = tell, hurry
        self._hours = policy.applied(profile, found.policy).closed
        self._lock = threading.Lock()
        self._closed = ("", "")
        self._restarting = self._untold = False
        self._began = time.monotonic()
        for name, reason in found.troubles.items():
            _log.error("what was published is not in use: %s (%s). See kiosk doctor.", name, reason)

    def jobs(self) -> tuple[Job, ...]:
        return (Job(self.look, LOOK_SECONDS),)

    def look(self) -> None:
        """Whether it is time to close or to open; and what the packs that were just taken can count on."""
        self.look_at_closed()
        if self._untold:
            self._untold = False
            self._tell()

    # -- packs and policy

    def changed(self) -> None:
        """Other packs or another policy are to be used: from the next quiet moment on."""
        found = taking.in_use(self._profile.data, self._profile.publishing_keys, self._profile.place)
        before, self._found = self._found, found
        packs = chosen(self._profile, found)

        def take(machine: Machine) -> Machine:
            self._taken(packs)
            self._untold = True
            self._hurry()
            return replace(machine, packs=packs)

        self._runner.when_quiet(take)
        if found.policy != before.policy and not self.restart():
            _log.warning("a policy was taken; it holds from the next start on")

    # -- Deeds

    def restart(self) -> bool:
        begin_anew = self._restart
        if begin_anew is None:
            return False

        with self._lock:
            first, self._restarting = not self._restarting, True
        if first:
            self.between_visits(begin_anew)
        return True

    def look_at_closed(self) -> None:
        with self._lock:
            reason, expected = self._word()
            if (reason, expected) == self._closed:
                return
            before, self._closed = self._closed[0], (reason, expected)
            if reason and reason != before:
                self._journal.audit("service.closed", reason=reason)
            elif before and not reason:
                self._journal.audit("service.open")
            self._runner.post(ClosedChanged(reason, expected))

    def _word(self) -> tuple[str, str]:
        """Why it is closed, or "", and when it is expected to serve again (HH:MM), where somebody has said so."""
        now = self._now()
        word = commands.closed(self._journal, now)
        if word is not None:
            return word.reason, _clock(word.until, now)
        here = commands.closed_here(self._journal)
        if here is not None:
            return here.reason, _clock(here.expected, now)
        if self._hours is not None and self._hours.holds(now):
            return orders.HOURS, f"{self._hours.end:%H:%M}"
        return "", ""

    # -- staff on the spot

    @property
    def found(self) -> taking.InUse:
        """The packs and the policy that hold, or will from the next quiet moment on."""
        return self._found

    @property
    def closed(self) -> str:
        """Why the terminal is closed now, whoever has said so; "" while it is not."""
        return self._closed[0]

    def close_here(self, reason: str, expected: datetime | None) -> None:
        """``reason``: one of kiosk.visit.resting.HERE."""
        made = commands.ClosedHere(reason, expected.isoformat() if expected else "", self._now().isoformat())
        self._journal.set_meta(commands.CLOSED_HERE, msgspec.json.encode(made).decode())
        self.look_at_closed()

    def open_here(self) -> None:
        """What staff have closed. An operator's closing, or the hours', stay."""
        self._journal.set_meta(commands.CLOSED_HERE, "")
        self.look_at_closed()

    def between_visits(self, deed: Callable[[], None]) -> None:
        """Once, as soon as nobody is here: for what ends the process."""

        def do(machine: Machine) -> Machine:
            deed()
            return machine

        self._runner.when_quiet(do)

    def diagnostics(self) -> Mapping[str, str]:
        counts = self._journal.counts()
        found = {
            "version": __version__,
            "uptime-s": str(int(time.monotonic() - self._began)),
            "state": self._runner.state.value,
            "clock": self._trust(),
            "closed": " ".join(filter(None, self._closed)) or "no",
            "queued": str(counts.queued),
            "acknowledged": str(counts.acknowledged),
            "quarantined": str(counts.quarantined),
            "rejected": str(counts.rejected),
            "oldest-unsent": counts.oldest_unsent_at.isoformat() if counts.oldest_unsent_at is not None else "none",
            "policy": self._found.policy.version if self._found.policy is not None else "profile",
        }
        found |= findings.told(self._journal.latest_proofs())
        found |= {f"numbers.{kind}": str(self._journal.numbers_left(kind)) for kind in ("case", "uscc")}
        found |= {f"pack.{name}"[:64]: pack.version for name, pack in chosen(self._profile, self._found).items()}
        for name, status in self._statuses().items():
            codes = ",".join(fault.code for fault in status.faults)
            found[f"device.{name}"] = f"{status.state.value} {codes}".strip()
        rows = list(found.items())[: MAX_REPORT_DETAILS - VISIT_DETAILS]
        return {name: text[:MAX_REPORT_TEXT] for name, text in rows} | self._broken_off()

    def _broken_off(self) -> dict[str, str]:
        """Where visits of the last seven days broke off: ``page:reason:number``, sums alone, the most first."""
        counted = self._journal.broken_off(self._now() - timedelta(days=VISIT_DAYS))
        texts = [""]
        for state, reason, visits in counted:
            entry = f"{state}:{reason}:{visits}"
            if len(texts[-1]) + len(entry) >= MAX_REPORT_TEXT:
                texts.append("")
            texts[-1] += f",{entry}" if texts[-1] else entry
        return {f"visits.{number}": text for number, text in enumerate(texts[:VISIT_DETAILS]) if text}


def _clock(moment: str, now: datetime) -> str:
    """``HH:MM`` of a moment (ISO 8601) that is still to come and not further away than a day; else ""."""
    try:
        left = (at := datetime.fromisoformat(moment)) - now if moment else timedelta()
    except (ValueError, TypeError):
        return ""
    return f"{at.astimezone(CHINA):%H:%M}" if timedelta() < left <= timedelta(days=1) else ""


def chosen(profile: Profile, found: taking.InUse) -> dict[str, ServicePack]:
    """The packs of the home page: the profile's, or all. A bundle whose items do not fit is not there."""
    return {name: found.packs[name] for name in profile.services or found.packs if name in found.packs}
