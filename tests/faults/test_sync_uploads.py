"""A material that is cut off in the middle goes on where it was cut off: what was acknowledged is not sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk import wire
from kiosk.sync import Policy
from tests.faults.sync_room import SyncRoom
from tests.faults.sync_world import Died, Fuse

SIZE = 500_000
SEALED = SIZE + 48  # bytes of the sealed material
PART = 65_536


class Room(SyncRoom):
    """One case with one large picture, and a line whose fate for each PATCH is the test's."""

    def __init__(self, folder: Path, fuse: Fuse) -> None:
        super().__init__(folder, Policy(first_part=PART, largest_part=PART, least_part=PART))
        self.fuse = fuse
        self.patches: list[int] = []  # bytes of each part that left the terminal
        self.fates: Callable[[int], str] = lambda _number: "arrives"
        self.line.fate = self._fate

    def _fate(self, method: str, _target: str, _headers: object, body: bytes) -> str:
        if method == "PATCH":
            self.patches.append(len(body))
            return self.fates(len(self.patches))
        return "arrives" if self.fates(0) == "arrives" else self.fates(0)

    def cycle(self):
        report = self.terminal.client.cycle()
        if report.next_at is not None:
            self.time.move(max(0.0, (report.next_at - self.time.terminal()).total_seconds()))
        return report

    def here(self) -> int:
        """Bytes of the upload that the backend has."""
        found = list((self.house.disk / "uploads").glob("*"))
        return found[0].stat().st_size if found else 0

    def whole(self) -> bool:
        """The case is acknowledged, the material is there with its hash, and nothing is left of the upload."""
        (row,) = self.terminal.journal.cases()
        found = self.house.rows("SELECT hash FROM item_materials")
        return row.state == "acknowledged" and len(found) == 1 and len(self.stored()) == SEALED and not self.here()

    def stored(self) -> bytes:
        ((digest,),) = self.house.rows("SELECT hash FROM item_materials")
        return self.house.backend._blobs.get(digest)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    fuse = Fuse()
    fuse.into_failpoints(monkeypatch)
    with Room(tmp_path, fuse) as made:
        yield made


def test_on_a_good_line_every_byte_goes_once(room):
    room.terminal.commit(SIZE)
    assert room.cycle().acknowledged == 1
    assert sum(room.patches) == SEALED
    assert room.whole()


def test_a_small_material_is_one_put(room):
    room.terminal.commit(wire.RESUMABLE_FROM - 48)
    before = room.line.traffic.requests
    assert room.cycle().acknowledged == 1
    assert (room.patches, room.line.traffic.sent["PUT"]) == ([], wire.RESUMABLE_FROM)
    assert room.line.traffic.requests - before == 4  # material, item, results, checkpoint


def test_on_a_line_that_is_known_to_be_quick_a_large_one_is_one_put_too(tmp_path, room):
    room.terminal.client._uploads._part = 2 * SIZE
    room.terminal.commit(SIZE)
    assert room.cycle().acknowledged == 1
    assert (room.patches, room.line.traffic.sent["PUT"]) == ([], SEALED)


def test_every_packet_lost_in_the_middle_loses_nothing_and_only_the_rest_is_sent(room):
    room.terminal.commit(SIZE)
    dead = True
    room.fates = lambda number: "lost-request" if dead and (number > 3 or len(room.patches) > 3) else "arrives"
    for _ in range(6):
        report = room.cycle()
        assert (report.online, report.counts.queued) == (False, 1)
    assert room.here() == 3 * PART
    dead = False
    room.patches.clear()
    assert room.cycle().acknowledged == 1
    assert sum(room.patches) == SEALED - 3 * PART
    assert room.whole()


def test_a_part_whose_answer_is_lost_is_not_sent_again(room):
    room.terminal.commit(SIZE)
    room.fates = lambda number: "lost-answer" if number in (2, 3, 5) else "arrives"
    while not room.cycle().acknowledged:
        pass
    assert sum(room.patches) == SEALED
    assert room.whole()


def test_a_backend_that_dies_in_the_middle_goes_on_where_its_bytes_end(room):
    room.terminal.commit(SIZE)
    room.fates = lambda number: "backend-dies-after" if number in (2, 4) else "arrives"
    while not room.cycle().acknowledged:
        pass
    assert room.house.lives > 1
    assert sum(room.patches) <= SEALED + 2 * PART
    assert room.whole()


def test_a_terminal_that_dies_in_the_middle_goes_on_where_the_backends_bytes_end(room):
    room.terminal.commit(SIZE)

    def fate(number: int) -> str:
        if number == 4:
            raise Died
        return "arrives"

    room.fates = fate
    with pytest.raises(Died):
        room.cycle()
    room.terminal.die()
    room.time.move(1)
    room.fates = lambda _number: "arrives"
    room.patches.clear()
    assert room.cycle().acknowledged == 1
    assert sum(room.patches) == SEALED - 3 * PART
    assert room.whole()


def test_a_part_that_was_given_up_and_arrives_late_spoils_nothing(room):
    room.terminal.commit(SIZE)
    room.fates = lambda number: "late-request" if number in (2, 4) else "arrives"
    while not room.cycle().acknowledged:
        pass
    room.line.settle()
    assert room.whole()
    assert room.house.rows("SELECT count(*) FROM alarms") == [(0,)]


def test_bytes_that_the_backends_disk_has_changed_are_found_and_sent_again(room):
    room.terminal.commit(SIZE)
    room.fates = lambda number: "lost-request" if len(room.patches) > 3 else "arrives"
    room.cycle()
    (file,) = (room.house.disk / "uploads").glob("*")
    data = bytearray(file.read_bytes())
    data[1000] ^= 1
    file.write_bytes(data)
    room.fates = lambda _number: "arrives"
    assert room.cycle().acknowledged == 1
    assert room.whole()


def test_bytes_that_the_backend_has_lost_meanwhile_are_sent_again(room):
    room.terminal.commit(SIZE)
    room.fates = lambda number: "lost-request" if len(room.patches) > 3 else "arrives"
    room.cycle()
    (file,) = (room.house.disk / "uploads").glob("*")
    file.unlink()
    room.fates = lambda _number: "arrives"
    room.patches.clear()
    assert room.cycle().acknowledged == 1
    assert sum(room.patches) == SEALED
    assert room.whole()


def test_parts_grow_on_a_quick_line_and_shrink_on_a_bad_one(tmp_path, room):
    uploads = room.terminal.client._uploads
    uploads._policy = Policy()
    room.terminal.commit(SIZE)
    assert room.cycle().acknowledged == 1
    assert room.patches == [65_536, 131_072, 262_144, SEALED - 65_536 - 131_072 - 262_144]
    room.terminal.commit(SIZE * 3)
    room.fates = lambda number: "lost-request" if number else "arrives"
    for _ in range(12):
        room.cycle()
    room.patches.clear()
    room.fates = lambda _number: "arrives"
    while not room.cycle().acknowledged:
        pass
    assert room.patches[0] == Policy().least_part
