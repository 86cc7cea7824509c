"""Secrets and issued codes on both stores: told, replaced, listed newest first, only added to."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from kiosk import suites, wire
from kiosk.access.challenge import Shown, code_for
from kiosk.access.roles import Role
from kiosk.backend.entry_codes import Asked

STORES = ("sqlite", "postgresql")


def test_the_same_on_either_store(server, terminal):
    codes, key = server.backend.entry_codes, wire.unb64(terminal.enrolment.sealing_key)
    page = Shown(terminal.id, "2026-06-01 20", "123456")
    for secret in (b"s" * 32, b"t" * 32):
        sealed = suites.of_key(key).seal(secret, key, wire.entry_secret_info(terminal.id))
        assert terminal.send("POST", "/v1/entry-secret", wire.EntrySecretTold(wire.b64(sealed))).status == 200
        made = codes.issue(Asked(page, Role.KEEPER, "0417"), by="李运维")
        assert made.code == code_for(secret, page, Role.KEEPER, "0417")
    codes.issue(Asked(page, None, "0500"), by="王运维")
    assert [(row["role"], row["staff"], row["by"]) for row in codes.issued(terminal.id)] == [
        ("unlock", "0500", "王运维"), ("keeper", "0417", "李运维"), ("keeper", "0417", "李运维"),
    ]  # fmt: skip
    for deed in ("DELETE FROM entry_codes", "UPDATE entry_codes SET staff = '0000'"):
        with server.backend._store.engine.connect() as connection, pytest.raises(DBAPIError, match="only added to"):
            connection.exec_driver_sql(deed)
