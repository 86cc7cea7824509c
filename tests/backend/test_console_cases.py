"""Cases on the console: who sees which, one hand at a time, what is done and by whom, papers for one page."""

from __future__ import annotations

import base64
import hashlib
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kiosk import wire
from kiosk.backend.console.acting import Refused, Wanted
from kiosk.backend.console.gate import COOKIE
from kiosk.backend.console.roles import Role
from kiosk.backend.web.templating import grouped
from kiosk.domain import codes
from kiosk.domain.life import Deed, State
from kiosk.domain.text import Text
from kiosk.journal.sealing import item_info, seal
from tests.backend.conftest import AREA, NAME, NOON, Terminal
from tests.backend.console_room import (  # noqa: F401
    Browser,
    Room,
    act,
    arrived,
    console_fixture,
    listed,
    state,
    taken,
    waits_at,
)
from tests.backend.lives_room import NUMBER, supplement, withdrawal

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture(scope="module")
def terminal(room: Room) -> Terminal:
    return room.terminal("330102001002")


@pytest.fixture(scope="module")
def staff(room: Room) -> dict[str, Browser]:
    """One of each, for the whole province; and two more at the community."""
    found = {role.value: room.staff(role, "33") for role in Role}
    return found | {"second": room.staff(Role.COMMUNITY, "33"), "third": room.staff(Role.DEPARTMENT, "33")}


# -- who sees what ------------------------------------------------------------------------------------


def test_a_case_waits_at_the_desk_that_its_pack_names_and_nowhere_else(
    room: Room, terminal: Terminal, staff: dict[str, Browser]
) -> None:
    case_id = arrived(room, terminal)
    assert case_id in listed(staff["community"])
    assert case_id not in listed(staff["street"])
    assert case_id in listed(staff["street"], desk="community")
    assert listed(staff["community"], desk="street") == listed(staff["community"])  # not theirs to look at
    assert case_id in listed(staff["supervisor"])
    assert staff["operator"].get("/console/queue").status_code == 403


def test_another_area_sees_nothing_of_it(room: Room, terminal: Terminal) -> None:
    case_id = arrived(room, terminal)
    for area in ("330103", "330102001003", "34"):
        stranger = room.staff(Role.COMMUNITY, area)
        assert listed(stranger) == []
        for path in ("", "/pages/1", "/certificate"):
            assert stranger.get(f"/console/cases/{case_id}{path}").status_code == 404
        stranger.get("/console/queue")
        assert stranger.post(f"/console/cases/{case_id}/take", {}).status_code == 404
        stranger.get("/console/queue")
        assert act(stranger, case_id, "approved").status_code == 404
    neighbour = room.staff(Role.COMMUNITY, "330102001002", "330102001", "33")
    assert listed(neighbour).count(case_id) == 1  # areas that lie in one another show nothing twice


def test_staff_of_some_matters_see_those_alone(room: Room, terminal: Terminal) -> None:
    mine = arrived(room, terminal, service_id="residence_permit", pack_id="residence_permit")
    other = arrived(room, terminal)
    clerk = room.staff(Role.COMMUNITY, "330102", services=("residence_permit",))
    found = listed(clerk)
    assert mine in found
    assert other not in found
    assert clerk.get(f"/console/cases/{other}").status_code == 404


def test_a_case_is_found_by_its_number(room: Room, terminal: Terminal, staff: dict[str, Browser]) -> None:
    case_id = arrived(room, terminal)
    number = room.server.backend.lives.known(case_id).life.case_no
    community = staff["community"]
    community.get("/console/queue")
    assert community.post("/console/find", {"number": f" {number[:6]} {number[6:12]} {number[12:]}"}).url.path == (
        f"/console/cases/{case_id}"
    )
    community.get("/console/queue")
    assert community.post("/console/find", {"number": "' OR '1'='1"}).status_code == 404


# -- one hand at a time -------------------------------------------------------------------------------


