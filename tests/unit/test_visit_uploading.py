"""Pictures by telephone in the visit: nothing counts before it was looked at and kept, the inbox is open only while its
page is, and a telephone that is used holds the time."""

from __future__ import annotations

from dataclasses import replace

from kiosk.domain.envelope import Origin, Trust
from kiosk.journal.reserve import LARGEST_CASE
from kiosk.visit import effects as fx
from kiosk.visit import events as ev
from kiosk.visit.materials import attached
from kiosk.visit.screen import MaterialBody, UploadBody
from kiosk.visit.states import State
from kiosk.visit.uploading import MOST, SEEN
from kiosk.visit.view import screen_of
from tests.unit.bundle_world import PLACE
from tests.unit.test_visit_scanning import Desk, page
from tests.unit.visit_world import person

CODE = "https://example.invalid/p/send/0123456789abcdefABCDEF"
SENT = b"\xff\xd8\xff sent by telephone"


class Phone(Desk):
    """A terminal whose backend telephones reach, at the page on which the proof of the premises is scanned."""

    def __init__(self, **machine: object) -> None:
        super().__init__(**({"phone_pages": True} | machine))

    def at_upload(self) -> Phone:
        self.at_place().do(ev.ScanPressed(), ev.PhonePressed())
        return self

    def coded(self) -> Phone:
        self.at_upload().do(ev.InboxOpened(self.turn, CODE))
        return self

    def sent(self, *pictures: bytes) -> Phone:
        self.do(*(ev.PictureSent(self.turn, 47, each) for each in pictures or (SENT,)))
        return self

    def keep(self) -> Phone:
        """What is on the page was looked at, and is kept."""
        self.now = replace(self.now, monotonic=self.now.monotonic + 2 * SEEN)
        self.do(ev.NextPressed())
        return self

    def drop(self) -> Phone:
        self.now = replace(self.now, monotonic=self.now.monotonic + 2 * SEEN)
        self.do(ev.RetakePressed())
        return self

    @property
    def turn(self) -> int:
        asked = self.last(fx.OpenInbox)
        assert isinstance(asked, fx.OpenInbox)
        return asked.turn

    @property
    def page(self) -> UploadBody:
        body = screen_of(self.visit, 1, self.now).body
        assert isinstance(body, UploadBody)
        return body

    @property
    def kept(self) -> tuple[bytes, ...]:
        return self.visit.pages.get("premises_proof", ())


def test_a_picture_counts_once_it_was_kept() -> None:
    world = Phone().coded()
    assert (world.page.stage, world.page.code) == ("waiting", CODE)
    world.sent(SENT, b"second")
    assert (world.page.stage, world.page.picture, world.page.number, world.page.more) == ("look", SENT, 47, 1)
    assert not world.page.code, "what is looked at stands alone"
    assert not world.kept
    world.keep()
    assert world.kept == (SENT,)
    world.drop()
    assert (world.kept, world.page.stage, world.page.count) == ((SENT,), "waiting", 1)


def test_a_touch_keeps_nothing_that_has_only_just_come_into_sight() -> None:
    world = Phone().coded().sent().keep().sent(b"second", b"third")
    world.do(ev.NextPressed())
    assert (world.state, world.kept) == (State.UPLOAD, (SENT,)), "it was meant for the end of it"
    world.keep().do(ev.NextPressed())
    assert world.kept == (SENT, b"second"), "a finger that touched twice"
    assert world.keep().kept == (SENT, b"second", b"third")


def test_a_touch_too_many_neither_forgets_nor_keeps_the_next_picture() -> None:
    world = Phone().coded().sent(SENT, b"second").drop()
    for touch in (ev.RetakePressed(), ev.NextPressed()):
        world.do(touch)
        assert (world.page.stage, world.page.picture, world.kept) == ("look", b"second", ())


def test_what_was_kept_is_read_as_a_scan_is() -> None:
    world = Phone().coded().sent().keep()
    assert world.last(fx.ReadPage).page == SENT  # type: ignore[union-attr]
    world.do(ev.NextPressed())
    assert world.state is State.FORM


def test_the_case_says_that_it_was_sent_by_telephone() -> None:
    world = Phone(page_reader=False).at_form().answer_all()
    world.do(ev.CommitmentDeclined())
    assert world.state is State.MATERIAL
    world.do(ev.PhonePressed())
    world.do(ev.InboxOpened(world.turn, CODE))
    world.sent().keep().do(ev.NextPressed())
    assert world.state is State.REVIEW
    field = world.visit.envelope.get("premises_proof")
    assert field is not None
    assert (field.value, field.origin, field.trust) == ("手机上传 1 页", Origin.PHONE, Trust.C)
    lines = {line.key: line for line in screen_of(world.visit, 1, world.now).body.lines}  # type: ignore[union-attr]
    assert (lines["premises_proof"].value, lines["premises_proof"].origin) == ("手机上传 1 页", "phone")
    assert [(each.data, each.trust) for each in attached(world.visit)] == [(SENT, Trust.C)]


