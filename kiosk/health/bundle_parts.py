"""What goes into a diagnostics bundle, value by value, each held against the form of its kind.

An allow-list, no filter: nothing is copied over because it is there. A text that does not fit its form is left out and
counted (``left_out``), never cut to fit. Names of people, numbers of cards and telephones, addresses fit no form; the
log holds words of the closed catalogue alone, and not the ids of its items.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kiosk import __version__
from kiosk.domain.beijing import CHINA
from kiosk.health.readiness import Check, without_login

if TYPE_CHECKING:
    from devices.contracts.device import DeviceInfo, Status
    from kiosk.health.proofs import Proof
    from kiosk.journal.inspecting import LogRow
    from kiosk.journal.records import Counts
    from kiosk.journal.supplies import Supply
    from kiosk.profile import Profile

LOG_ROWS = 2000
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,63}", re.ASCII)
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.,:;%/()+#@-]{0,63}", re.ASCII)
_ADDRESS = re.compile(r"[A-Za-z0-9_.:/@,+-]{0,200}", re.ASCII)
_LONG_NUMBER = re.compile(r"[0-9]{9,}")  # of a card, of a telephone: nothing here needs one
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX = re.compile(r"[0-9a-f]{16,128}")
_ASKED = re.compile(r"[?#].*$")  # of an address: what is asked there may be a secret
DETAILS = frozenset({"evidence", "output", "paper", "cover", "door", "light", "level"})  # of a device's status


class Parts:
    """``files``: name to content. ``left_out``: how many texts did not fit their form."""

    def __init__(self) -> None:
        self.files: dict[str, Any] = {}
        self.left_out = 0

    def about(self, profile: Profile, *, terminal: str, at: datetime, key_id: str, packs: Mapping[str, str]) -> None:
        self.files["about.json"] = {
            "terminal": self._text(_WORD, terminal),
            "made_at": _moment(at),
            "key_id": self._text(_WORD, key_id),
            "program": __version__,
            "python": platform.python_version(),
            "kernel": self._text(_MODEL, platform.release()),
            "machine": self._text(_WORD, platform.machine()),
            "packs": {self._text(_WORD, name): self._text(_WORD, version) for name, version in packs.items()},
            "test": profile.test,
        }

    def doctor(self, checks: Iterable[Check]) -> None:
        """Names and states: what was found is told in free text, which has no form to be held against."""
        self.files["doctor.json"] = [{"name": self._text(_WORD, one.name), "state": one.state} for one in checks]

    def devices(
        self,
        statuses: Mapping[str, Status],
        infos: Mapping[str, DeviceInfo],
        statistics: Mapping[str, Mapping[str, int]],
        now: float,
    ) -> None:
        """``now``: monotonic seconds. A fault's own words stay out, its code says it."""
        self.files["devices.json"] = {
            self._text(_WORD, kind): {
                "state": status.state.value,
                "seconds_old": round(status.age(now)),
                "faults": [
                    {"code": self._text(_WORD, fault.code), "action": fault.action.value, "blocking": fault.blocking}
                    for fault in status.faults
                ],
                "details": {
                    key: self._text(_WORD, value) for key, value in status.details.items() if key in DETAILS and value
                },
                "counts": self._counts(statistics.get(kind, {})),
                **self._info(infos.get(kind)),
            }
            for kind, status in statuses.items()
        }

    def proofs(self, proofs: Iterable[Proof]) -> None:
        """Without a driver's own words."""
        self.files["proofs.json"] = [
            {
                "at": _moment(one.at), "subject": self._text(_WORD, one.subject), "test": self._text(_WORD, one.test),
                "outcome": one.outcome, "code": self._text(_WORD, one.code),
                "values": [self._text(_MODEL, value) for value in one.values if value],
                "by": self._text(_WORD, one.by) if one.by else "",
            }
            for one in proofs
        ]  # fmt: skip

    def log(self, rows: Iterable[LogRow]) -> None:
        """Rows of the audit chain as the catalogue lets them be, the oldest first; not whose they are."""
        from kiosk.journal.catalogue import catalogue
        from kiosk.journal.errors import EventRefused

        kept, known = [], catalogue()
        for row in rows:
            kind = known.get(row.event)
            try:
                if kind is None:
                    raise EventRefused("unknown")
                kind.check(dict(row.details))
            except EventRefused:
                self.left_out += 1
                continue
            details = {key: value for key, value in row.details.items() if self._tellable(value)}
            kept.append({"seq": row.seq, "at": _moment(row.at), "event": row.event, "details": details})
        self.files["log.json"] = sorted(kept, key=lambda row: int(str(row["seq"])))

    def counts(self, counts: Counts) -> None:
        told = asdict(counts)
        told["oldest_unsent_at"] = _moment(counts.oldest_unsent_at) if counts.oldest_unsent_at else None
        self.files["counts.json"] = told

    def supplies(self, supplies: Iterable[Supply]) -> None:
        self.files["supplies.json"] = {
            self._text(_WORD, one.name): {
                "total": one.total, "since": one.since,
                "renewed": one.renewed.isoformat() if one.renewed else None,
                "days": {day.isoformat(): amount for day, amount in sorted(one.days.items())},
                "levels": {day.isoformat(): level for day, level in sorted(one.levels.items())},
            }
            for one in supplies
        }  # fmt: skip

    def profile(self, profile: Profile) -> None:
        """What the terminal is; no secret's file, no enrolment code, no log-in, nothing that is asked in an address."""
        place = profile.place
        self.files["profile.json"] = {
            "area_code": self._text(_WORD, place.area_code),
            "backend": self._address(profile.backend_url),
            "suite": profile.keys.suite,
            "key_source": profile.keys.source,
            "language": profile.language,
            "test": profile.test,
            "services": [self._text(_WORD, name) for name in profile.services],
            "size": list(profile.size),
            "policy": {
                "face_check": profile.face_check, "face_liveness": profile.face_liveness,
                "draft_days": profile.draft_days, "answer_days": profile.answer_days,
                "retention_days": profile.retention_days, "least_free_mb": profile.least_free_mb,
            },
            "devices": [
                {
                    "kind": one.kind, "driver": self._text(_WORD, one.driver), "port": self._address(one.port),
                    "on": one.on,
                    "options": {
                        self._text(_WORD, name): value if isinstance(value, bool | int | float) else "set"
                        for name, value in one.options.items()
                        if not (isinstance(value, int) and abs(value) >= 10**8)
                    },
                }
                for one in profile.devices
            ],
        }  # fmt: skip

    def done(self) -> Mapping[str, Any]:
        self.files["left_out.json"] = {"texts": self.left_out}
        return self.files

    # -- forms ---------------------------------------------------------------------------------------

    def _text(self, form: re.Pattern[str], text: str) -> str:
        if form.fullmatch(text) is None or _LONG_NUMBER.search(text):
            self.left_out += bool(text)
            return ""
        return text

    def _address(self, text: str) -> str:
        """A port or an address. ``rtsp://user:word@host/x?key=…`` loses user, word and what is asked."""
        plain = _ASKED.sub("", without_login(text)).replace("***@", "")
        return self._text(_ADDRESS, plain)

    def _info(self, info: DeviceInfo | None) -> dict[str, str]:
        """Who a device is; its serial number is the operator's list's."""
        if info is None:
            return {}
        named = {"driver": info.driver, "vendor": info.vendor, "model": info.model}
        return {name: self._text(_MODEL, text) for name, text in named.items() if text}

    def _counts(self, counts: Mapping[str, int]) -> dict[str, int]:
        return {self._text(_WORD, name): value for name, value in counts.items() if type(value) is int}

    def _tellable(self, value: str | int) -> bool:
        """Hashes and ids of items say nothing to support, and could be looked for elsewhere."""
        if isinstance(value, int):
            return True
        if _UUID.fullmatch(value) or _HEX.fullmatch(value):
            return False
        if _LONG_NUMBER.search(value):
            self.left_out += 1
            return False
        return True


def _moment(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%dT%H:%M:%S+08:00}"
