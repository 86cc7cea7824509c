"""Room ``queue``: what waits to be sent and why, and what a person has to decide about. Everything is masked.

Nothing here names a citizen: an item is the end of its id, its service and a time. ``queue/N``: the item whose seq in
the journal is N; ``queue/N/reject``: why it is to stay out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar

from kiosk.access.roles import Deed
from kiosk.domain.beijing import CHINA
from kiosk.journal.errors import JournalError
from kiosk.journal.inspecting import AsideItem, QueueLook
from kiosk.maintenance.bare import NO, BareRoom
from kiosk.maintenance.house import House
from kiosk.maintenance.moments import lasting, moment
from kiosk.maintenance.room import Path, Session
from kiosk.maintenance.screen import Button, Page, Row, Said, Tone, plain
from kiosk.sync.state import LinkState, SyncState

REASONS = ("withdrawn", "twice", "damaged", "wrong-terminal", "other-way")
"""Why an item is left out for good, as the log has it; the operator knows the details."""
PUT_RIGHT = "put-right"  # why it is sent once more
LOOKS, PAUSE = 10, 1.0  # after "send now": so often, s apart, it is looked what has changed
SHOWN = 6  # characters of an id


class QueueRoom(BareRoom):
    """``pause`` waits between two looks, or until the page is left; True when it was."""

    name = "queue"
    opens = Deed.QUEUE
    deeds: ClassVar[Mapping[str, Deed]] = {"release": Deed.SETTLE, "reject": Deed.SETTLE}

    def __init__(self, house: House, pause: Callable[[threading.Event], bool] = lambda left: left.wait(PAUSE)) -> None:
        super().__init__()
        self._house, self._pause = house, pause
        self._look: QueueLook | None = None
        self._link = LinkState()
        self._items: tuple[AsideItem, ...] = ()
        self._left = threading.Event()

    def tone(self) -> Tone:
        if self._look is None:
            return "plain"
        if self._look.quarantined:
            return "broken"
        return "attention" if self._link.cause else "ok"

    def needs(self, path: Path) -> Deed:
        return Deed.SETTLE if len(path) > 2 else super().needs(path)

    def enter(self, path: Path, session: Session) -> None:
        super().enter(path, session)
        self._left = threading.Event()
        self.read(self._read)

    def leave(self, path: Path) -> None:
        super().leave(path)
        self._left.set()

    def act(self, path: Path, name: str, value: str, session: Session) -> None:
        item = self._item(path)
        if name == NO:
            self.ask = None
        elif name == "look":
            self.read(self._read)
        elif name == "send":
            self._house.kick()
            self.say("sending_now")
            left = self._left
            self.read(lambda: self._watch(left))
        elif item is None:
            self.ask = None
        elif name == "release":
            self.ask = self.question(name, Said("maint.queue.ask_release"), Said("maint.queue.release"))
        elif name == "reject" and value in REASONS:
            text = Said("maint.queue.ask_reject", (Said(f"maint.queue.reason.{value}"),))
            self.ask = self.question(name, text, Said("maint.queue.reject"), value)
        elif name == "release.yes" and self.ask is not None:
            self._settle(item, "released", PUT_RIGHT)
        elif name == "reject.yes" and self.ask is not None and value in REASONS:
            self._settle(item, "rejected", value)

    def page(self, path: Path, session: Session) -> Page:
        if len(path) > 1:
            item = self._item(path)
            if item is None:
                where = "/".join(path)
                return Page(where, Said("maint.queue.item"), lead=Said("maint.queue.gone"), notice=self.notice,
                            buttons=(Button("back", Said("maint.queue.tile"), opens=self.name),))  # fmt: skip
            return self._reasons(path, item) if len(path) > 2 else self._one(path, item)
        return self._all()

    # -- pages

    def _all(self) -> Page:
        look = self._look
        buttons = (
            Button("send", Said("maint.queue.send"), weight="main"),
            Button("look", Said("maint.queue.look")),
        )
        heading = Said("maint.queue.heading")
        if look is None:
            busy = Said("maint.common.looking") if self.notice is None else None
            return Page(self.name, heading, busy=busy, buttons=buttons, notice=self.notice)
        link, now = self._link, self._house.now()
        waits = look.waiting + look.sending
        rows = [
            Row("waiting", Said("maint.queue.waiting"), plain(look.waiting), "attention" if link.cause else "plain"),
            Row("sending", Said("maint.queue.sending"), plain(look.sending), "attention" if look.sending else "plain"),
            Row("acknowledged", Said("maint.queue.acknowledged"), plain(look.acknowledged), "ok"),
            Row("quarantined", Said("maint.queue.quarantined"), plain(look.quarantined),
                "broken" if look.quarantined else "ok"),
            Row("rejected", Said("maint.queue.rejected"), plain(look.rejected),
                "attention" if look.rejected else "plain"),
        ]  # fmt: skip
        if look.oldest_at is not None:
            age = Said("maint.queue.since", (moment(look.oldest_at), lasting(now - look.oldest_at)))
            rows.append(Row("oldest", Said("maint.queue.oldest"), age))
        if waits:
            rows.append(Row("next", Said("maint.queue.next"), self._next(look, now)))
            rows.append(Row("why", Said("maint.queue.why"), self._why(look), "attention" if link.cause else "plain"))
        undecided = [item for item in self._items if item.state == "quarantined" or item.cause not in REASONS]
        if undecided:  # what a person has to decide about comes first
            rows = [Row("section-aside", Said("maint.queue.section_aside")), *map(self._row, undecided),
                    Row("section-counts", Said("maint.queue.section_counts")), *rows]  # fmt: skip
        tone: Tone = "broken" if look.quarantined else "attention" if undecided or (waits and link.cause) else "ok"
        lead = "lead_aside" if undecided else "lead_waits" if waits else "empty"
        return Page(self.name, heading, tone=tone, lead=Said(f"maint.queue.{lead}"), rows=tuple(rows), buttons=buttons,
                    notice=self.notice)  # fmt: skip

    def _row(self, item: AsideItem) -> Row:
        said = (Said(f"maint.queue.state.{item.state}"), moment(item.since or item.made_at), _cause(item.cause))
        return Row(
            f"item-{item.seq}",
            plain(mask(item.id), " · ", self._service(item)),
            Said("maint.queue.item_line", said),
            "broken" if item.state == "quarantined" else "attention",
            Button(f"item-{item.seq}", Said("maint.queue.open"), opens=f"{self.name}/{item.seq}"),
        )

    def _one(self, path: Path, item: AsideItem) -> Page:
        rows = [
            Row("id", Said("maint.queue.id"), plain(mask(item.id))),
            Row("kind", Said("maint.queue.kind"), Said(f"maint.queue.kind.{item.kind}")),
            Row("service", Said("maint.queue.service"), self._service(item)),
            Row("made", Said("maint.queue.made"), plain(moment(item.made_at))),
            Row("state", Said("maint.queue.state"), Said(f"maint.queue.state.{item.state}"), "attention"),
            Row("said", Said("maint.queue.said"), _cause(item.cause), "broken"),
            Row("tries", Said("maint.queue.tries"), plain(item.attempts)),
        ]
        if item.since is not None:
            rows.append(Row("since", Said("maint.queue.aside_since"), plain(moment(item.since))))
        if item.test:
            rows.append(Row("test", Said("maint.queue.test")))
        where = "/".join(path)
        buttons = (
            Button("release", Said("maint.queue.release"), weight="main"),
            Button("why", Said("maint.queue.reject"), opens=f"{self.name}/{item.seq}/reject"),
        )
        return Page(where, Said("maint.queue.item"), tone="attention", lead=Said("maint.queue.item_lead"),
                    rows=tuple(rows), buttons=buttons, notice=self.notice, ask=self.ask)  # fmt: skip

    def _reasons(self, path: Path, item: AsideItem) -> Page:
        rows = tuple(
            Row(reason, Said(f"maint.queue.reason.{reason}"),
                button=Button("reject", Said("maint.queue.choose"), reason, weight="danger"))
            for reason in REASONS
        )  # fmt: skip
        lead = Said("maint.queue.reject_lead", (mask(item.id),))
        return Page("/".join(path), Said("maint.queue.reject"), tone="attention", lead=lead, rows=rows,
                    notice=self.notice, ask=self.ask)  # fmt: skip

    def _next(self, look: QueueLook, now: datetime) -> Said:
        """When the next try is due: of the line where that waits, else of the item that goes first."""
        line = self._link.next_at if self._link.cause else None
        at = line or (look.next_at if not look.waiting else None)
        if at is None or at <= now:
            return Said("maint.queue.at_once")
        return Said("maint.queue.in", (moment(at), lasting(at - now)))

    def _why(self, look: QueueLook) -> Said:
        if self._link.cause:
            return _cause(self._link.cause)
        if look.cause:
            return _cause(look.cause)
        return Said("maint.queue.cause.none")

    def _service(self, item: AsideItem) -> Said:
        pack = self._house.packs().get(item.service)
        if pack is not None:
            return Said("maint.settings.service", (pack.name.zh, pack.name.en))
        return plain(item.service) if item.service else Said(f"maint.queue.kind.{item.kind}")

    # -- what is done

    def _item(self, path: Path) -> AsideItem | None:
        found = path[1] if len(path) > 1 else ""
        return next((item for item in self._items if str(item.seq) == found), None)

    def _settle(self, item: AsideItem, deed: str, reason: str) -> None:
        self.ask = None

        def settle() -> None:
            try:
                (self._house.journal.release if deed == "released" else self._house.journal.reject)(item.id, reason)
            except JournalError as error:  # somebody else has decided meanwhile, or the disk takes nothing
                self.say(f"not_{deed}", Said("maint.queue.trouble", (error.code,)), tone="broken")
            else:
                self.desk.audit("queue.settled", item=item.id, deed=deed, reason=reason)
                self.say(deed, tone="ok")
                if deed == "released":
                    self._house.kick()
            self._read()

        self.read(settle)

    def _watch(self, left: threading.Event) -> None:
        for _ in range(LOOKS):
            if self._pause(left):
                return
            before = self._look, self._link
            self._read()
            if (self._look, self._link) != before:
                return

    def _read(self) -> None:
        journal, now = self._house.journal, self._house.now()
        midnight = now.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
        look, items, link = journal.queue_look(midnight), journal.aside_items(), SyncState(journal).link
        self._look, self._items, self._link = look, items, link
        self.desk.changed()


def mask(item_id: str) -> str:
    """The end of an id: enough to find it in the log and with the operator, and no key to anything."""
    return f"…{item_id[-SHOWN:]}"


def _cause(code: str) -> Said:
    """A code of the sync or the backend in words; one that nobody has written words for is shown as it is."""
    if not code:
        return Said("maint.queue.cause.unknown")
    return Said(f"maint.queue.cause.{code.replace('.', '-')}", (code,))
