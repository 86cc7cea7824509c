"""schemathesis reads /openapi.json and tries what it allows, and what it does not: nothing undocumented, no 5xx.

Every request is signed (signing_hook.py). KIOSK_PEER_SCHEMATHESIS=500 makes so many of each operation, on both stores
and with another seed each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk import wire

EXAMPLES = os.environ.get("KIOSK_PEER_SCHEMATHESIS", "")
STORES = ("sqlite", "postgresql") if EXAMPLES else ("sqlite",)
HERE = Path(__file__).resolve().parent


@pytest.fixture
def settings(settings):
    return replace(settings, burst=10**9)  # how often is what test_backend_rates.py asks


@pytest.mark.slow
@pytest.mark.timeout(7200 if EXAMPLES else 240)
def test_nothing_undocumented_and_no_fault(terminal, server, clock, tmp_path):
    pytest.importorskip("schemathesis", reason="schemathesis is missing: pip install schemathesis")
    environment = {
        **os.environ,
        "KIOSK_TERMINAL": terminal.id,
        "KIOSK_PRIVATE": wire.b64(terminal.private),
        "KIOSK_TIME": str(int(clock().timestamp())),
        "SCHEMATHESIS_HOOKS": "tests.backend.signing_hook",
        "PYTHONPATH": str(HERE.parents[1]),
    }
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"), "run",
        f"{server.url}/openapi.json", "--no-color", "--continue-on-failure", "--max-examples", EXAMPLES or "4",
        *([] if EXAMPLES else ["--seed", "7"]),
    ]  # fmt: skip
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: " in done.stdout, done.stdout
    if EXAMPLES:
        print(done.stdout[done.stdout.rindex("Test cases:") :])
    text = server.backend.metrics.text({})
    assert 'kiosk_refusals_total{code="fault"}' not in text
    assert 'route="/v1/items",status="200"' in text, "no signed request came through: the hook does not sign"
    assert 'route="/v1/checkpoints",status="200"' in text
