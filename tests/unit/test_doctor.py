"""kiosk doctor: says what is wrong and what to do, changes nothing, and its exit status can be relied on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from devices.contracts.deadline import Deadline
from devices.contracts.device import Action, DeviceError, DeviceInfo, Fault, Level, State, Status, TestResult
from kiosk import doctor, wire
from kiosk.cli import main
from kiosk.demo.run import Demo
from kiosk.health import books, devices, line, machine, readiness
from kiosk.health.readiness import Check, attention, broken, good
from kiosk.journal.journal import Journal
from kiosk.journal.keys import load_or_create_key
from kiosk.journal.records import Block
from kiosk.profile import DeviceProfile
from tests.crash.terminal_world import TerminalProcess, world

PROFILE = """
[terminal]
area_code = "140213"
province = "山西省"
city = "大同市"
district = "平城区"
street = "南关街道"
name = "3 号机"
registrar = "大同市平城区行政审批服务管理局"
[data]
folder = "data"
[backend]
url = "{url}"
[access]
staff_secret_file = "staff.secret"
"""


class Shown:
    """A device that answers what it is given to answer: a status, an error, or nothing for ever."""

    def __init__(self, answer: Status | DeviceError | threading.Event, during_open: bool = True) -> None:
        self._answer, self._during_open = answer, during_open
        self.info = DeviceInfo("id_reader", "shown", "port-1", model="M1")
        self.capabilities: Mapping[str, str] = {}
        self.closed = False

    def open(self, deadline: Deadline) -> None:
        if isinstance(self._answer, DeviceError) and self._during_open:
            raise self._answer
        if isinstance(self._answer, threading.Event):
            self._answer.wait(30)

    def close(self) -> None:
        self.closed = True

    def poll(self, deadline: Deadline) -> Status:
        if isinstance(self._answer, DeviceError):
            raise self._answer
        assert isinstance(self._answer, Status)
        return self._answer

    def self_test(self, level: Level, deadline: Deadline) -> TestResult:
        raise NotImplementedError

    def reset(self, deadline: Deadline) -> None:
        raise NotImplementedError

    def statistics(self) -> Mapping[str, int]:
        return {}


READER = DeviceProfile("id_reader", "shown", "port-1")


def ask(answer: Status | DeviceError, **words: Any) -> Check:
    shown = Shown(answer, **words)
    (check,) = devices.ask([READER], lambda *_: shown)
    assert shown.closed, "the device was left open"
    return check


# -- the report ---------------------------------------------------------------------------------------


def test_the_page_names_what_is_broken_and_what_to_do_about_it() -> None:
    page = readiness.as_page(
        [good("disk", "3 GB free"), attention("face", "absent", "Install it."), broken("id_reader", "gone", "Plug in.")]
    )
    assert page.splitlines() == [
        "good       disk       3 GB free",
        "attention  face       absent",
        "                      -> Install it.",
        "BROKEN     id_reader  gone",
        "                      -> Plug in.",
        "",
        "1 broken: id_reader",
    ]


def test_what_a_device_or_a_profile_says_cannot_steer_the_operators_terminal() -> None:
    checks = [broken("id_reader", "gone\x1b[2J\x9b1m\u202e\nall is well\udc80", "Plug\x07 in.")]
    page = readiness.as_page(checks)
    assert len(page.splitlines()) == 4
    for text in (page, readiness.as_json(checks)):
        assert not {"\x1b", "\x9b", "\x07", "\u202e", "\udc80"} & set(text)
        assert "gone" in text


@pytest.mark.parametrize(
    ("checks", "ok", "last"),
    [
        ([good("a", "x")], True, "all is well"),
        ([attention("a", "x", "y")], True, "nothing is broken; 1 to look at when there is time"),
        ([broken("a", "x", "y"), good("b", "x")], False, "1 broken: a"),
    ],
)
def test_only_what_is_broken_makes_it_not_ok(checks: list[Check], ok: bool, last: str) -> None:
    assert readiness.ready(checks) is ok
    assert readiness.as_page(checks).splitlines()[-1] == last
    answer = json.loads(readiness.as_json(checks))
    assert answer["ok"] is ok
    assert set(answer["checks"][0]) == {"name", "state", "finding", "advice"}


def test_without_a_profile_it_examines_the_machine_alone(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["doctor", "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert {check["name"] for check in answer["checks"]} == {
        "packages",
        "window",
        "fonts",
        "pinyin",
        "face",
        "attached",
    }
    assert status == (0 if answer["ok"] else 1)


@pytest.mark.parametrize("text", [None, "not toml [", '[terminal]\narea_code = "1"'])
def test_a_profile_that_cannot_be_read_is_told_and_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    file = tmp_path / "kiosk.toml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert doctor.examine(file, as_json=False) == 2
    assert str(file) in capsys.readouterr().err
    assert doctor.examine(file, as_json=True) == 2
    assert json.loads(capsys.readouterr().out)["ok"] is False


# -- devices ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("port-missing", "plug the reader in"),
        ("no-permission", "add this user to the group dialout"),
        ("port-busy", "another program has the port open: end it"),
        ("no-answer", "check power and cable"),
    ],
)
@pytest.mark.parametrize("during_open", [True, False])
def test_a_device_error_is_told_with_its_advice(code: str, advice: str, during_open: bool) -> None:
    check = ask(DeviceError(code, "the reason", advice=advice, retryable=True), during_open=during_open)
    assert check.state == "broken"
    assert code in check.finding
    assert "port-1" in check.finding
    assert check.advice == advice[0].upper() + advice[1:] + "."


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.NONE])
def test_a_blocking_fault_is_broken_and_its_action_is_put_in_words(action: Action) -> None:
    check = ask(Status(State.ONLINE, (Fault("media-empty", action),)))
    assert (check.state, check.advice) == ("broken", devices.ACTIONS[action])
    assert "media-empty" in check.finding


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (Status(State.ONLINE), "ok"),
        (Status(State.ONLINE, (Fault("media-low", Action.REPLENISH, blocking=False),)), "attention"),
        (Status(State.UNKNOWN), "attention"),
        (Status(State.HARDWARE_ERROR), "broken"),
        (Status(State.OFFLINE), "broken"),
    ],
)
def test_a_status_is_judged_and_no_answer_is_never_well(status: Status, state: str) -> None:
    check = ask(status)
    assert check.state == state
    assert bool(check.advice) is (state != "ok")


def test_a_device_that_cannot_be_asked_is_not_said_to_work_and_the_bench_tool_is_named() -> None:
    silent = Fault("cannot-be-asked", Action.NONE, "only a code shows that it works", blocking=False)
    scanner = DeviceProfile("code_scanner", "code_scanner", "/dev/tty one")
    (check,) = devices.ask([scanner], lambda *_: Shown(Status(State.UNKNOWN, (silent,))))
    assert check.state == "attention"
    assert "only a code shows that it works" in check.finding
    assert "is there, but does not say how it is" in check.finding
    assert check.advice.endswith("devices.drivers.code_scanner read --port '/dev/tty one'")


@pytest.mark.parametrize(
    ("passed", "running", "state"), [(True, False, "ok"), (False, False, "broken"), (True, True, "attention")]
)
def test_a_camera_is_well_only_when_a_picture_has_been_seen(passed: bool, running: bool, state: str) -> None:
    class Camera(Shown):
        def self_test(self, level: Level, deadline: Deadline) -> TestResult:
            assert level is Level.EXTERNAL
            return TestResult(
                level, passed, "640x480, light 99, 2 face(s); not calibrated" if passed else "sees nothing"
            )

    at_rest = Status(State.ONLINE, details={"evidence": "source"})
    camera = DeviceProfile("camera", "camera", "http://user:pw@127.0.0.1/video")
    checks = devices.examine([camera], lambda *_: Camera(at_rest), terminal_runs=running)
    check = next(check for check in checks if check.name == "camera")
    assert check.state == state
    assert "face" not in check.finding
    assert "pw" not in check.finding + check.advice
    assert ("640x480" if state == "ok" else "sees nothing" if state == "broken" else "nobody has seen") in check.finding


@pytest.mark.parametrize(("port", "advised"), [("", True), ("COM3", True), ("/dev/x", False), ("usb:1:2", False)])
def test_a_port_that_is_no_port_is_answered_with_what_one_looks_like(port: str, advised: bool) -> None:
    error = DeviceError("port-missing", "there is no port", advice="Check.", retryable=True)
    (check,) = devices.ask([DeviceProfile("id_reader", "sdt", port)], lambda *_: Shown(error))
    assert ("/dev/serial/by-id/" in check.advice) is advised


def test_a_driver_that_hangs_is_left_behind() -> None:
    never = threading.Event()
    try:
        checks = devices.examine([READER], lambda *_: Shown(never), terminal_runs=False, seconds=-1.9)
    finally:
        never.set()
    check = next(check for check in checks if check.name == "id_reader")
    assert check.state == "broken"
    assert "did not come back" in check.finding


def test_a_log_in_in_an_address_is_not_shown() -> None:
    camera = DeviceProfile("camera", "camera", "rtsp://admin:s3cret@10.0.0.9/live")
    error = DeviceError("gone", "rtsp://admin:s3cret@10.0.0.9/live is not there", advice="", retryable=True)
    (check,) = devices.ask([camera], lambda *_: Shown(error))
    assert "s3cret" not in check.finding
    assert "10.0.0.9" in check.finding


def test_a_wrong_driver_or_option_is_the_profiles_to_mend() -> None:
    def refuse(*_: object) -> Any:
        raise TypeError("no option 'bad'")

    (check,) = devices.ask([READER], refuse)
    assert check.state == "broken"
    assert "profile" in check.advice


def test_what_is_on_a_line_is_asked_while_the_line_is_open() -> None:
    board, locker = DeviceProfile("sensors", "shown", "port-2"), DeviceProfile("locker", "shown", "", {}, "sensors")
    made: list[tuple[str, Any]] = []
    shown = {kind: Shown(Status(State.ONLINE)) for kind in ("sensors", "locker")}

    def make(device: DeviceProfile, carrier: Any) -> Any:
        assert carrier is None or not carrier.closed
        made.append((device.kind, carrier))
        return shown[device.kind]

    checks = {check.name: check.state for check in devices.examine([locker, board], make, terminal_runs=False)}
    assert made == [("sensors", None), ("locker", shown["sensors"])]
    assert (checks["sensors"], checks["locker"]) == ("ok", "ok")
    assert shown["sensors"].closed
    assert shown["locker"].closed


def test_without_a_reader_it_is_broken_without_other_devices_it_is_less() -> None:
    checks = devices.examine([], lambda *_: Shown(Status(State.ONLINE)), terminal_runs=False)
    assert {check.name: check.state for check in checks} == {
        "id_reader": "broken", "camera": "attention", "page_printer": "attention", "receipt_printer": "attention",
    }  # fmt: skip


def test_a_device_that_takes_one_at_a_time_is_left_to_the_running_terminal() -> None:
    def must_not(*_: object) -> Any:
        raise AssertionError("the device was opened under the terminal's hands")

    check = devices.examine([READER], must_not, terminal_runs=True)[0]
    assert (check.name, check.state) == ("id_reader", "attention")


# -- journal, line, machine ----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Journal.open(tmp_path / "journal", load_or_create_key(tmp_path / "journal")) as journal:
        journal.add_block(Block("case", 1, 200))
        journal.add_block(Block("uscc", 1, 200))
    return tmp_path / "journal"


def states(found: books.Books) -> dict[str, str]:
    return {check.name: check.state for check in found.checks}


def test_a_whole_journal_is_well_also_while_a_terminal_has_it_open(folder: Path) -> None:
    assert states(books.examine(folder)) == {"journal": "ok", "queue": "ok", "numbers": "ok"}
    assert not books.terminal_runs(folder)
    with Journal.open(folder, load_or_create_key(folder)):
        assert books.terminal_runs(folder)
        assert "in use by a running terminal" in books.examine(folder).checks[0].finding


def test_no_journal_is_not_made_by_looking(tmp_path: Path) -> None:
    assert states(books.examine(tmp_path / "none")) == {"journal": "attention"}
    assert list(tmp_path.iterdir()) == []


def test_an_enrolment_of_another_shape_is_told_and_does_not_end_the_page(folder: Path) -> None:
    with Journal.open(folder, load_or_create_key(folder)) as journal:
        journal.set_meta("sync.enrolment", "{}")
    (check,) = books.examine(folder).checks
    assert (check.name, check.state) == ("enrolment", "broken")
    assert check.advice


def test_a_damaged_journal_and_a_lost_key_are_broken_and_say_not_to_delete(folder: Path) -> None:
    data = bytearray((folder / "journal.db").read_bytes())
    data[5000:5100] = bytes(100)
    (folder / "journal.db").write_bytes(bytes(data))
    check = books.examine(folder).checks[0]
    assert check.state == "broken"
    assert check.advice
    (folder / "journal.key").unlink()
    check = books.examine(folder).checks[0]
    assert check.state == "broken"
    assert "Do not delete" in check.advice
    assert not (folder / "journal.key").exists()


@pytest.mark.parametrize(("area", "state"), [("140213", ""), ("440300", "broken")])
def test_an_enrolment_for_another_area_than_the_profiles_is_told(area: str, state: str) -> None:
    enrolment = wire.Enrolment("140213-ABCDEF", "140213", "", "", "", "", "2026-11-22T10:00:00+00:00")
    (found, *_) = [*doctor.area(area, enrolment), readiness.good("none", "")]
    assert found.state == (state or "ok")
    if state:
        assert "140213" in found.finding
        assert "440300" in found.finding
        assert "area_code" in found.advice
    assert doctor.area(area, None) == []


def test_without_numbers_no_case_can_be_saved_and_it_says_so(tmp_path: Path) -> None:
    with Journal.open(tmp_path, load_or_create_key(tmp_path)) as journal:
        assert states(books.examine(tmp_path))["numbers"] == "broken"
        journal.add_block(Block("case", 1, 5))
        journal.add_block(Block("uscc", 1, 200))
        assert states(books.examine(tmp_path))["numbers"] == "attention"


@pytest.mark.parametrize(
    ("ahead", "state"), [(0, "ok"), (59, "ok"), (-59, "ok"), (90, "attention"), (-7200, "attention")]
)
def test_a_clock_that_is_off_by_more_than_a_minute_is_told(ahead: int, state: str) -> None:
    check = line.clock(timedelta(seconds=ahead), signed=True)
    assert check.state == state
    if state != "ok":
        assert ("behind" if ahead > 0 else "ahead") in check.finding


def test_a_backend_that_is_not_there_is_told_and_citizens_can_go_on(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    (check,) = line.examine(f"http://127.0.0.1:{port}", tmp_path, None)
    assert check.state == "broken"
    assert "nothing listens" in check.finding
    assert "Citizens can go on" in check.advice
    assert line.examine("backend.example", tmp_path, None)[0].state == "broken"


@pytest.mark.parametrize(("free", "state"), [(50 << 30, "ok"), (500 << 20, "attention"), (100 << 20, "broken")])
def test_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    import shutil

    usage = shutil.disk_usage("/")._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert machine.disk(tmp_path / "not" / "yet").state == state


def test_a_data_folder_that_can_hold_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    assert machine.disk(tmp_path).state == "ok"
    for folder in (tmp_path / "file", tmp_path / "file" / "data"):
        check = machine.disk(folder)
        assert (check.state, check.finding) == ("broken", f"{tmp_path / 'file'} is no folder")
    real = os.statvfs(tmp_path)
    for flags, files, words in ((os.ST_RDONLY, 5, "read-only"), (0, 0, "no file can be made")):
        fields = list(real)  # of its ten: f_files, f_ffree, f_favail, f_flag from the sixth on
        fields[5:9] = [100, files, files, flags]
        full = os.statvfs_result(fields)
        monkeypatch.setattr(os, "statvfs", lambda _, full=full: full)
        check = machine.disk(tmp_path)
        assert check.state == "broken"
        assert words in check.finding


@pytest.mark.parametrize(("year", "names"), [(1970, ["clock"]), (2025, ["clock"]), (2031, [])])
def test_a_clock_that_has_lost_its_battery_is_told_without_a_backend(
    monkeypatch: pytest.MonkeyPatch, year: int, names: list[str]
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Clock:
            return cls(year, 1, 2, tzinfo=tz)

    monkeypatch.setattr(machine, "datetime", Clock)
    assert [check.name for check in machine.clock()] == names
    assert all(check.state == "broken" and str(year) in check.finding for check in machine.clock())


def test_what_this_user_may_not_look_at_is_told_and_the_report_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.stat

    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.name in ("secret", "journal.db"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", stat)
    assert doctor._unreadable(tmp_path / "secret") == doctor.DENIED
    assert doctor._unreadable(tmp_path / "none") == "is not there"
    assert doctor._unreadable(tmp_path) == "is no file"
    (check,) = books.examine(tmp_path).checks
    assert (check.state, check.finding) == ("broken", "cannot be read: Permission denied")


def test_a_python_that_cannot_be_started_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nonexistent/python")
    check = machine.window()
    assert check.state == "broken"
    assert "/nonexistent/python cannot be started" in check.finding


def test_a_package_that_is_missing_ends_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking(_: object) -> list[Check]:
        raise ModuleNotFoundError("No module named 'sqlcipher3'", name="sqlcipher3")

    monkeypatch.setattr(doctor, "of_terminal", lacking)
    file = tmp_path / "kiosk.toml"
    file.write_text(PROFILE.format(url="http://127.0.0.1:9"), encoding="utf-8")
    assert doctor.examine(file, as_json=True) == 1
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert "'sqlcipher3' is not installed" in checks["profile"]["finding"]
    assert "packages" in checks


def test_whoever_reads_the_report_may_have_seen_enough() -> None:
    shown = "from kiosk import doctor; doctor._say('x' * 100_000)"
    told = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -c "{shown}" | head -c 5'], capture_output=True, timeout=30, check=False
    )
    assert (told.stdout, told.stderr) == (b"xxxxx", b"")


def test_missing_fonts_and_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from kiosk.documents import fonts

    monkeypatch.setattr(fonts, "RARE", ((Path("/none/HanaMinA.ttf"), ""),))
    assert machine.fonts().state == "attention"
    monkeypatch.setattr(fonts, "FACES", {"text": ((Path("/none/NotoSansCJK-Regular.ttc"), ""),)})
    assert machine.fonts().state == "broken"
    assert "NotoSansCJK-Regular.ttc" in machine.fonts().finding
    monkeypatch.setattr(
        "importlib.metadata.requires", lambda _: ["no-such-package>=1", "pytest==0.1", "x; extra == 'y'"]
    )
    assert machine.packages().state == "broken"
    assert "no-such-package" in machine.packages().finding
    monkeypatch.setattr("importlib.metadata.requires", lambda _: ["pytest==0.1"])
    assert machine.packages().state == "attention"


@pytest.mark.parametrize(
    ("content", "state"), [("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n", "ok"), ("", "broken"), ("GEZD", "broken")]
)
def test_a_staff_secret_that_no_terminal_takes_is_broken(tmp_path: Path, content: str, state: str) -> None:
    file = tmp_path / "staff.secret"
    file.write_text(content, encoding="ascii")
    check = doctor._secret(file)
    assert check.state == state
    assert "GEZD" not in check.finding


def test_a_window_that_cannot_be_loaded_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "WINDOW", "raise ImportError('libEGL.so.1: cannot open shared object file')")
    check = machine.window()
    assert check.state == "broken"
    assert "libEGL.so.1" in check.finding


# -- the whole, before twins -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("doctor")
    with world(folder) as demo:
        yield demo


def examined(
    demo: Demo, capsys: pytest.CaptureFixture[str], *, camera: bool = True
) -> tuple[int, dict[str, dict[str, str]]]:
    """The doctor's exit status and checks by name, for the profile of this cabinet; without camera no picture is waited
    for."""
    folder = demo.papers.parent
    file = folder / "kiosk.toml"
    drivers = {"id_reader": "sdt", "page_printer": "ipp", "receipt_printer": "escpos"}
    if camera:
        drivers["camera"] = "camera"
    tables = [f'[devices.{kind}]\ndriver = "{driver}"\nport = "{demo.ports[kind]}"' for kind, driver in drivers.items()]
    file.write_text(PROFILE.format(url=demo.ports["network"]) + "\n".join(tables), encoding="utf-8")
    capsys.readouterr()
    status = main(["doctor", "--profile", str(file), "--json"])
    out = capsys.readouterr().out
    return status, {check["name"]: check for check in json.loads(out)["checks"]}


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_it_examines_a_whole_cabinet(demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    folder = demo.papers.parent
    (folder / "staff.secret").touch(mode=0o600)
    (folder / "staff.secret").write_text("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", encoding="ascii")
    status, checks = examined(demo, capsys)
    assert status == 0, checks
    assert {name: checks[name]["state"] for name in ("id_reader", "page_printer", "receipt_printer", "camera")} == (
        dict.fromkeys(("id_reader", "page_printer", "receipt_printer", "camera"), "ok")
    )
    assert checks["journal"]["state"] == "attention"  # no terminal has run here yet
    assert "not enrolled" in checks["backend"]["finding"]
    assert not (folder / "data" / "journal").exists(), "looking made a journal"

    secret = folder / "staff.secret"
    secret.unlink()  # the terminal's profile makes its own
    life = TerminalProcess(demo, folder)
    try:
        assert life.wait(lambda words: "ready" in words)
        status, checks = examined(demo, capsys)
        assert status == 0, checks
        assert "in use by a running terminal" in checks["journal"]["finding"]
        assert (checks["id_reader"]["state"], checks["page_printer"]["state"]) == ("attention", "ok")
        assert life.stop() == 0
    finally:
        if life.process.poll() is None:
            life.kill()

    status, checks = examined(demo, capsys)
    assert status == 0, checks
    assert "signed" in checks["backend"]["finding"]
    assert checks["clock"]["state"] == "ok"
    assert checks["numbers"]["state"] == "ok"
    for device, action, name, undo in TROUBLES:
        demo.control.do(device, action)
        try:
            status, checks = examined(demo, capsys, camera=False)
        finally:
            demo.control.do(device, undo)
        assert status == 1
        broken_now = {name for name, check in checks.items() if check["state"] == "broken"}
        assert broken_now == {name}, checks
        assert checks[name]["advice"]


TROUBLES: tuple[tuple[str, str, str, str], ...] = (
    ("id_reader", "unplug", "id_reader", "ok"),
    ("page_printer", "paper-out", "page_printer", "ok"),
    ("receipt_printer", "cover-open", "receipt_printer", "ok"),
    ("network", "portal", "backend", "on"),
    ("network", "off", "backend", "on"),
)


def test_the_deadline_of_a_driver_is_passed_on() -> None:
    seen: list[float] = []

    class Timed(Shown):
        def open(self, deadline: Deadline) -> None:
            seen.append(deadline.remaining())

    devices.ask([READER], lambda *_: Timed(Status(State.ONLINE)), 3.0)
    assert 2.0 < seen[0] <= 3.0
