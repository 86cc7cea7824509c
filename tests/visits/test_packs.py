"""Every built-in pack in the real window: who gets it, who is turned away with a way to go, who is asked for a paper
and hands it in, who withdraws, and what holds without a network (kinds.toml says which script shows what).

Ten citizens always, all in front of one terminal; among them a pack that came with no program (checked, signed,
published to the running demo, found, done, printed, decided again), a bundle, and a case that is supplemented and
withdrawn. With KIOSK_PEER_PACKS=1 every script, in three demos more.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from kiosk.backend import Settings, desk
from kiosk.backend.core import Backend
from kiosk.domain.life_table import Deed, Role
from kiosk.seals.commands import WITHOUT_EFFECT, verify_seal
from kiosk.services.check import check_pack
from kiosk.services.loader import BUILTIN, BUNDLES, load_pack
from tests.visits.test_visits import HERE, Played, play

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
everything = pytest.mark.skipif(not os.environ.get("KIOSK_PEER_PACKS"), reason="KIOSK_PEER_PACKS plays every visit")
CODE = HERE.parents[1]
GOOD, REFUSED, SUPPLEMENT, WITHDRAWN, OFFLINE = KINDS = "good", "refused", "supplement", "withdrawn", "offline"
ORDINARY = {
    "supplement": "referred",
    "withdraw": None,
    "permit_moved": "referred",
    "elder_card_early": "refused",
    "published": "approved",
    "bundle": "approved",
    "change_away": "refused",
    "complaint_danger": "refused",
    "utility_water_en": "referred",
    "insured": "approved",
}
"""Who is played always, and the outcome. The first two belong together. Shop, pension and unemployment are played by
test_visits.py and test_keeping.py."""
CASES = len(ORDINARY) - 1 + 3  # a withdrawal makes none; a bundle of four makes four
ELSEWHERE = {"pension", "individual_business", "large_type", "referred_en", "business_offline"}  # by other tests here
BY_RULE = {"birth_registration", "elder_card", "flexible_employment", "individual_business", "no_housing_record",
           "open_small_restaurant", "pension_verification", "residence_permit_renewal", "shop_sign_filing",
           "social_insurance_record", "unemployment_registration"}  # fmt: skip


def table() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = tomllib.loads((HERE / "kinds.toml").read_text(encoding="utf-8"))
    return found


def script(name: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
    return found


def rows(*kinds: str) -> Iterator[tuple[str, str, list[str]]]:
    """Pack, kind and scripts, where there are scripts."""
    for pack, row in table().items():
        yield from ((pack, kind, row[kind]) for kind in kinds if isinstance(row[kind], list))


def scripts(*kinds: str) -> tuple[str, ...]:
    """Without those that are played in the ordinary run, each once."""
    found = (name for _, _, names in rows(*kinds) for name in names)
    return tuple(dict.fromkeys(name for name in found if name not in ORDINARY and name not in ELSEWHERE))


def expected(names: tuple[str, ...]) -> dict[str, str | None]:
    """What each script says of its end; None where no case is made."""
    found = {name: script(name)["expect"].get("outcome", "none") for name in names}
    return {name: None if outcome == "none" else outcome for name, outcome in found.items()}


def outcomes(played: Played, names: tuple[str, ...]) -> dict[str, str | None]:
    return {name: played.visit(name)["outcome"] for name in names}


def papers(played: Played, suffix: str) -> list[str]:
    return [name for name in played.report["documents"] if name.endswith(suffix)]


def backend_of(played: Played) -> Settings:
    folder = played.out / "backend"
    return Settings(f"sqlite:///{folder / 'backend.db'}", str(folder / "blobs"))


def test_every_pack_has_a_visit_of_each_kind_or_a_reason_why_not() -> None:
    found = table()
    assert set(found) == {*BUILTIN, *BUNDLES}
    for pack, row in found.items():
        assert set(row) == set(KINDS), pack
        assert all(names if isinstance(names, list) else len(names) > 20 for names in row.values()), pack


@pytest.mark.parametrize("kind", KINDS)
def test_a_script_shows_what_its_kind_promises(kind: str) -> None:
    """Of the pack it stands under, to the end that the kind names."""
    for pack, _, names in rows(kind):
        steps = [step for name in names for step in script(name)["step"]]
        touched = {step["touch"] for step in steps if "touch" in step}
        assert touched & {f"home-service-{pack}", f"search-service-{pack}"}, names
        ends = {outcome for name in names if (outcome := script(name)["expect"].get("outcome"))}
        assert pack in BY_RULE or "approved" not in ends, "a person decides"
        match kind:
            case "good":
                assert ends <= {"approved", "referred"}, names
                assert pack not in BY_RULE or "approved" in ends, names
            case "refused":
                assert ends <= {"refused", "none"}, "none: told at the card, before a case is made"
            case "supplement":
                assert [step for step in steps if step.get("staff") == "supplement_asked"], names
                assert {"case-supplement", "lack-0"} <= touched, names
            case "withdrawn":
                assert "withdraw-go" in touched, names
            case _:
                assert ends <= {"approved", "referred", "received"}, names


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """One demo. Between two citizens staff ask for papers, and a pack is published."""
    found = play(tmp_path_factory.mktemp("packs"), *ORDINARY, seconds=1500)
    assert found.status == 0, found.said
    return found


def test_ten_citizens_end_as_expected(played: Played) -> None:
    assert outcomes(played, tuple(ORDINARY)) == ORDINARY
    sent = {"committed": CASES, "acknowledged": CASES, "queued": 0, "quarantined": 0}
    assert played.report["journal"] == sent
    assert played.report["backend"] == {"cases": CASES, "duplicates": 0}


def test_each_leaves_a_receipt_and_who_gets_one_a_certificate(played: Played) -> None:
    """A bundle has one joint receipt; a supplement and a withdrawal have one each beside that of the case."""
    assert len(papers(played, ".png")) == len(ORDINARY) + 1
    assert len(papers(played, ".pdf")) == 2, "the licence of the shop, and what the insurance office has on record"


def test_a_situation_trims_the_form_and_a_refusal_says_where_to_go(played: Played) -> None:
    assert {"licence", "material"} <= set(played.visit("permit_moved")["states"])
    assert "material" not in played.visit("change_away")["states"], "nothing is asked of who is turned away"


def test_a_service_without_code_goes_the_whole_way(played: Played) -> None:
    """Written and checked here; signed, published, taken up, found by its initials, done and printed in the demo."""
    pack = HERE / "packs" / "volunteer_registration.yaml"
    assert check_pack(pack) == []
    assert load_pack(pack).pack_id not in BUILTIN
    code = [file for room in ("kiosk", "ui", "devices") for file in CODE.glob(f"{room}/**/*.py")]
    assert len(code) > 300
    assert not any("volunteer" in file.read_text("utf-8") for file in code), "no code knows it"
    visit = played.visit("published")
    assert visit["outcome"] == "approved"
    with closing(sqlite3.connect(played.out / "backend" / "backend.db")) as store:
        (published,) = store.execute("SELECT data FROM artefacts WHERE name = 'volunteer_registration'").fetchone()
    assert published == pack.read_bytes()


def test_the_backend_decides_every_case_again_and_equally(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    """Among them the one whose pack was published and is in no program, and each of the bundle by its own item."""
    assert desk.replay(backend_of(played), tests=True) == 0  # the demo's terminal is one that is tried out
    said = json.loads(capsys.readouterr().out)
    assert said == {"equal": CASES, "differing": [], "not_replayed": {}, "standing": []}


def test_a_bundle_is_filled_in_and_signed_once_and_becomes_four_cases(played: Played) -> None:
    """Each is registered by itself and knows the others."""
    visit = played.visit("bundle")
    assert (visit["outcome"], visit["states"].count("sign")) == ("approved", 1)
    with closing(sqlite3.connect(played.out / "backend" / "backend.db")) as store:
        together = store.execute(
            "SELECT c.service_id, b.bundle_id FROM bundled_cases b JOIN cases c USING (case_id) ORDER BY c.case_no"
        ).fetchall()
    assert [service for service, _ in together] == [
        "individual_business", "small_catering_filing", "utility_connection", "shop_sign_filing"
    ]  # fmt: skip
    assert len({bundle for _, bundle in together}) == 1


def lives(played: Played, *names: str) -> dict[str, list[tuple[Deed, Role, str]]]:
    """What was done to the case of each script, by whom, and the reason."""
    backend = Backend(backend_of(played))
    try:
        ids = {name: played.visit(name)["case_id"] for name in names}
        known = {name: backend.lives.known(case_id).events for name, case_id in ids.items()}
    finally:
        backend.close()
    return {name: [(each.deed, each.by, each.reason.zh) for each in events] for name, events in known.items()}


def test_what_is_asked_for_is_supplemented_and_what_is_no_longer_wanted_withdrawn(played: Played) -> None:
    """The withdrawal is made without a network, and counts once the line is back."""
    (events,) = lives(played, "supplement").values()
    assert [deed for deed, _, _ in events] == [
        Deed.RECEIVED, Deed.SUPPLEMENT_ASKED, Deed.SUPPLEMENTED, Deed.WITHDRAWN,
    ]  # fmt: skip
    assert [by for _, by, _ in events[2:]] == [Role.APPLICANT, Role.APPLICANT]
    assert events[3][2] == "不想办了"


def test_the_printed_certificate_is_sealed_without_a_hand_and_reported_as_taken(played: Played, tmp_path: Path) -> None:
    """Of the register's answer: the demo's backend makes the insurance office's (sample) seal when it needs one."""
    out = played.out
    settings = backend_of(played)
    assert desk.papers(settings, tmp_path, "") == 0
    listed, root = next(tmp_path.rglob("papers.jws")), next(tmp_path.rglob("root.key"))
    verdicts = {}
    for name in papers(played, ".pdf"):
        said = io.StringIO()
        status = verify_seal(out / name, list_file=listed, root=root.read_text().strip(), as_json=True, out=said)
        verdicts[name] = (status, json.loads(said.getvalue()))
    sealed = [found for status, found in verdicts.values() if status == WITHOUT_EFFECT]
    assert [(found["verdict"], found["notes"]) for found in sealed] == [("genuine", ["sample"])], verdicts
    assert sealed[0]["authority"].endswith("社会保险经办机构")
    for events in lives(played, "insured", "bundle").values():
        assert [deed for deed, _, _ in events][:3] == [Deed.RECEIVED, Deed.APPROVED, Deed.DELIVERED]