def test_two_reviewers_never_decide_one_case(room: Room, terminal: Terminal) -> None:
    """Both take and decide as fast as they can, many times: each case is decided once, by whoever has taken it."""
    one, two = room.staff(Role.STREET, "330102"), room.staff(Role.STREET, "330102")
    accounts, acting = room.console.accounts, room.console.acting
    people = {login: who for login, who, *_ in accounts.everybody()}
    for _ in range(6):
        case_id = arrived(room, terminal)
        start, done, refused = threading.Barrier(2), [], []

        def work(login: str, deed: Deed, case_id: str = case_id, start: threading.Barrier = start) -> None:
            start.wait(10)
            try:
                acting.take(people[login], case_id)
                acting.act(people[login], case_id, Wanted(deed, 1, reason=Text("x", "x")))
                done.append(login)  # noqa: B023
            except Refused as error:
                refused.append(error.code)  # noqa: B023

        threads = [threading.Thread(target=work, args=(one.login, Deed.APPROVED)),
                   threading.Thread(target=work, args=(two.login, Deed.REFUSED))]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert len(done) == 1
        assert refused[0] in ("taken", "changed", "right-desk", "decided", "not-yours")
        deeds = [event.deed for event in room.server.backend.lives.known(case_id).events]
        assert len([deed for deed in deeds if deed in (Deed.APPROVED, Deed.REFUSED)]) == 1
        who = room.server.backend.lives.known(case_id).events[-1].who
        assert who == people[done[0]].name


def test_what_one_has_in_hand_no_other_can_touch_until_it_is_let_go(
    room: Room, terminal: Terminal, staff: dict[str, Browser]
) -> None:
    case_id = arrived(room, terminal)
    one, two = staff["community"], staff["second"]
    assert 'name="deed"' in taken(one, case_id).text
    two.get(f"/console/cases/{case_id}")
    assert "正在办" in two.page.text
    assert two.post(f"/console/cases/{case_id}/take", {}).status_code == 409
    assert act(two, case_id, "accepted").status_code == 409
    one.post(f"/console/cases/{case_id}/release", {})
    assert 'name="deed"' in taken(two, case_id).text
    assert act(one, case_id, "accepted").status_code == 409
    assert state(room, case_id) is State.RECEIVED


def test_a_case_that_has_gone_on_is_not_decided_by_an_old_page(
    room: Room, terminal: Terminal, staff: dict[str, Browser]
) -> None:
    case_id = arrived(room, terminal)
    page = taken(staff["community"], case_id)
    assert [each.status for each in terminal.push(withdrawal(terminal, case_id))] == ["accepted"]
    staff["community"].page = page
    assert act(staff["community"], case_id, "accepted").status_code == 409
    assert state(room, case_id) is State.WITHDRAWN
    assert waits_at(room, case_id) == ""


# -- what is done -------------------------------------------------------------------------------------


def test_a_case_from_the_community_to_the_street(room: Room, terminal: Terminal, staff: dict[str, Browser]) -> None:
    """Supplement asked once with all that lacks, handed up, approved at the street: each by whom it was done."""
    case_id = arrived(room, terminal)
    community, street = staff["community"], staff["street"]
    taken(community, case_id)
    assert "要由上级决定" in act(community, case_id, "approved", point=list("01234")).text
    community.get(f"/console/cases/{case_id}")
    assert act(community, case_id, "supplement_asked").status_code == 409  # nothing was named
    community.get(f"/console/cases/{case_id}")
    act(community, case_id, "supplement_asked", material="household", phrase="2", reason="低保证\n\n残疾证")
    assert state(room, case_id) is State.SUPPLEMENTING
    lacking = room.server.backend.lives.known(case_id).events[-1].lacking
    assert [(each.text.en, each.material) for each in lacking] == [
        ("Household register", "household"), ("A written authority with the person's signature", ""), ("低保证", ""),
        ("残疾证", ""),
    ]  # fmt: skip
    taken(community, case_id)
    act(community, case_id, "supplemented")
    community.get(f"/console/cases/{case_id}")
    assert "只能要求补正一次" not in community.page.text  # the law allows it once
    act(community, case_id, "accepted")
    assert waits_at(room, case_id) == "community"
    community.get(f"/console/cases/{case_id}")
    act(community, case_id, "forwarded", desk="street", phrase="0")
    assert waits_at(room, case_id) == "street"
    assert "办理" in taken(community, case_id).text
    assert act(community, case_id, "refused", reason="x").status_code == 409
    taken(street, case_id)
    assert "清单还没有" in act(street, case_id, "approved", point="0").text
    street.get(f"/console/cases/{case_id}")
    done = act(street, case_id, "approved", point=list("01234"), phrase="0")
    assert state(room, case_id) is State.APPROVED
    assert waits_at(room, case_id) == ""
    people = {login: who.name for login, who, *_ in room.console.accounts.everybody()}
    by = [(event.deed.value, event.who) for event in room.server.backend.lives.known(case_id).events[1:]]
    assert by == [
        *((deed, people[community.login]) for deed in ("supplement_asked", "supplemented", "accepted", "forwarded")),
        ("approved", people[street.login]),
    ]
    assert "符合高龄津贴条件" in done.text
    assert "谁看过" in done.text
    ticked = room.server.backend.lives.known(case_id).events[-1].checked
    assert len(ticked) == 5
    history = done.text.partition('id="h-history"')[2]
    assert all(each.zh in history for each in ticked), "which points, beside who has ticked them"


