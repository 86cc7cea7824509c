"""Pictures sent by telephone into a visit: whoever has the code may put in, for minutes, and is shown nothing."""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from kiosk import wire
from kiosk.backend import Settings
from kiosk.backend.inboxes import FILES
from kiosk.backend.problems import Refusal
from kiosk.backend.public.sending import COOKIE
from kiosk.backend.store.inbox_tables import inbox_files
from tests.backend.conftest import AREA, Clock
from tests.backend.public_room import Room
from tests.backend.sending_room import Visit, jpeg, number_on, paper

ACCEPT = {"accept": "application/json"}


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("sending")
    names = (str(folder / "backend.db"), str(folder / "blobs"), str(folder / "keys.json"))
    made = Room(Settings(*names, clock=clock, console=True, monotonic=lambda: clock().timestamp()))
    yield made
    made.backend.close()


@pytest.fixture(autouse=True)
def later(clock: Clock) -> None:
    """Whatever is counted by time is forgotten: each test is another hour."""
    clock.move(hours=1)


def test_the_first_that_sends_has_it_and_others_are_told(room: Room, clock: Clock) -> None:
    visit, own, other = Visit(room), room.phone(), room.phone()
    visit.scanned_by(other)
    number = number_on(visit.scanned_by(own))
    assert own.post("/p/send", files=[paper(jpeg())]).status_code == 200
    assert 'id="send-form"' not in other.get("/p/send"), "it is told before anything is chosen"
    cookie = other.client.cookies[COOKIE]
    assert own.client.cookies[COOKIE] != cookie
    assert (visit.news().waiting, visit.news().number) == (1, number)
    clock.move(minutes=1)
    other.client.get("/p/send/state")
    assert not visit.news().active, "who has it not holds nobody's time"
    own.client.get("/p/send/state")
    assert visit.news().active


def test_two_that_chose_at_the_same_time(room: Room) -> None:
    visit, own, other = Visit(room), room.phone(), room.phone()
    page = visit.scanned_by(other)
    visit.scanned_by(own)
    assert own.post("/p/send", files=[paper(jpeg())]).status_code == 200
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token is not None
    answer = other.client.post("/p/send", data={"csrf": token[1]}, files=[paper(jpeg())])
    assert answer.status_code == 422
    assert visit.news().waiting == 1


def test_there_is_one_answer_for_every_code_that_is_not_good(room: Room, clock: Clock) -> None:
    visit, phone = Visit(room), room.phone()
    other = room.phone()
    visit.scanned_by(other)
    Visit(room)  # of the same terminal: the one before has ended
    stranger = secrets.token_urlsafe(16)
    answers = [phone.client.get(f"/p/send/{token}") for token in (visit.token, stranger, "x", "state2", "%00")]
    answers += [other.client.get("/p/send"), room.phone().client.get("/p/send")]
    assert {answer.status_code for answer in answers} == {410}
    assert len({answer.text for answer in answers}) == 1
    forged = room.phone()
    forged.client.cookies.set(COOKIE, f"{visit.inbox}~{'0' * 32}~47~{'A' * 43}")
    assert forged.client.get("/p/send").status_code == 410


def test_nothing_is_taken_of_what_is_not_sound(room: Room) -> None:
    visit, phone = Visit(room), room.phone()
    visit.scanned_by(phone)
    wrong = [
        [],
        [paper(b"MZ\x90\0 a program", "lease.jpg")],
        [paper(jpeg()[:200])],
        [paper(jpeg()), paper(b"%PDF-1.7 << /JavaScript 1 0 R >> %%EOF")],
        [paper(jpeg())] * 9,
    ]
    for files in wrong:
        answer = phone.post("/p/send", files=files or [paper(b"", "")])
        assert answer.status_code in (400, 422), len(files)
    assert visit.news().waiting == 0