@everything
def test_every_situation_ends_as_its_citizen_expects(tmp_path: Path) -> None:
    names = (*scripts(GOOD, REFUSED), "insured_silent")
    played = play(tmp_path, *names, seconds=3500)
    assert played.status == 0, played.said
    assert outcomes(played, names) == expected(names)
    made = [name for name in names if script(name)["expect"]["saved"]]
    cases = len(made) + 2  # bundle_person: licence, filing and sign
    sent = {"committed": cases, "acknowledged": cases, "queued": 0, "quarantined": 0}
    assert played.report["journal"] == sent
    assert played.report["backend"] == {"cases": cases, "duplicates": 0}
    assert len(papers(played, ".png")) == len(made), "a receipt each"
    assert "commitment" not in played.visit("closing_abnormal")["states"], "the simple way is closed to it"


@everything
def test_what_a_person_decides_can_be_supplemented_and_withdrawn(tmp_path: Path) -> None:
    names = scripts(SUPPLEMENT, WITHDRAWN)
    played = play(tmp_path, *names, seconds=3500)
    assert played.status == 0, played.said
    asked = {name for _, _, found in rows(SUPPLEMENT) for name in found}
    for name, events in lives(played, *names).items():
        between = [Deed.SUPPLEMENT_ASKED, Deed.SUPPLEMENTED] if name in asked else []
        assert [deed for deed, _, _ in events] == [Deed.RECEIVED, *between, Deed.WITHDRAWN], name
        assert events[-1][1] is Role.APPLICANT
    assert played.report["backend"] == {"cases": len(names), "duplicates": 0}
    assert len(papers(played, ".png")) == 3 * len(names) - len(set(names) - asked), "of case, supplement, withdrawal"


@everything
def test_without_a_network_they_end_by_their_rung(tmp_path: Path) -> None:
    """A bundle of three is taken and sent when the line is back. Played on a wide screen."""
    names = tuple(name for name in scripts(OFFLINE) if name != "insured_silent")
    played = play(tmp_path, *names, options=("--offline", "--size", "1920x1080"), seconds=3500)
    assert played.status == 0, played.said
    assert outcomes(played, names) == expected(names)
    assert played.report["journal"]["queued"] == len(names) + 2
    assert len(papers(played, ".png")) == len(names)
    assert len(papers(played, ".pdf")) == 1, "of the rung `final` alone: no licence before it is confirmed"
    assert played.report["reconnected"]["backend"] == {"cases": len(names) + 2, "duplicates": 0}
