"""The demo's terminal is a test terminal: its papers name a real office, so each says that it is a sample."""

from __future__ import annotations

from pathlib import Path

from kiosk.demo.cabinet import profile

PORTS = {
    "network": "http://127.0.0.1:1", "id_reader": "/dev/null", "page_printer": "ipp://127.0.0.1:1/ipp/print",
    "receipt_printer": "tcp://127.0.0.1:1", "camera": "http://127.0.0.1:1/",
}  # fmt: skip


def test_the_demo_prints_samples(tmp_path: Path) -> None:
    made = profile(PORTS, tmp_path, enrolment_code="demo", size=(1080, 1920), language="zh_CN")
    assert made.test
    assert made.place.registrar