def test_a_refusal_says_why_or_is_none(room: Room, terminal: Terminal, staff: dict[str, Browser]) -> None:
    case_id = arrived(room, terminal)
    street = staff["street"]
    taken(street, case_id)
    assert "请写明理由" in act(street, case_id, "refused").text
    street.get(f"/console/cases/{case_id}")
    act(street, case_id, "refused", reason="<b>不在</b>本区")
    assert state(room, case_id) is State.REFUSED
    assert "&lt;b&gt;不在&lt;/b&gt;本区" in street.page.text


def test_a_decision_of_two_is_made_by_two(room: Room, terminal: Terminal, staff: dict[str, Browser]) -> None:
    case_id = arrived(room, terminal, service_id="financing_guarantee", pack_id="financing_guarantee")
    one, two = staff["department"], staff["third"]
    taken(one, case_id)
    act(one, case_id, "approved", point=list("012"), phrase="0")
    assert state(room, case_id) is State.RECEIVED
    taken(one, case_id)
    assert one.post(f"/console/cases/{case_id}/confirm", {"seen": "1"}).status_code == 409
    one.get(f"/console/cases/{case_id}")
    one.post(f"/console/cases/{case_id}/release", {})
    taken(two, case_id)
    two.post(f"/console/cases/{case_id}/confirm", {"seen": "1"})
    assert state(room, case_id) is State.APPROVED
    last = room.server.backend.lives.known(case_id).events[-1]
    people = {login: who.name for login, who, *_ in room.console.accounts.everybody()}
    assert (last.who, last.approval) == (people[one.login], people[two.login])
    assert len(last.checked) == 3, "what whoever proposed it has ticked"
    assert last.reason.en == "Taken up; the guarantee company comes to look."


def test_a_proposal_is_put_back_and_old_ones_are_not_confirmed(
    room: Room, terminal: Terminal, staff: dict[str, Browser]
) -> None:
    case_id = arrived(room, terminal, service_id="financing_guarantee", pack_id="financing_guarantee")
    one, two = staff["department"], staff["third"]
    taken(one, case_id)
    act(one, case_id, "refused", phrase="0")
    taken(two, case_id)
    act(two, case_id, "accepted")
    two.get(f"/console/cases/{case_id}")
    assert two.post(f"/console/cases/{case_id}/confirm", {"seen": "2"}).status_code == 409
    one.get(f"/console/cases/{case_id}")
    assert one.post(f"/console/cases/{case_id}/put-back", {}).status_code == 200
    one.get(f"/console/cases/{case_id}")
    assert one.post(f"/console/cases/{case_id}/put-back", {}).status_code == 409
    assert state(room, case_id) is State.ACCEPTED


