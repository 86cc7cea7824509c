"""Citizens' pages: who proves that a case is theirs sees it and acts upon it, and nobody else learns that it exists."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from PIL import Image
from sqlalchemy import func, select

from kiosk import wire
from kiosk.backend import Settings
from kiosk.backend.lives import Act
from kiosk.backend.public.looking import COOKIE
from kiosk.backend.store.life_tables import deeds
from kiosk.backend.store.tables import item_materials, items
from kiosk.domain import codes
from kiosk.domain.codes import group_case_no
from kiosk.domain.life import Deed, Role
from kiosk.domain.rating_task import By, TaskDeed
from kiosk.domain.text import Text
from kiosk.journal.sealing import item_info, unseal
from kiosk.papers import mark as marks
from kiosk.papers.statement import Statement, serial_of
from tests.backend.conftest import AREA, NOON, Clock
from tests.backend.public_room import ENDING, NUMBER, OTHER, SECRET, Room

ANSWER = "清单已经补好，向您道歉。"


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Room]:
    """One for all tests of this module: each has cases and telephones of its own; the clock goes on."""
    folder = tmp_path_factory.mktemp("public")
    made = Room(Settings(str(folder / "backend.db"), str(folder / "blobs"), str(folder / "keys.json"), clock=clock))
    yield made
    made.backend.close()


def jpeg(colour: str = "white", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(out, "JPEG", **more)
    return out.getvalue()


def handed_in(room: Room, case: wire.CasePayload) -> list[Any]:
    """The supplements of a case, with what was answered and how many materials each has."""
    pages = select(func.count()).where(item_materials.c.item_id == items.c.id).scalar_subquery()
    query = select(items, deeds.c.answer, pages.label("pages")).join(deeds, deeds.c.item_id == items.c.id)
    return room.backend._store.read(lambda c: list(c.execute(query.where(deeds.c.case_id == case.case_id)).all()))


# -- whose case is it ----------------------------------------------------------------------------------


def test_its_holder_sees_how_it_stands_and_what_is_lacking(room: Room) -> None:
    case, phone = room.asked(), room.phone()
    page = phone.opens(case)
    assert group_case_no(case.case_no) in page
    for word in (SECRET, "租赁合同", "门头照片", "等您补材料", 'href="/p/case/supplement"'):
        assert word in page
    assert NUMBER not in page
    assert "Lease" in phone.get("/p/case?lang=en")
    phone.post("/p/case/leave", form="/p/case")
    assert phone.client.get("/p/case").headers["location"] == "/p/progress"


def test_what_is_unknown_and_what_is_wrong_are_one_answer(room: Room) -> None:
    case, phone = room.case(), room.phone()
    unknown = codes.case_no(AREA, NOON.date(), 99_999)

    def plain(answer: Any) -> str:
        assert (answer.status_code, COOKIE in answer.cookies) == (404, False)
        return re.sub(r'value="[^"]*"', "", answer.text)

    nothing = plain(phone.ask("1"))
    for number, ending in ((case.case_no, "000000"), (case.case_no, ENDING[1:]), (case.case_no, ""), (unknown, ENDING),
                           (case.case_no, "\0")):  # fmt: skip
        assert plain(phone.ask(number, ending)) == nothing


def test_a_case_without_a_readable_document_is_nobodys(room: Room) -> None:
    case = room.case(fields=[wire.PayloadField("applicant.name", "王五", "card", "A")])
    for ending in ("", "\0", "000000"):
        assert room.phone().ask(case.case_no, ending).status_code == 404


def test_tries_are_limited_by_number_from_wherever_they_come_and_by_address(room: Room, clock: Clock) -> None:
    case, other = room.case(), room.case(OTHER)
    for _ in range(5):
        assert room.phone().ask(case.case_no, "000000").status_code == 404
    assert room.phone().ask(case.case_no).status_code == 404, "the right answer looks like a wrong one"
    phone = room.phone()
    statuses = [phone.ask(other.case_no, OTHER[-6:]).status_code for _ in range(11)]
    assert statuses == [303] * 10 + [429], "whoever is right is not counted by number, only by address"


def test_a_ticket_that_was_changed_or_is_over_opens_nothing(room: Room, clock: Clock) -> None:
    mine, other, phone = room.case(), room.case(OTHER), room.phone()
    phone.opens(mine)
    ticket = phone.client.cookies[COOKIE]
    last = "A" if ticket[-1] != "A" else "B"
    for wrong in (ticket.replace(mine.case_id, other.case_id), ticket.replace("act", "all"), ticket[:-1] + last, "~~~"):
        assert _with(room, wrong) == 303
    assert _with(room, ticket) == 200
    clock.move(minutes=31)
    assert _with(room, ticket) == 303


def _with(room: Room, ticket: str) -> int:
    phone = room.phone()
    phone.client.cookies.set(COOKIE, ticket)
    return phone.client.get("/p/case").status_code


def test_the_code_of_a_receipt_shows_how_far_it_is_and_no_word_more(room: Room) -> None:
    case, phone = room.asked(), room.phone()
    room.rated(case, 1, "109")
    said = Statement(
        case.case_no, "0001", case.service_id, "receipt", "referred", "final", int(NOON.timestamp()),
        int(NOON.timestamp()), bytes(16), serial_of(case.case_id), ("张*",),
    )  # fmt: skip
    mark = marks.made(said, room.private)
    assert "330102" in phone.get(f"/p/progress?no={case.case_no}")
    answer = phone.post("/p/mark", form="/p/progress", mark=mark)
    assert answer.headers["location"] == "/p/case"
    page = phone.get("/p/case")
    assert "等您补材料" in page
    for word in (SECRET, "租赁合同", "您的评价", "/p/case/supplement"):
        assert word not in page
    assert phone.client.get("/p/case/supplement").status_code == 403
    assert phone.client.get("/p/case/rating").status_code == 403
    forged = mark[:-6] + ("A" * 6)
    assert room.phone().post("/p/mark", form="/p/progress", mark=forged).status_code == 404


# -- papers handed in ----------------------------------------------------------------------------------


def hand_in(phone: Any, *files: tuple[str, bytes], true: str = "yes") -> Any:
    sent = [(name, ("我的合同.jpg", data, "text/html")) for name, data in files]
    return phone.post("/p/case/supplement", files=sent or [("paper0", ("", b""))], true=true, note="辛苦了")


def test_what_was_lacking_comes_by_telephone_like_from_a_terminal(room: Room) -> None:
    case, phone = room.asked(), room.phone()
    phone.opens(case)
    where = Image.Exif()
    where[0x9286], where[0x010F] = "北纬三十度", "Phone"
    answer = hand_in(phone, ("paper0", jpeg("red", exif=where, comment=b"secret")), ("paper1", jpeg("blue")))
    assert answer.headers["location"] == "/p/case?said=done"
    page = phone.get("/p/case?said=done")
    assert "材料已经收下" in page
    assert "已收件" in page
    (item,) = handed_in(room, case)
    assert item.id.startswith("phone-")
    assert (item.kind, item.answer, item.pages) == ("supplement", "done", 2)
    (epoch,) = room.backend.keys.epochs
    plain = unseal(item.sealed, epoch.sealing_private, item_info(item.terminal_id, item.id))
    assert NUMBER.encode() in plain, "who does it stands inside the seal"
    said = msgspec.json.decode(plain, type=wire.SupplementPayload)
    assert [material.kind for material in said.materials] == ["lease", "lacking-2"]
    first = room.backend._blobs.get(said.materials[0].sealed_sha256)
    kept = unseal(first, epoch.sealing_private, item_info(item.terminal_id, item.id, 1))
    assert Image.open(io.BytesIO(kept)).getpixel((9, 9))[0] > 200  # type: ignore[index]
    assert not dict(Image.open(io.BytesIO(kept)).getexif())
    assert b"secret" not in kept
    assert [event.deed for event in room.backend.lives.known(case.case_id).events][-1] is Deed.SUPPLEMENTED
    assert phone.client.get("/p/case/supplement").headers["location"] == "/p/case?said=not_asked"


def test_all_of_it_or_nothing_with_the_reason_beside_the_field(room: Room) -> None:
    case, phone = room.asked(), room.phone()
    phone.opens(case)
    for files, true, word in (
        ((("paper0", jpeg()),), "yes", "还没有选文件"),
        ((("paper0", jpeg()), ("paper1", b"MZ\x90 program")), "yes", "不是 JPEG"),
        ((("paper0", jpeg()), ("paper1", jpeg())), "", "请确认是本人"),
        ((*(("paper0", jpeg()) for _ in range(9)), ("paper1", jpeg())), "yes", "文件太多了"),
    ):
        answer = hand_in(phone, *files, true=true)
        assert (answer.status_code, word in answer.text) == (422, True), word
    assert handed_in(room, case) == []
    assert room.backend.lives.known(case.case_id).life.state == "supplementing"


# -- ratings -------------------------------------------------------------------------------------------


def test_the_answer_is_read_and_one_word_added(room: Room) -> None:
    case, phone = room.case(), room.phone()
    room.rated(case, 2, "208")
    assert "正在核实" in phone.opens(case)
    for deed, choice, words in (
        (TaskDeed.CALLED, "reached", "已致电"), (TaskDeed.VERIFIED, "upheld", "属实"), (TaskDeed.ANSWERED, "", ANSWER),
    ):  # fmt: skip
        room.backend.ratings.act(case.case_id, 1, deed, By.OFFICE, "李工", choice, words)
    page = phone.get("/p/case")
    assert ANSWER in page
    assert "已致电" not in page, "the record of the call is the office's own"
    assert phone.post("/p/case/rating", said="好多了").status_code == 422, "nothing is chosen beforehand"
    assert phone.post("/p/case/rating", level="7").status_code == 422
    assert phone.post("/p/case/rating", level="4", said="好多了").headers["location"] == "/p/case?said=added"
    page = phone.get("/p/case?said=added")
    assert "您后来追评" in page
    assert "/p/case/rating" not in page
    assert phone.client.get("/p/case/rating").headers["location"] == "/p/case"
    assert room.backend.ratings.said_of(case.case_id)[-1].words == "好多了"


def test_a_case_that_is_under_way_and_was_not_rated_offers_nothing_to_say(room: Room) -> None:
    phone = room.phone()
    assert "您的评价" not in phone.opens(room.case())
    assert phone.client.get("/p/case/rating").headers["location"] == "/p/case"


def test_what_is_over_is_rated_for_the_first_time_with_reasons_of_its_level(room: Room) -> None:
    case, phone = room.case(), room.phone()
    room.act(case, Deed.REFUSED, reason=Text("未满 80 周岁。", "Not yet 80."))
    assert "评不评由您自己定" in phone.opens(case)
    page = phone.get("/p/case/rating")
    assert "checked" not in page, "nothing is chosen beforehand"
    assert all(word in page for word in ("非常满意", "没有提供材料样本", "一窗受理一次办结"))
    assert phone.post("/p/case/rating", said="等太久").status_code == 422
    form = {"level": "2", "why": ["207", "510"], "said": "等太久"}
    assert phone.post("/p/case/rating", **form).headers["location"] == "/p/case?said=rated"
    page = phone.get("/p/case?said=rated")
    assert all(word in page for word in ("您的评价已经收下", "不满意", "没有提供材料样本", "再说一句"))
    (said,) = room.backend.ratings.said_of(case.case_id)
    assert (said.level, said.codes, said.words) == (2, ("207",), "等太久")
    assert phone.post("/p/case/rating", level="5").headers["location"] == "/p/case?said=added", "the second is a 追评"


def test_what_the_department_has_confirmed_stands_beside_the_decision(room: Room) -> None:
    case, phone, look = room.case(), room.phone(), room.phone()
    room.backend.lives.act(case.case_id, Act(Deed.APPROVED, Role.STREET, "李干事"))
    room.act(case, Deed.CONFIRMED, reason=Text("从次月起发放", "从次月起发放"))
    page = phone.opens(case)
    assert "部门确认" in page
    assert "从次月起发放" in page
    assert look.get("/p/case", 303) == ""


# -- is a paper genuine --------------------------------------------------------------------------------


def test_a_paper_is_held_against_todays_list(room: Room, clock: Clock) -> None:
    case, phone = room.case(outcome="approved"), room.phone()
    said = Statement(
        case.case_no, "0001", case.service_id, "certificate", "approved", "final", int(NOON.timestamp()),
        int(NOON.timestamp()), bytes(16), serial_of(case.case_id), ("张三",),
    )  # fmt: skip
    mark = marks.made(said, room.private)
    page = phone.post("/p/check", code=f"https://x/?no=1#{mark}").text
    assert "是真的" in page
    assert "张三" in page
    assert "被改过" in phone.post("/p/check", code=f"#{mark[:-8]}AAAAAAAA").text
    assert "没有防伪标记" in phone.post("/p/check", code="hello").text
    assert phone.post("/p/check").status_code == 422
    room.backend.late.settle(case.case_id, "revoked")
    assert "是真的" in phone.post("/p/check", code=f"#{mark}").text, "a list is used for a minute"


def test_a_paper_of_a_trial_is_not_called_genuine(room: Room) -> None:
    case, phone = room.case(outcome="approved"), room.phone()
    said = Statement(
        case.case_no, "0001", case.service_id, "certificate", "approved", "final", int(NOON.timestamp()),
        int(NOON.timestamp()), bytes(16), serial_of(case.case_id), ("张三",), test=True,
    )  # fmt: skip
    page = phone.post("/p/check", code=f"#{marks.made(said, room.private)}").text
    assert page.count("没有效力") == 1, "said once"
    assert "是真的" not in page


def test_a_file_that_nobody_sealed_is_told_with_what_to_do_instead(room: Room) -> None:
    plain = io.BytesIO()
    Image.new("RGB", (10, 10)).save(plain, "PDF")
    answer = room.phone().post("/p/check", files=[("paper", ("a.pdf", plain.getvalue(), "application/pdf"))])
    assert answer.status_code == 200
    assert "没有电子印章" in answer.text
    assert "拍下二维码再核对" in answer.text


def test_the_name_of_the_first_page_is_said_once(room: Room) -> None:
    assert "<title>政务服务</title>" in room.phone().client.get("/p/").text


def test_a_picture_of_the_code_is_read_and_a_file_that_is_none_refused(room: Room) -> None:
    import zxingcpp

    case, phone = room.case(), room.phone()
    said = Statement(
        case.case_no, "0001", case.service_id, "receipt", "referred", "final", int(NOON.timestamp()),
        int(NOON.timestamp()), bytes(16), serial_of(case.case_id),
    )  # fmt: skip
    code = zxingcpp.create_barcode(f"https://x/#{marks.made(said, room.private)}", zxingcpp.BarcodeFormat.QRCode)
    picture: Any = code.to_image(scale=4)
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    sent = [("paper", ("a.png", out.getvalue(), "image/png"))]
    assert "是真的" in phone.post("/p/check", files=sent).text
    for data in (b"%PDF-1.4\nno", b"GIF89a", b""):
        answer = phone.post("/p/check", files=[("paper", ("a.pdf", data, "application/pdf"))])
        assert answer.status_code == 422


def test_no_page_says_more_in_its_address_than_it_may(room: Room) -> None:
    case, phone = room.case(), room.phone()
    room.act(case, Deed.REFUSED, reason=Text(SECRET, SECRET))
    page = phone.opens(case)
    assert SECRET in page
    for headers in (phone.client.get("/p/case").headers, phone.client.get("/p/").headers):
        assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")
        assert "unsafe" not in headers["content-security-policy"]
    assert case.case_id not in page, "nor does a link name the case"
