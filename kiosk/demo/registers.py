"""Twins of departments' registers, two of records and two of licences: one HTTP server, its own process, on loopback.

They know some people of the card deck and nobody else, ask for a bearer token, and speak a JSON of their own, as a
department's interface would: nothing of it is known to the terminal. Of one person the record never comes.
"""

from __future__ import annotations

import argparse
import hmac
import json
import secrets
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from devices.simulators.deck import make_deck
from kiosk.demo.cabinet import PICTURES

INSURED = {"kinds": "城镇职工基本养老保险、职工基本医疗保险", "state": "正常参保", "first": "2014年03月", "paid": 148,
           "upTo": "2026年10月"}  # fmt: skip
PEOPLE: dict[str, dict[str, dict[str, Any]]] = {
    "/social-insurance": {"resident": INSURED},
    "/real-estate": {"resident": {"homes": 1}},
    "/business-licence": {
        "resident": {"creditCode": "92140213MA0000015G", "title": "大同市平城区南关小面馆（个体工商户）"}
    },
    "/residence-permit": {"resident": {"validUntil": "20261201"}},
}
FRAME = b"RIFF\0\0\0\0WEBP"  # of a picture that nobody looks at here
SILENT = "elder"  # whose record never comes
FIELDS = {
    "/social-insurance": {"insurance.kinds": "kinds", "insurance.status": "state", "insurance.first": "first",
                          "insurance.months": "paid", "insurance.until": "upTo"},
    "/real-estate": {"housing.count": "homes"},
    "/business-licence": {"code": "creditCode", "registered.name": "title"},
    "/residence-permit": {"until": "validUntil"},
}  # fmt: skip
NAMES = {"/social-insurance": "social_insurance", "/real-estate": "real_estate",
         "/business-licence": "business_licence", "/residence-permit": "residence_permit"}  # fmt: skip
LARGEST = 4096  # bytes of a question


def declare(folder: Path, url: str, token: str) -> Path:
    """The backend's file of registers (kiosk.backend.registers), with the token beside it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret, file = folder / "registers.secret", folder / "registers.toml"
    secret.touch(mode=0o600)
    secret.write_text(token, encoding="ascii")
    tables = []
    for path, name in NAMES.items():
        fields = "\n".join(f'"{ours}" = "{theirs}"' for ours, theirs in FIELDS[path].items())
        tables.append(
            f'[{name}]\nurl = "{url}{path}"\nsecret_file = "registers.secret"\nseconds = 3.0\nnumber = "idNumber"\n'
            f'name = "personName"\nfound = "hasRecord"\n[{name}.fields]\n{fields}\n'
        )
    file.write_text("\n".join(tables), encoding="utf-8")
    return file


class Twin(ThreadingHTTPServer):
    """``token``: whom it answers. Bound to a free port of this machine."""

    daemon_threads = True

    def __init__(self, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.token, self.ending = token, threading.Event()
        deck = make_deck(pictures=dict.fromkeys(PICTURES, FRAME))  # with a picture a role's card is another card
        self.records: Mapping[str, dict[str, dict[str, Any]]] = {
            path: {deck[role].document.number: record for role, record in people.items()}
            for path, people in PEOPLE.items()
        }
        self.silent = deck[SILENT].document.number

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def stop(self) -> None:
        self.ending.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Twin

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(size, LARGEST))
        if not hmac.compare_digest(self.headers.get("Authorization") or "", f"Bearer {self.server.token}"):
            self._answer(401, {})
            return
        records = self.server.records.get(self.path)
        number = str(json.loads(body).get("idNumber", ""))
        if records is None:
            self._answer(404, {})
        elif number == self.server.silent:
            self.server.ending.wait()  # the line is held, and nothing comes
        else:
            record = records.get(number)
            self._answer(200, {"idNumber": number, "hasRecord": record is not None, **(record or {})})

    def _answer(self, status: int, said: Mapping[str, Any]) -> None:
        data = json.dumps(said, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: who is asked about belongs into no log."""


def main() -> int:
    """Says in one line of JSON where its declaration is, and serves until it is ended."""
    parser = argparse.ArgumentParser(prog="python -m kiosk.demo.registers", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the backend's file is written")
    options = parser.parse_args()
    twin = Twin(secrets.token_urlsafe(24))
    print(json.dumps({"file": str(declare(options.folder, twin.url, twin.token))}), flush=True)
    twin.serve_forever(poll_interval=3600)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
