"""The key that signs the audit log is changed: by whom, and who is believed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk import wire
from kiosk.journal.journal import Journal
from kiosk.sync import TerminalKey
from kiosk.sync.checkpoints import KeyInUse
from tests.unit.log_tampering.log_room import Log


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_new_key_counts_if_the_one_before_confirmed_it(log: Log, confirmed: bool) -> None:
    new = KeyInUse(log.signer.terminal_id, 2, TerminalKey(wire.new_signing_pair()[0]))
    with Journal.open(log.folder, log.file_key, durable=False) as journal:
        if confirmed:
            journal.change_key(log.signer, new)
            journal.change_key(log.signer, new)  # whoever rotates died in the middle and began anew
            assert journal.signing_key() == (2, new.public)
        journal.audit("visit.started")
        sent = journal.checkpoint(new, log.receipts[-1])
    report = log.verify(own_key=new.public)
    assert (report.ok, report.key_epoch) == (confirmed, 2)
    if not confirmed:
        assert "did not confirm" in report.problems[0].text
        # the operator's list shows that the backend knows the key: the terminal was enrolled anew
        assert log.verify([log.backend.confirm(sent, new.public)]).ok


def test_a_thief_cannot_confirm_a_key_of_his_own(log: Log) -> None:
    """He holds the file's key: he names his key, and signs in the terminal's name that it is right."""
    thief = KeyInUse(log.signer.terminal_id, 2, TerminalKey(wire.new_signing_pair()[0]))
    posing = replace(thief, epoch=1)
    with Journal.open(log.folder, log.file_key, durable=False) as journal:
        store = journal._store
        store.write(lambda: store.audit("terminal.key", epoch=2, key=thief.public.hex()))
        store.write(lambda: store.set_meta("audit.key", f"1 {posing.public.hex()}"))
        journal.checkpoint(posing, None)
        store.write(lambda: store.set_meta("audit.key", f"2 {thief.public.hex()}"))
        journal.audit("visit.started")
        journal.checkpoint(thief, None)
    found = {problem.code: problem.text for problem in log.verify().problems}
    assert "did not confirm" in found["key"]
    assert "not signed by key 1" in found["checkpoint"]
