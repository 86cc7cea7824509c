"""What the maintenance window shows: one immutable snapshot per change. No Qt here, and never a citizen's data.

Words are message keys: ``maint.ROOM.WHAT``, found in ``ui/i18n/maintenance/ROOM.LANGUAGE.json``. A few templates draw
every page, so that a technician learns one page and knows them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kiosk.access.roles import Role
from kiosk.domain.text import EMPTY, Language, Text

Tone = Literal["plain", "ok", "attention", "broken", "unknown"]
Template = Literal["list", "menu", "steps", "form", "touch", "colours", "preview", "keypad"]


@dataclass(frozen=True, slots=True)
class Said:
    """A message key and what stands in for ``{0}``, ``{1}``. Without a key the values are shown as they are, in a row
    (a version, a port, a time): nothing of a citizen's ever.
    """

    key: str = ""
    values: tuple[str | int | Said, ...] = ()


def plain(*values: str | int | Said) -> Said:
    """Text that is the same in every language."""
    return Said("", values)


@dataclass(frozen=True, slots=True)
class Button:
    """``opens`` names another page (a path); else touching it is the act ``name`` with ``value`` on this page.

    ``weight``: the one amber button of a page is ``main``; ``danger`` is asked about first (Page.ask).
    A button that the role may not use is shown disabled, and ``why`` says so.
    """

    name: str
    label: Said
    value: str = ""
    opens: str = ""
    weight: Literal["main", "plain", "danger"] = "plain"
    enabled: bool = True
    why: Said | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list: a device, a test, an item, a live sensor. ``picture`` names where it sits in the cabinet."""

    key: str  # unique on its page: the object is called ``maint-row-KEY``, its button ``maint-row-KEY-act``
    title: Said
    detail: Said | None = None
    tone: Tone = "plain"
    button: Button | None = None
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a guided repair: number 1..total, what to do, a picture of it, and what the sensors say meanwhile."""

    number: int
    total: int
    text: Said
    picture: str = ""
    live: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One value that can be changed. ``value`` is what was typed so far; ``choices``: (value, words)."""

    key: str
    label: Said
    kind: Literal["text", "digits", "number", "choice", "switch", "minutes"] = "text"
    value: str = ""
    choices: tuple[tuple[str, Said], ...] = ()
    help: Said | None = None
    error: Said | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """How the last act ended; stays until the next one."""

    text: Said
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Ask:
    """A panel over the page: is it really to be done? The page under it takes no touch meanwhile."""

    text: Said
    yes: Button
    no: Button


@dataclass(frozen=True, slots=True)
class Tile:
    """A place of the menu. ``allowed``: whether this role may open it; ``tone``: the worst of what is in there."""

    path: str
    label: Said
    tone: Tone = "plain"
    allowed: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """``rows``, ``step``, ``field`` are used by the templates of these names; ``buttons`` stand at the foot.

    ``show`` is for the special templates: the colour of ``colours``, the device of ``preview``, ``rows``x``columns``
    of the fields to be touched by ``touch``.
    """

    path: str
    heading: Said
    template: Template = "list"
    tone: Tone = "plain"
    lead: Said | None = None
    rows: tuple[Row, ...] = ()
    step: Step | None = None
    field: Field | None = None
    buttons: tuple[Button, ...] = ()
    notice: Notice | None = None
    ask: Ask | None = None
    busy: Said | None = None  # something is under way; buttons take no touch
    show: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """What stands around every page. ``ends_at``: the monotonic second at which the session ends whatever is done;
    ``locks_at``: at which it locks by itself when nothing is touched. ``locked``: the public sees that work is going
    on, and whoever is to go on unlocks as they came in.
    """

    terminal: Text = EMPTY
    who: str = ""  # the number of a member of staff, as the audit log has it
    role: Role = Role.TECHNICIAN
    language: Language = "zh_CN"
    test: bool = False
    closed: bool = True  # the public is not served meanwhile
    ends_at: float | None = None
    locks_at: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole window. ``menu`` is always there: every page is two touches away."""

    bar: Bar
    page: Page
    menu: tuple[Tile, ...] = ()