def test_it_takes_so_many_and_no_more(room: Room) -> None:
    visit, phone = Visit(room), room.phone()
    visit.scanned_by(phone)
    for _ in range(FILES // 8):
        assert phone.post("/p/send", files=[paper(jpeg((8, 8)))] * 8).status_code == 200
    token = phone.client.get("/p/send").text
    assert 'id="send-form"' not in token
    assert visit.news().waiting == FILES


def test_a_script_is_answered_in_one_line(room: Room) -> None:
    visit, phone = Visit(room), room.phone()
    page = visit.scanned_by(phone)
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token is not None
    send = lambda data: phone.client.post(  # noqa: E731
        "/p/send", data={"csrf": token[1]}, files=[paper(data)], headers=ACCEPT
    )
    good, bad = send(jpeg()), send(b"nothing of ours")
    assert (good.status_code, good.json()["ok"], good.json()["open"]) == (200, True, True)
    assert (bad.status_code, bad.json()["ok"], bad.json()["open"]) == (422, False, True)
    assert bad.json()["said"] != good.json()["said"]
    assert phone.client.get("/p/send/state").json() == {"open": True, "waiting": 1}
    room.backend.inboxes.shut(visit.terminal, visit.inbox)
    assert phone.client.get("/p/send/state").json() == {"open": False, "waiting": 0}
    assert send(jpeg()).json()["open"] is False


def test_a_form_of_another_site_sends_nothing(room: Room) -> None:
    visit, phone = Visit(room), room.phone()
    visit.scanned_by(phone)
    assert phone.client.post("/p/send", data={"csrf": "x"}, files=[paper(jpeg())]).status_code == 403
    assert visit.news().waiting == 0


def test_another_terminal_neither_sees_nor_closes_it(room: Room) -> None:
    visit, phone = Visit(room), room.phone()
    visit.scanned_by(phone)
    phone.post("/p/send", files=[paper(jpeg())])
    who = room.backend.enrol(room.backend.issue_code(AREA, "Other"), wire.b64(wire.new_signing_pair()[1]), "")
    other = room.backend.find_terminal(who.terminal_id)
    assert other is not None
    assert room.backend.inboxes.news(other, visit.inbox, 5) == wire.InboxNews(open=False)
    room.backend.inboxes.shut(other, visit.inbox)
    assert visit.news().waiting == 1
    with pytest.raises(Refusal, match="request-differs"):
        room.backend.inboxes.open(other, visit.asked)
    Visit(room, other)
    assert visit.news().waiting == 1


def test_what_lies_here_is_sealed_and_what_is_logged_names_nothing(
    room: Room, capsys: pytest.CaptureFixture[str]
) -> None:
    visit, phone = Visit(room), room.phone()
    visit.scanned_by(phone)
    phone.post("/p/send", files=[paper(jpeg(comment=b"taken at home"), "wang-xiaoming.jpg")])
    rows = room.backend._store.read(lambda c: [bytes(row.sealed) for row in c.execute(inbox_files.select())])
    assert len(rows) == 1
    assert b"JFIF" not in rows[0]
    printed = "".join(capsys.readouterr())
    assert "/p/send/{token}" in printed
    for hidden in (visit.token, visit.inbox, "wang", "10.1."):
        assert hidden not in printed


def test_a_pdf_comes_as_its_pages(room: Room) -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(420, 595))
    canvas.drawString(50, 500, "first")
    canvas.showPage()
    canvas.rect(0, 0, 210, 595, fill=1)
    canvas.save()
    visit, phone = Visit(room), room.phone()
    visit.scanned_by(phone)
    assert phone.post("/p/send", files=[paper(out.getvalue(), "lease.pdf")]).status_code == 200
    second = visit.news(after=1)
    assert second.waiting == 1
    picture = visit.picture(second)
    assert picture.height == 2400
    assert picture.getpixel((10, 1200)) == (0, 0, 0)
    assert picture.getpixel((picture.width - 10, 1200)) == (255, 255, 255)


def test_a_backend_without_pages_opens_none(room: Room, tmp_path: Any, clock: Clock) -> None:
    bare = Room(Settings(str(tmp_path / "b.db"), str(tmp_path / "blobs"), str(tmp_path / "k.json"), clock=clock))
    with pytest.raises(Refusal, match="no-inbox"):
        Visit(bare)
    bare.backend.close()