@pytest.mark.parametrize(("word", "ends"), [("confirmed", State.APPROVED), ("revoked", State.VOIDED)])
def test_an_approval_by_promise_is_checked_later(
    room: Room, terminal: Terminal, staff: dict[str, Browser], word: str, ends: State
) -> None:
    promise = wire.PayloadCommitment("c", "1", ["x"], "2026-06-01T11:58:00+00:00")
    change = {"service_id": "shop_sign_filing", "pack_id": "shop_sign_filing", "commitment": promise}
    case_id = arrived(room, terminal, outcome="approved", online=True, **change)
    department = staff["department"]
    assert case_id in listed(department, tab="checks", desk="community")
    assert case_id not in listed(department, desk="community")
    department.get(f"/console/cases/{case_id}")
    assert "属实" in department.page.text
    department.post(f"/console/cases/{case_id}/check", {"found": word})
    assert state(room, case_id) is ends
    assert case_id not in listed(department, tab="checks", desk="community")
    department.get("/console/queue")
    assert department.post(f"/console/cases/{case_id}/check", {"found": word}).status_code == 409


def test_two_who_check_an_approval_at_once_do_not_overrule_one_another(
    room: Room, terminal: Terminal, staff: dict[str, Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second word comes between the first one's look and its deed; it was the quicker one, and stands."""
    promise = wire.PayloadCommitment("c", "1", ["x"], "2026-06-01T11:58:00+00:00")
    change = {"service_id": "shop_sign_filing", "pack_id": "shop_sign_filing", "commitment": promise}
    case_id = arrived(room, terminal, outcome="approved", online=True, **change)
    acting, late = room.console.acting, room.server.backend.late
    sessions = [room.console.accounts.session(staff[name].client.cookies[COOKIE]) for name in ("department", "third")]
    one, other = (session.staff for session in sessions if session is not None)
    settle = late.settle

    def between(*given: Any, **named: Any) -> str:
        monkeypatch.setattr(late, "settle", settle)
        acting.check(other, case_id, "confirmed")
        return settle(*given, **named)

    monkeypatch.setattr(late, "settle", between)
    with pytest.raises(Refused, match="nothing-to-check"):
        acting.check(one, case_id, "revoked")
    assert state(room, case_id) is State.APPROVED


def test_a_correction_never_says_for_whom_a_paper_is(room: Room, terminal: Terminal, staff: dict[str, Browser]) -> None:
    case_id = arrived(room, terminal)
    sent = act(staff["department"], case_id, "corrected", correct="applicant.name", value="欧阳某", reason="笔误")
    assert sent.status_code == 400


def test_supervisors_look_and_do_nothing(room: Room, terminal: Terminal, staff: dict[str, Browser]) -> None:
    case_id = arrived(room, terminal)
    supervisor = staff["supervisor"]
    assert supervisor.get(f"/console/cases/{case_id}").status_code == 200
    assert "我来办" not in supervisor.page.text
    for what in ("take", "act", "confirm", "put-back", "check", "release"):
        supervisor.get("/console/queue")
        assert supervisor.post(f"/console/cases/{case_id}/{what}", {"deed": "accepted", "seen": "1"}).status_code == 403
    assert staff["operator"].get(f"/console/cases/{case_id}").status_code == 403


# -- papers -------------------------------------------------------------------------------------------


def test_papers_are_opened_for_the_page_and_left_nowhere(
    room: Room, terminal: Terminal, staff: dict[str, Browser]
) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    case_id = arrived(
        room, terminal, ("household", PNG, "image/png"), ("signature", svg, "image/svg+xml"),
        ("authority_letter", b"<html><script>alert(1)</script>", "text/html"),
    )  # fmt: skip
    community = staff["community"]
    page = community.get(f"/console/cases/{case_id}")
    assert "户口簿" in page.text
    assert "签名" in page.text
    first = community.get(f"/console/cases/{case_id}/pages/1")
    assert (first.content, first.headers["content-type"]) == (PNG, "image/png")
    assert first.headers["cache-control"] == "no-store"
    drawn = community.get(f"/console/cases/{case_id}/pages/2").headers
    assert "sandbox" in drawn["content-security-policy"]
    assert "script-src" not in drawn["content-security-policy"]
    foreign = community.get(f"/console/cases/{case_id}/pages/3").headers
    assert foreign["content-type"] == "application/octet-stream"
    assert foreign["content-disposition"] == "attachment"
    assert community.get(f"/console/cases/{case_id}/pages/1/view?zoom=3").status_code == 200
    for number in ("0", "4", "-1", "x", "1e1"):
        assert community.get(f"/console/cases/{case_id}/pages/{number}").status_code == 404
    disk = Path(room.server.backend.settings.blobs).parent
    assert not [file for file in disk.rglob("*") if file.is_file() and PNG in file.read_bytes()]


def test_supplements_stand_behind_the_first_papers(room: Room, terminal: Terminal, staff: dict[str, Browser]) -> None:
    case_id = arrived(room, terminal, ("household", PNG, "image/png"))
    community = staff["community"]
    taken(community, case_id)
    act(community, case_id, "supplement_asked", material="household")
    assert terminal.enrolment is not None
    item = supplement(terminal, case_id)
    key = wire.unb64(terminal.enrolment.sealing_key)
    sealed = seal(PNG + b"2", key, item_info(terminal.id, item.id, 1))
    digest = hashlib.sha256(sealed).hexdigest()
    assert terminal.send("PUT", f"/v1/materials/{digest}", sealed).status == 200
    named = [wire.PayloadMaterial("household", "image/png", "0" * 64, digest, "C")]
    said = wire.SupplementPayload(case_id, NUMBER, terminal.clock().isoformat(), named, note="请看第二页")
    sent = terminal.seal(msgspec.json.encode(said), item.id, "supplement", attachments=[digest])
    assert [each.status for each in terminal.push(sent)] == ["accepted"]
    page = community.get(f"/console/cases/{case_id}")
    assert "请看第二页" in page.text
    assert "第 1 次补交" in page.text
    assert community.get(f"/console/cases/{case_id}/pages/2").content == PNG + b"2"
    assert waits_at(room, case_id) == "community"


def test_other_cases_of_the_person_are_shown(room: Room, terminal: Terminal, staff: dict[str, Browser]) -> None:
    number = "110101198505051232"
    earlier = arrived(room, terminal, number=number)
    later = arrived(room, terminal, number=number)
    page = staff["community"].get(f"/console/cases/{later}").text
    assert "同一事项" in page
    shown = room.server.backend.lives.known(earlier).life.case_no
    assert shown[-9:-5] in page


def test_of_other_areas_and_matters_it_is_said_that_there_are_more_and_no_word_else(
    room: Room, terminal: Terminal
) -> None:
    """A duplicate elsewhere is worth a hint; which matters somebody has elsewhere is not everybody's to read."""
    number = "110101197505051234"
    here = arrived(room, terminal, number=number)
    elsewhere = room.terminal("340102001001")
    case_no = codes.case_no("340102", NOON.date(), elsewhere.reserve().first)
    far = arrived(room, elsewhere, number=number, case_no=case_no)
    foreign = arrived(room, terminal, number=number, service_id="residence_permit", pack_id="residence_permit")
    clerk = room.staff(Role.COMMUNITY, AREA, services=("elder_allowance",))
    page = clerk.get(f"/console/cases/{here}").text
    numbers = {each: grouped(room.server.backend.lives.known(each).life.case_no) for each in (here, far, foreign)}
    assert numbers[here] in page
    assert numbers[far] not in page
    assert numbers[foreign] not in page
    assert "还有 1 件" in page


def test_addresses_and_the_log_name_nobody(
    room: Room, terminal: Terminal, staff: dict[str, Browser], capsys: pytest.CaptureFixture[str]
) -> None:
    fields = [wire.PayloadField("applicant.name", NAME, "card", "A")]
    case_id = arrived(room, terminal, fields=fields)
    community = staff["community"]
    listed(community)
    assert f"{NAME[0]}＊＊" in community.page.text
    assert NAME not in community.page.text  # in a list, enough to find somebody
    assert NAME in community.get(f"/console/cases/{case_id}").text
    assert NAME not in capsys.readouterr().err
    assert community.page.headers["referrer-policy"] == "no-referrer"
