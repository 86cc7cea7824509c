"""What the maintenance window shows: one immutable snapshot per change. No Qt here, and never a citizen's data.

Words are message keys: ``maint.ROOM.WHAT``, found in ``ui/i18n/maintenance/ROOM.LANGUAGE.json``. A few templates draw
every page, so that a technician learns one page and knows them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kiosk.access.roles import Role
from kiosk.domain.text import EMPTY, Language, Text

SCENES = ("roll", "tray", "jam", "glass", "reader", "camera", "cable")
PLACES = (
    "camera", "screen", "speaker", "document_camera", "id_reader", "card_reader", "code_scanner", "keypad",
    "receipt_printer", "page_printer", "document_scanner", "sensors", "ups", "network", "locker", "computer",
)  # fmt: skip
"""Names of pictures. ``camera`` of a step is the scene; where it sits is ``at-camera``, as of any other place."""

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
    """Text that is the same in every language; of several values nothing stands between."""
    return Said("", values)


@dataclass(frozen=True, slots=True)
class Button:
    """``opens`` names another page (a path); else touching it is the act ``name`` with ``value`` on this page.

    ``weight``: the one amber button of a page is ``main``; ``danger`` is asked about first (Page.ask).
    A button that the role may not use is shown disabled, and ``why`` says so. The object at the foot of the window is
    called ``maint-act-NAME``, or ``maint-act-NAME-VALUE`` where a page has several of that name.
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
    """One line of a list: a device, a test, an item, a live sensor. ``picture`` names where it sits in the cabinet
    (PLACES). A row whose key begins with ``section-`` is a heading over those that follow.
    """

    key: str  # unique on its page: the object is called ``maint-row-KEY``, its button ``maint-row-KEY-act``
    title: Said
    detail: Said | None = None
    tone: Tone = "plain"
    button: Button | None = None
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a guided repair: number 1..total, what to do, a picture of it, and what the sensors say meanwhile.

    ``picture``: one of SCENES, what the hands do; or one of PLACES, where in the cabinet.
    """

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

    ``show`` is for the special templates: the colour of ``colours`` (red green blue white black grey), the device of
    ``preview`` (its rows stand below the picture), ``ROWSxCOLUMNS`` ("9x6") of the fields to be touched by ``touch``.

    What a template reports by itself are acts of the page:
    ``form``     ("typed", the whole value) after every key; ("chosen", value) of a choice, "on" or "off" of a switch.
                 Choices of a number or of minutes are offered above the pad and reported as typed.
    ``keypad``   with a field as ``form`` in digits; without one the rows are the keys of a keypad in the cabinet, each
                 lit by its tone.
    ``touch``    ("touched", "ROW,COLUMN") once for every field, from 0; over the whole screen. Its buttons stand in
                 the middle.
    ``colours``  ("next", "") at a touch anywhere; over the whole screen, without buttons.
    ``menu``     nothing: the tiles open their pages.
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