def test_a_page_under_the_camera_beside_it_changes_nothing_of_that() -> None:
    world = Phone(page_reader=False).at_form().answer_all().do(ev.CommitmentDeclined(), ev.TakePressed(), page())
    world.do(ev.PhonePressed())
    world.sent().keep().do(ev.NextPressed())
    assert world.visit.envelope.get("premises_proof").origin is Origin.PHONE  # type: ignore[union-attr]
    only_scanned = Phone(page_reader=False).at_form().answer_all()
    only_scanned.do(ev.CommitmentDeclined(), ev.TakePressed(), page(), ev.NextPressed())
    assert only_scanned.visit.envelope.get("premises_proof").origin is Origin.SCANNED  # type: ignore[union-attr]


def test_it_is_not_offered_without_a_line_nor_where_telephones_reach_nothing() -> None:
    for world, offered in ((Phone(), "can"), (Phone(online=False), "offline"), (Phone(phone_pages=False), "")):
        world.at_place().do(ev.ScanPressed())
        body = screen_of(world.visit, 1, world.now).body
        assert isinstance(body, MaterialBody)
        assert body.phone == offered
        world.do(ev.PhonePressed())
        assert world.state is (State.UPLOAD if offered == "can" else State.MATERIAL)


def test_telephones_reach_the_backend_s_own_pages_alone() -> None:
    for told, send in (
        ("https://example.invalid/p/progress", "https://example.invalid/p/send/"),
        ("https://example.invalid/somebody's/page", ""), ("", ""), ("/p/progress", ""),
    ):  # fmt: skip
        assert replace(PLACE, progress_url=told).send_url == send


def test_the_inbox_is_open_exactly_while_its_page_is() -> None:
    for touch in (ev.BackPressed(), ev.QuitPressed()):
        world = Phone().coded().sent().do(touch)
        assert world.state is not State.UPLOAD
        assert world.started(fx.OpenInbox) == world.started(fx.CloseInbox) == 1
        assert (world.visit.code, world.visit.arrived, world.kept) == ("", (), ())
    world.do(ev.BackPressed())
    assert (world.state, world.started(fx.OpenInbox)) == (State.UPLOAD, 2), "asked what to keep, and back again"
    assert world.page.stage == "opening"


def test_what_comes_by_an_old_code_is_nobodys() -> None:
    world = Phone().coded()
    old = world.turn
    world.do(ev.CodeRenewed())
    assert (world.page.stage, world.turn) == ("opening", old + 1)
    assert world.started(fx.CloseInbox) == 1
    world.do(ev.InboxOpened(old, CODE), ev.PictureSent(old, 47, SENT), ev.InboxFailed(old, "over"))
    assert (world.page.stage, world.page.problem) == ("opening", "")


def test_a_fault_is_told_and_may_be_tried_again() -> None:
    for why in ("line", "busy", "over", "closed"):
        world = Phone().coded().do(ev.InboxFailed(1, why))
        assert (world.page.problem, world.page.code) == (why, "")
        world.do(ev.CodeRenewed())
        assert (world.page.problem, world.turn) == ("", 2)


def test_what_has_arrived_is_looked_at_before_a_fault_is_told() -> None:
    world = Phone().coded().sent()
    world.do(ev.InboxFailed(world.turn, "over"))
    assert (world.page.stage, world.page.problem) == ("look", "")
    assert (world.keep().page.stage, world.page.problem) == ("opening", "over")


def test_what_would_not_fit_into_the_case_is_told_before_it_is_kept() -> None:
    world = Phone().coded().sent(bytes(MOST - 4), b"last").keep().keep()
    assert len(world.kept) == 2
    world.sent(b"!").keep()
    assert (len(world.kept), world.page.count, world.page.problem, world.visit.arrived) == (2, 2, "large", ())
    assert world.do(ev.CodeRenewed()).page.problem == ""
    assert MOST < LARGEST_CASE


def test_a_full_material_ends_it_and_asks_for_no_more() -> None:
    world = Phone().coded()
    most = world.visit.pack.material("premises_proof").pages  # type: ignore[union-attr]
    world.sent(*(b"page %d" % number for number in range(most + 1)))
    for _ in range(most):
        world.keep()
    assert (world.state, len(world.kept), world.visit.arrived) == (State.MATERIAL, most, ())
    assert screen_of(world.visit, 1, world.now).body.phone == ""  # type: ignore[union-attr]
    world.do(ev.PhonePressed())
    assert world.state is State.MATERIAL


def test_a_telephone_that_is_used_holds_the_time() -> None:
    world = Phone().coded()
    ends = world.visit.expires_at
    assert ends is not None
    world.now = replace(world.now, monotonic=world.now.monotonic + 150)
    world.do(ev.PhoneSeen(world.turn + 1))
    assert world.visit.expires_at == ends, "of an inbox that is not this one"
    world.do(ev.PhoneSeen(world.turn))
    assert world.visit.expires_at == ends + 150
    world.do(ev.TimerFired("quiet"))
    assert world.visit.warning
    world.sent()
    assert not world.visit.warning


def test_another_persons_card_ends_it_all() -> None:
    world = Phone().coded().sent().do(ev.CardShown(person(number="110101199001011237"), None))
    assert world.state is State.FAREWELL
    assert world.last(fx.CloseInbox) == fx.CloseInbox()
    assert (world.visit.arrived, world.visit.code) == ((), "")
