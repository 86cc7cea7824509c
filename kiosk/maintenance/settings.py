"""Room ``settings``: values of the profile, typed and checked, tried for five minutes and rolled back unless confirmed.

Changes are gathered first and nothing is written; then the whole changed file is checked as a start would check it,
put on trial (kiosk/trial.py), and the terminal restarts between two visits. ``settings/KEY`` is one value.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from kiosk import trial
from kiosk.access.roles import Deed
from kiosk.health import attached
from kiosk.health.readiness import without_login
from kiosk.maintenance.bare import BareRoom
from kiosk.maintenance.house import House
from kiosk.maintenance.room import Path, Session
from kiosk.maintenance.screen import Button, Field, Notice, Page, Row, Said, Tone, plain
from kiosk.maintenance.settings_fields import GROUPS, Setting, WrongValue, checked, drivers, settings_of, written
from kiosk.maintenance.settings_words import SECRET, family, said, title
from kiosk.profile import ProfileError
from kiosk.services.loader import BUILTIN, BUNDLES

BY_POLICY = {"volume": "devices.sound.volume", "pictures": "backend.pictures"}
"""Where a value of an operator's policy stands in a profile, if not under ``policy``."""


class SettingsRoom(BareRoom):
    """``standing``: what this life's start has found (kiosk/trial.py). ``ports`` lists what is attached."""

    name = "settings"
    opens = Deed.SETTINGS
    deeds: ClassVar[Mapping[str, Deed]] = dict.fromkeys(
        ("typed", "chosen", "toggle", "keep", "usual", "discard", "try", "confirm", "roll_back"), Deed.CHANGE_SETTINGS
    )

    def __init__(
        self,
        house: House,
        standing: trial.Standing,
        ports: Callable[[], Sequence[attached.Port]] = attached.ports,
    ) -> None:
        super().__init__()
        self._house, self._standing, self._ports = house, standing, ports
        self._table: Mapping[str, Any] = {}
        self._settings: Mapping[str, Setting] = {}
        self._changes: dict[str, str] = {}
        self._typed: str | None = None  # on the page that is shown
        self._wrong: Said | None = None
        self._trouble = ""
        self._read = False
        self._whose: Session | None = None

    def tone(self) -> Tone:
        return "attention" if self._on_trial is not None or self._changes else "plain"

    def enter(self, path: Path, session: Session) -> None:
        super().enter(path, session)
        self._typed = self._wrong = None
        if session != self._whose:  # what somebody else has gathered is not tried in this one's name
            self._whose = session
            self._changes.clear()
        if path == (self.name,) or not self._read:
            self._load()

    def leave(self, path: Path) -> None:
        super().leave(path)
        self._typed = self._wrong = None

    def act(self, path: Path, name: str, value: str, session: Session) -> None:
        setting = self._settings.get(path[1]) if len(path) > 1 else None
        asked = self.ask is not None
        match name:
            case "no":
                self.ask = None
            case "typed" | "chosen" if setting is not None:
                self._typed, self._wrong = value, None
                if name == "chosen" and setting.key.endswith(".port"):
                    self._keep(setting)
            case "toggle" if setting is not None:
                self._toggle(setting, value)
            case "keep" if setting is not None:
                self._keep(setting)
            case "usual" if setting is not None:
                self._typed = setting.usual
                self._keep(setting)
            case "discard":
                self._changes.clear()
                self.say("discarded")
            case "try" if self._changes:
                text = Said("maint.settings.ask_try", (len(self._changes), round(trial.SECONDS / 60)))
                self.ask = self.question("try", text, Said("maint.settings.try"))
            case "try.yes" if asked:
                self._begin(session)
            case "confirm":
                self._confirm()
            case "roll_back":
                text = Said("maint.settings.ask_roll_back")
                self.ask = self.question("roll_back", text, Said("maint.settings.roll_back"))
            case "roll_back.yes" if asked:
                self._roll_back()

    def page(self, path: Path, session: Session) -> Page:
        if len(path) > 1 and path[1] in self._settings:
            setting = self._settings[path[1]]
            if setting.kind == "list":
                return self._list(path, setting)
            if setting.key.endswith(".port") and path[2:] != ("type",):
                return self._port(path, setting)
            return self._form(path, setting, session)
        return self._all()

    # -- pages

    def _all(self) -> Page:
        running = self._on_trial
        rows: list[Row] = []
        if self._changes:  # what is about to be tried comes first
            rows.append(Row("section-changed", Said("maint.settings.group.changed")))
            rows += [self._row(each) for each in self._settings.values() if each.key in self._changes]
        for group in GROUPS:
            rows.append(Row(f"section-{group}", Said(f"maint.settings.group.{group}")))
            rows += [
                self._row(each)
                for each in self._settings.values()
                if each.group == group and each.key not in self._changes
            ]
        lead, buttons = Said("maint.settings.lead"), self._buttons()
        if running is not None:
            until = self._house.now() + timedelta(seconds=running.left)
            lead = Said("maint.settings.on_trial", (f"{until:%H:%M:%S}",))
            buttons = (
                Button("confirm", Said("maint.settings.confirm"), weight="main"),
                Button("roll_back", Said("maint.settings.roll_back"), weight="danger"),
            )
        elif self._trouble:
            lead = Said(f"maint.settings.trouble.{self._trouble}", (self._folder,))
        elif self._changes:
            lead = Said("maint.settings.changed", (len(self._changes),))
        notice = self.notice
        if notice is None and self._standing.ended:
            why = Said(f"maint.settings.ended.{self._standing.ended}")
            notice = Notice(Said("maint.settings.ended", (why,)), "broken")
        tone: Tone = "attention" if running is not None or self._trouble or self._changes else "plain"
        return Page(self.name, Said("maint.settings.heading"), tone=tone, lead=lead, rows=tuple(rows), buttons=buttons,
                    notice=notice, ask=self.ask)  # fmt: skip

    def _buttons(self) -> tuple[Button, ...]:
        changed = bool(self._changes) and not self._trouble
        return (
            Button("try", Said("maint.settings.try"), weight="main", enabled=changed),
            Button("discard", Said("maint.settings.discard"), enabled=bool(self._changes)),
        )

    def _row(self, setting: Setting) -> Row:
        now, new = self._value(setting), self._changes.get(setting.key)
        shown = said(setting, now)
        if new is not None:
            shown = Said("maint.settings.from_to", (shown, said(setting, new)))
        elif setting.key in self._policy():
            shown = Said("maint.settings.by_policy", (shown,))
        change = Button(setting.key, Said("maint.settings.change"), opens=f"{self.name}/{setting.key}")
        return Row(setting.key, title(setting), shown, "plain" if new is None else "attention", change)

    def _form(self, path: Path, setting: Setting, session: Session) -> Page:
        """A camera's log-in inside an address is shown to nobody who may not change it."""
        now = self._now(setting) if setting.key not in SECRET else self._typed or ""
        field = Field(
            setting.key,
            title(setting),
            setting.kind if setting.kind != "list" else "choice",
            now if session.may(Deed.CHANGE_SETTINGS) else without_login(now),
            tuple((each, said(setting, each)) for each in setting.choices),
            Said(f"maint.settings.help.{family(setting.key)}"),
            self._wrong,
        )
        keep = Button("keep", Said("maint.settings.keep"), weight="main")
        usual = Button("usual", Said("maint.settings.usual", (said(setting, setting.usual),)))
        buttons = (keep, usual) if setting.optional else (keep,)
        lead = Said("maint.settings.policy_wins") if setting.key in self._policy() else None
        return Page("/".join(path), title(setting), "form", lead=lead, field=field, buttons=buttons,
                    notice=self.notice)  # fmt: skip

    def _list(self, path: Path, setting: Setting) -> Page:
        """Services: each on or off."""
        wanted = self._now(setting).split(",") if self._now(setting) else list(setting.choices)
        packs = self._house.packs()
        rows = []
        for each in setting.choices:
            on = each in wanted
            name = packs[each].name if each in packs else None
            called = plain(each) if name is None else Said("maint.settings.service", (name.zh, name.en))
            turn = Button("toggle", Said(f"maint.settings.turn_{'off' if on else 'on'}"), each)
            state = Said(f"maint.settings.{'on' if on else 'off'}")
            rows.append(Row(each, called, state, "ok" if on else "plain", turn))
        keep = Button("keep", Said("maint.settings.keep"), weight="main")
        lead = self._wrong or Said("maint.settings.help.services.enabled")
        return Page("/".join(path), title(setting), lead=lead, rows=tuple(rows), buttons=(keep,),
                    notice=self.notice)  # fmt: skip

    def _port(self, path: Path, setting: Setting) -> Page:
        """What is attached to this machine, to be touched; anything else is typed."""
        rows = [Row("now", Said("maint.settings.port_now"), plain(without_login(self._now(setting)) or "-"))]
        rows += [
            Row(f"port-{number}", Said(f"maint.settings.port_kind.{port.kind.replace(' ', '_')}"), plain(port.name),
                button=Button("chosen", Said("maint.settings.take"), port.name))
            for number, port in enumerate(self._ports())
        ]  # fmt: skip
        kind = Button("type", Said("maint.settings.type_it"), opens=f"{self.name}/{setting.key}/type")
        return Page("/".join(path), title(setting), lead=Said("maint.settings.help.port"), rows=tuple(rows),
                    buttons=(kind,), notice=self.notice)  # fmt: skip

    # -- values

    @property
    def _on_trial(self) -> trial.Trial | None:
        made = self._standing.trial
        return None if made is None or made.over else made

    @property
    def _folder(self) -> str:
        return "" if self._house.profile_file is None else str(self._house.profile_file.parent)

    def _value(self, setting: Setting) -> str:
        return setting.shown(self._table)

    def _now(self, setting: Setting) -> str:
        """What stands on the setting's page."""
        if self._typed is not None:
            return self._typed
        return self._changes.get(setting.key, self._value(setting))

    def _policy(self) -> frozenset[str]:
        """The settings that an operator's policy says otherwise."""
        policy = self._house.afar.found.policy
        return frozenset(BY_POLICY.get(key, f"policy.{key}") for key in (policy.values if policy is not None else {}))

    def _load(self) -> None:
        """The file as it is now: small, and read anew whenever the room is entered."""
        file = self._house.profile_file
        self._read = True
        if file is None:
            self._trouble, self._table, self._settings = "no-file", {}, {}
            return
        try:
            self._table = tomllib.loads(file.read_text("utf-8-sig"))
            self._trouble = "" if trial.writable(file) else "not-writable"
        except (OSError, ValueError):
            self._table, self._trouble = {}, "not-read"
        made = settings_of(self._table, (*BUILTIN, *BUNDLES), drivers()) if self._table else ()
        self._settings = {setting.key: setting for setting in made}
        self._changes = {key: typed for key, typed in self._changes.items() if key in self._settings}

    def _toggle(self, setting: Setting, each: str) -> None:
        if each not in setting.choices:
            return
        wanted = set(self._now(setting).split(",") if self._now(setting) else setting.choices) ^ {each}
        if not wanted:
            self._wrong = Said("maint.settings.wrong.none-left")
            return
        self._wrong = None
        chosen = [one for one in setting.choices if one in wanted]
        self._typed = "" if len(chosen) == len(setting.choices) else ",".join(chosen)

    def _keep(self, setting: Setting) -> None:
        """Remember the value for the trial; one that cannot be is told beside it."""
        typed = self._now(setting).strip()
        try:
            setting.read(typed)
        except WrongValue as error:
            self._wrong = Said(f"maint.settings.wrong.{error.code}", error.values)
            return
        if typed == self._value(setting):
            self._changes.pop(setting.key, None)
        else:
            self._changes[setting.key] = typed
        self.say("kept")
        self.go(self.name)

    # -- the trial

    def _begin(self, session: Session) -> None:
        self.ask = None
        file = self._house.profile_file
        if file is None or self._trouble:
            return
        changes = {self._settings[key]: typed for key, typed in self._changes.items()}

        def begin() -> None:
            try:
                text = written(file.read_text("utf-8-sig"), changes)
                checked(text, file.parent)
                trial.begin(file, text.encode("utf-8"), session.who)
            except WrongValue as error:
                self.say(f"wrong.{error.code}", *error.values, tone="broken")
            except ProfileError as error:
                self.say("refused", str(error), tone="broken")
            except trial.TrialError as error:
                self.say(f"trouble.{error.code}", self._folder, tone="broken")
            except (OSError, ValueError):  # the file was changed by hand meanwhile, and not well
                self.say("trouble.not-read", self._folder, tone="broken")
            else:
                self.desk.audit("profile.tried", fields=len(changes))
                self._changes.clear()
                if self._house.afar.restart():
                    self.desk.leave()
                    return
                self.say("next_start", tone="attention")
            self.desk.changed()

        self.desk.work(begin)

    def _confirm(self) -> None:
        running = self._on_trial

        def confirm() -> None:
            try:
                done = running is not None and running.confirm()
            except OSError:
                self.say("not_confirmed", tone="broken")
            else:
                if done:
                    self.desk.audit("profile.confirmed")
                self.say("confirmed" if done else "too_late", tone="ok" if done else "broken")
            self.desk.changed()

        self.desk.work(confirm)

    def _roll_back(self) -> None:
        self.ask = None
        running = self._on_trial

        def roll_back() -> None:
            try:
                done = running is not None and running.roll_back(trial.ASKED)
            except OSError:
                self.say("not_rolled_back", tone="broken")
                self.desk.changed()
                return
            if done and self._house.afar.restart():
                self.desk.leave()
            else:
                self.say("next_start" if done else "too_late", tone="attention")
                self.desk.changed()

        self.desk.work(roll_back)
