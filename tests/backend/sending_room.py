"""What the tests of pictures by telephone share: a visit that waits at a room's terminal, and pictures to send."""

from __future__ import annotations

import hashlib
import io
import re
import secrets
from typing import Any

from PIL import Image

from kiosk import suites, wire
from kiosk.backend.store.engine import Store
from kiosk.backend.store.inbox_tables import inbox_files, inboxes
from tests.backend.public_room import Phone, Room


class Visit:
    """A visit that waits at the room's terminal."""

    def __init__(self, room: Room, terminal: Any = None) -> None:
        self.room, self.terminal = room, terminal or room.terminal
        self.token = secrets.token_urlsafe(16)
        self.inbox = hashlib.sha256(self.token.encode()).hexdigest()
        self.private, public = suites.by_name("international").new_sealing_pair()
        self.asked = wire.InboxRequest(self.inbox, wire.b64(public))
        self.seconds = room.backend.inboxes.open(self.terminal, self.asked).seconds

    def news(self, after: int = 0) -> wire.InboxNews:
        return self.room.backend.inboxes.news(self.terminal, self.inbox, after)

    def picture(self, news: wire.InboxNews) -> Image.Image:
        info = wire.inbox_info(self.inbox, news.seq)
        suite = suites.of_key(self.private)
        return Image.open(io.BytesIO(suite.unseal(wire.unb64(news.sealed), self.private, info)))

    def scanned_by(self, phone: Phone) -> str:
        """The page that the code leads to."""
        answer = phone.client.get(f"/p/send/{self.token}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/p/send")
        return phone.get("/p/send")

    def rows(self) -> tuple[int, ...]:
        """Inboxes and files in the store."""
        store: Store = self.room.backend._store
        return store.read(lambda c: tuple(len(c.execute(table.select()).all()) for table in (inboxes, inbox_files)))


def jpeg(size: tuple[int, int] = (300, 200), colour: str = "white", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", **more)
    return out.getvalue()


def paper(data: bytes, name: str = "IMG_0001.jpg") -> tuple[str, Any]:
    return "paper", (name, data, "image/jpeg")


def number_on(page: str) -> int:
    found = re.search(r'class="sign number"><strong>(\d\d)<', page)
    assert found is not None
    return int(found[1])
