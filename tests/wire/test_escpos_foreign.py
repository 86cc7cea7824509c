"""ESC/POS against programs we did not write: python-escpos drives the twin; the driver drives emupos where it is."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from devices.contracts.deadline import Deadline
from devices.contracts.printing import NotPrinted, Printed, Raster
from devices.drivers.escpos import testpattern
from devices.drivers.escpos.driver import EscPosPrinter
from devices.simulators.escpos import EscPosTwin
from devices.simulators.png import png

RECEIPT = testpattern.pattern(576, 320)


class TestPythonEscposDrivesTheTwin:
    @pytest.fixture
    def twin(self, tmp_path: Path) -> Iterator[EscPosTwin]:
        twin = EscPosTwin("receipt_printer", out=tmp_path / "receipts")
        twin.start()
        yield twin
        twin.stop()

    @pytest.fixture
    def host(self, twin: EscPosTwin) -> Iterator[object]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package's own, at import
            from escpos.printer import Network
        port = int(twin.port.rpartition(":")[2])
        host = Network("127.0.0.1", port=port, timeout=5, profile="TM-T88III")
        yield host
        host.close()

    def test_its_picture_comes_out_dot_by_dot(self, twin: EscPosTwin, host: object, tmp_path: Path) -> None:
        from escpos.printer import Network

        assert isinstance(host, Network)
        picture = Image.open(io.BytesIO(png(Raster(512, 320, testpattern.pattern(512, 320).rows))))
        host.image(picture, impl="bitImageRaster")
        host.cut()
        with twin.engine.changed:
            assert twin.engine.changed.wait_for(lambda: twin.engine.receipts == 1, timeout=5)
        (file,) = (tmp_path / "receipts").glob("*.png")
        with Image.open(file) as receipt:
            shown = receipt.crop((0, 0, 512, 320)).tobytes()
            assert shown == picture.tobytes()

    @pytest.mark.parametrize(
        ("action", "paper", "online"), [("ok", 2, True), ("near-end", 1, True), ("paper-out", 0, False)]
    )
    def test_it_reads_the_twins_paper_and_readiness(
        self, twin: EscPosTwin, host: object, action: str, paper: int, online: bool
    ) -> None:
        from escpos.printer import Network

        assert isinstance(host, Network)
        twin.act(action, {})
        assert host.paper_status() == paper
        assert host.is_online() is online


def emupos_program() -> str:
    """PyPI emupos needs Python 3.13 or later, so it lives in an environment of its own, outside the ordinary run:
    KIOSK_EMUPOS_PYTHON names that environment's Python, or EMUPOS the program itself. Empty: there is none."""
    python = os.environ.get("KIOSK_EMUPOS_PYTHON", "")
    beside = Path(python).with_name("emupos") if python else None
    return str(beside) if beside and beside.exists() else os.environ.get("EMUPOS", "")


class TestTheDriverDrivesEmupos:
    """``KIOSK_EMUPOS_PYTHON=/path/to/python3.13 pytest tests/wire/test_escpos_foreign.py`` runs these."""

    @pytest.fixture
    def emupos(self, tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
        program = emupos_program()
        if not program:
            pytest.skip("needs KIOSK_EMUPOS_PYTHON: a Python 3.13 or later with PyPI emupos beside it")
        numbers = []
        for _ in range(2):
            with socket.create_server(("127.0.0.1", 0)) as free:
                numbers.append(free.getsockname()[1])
        (tmp_path / "emupos.yaml").write_text(
            f"schema: 1\napi: {{ host: 127.0.0.1, port: {numbers[0]} }}\ndevices:\n"
            "  - id: front\n    type: printer\n    profile: epson-tm-t20iii\n"
            f"    connections:\n      - tcp: {{ port: {numbers[1]} }}\n    receipts_dir: {tmp_path}/receipts\n"
        )
        process = subprocess.Popen([program, "run"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        api = f"http://127.0.0.1:{numbers[0]}"
        try:
            end = Deadline.after(15)
            while True:
                try:
                    with socket.create_connection(("127.0.0.1", numbers[1]), timeout=5) as line:
                        line.sendall(b"\x10\x04\x01")
                        assert line.recv(1) == b"\x12"
                    break
                except OSError:
                    assert not end.expired, "emupos did not open its port"
            yield f"tcp://127.0.0.1:{numbers[1]}", [program, "--api", api]
        finally:
            process.terminate()
            process.wait(10)
            assert process.stdout
            process.stdout.close()

    @staticmethod
    def fault(command: list[str], verb: str, name: str) -> None:
        subprocess.run([*command, "fault", verb, "front", name], check=True, capture_output=True, timeout=20)

    @pytest.mark.parametrize(
        ("name", "code", "usable"),
        [
            ("paper-near-end", "media-low", True),
            ("paper-out", "media-empty", False),
            ("cover-open", "cover-open", False),
            ("offline", "offline", False),
        ],
    )
    def test_its_faults_are_told_by_name(
        self, emupos: tuple[str, list[str]], name: str, code: str, usable: bool
    ) -> None:
        port, command = emupos
        printer = EscPosPrinter(port)
        try:
            assert printer.poll(Deadline.after(5)).faults == ()
            self.fault(command, "set", name)
            printer._line.take_waiting()
            automatic = printer._line.told
            assert automatic is not None
            assert [fault.code for fault in automatic.faults] == [code]
            status = printer.poll(Deadline.after(5))
            assert ([fault.code for fault in status.faults], status.usable) == ([code], usable)
            outcome = printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(10))
            assert isinstance(outcome, Printed if usable else NotPrinted)
            self.fault(command, "clear", name)
            assert printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(10)) == Printed(1)
        finally:
            printer.close()

    def test_the_paper_it_renders_shows_every_dot(self, emupos: tuple[str, list[str]], tmp_path: Path) -> None:
        port, _ = emupos
        printer = EscPosPrinter(port)
        assert printer.print_raster(RECEIPT, cut=True, deadline=Deadline.after(10)) == Printed(1)
        assert printer.capabilities["confirmation"] == "gs-r"
        printer.close()
        end = Deadline.after(5)
        while not (files := list((tmp_path / "receipts").glob("*.png"))):
            assert not end.expired, "emupos wrote no receipt"
        with Image.open(files[0]) as shown, Image.open(io.BytesIO(png(RECEIPT))) as sent:
            assert shown.size == sent.size
            assert shown.convert("1").tobytes() == sent.convert("1").tobytes()
