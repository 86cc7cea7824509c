"""Codes for the entry of maintenance: the secret's way to the backend, sealed; codes made of it; who had them made."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy.exc import DBAPIError

from kiosk import suites, wire
from kiosk.access.challenge import Shown, code_for
from kiosk.access.entry import Entered, Entry, Refused
from kiosk.access.roles import Role
from kiosk.access.secret import EntrySecret
from kiosk.backend import BackendError
from kiosk.backend.console.roles import Role as ConsoleRole
from kiosk.backend.entry_codes import Asked, EntryCodes, asked
from kiosk.backend.entry_desk import code as issue_at_command_line
from kiosk.backend.entry_desk import issued
from kiosk.backend.keys import BackendKeys, rotate
from kiosk.backend.problems import Refusal
from kiosk.backend.store import entry as store
from kiosk.backend.store import terminals
from kiosk.backend.store.engine import Store
from kiosk.domain.beijing import CHINA
from kiosk.journal.journal import Journal
from kiosk.sync import Policy, SyncClient, TerminalKey
from kiosk.sync.transport import HttpTransport

BY = "李运维"


class Room:
    """A terminal with an entry: its journal, its client, and what its page shows. ``life``: another process."""

    def __init__(self, folder: Path, url: str, clock: Callable[[], datetime]) -> None:
        self.folder, self.url, self.clock, self.monotonic = folder, url, clock, 10.0
        self.journal = Journal.open(folder, b"k" * 32, clock=clock, durable=False)
        self.life()

    def life(self) -> None:
        self.secret = EntrySecret(self.journal)
        self.client = SyncClient(
            self.journal, HttpTransport(self.url), TerminalKey.load_or_create(self.folder),
            policy=Policy(attempt=10.0), clock=self.clock, rng=random.Random(1), entry=self.secret,
        )  # fmt: skip
        self.entry = Entry(
            self.journal, self.secret, terminal=self._name, now=lambda: self.clock().astimezone(CHINA),
            monotonic=lambda: self.monotonic,
        )  # fmt: skip

    def restart(self) -> None:
        self.client.close()
        self.life()

    def _name(self) -> str:
        enrolment = self.client.enrolment
        return "" if enrolment is None else enrolment.terminal_id

    def page(self) -> Shown:
        page = self.entry.begin()
        return Shown(page.terminal, page.hour, page.digits)

    def asked(self, role: Role | None = Role.TECHNICIAN, staff: str = "0417") -> Asked:
        return Asked(self.page(), role, staff)

    def told(self) -> int:
        rows = self.journal._connection.execute("SELECT event FROM audit").fetchall()
        return [event for (event,) in rows].count("entry.secret_told")

    def close(self) -> None:
        self.client.close()
        self.journal.close()


@pytest.fixture
def room(tmp_path, server, clock, faulty_wire):
    made = Room(tmp_path / "terminal", faulty_wire.url, clock)
    made.client.enrol(server.backend.issue_code("330102", "East Gate"))
    yield made
    made.close()


def codes(server):
    return server.backend.entry_codes


def test_from_the_first_contact_on_the_operators_side_lets_in(room, server):
    assert room.entry.begin().digits == "", "nobody could answer it"
    assert room.client.cycle().cause == ""
    made = codes(server).issue(room.asked(), by=BY)
    assert (made.hours_off, made.spoken.replace(" ", "")) == (0, made.code)
    assert room.entry.check_code(made.spoken) == Entered(Role.TECHNICIAN, "0417", "code")


def test_what_is_closed_is_opened_by_a_code_of_the_operators_with_the_network_gone(room, server):
    room.client.cycle()
    for _ in range(15):
        wrong = codes(server).issue(Asked(room.page(), Role.KEEPER, "99"), by=BY, secret=b"another secret.." * 2)
        found = room.entry.check_code(wrong.code)
        room.monotonic += found.locked_for
    assert room.entry.begin().code_locked
    made = codes(server).issue(room.asked(None), by=BY)
    assert room.entry.check_code(made.code) == Refused("unlocked", 5)
    assert codes(server).issued(room.page().terminal)[0]["role"] == "unlock"


def test_it_is_told_once_a_life_and_what_is_known_changes_nothing(room, server, faulty_wire):
    for _ in range(3):
        room.client.cycle(urgent=True)
    assert faulty_wire.seen.count("POST /v1/entry-secret") == 1
    room.restart()
    room.client.cycle(urgent=True)
    assert faulty_wire.seen.count("POST /v1/entry-secret") == 2
    assert room.told() == 1
    assert room.journal.verify().ok


def test_a_lost_answer_is_asked_for_again_and_until_then_no_number_is_shown(room, server, faulty_wire):
    faulty_wire.fault = lambda _method, target, answer: None if target == "/v1/entry-secret" else answer
    assert room.client.cycle().cause != ""
    assert room.entry.begin().digits == ""
    faulty_wire.fault = lambda _method, _target, answer: answer
    room.client.cycle(urgent=True)
    assert len(room.entry.begin().digits) == 6


def test_under_a_new_key_of_the_backend_it_is_told_anew_and_the_old_one_still_opens(room, server, settings, clock):
    room.client.cycle()
    rotate(settings.keys_path(), clock())
    made = codes(server).issue(room.asked(), by=BY)
    assert isinstance(room.entry.check_code(made.code), Entered)
    for _ in range(2):
        room.client.cycle(urgent=True)
    row = _row(server, room)
    assert row.sealing_key_id == server.backend.keys.sealing_id
    assert room.told() == 2
    assert isinstance(room.entry.check_code(codes(server).issue(room.asked(), by=BY).code), Entered)


def test_a_backend_that_has_lost_it_has_it_again_with_the_next_start(room, server):
    room.client.cycle()
    server.backend._store.write(lambda c: c.exec_driver_sql("DELETE FROM entry_secrets"))
    with pytest.raises(BackendError, match="no-entry-secret"):
        codes(server).issue(room.asked(), by=BY)
    room.restart()
    room.client.cycle(urgent=True)
    assert isinstance(room.entry.check_code(codes(server).issue(room.asked(), by=BY).code), Entered)


def _row(server, room):
    terminal_id = room.client.enrolment.terminal_id
    return server.backend._store.read(lambda connection: store.secret(connection, terminal_id))


def test_whoever_has_the_database_has_no_codes_and_no_names(room, server, tmp_path):
    room.client.cycle()
    made = codes(server).issue(room.asked(), by=BY)
    secret = room.secret.value()
    assert _row(server, room).sealed != secret
    files = [file for file in (tmp_path / "backend").rglob("*") if file.is_file() and "keys" not in file.name]
    assert files
    for file in files:
        data = file.read_bytes()
        for hidden in (secret, secret.hex().encode(), wire.b64(secret).encode(), made.code.encode(), BY.encode()):
            assert hidden not in data, file.name


def test_who_has_had_it_made_stands_there_and_nobody_takes_it_away(room, server):
    room.client.cycle()
    page = room.page()
    codes(server).issue(room.asked(), by=BY, by_id="a" * 32)
    (row,) = codes(server).issued(page.terminal)
    assert row == {
        "at": "2026-06-01T12:00:00+00:00", "by": BY, "terminal": page.terminal, "hour": page.hour,
        "role": "technician", "staff": "0417",
    }  # fmt: skip
    for deed in ("DELETE FROM entry_codes", "UPDATE entry_codes SET staff = '0000'"):
        with server.backend._store.engine.connect() as connection, pytest.raises(DBAPIError, match="only added to"):
            connection.exec_driver_sql(deed)
    assert codes(server).issued(page.terminal) == [row]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (("", "2026-11-27 14", "123456", "keeper", "0417"), "bad-terminal"),
        (("T 1", "2026-11-27 14", "123456", "keeper", "0417"), "bad-terminal"),
        (("T", "2026-11-27", "123456", "keeper", "0417"), "bad-hour"),
        (("T", "2026-11-27 24", "123456", "keeper", "0417"), "bad-hour"),
        (("T", "2026-11-27 14", "12345", "keeper", "0417"), "bad-challenge"),
        (("T", "2026-11-27 14", "123456", "department", "0417"), "bad-role"),
        (("T", "2026-11-27 14", "123456", "keeper", "4"), "bad-number"),
    ],
)
def test_what_was_misread_is_said(values, code):
    with pytest.raises(BackendError) as caught:
        asked(*values)
    assert (caught.value.code, caught.value.advice != "") == (code, True)


def test_spaces_as_people_write_them_do_not_count():
    assert asked("T", " 2026-11-27  14", "123 456", "unlock", "0417") == Asked(
        Shown("T", "2026-11-27 14", "123456"), None, "0417"
    )


def test_no_code_for_a_terminal_that_is_unknown_withdrawn_or_silent_and_none_without_a_name(room, server):
    def refused(what: Asked, by: str = BY) -> str:
        with pytest.raises(BackendError) as caught:
            codes(server).issue(what, by=by)
        return caught.value.code

    terminal_id = room.client.enrolment.terminal_id
    page = Shown(terminal_id, "2026-06-01 20", "123456")
    assert refused(Asked(Shown("330102-NOBODY", page.hour, page.digits), Role.KEEPER, "0417")) == "no-such-terminal"
    assert refused(Asked(page, Role.KEEPER, "0417")) == "no-entry-secret"
    room.client.cycle()
    assert refused(Asked(page, Role.KEEPER, "0417"), " ") == "no-name"
    assert codes(server).issue(Asked(page, Role.KEEPER, "0417"), by=BY).hours_off == 0
    assert codes(server).issue(Asked(Shown(terminal_id, "2026-06-02 18", "1" * 6), None, "10"), by=BY).hours_off == 22
    server.backend.revoke(terminal_id)
    assert refused(Asked(page, Role.KEEPER, "0417")) == "terminal-revoked"
    assert len(codes(server).issued(terminal_id)) == 2


def test_a_secret_is_taken_from_its_own_terminal_alone_and_of_a_sensible_length(terminal, new_terminal, server):
    other = new_terminal()
    key = wire.unb64(terminal.enrolment.sealing_key)

    def sealed(terminal_id: str, secret: bytes) -> str:
        return wire.b64(suites.of_key(key).seal(secret, key, wire.entry_secret_info(terminal_id)))

    def tell(text: str):
        return terminal.send("POST", "/v1/entry-secret", wire.EntrySecretTold(text))

    assert tell(sealed(terminal.id, b"s" * 32)).json == {
        "terminal_id": terminal.id, "key_id": terminal.enrolment.sealing_key_id,
    }  # fmt: skip
    for bad in (sealed(other.id, b"s" * 32), sealed(terminal.id, b"s" * 15), sealed(terminal.id, b"s" * 65), "AAAA"):
        assert tell(bad).code == "not-sealed"
    with pytest.raises(Refusal):
        codes(server).take(terminals.Terminal(other.id, "330102", wire.b64(b"k" * 32), False), wire.EntrySecretTold(""))


def test_at_the_command_line(room, server, settings, capsys, tmp_path):
    room.client.cycle()
    page = room.page()
    args = (page.terminal, page.hour, page.digits, "administrator", "0417", BY)
    assert issue_at_command_line(settings, *args, None) == 0
    out = capsys.readouterr()
    said = json.loads(out.out.splitlines()[-1])
    assert (said["role"], said["hours_off"], "note:" in out.err) == ("administrator", 0, False)
    assert room.entry.check_code(said["spoken"]) == Entered(Role.ADMINISTRATOR, "0417", "code")
    assert issued(settings, page.terminal) == 0
    assert json.loads(capsys.readouterr().out)["by"] == BY
    file = tmp_path / "entry.secret"
    file.write_text("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    assert issue_at_command_line(settings, "330102-NEVER1", "2026-06-01 18", "123456", "keeper", "0417", BY, file) == 0
    assert "2 hours behind ours" in capsys.readouterr().err
    with pytest.raises(BackendError, match="bad-secret-file"):
        issue_at_command_line(settings, *args, tmp_path / "missing")


def test_the_roles_of_a_terminal_are_none_of_the_console():
    assert not {role.value for role in Role} & {role.value for role in ConsoleRole}
    assert msgspec.json.encode(wire.EntrySecretTold("AAAA")) == b'{"sealed":"AAAA"}'


@pytest.mark.parametrize("suite", suites.NAMES)
def test_in_either_suite(tmp_path, clock, suite):
    """The secret is sealed by the terminal's suite; the code is the same HMAC in both."""
    keys = BackendKeys(tmp_path / "keys.json", clock, (suite,))
    rows = Store.open(f"sqlite:///{tmp_path}/b.db")
    try:
        made = EntryCodes(rows, keys, clock)
        public = wire.b64(suites.by_name(suite).new_signing_pair()[1])
        code = rows.write(lambda c: terminals.issue_code(c, "330102", "East Gate", clock() + timedelta(hours=1)))
        terminal = rows.write(lambda c: terminals.enrol(c, code, public, clock()))
        assert isinstance(terminal, terminals.Terminal)
        key, info = keys.of(suite)[-1].sealing_public, wire.entry_secret_info(terminal.terminal_id)
        told = wire.EntrySecretTold(wire.b64(suites.by_name(suite).seal(b"s" * 32, key, info)))
        assert made.take(terminal, told) == made.take(terminal, told)
        page = Shown(terminal.terminal_id, "2026-06-01 20", "123456")
        issued_code = made.issue(Asked(page, Role.KEEPER, "0417"), by=BY).code
        assert issued_code == code_for(b"s" * 32, page, Role.KEEPER, "0417")
    finally:
        rows.close()
