"""A backend without a socket, a terminal that gives it cases, and a telephone that opens its pages."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec
from starlette.testclient import TestClient

from kiosk import wire
from kiosk.backend import Backend, Settings
from kiosk.backend.lives import Act
from kiosk.backend.public.pages import routes
from kiosk.backend.store.terminals import Terminal
from kiosk.backend.web.site import Site
from kiosk.domain import codes
from kiosk.domain.life import Deed, Lack, Role
from kiosk.domain.text import Text
from kiosk.journal.sealing import item_info, seal
from kiosk.services.loader import builtin
from tests.backend.conftest import AREA, NOON, case_payload

NUMBER, OTHER = "110101199001011237", "110101194912310029"
ENDING = NUMBER[-6:]
SECRET = "请补张三的租赁合同"
LEASE = Lack(Text("租赁合同", "Lease"), "lease")
PHOTO = Lack(Text("门头照片", "Picture of the door"))
_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


class Room:
    """``clock``: of both ends; the backend's pages go by it, too."""

    def __init__(self, settings: Settings) -> None:
        self.backend = Backend(settings)
        private, public = wire.new_signing_pair()
        self.private = private
        self.who = self.backend.enrol(self.backend.issue_code(AREA, "Market Street"), wire.b64(public), "")
        found = self.backend.find_terminal(self.who.terminal_id)
        assert found is not None
        self.terminal: Terminal = found
        block = self.backend.reserve(self.terminal, wire.BlockRequest("case", 100, "first"))
        self._serials = count(block.first)
        self.site = Site(self.backend, routes=routes(self.backend))
        self._phones = count(1)

    def phone(self) -> Phone:
        """One at an address of its own."""
        number = next(self._phones)
        address = (f"10.1.{number // 250}.{number % 250 + 1}", 50000)
        return Phone(TestClient(self.site, base_url="https://testserver", follow_redirects=False, client=address))

    def case(self, number: str = NUMBER, **change: Any) -> wire.CasePayload:
        """A case that waits for a person, taken in."""
        fields = [wire.PayloadField("applicant.number", number, "card", "A")]
        usual = {"fields": fields, "outcome": "referred", "rung": "final", "service_id": "elder_allowance",
                 "pack_id": "elder_allowance", "pack_version": builtin("elder_allowance").version}  # fmt: skip
        case_no = codes.case_no(AREA, NOON.date(), next(self._serials))
        made = case_payload(case_no, **(usual | change))
        self._push("case", made.case_id, made)
        return made

    def rated(self, case: wire.CasePayload, level: int, *options: str) -> None:
        said = wire.RatingPayload(case.case_id, case.case_no, "0001", level, list(options), NOON.isoformat())
        self._push("rating", str(uuid.uuid4()), said)

    def act(self, case: wire.CasePayload, deed: Deed, **more: Any) -> None:
        self.backend.lives.act(case.case_id, Act(deed, Role.DEPARTMENT, "李工", **more))

    def asked(self, **change: Any) -> wire.CasePayload:
        """A case to which two things are lacking."""
        case = self.case(**change)
        self.act(case, Deed.SUPPLEMENT_ASKED, reason=Text(SECRET, SECRET), lacking=(LEASE, PHOTO))
        return case

    def _push(self, kind: str, item_id: str, said: object) -> None:
        sealed = seal(
            msgspec.json.encode(said), wire.unb64(self.who.sealing_key), item_info(self.who.terminal_id, item_id)
        )
        item = wire.SealedItem(item_id, kind, hashlib.sha256(sealed).hexdigest(), wire.b64(sealed))
        (result,) = self.backend.push(self.terminal, [item]).results
        assert result.status == "accepted", result.reason


@dataclass
class Phone:
    """A browser with its cookies, and no script."""

    client: TestClient

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code)
        return answer.text

    def post(self, path: str, form: str = "", files: list[tuple[str, Any]] | None = None, **fields: str) -> Any:
        """``form``: the page whose token is sent along, if it is another one."""
        token = _TOKEN.search(self.get(form or path))
        assert token is not None
        return self.client.post(path, data={"csrf": token[1], **fields}, files=files)

    def ask(self, number: str, ending: str = ENDING) -> Any:
        return self.post("/p/progress", number=number, ending=ending)

    def opens(self, case: wire.CasePayload, ending: str = ENDING) -> str:
        answer = self.ask(codes.group_case_no(case.case_no), ending)
        assert (answer.status_code, answer.headers["location"]) == (303, "/p/case")
        return self.get("/p/case")
