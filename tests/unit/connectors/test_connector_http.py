"""The line over HTTP: a yes is one that names the row; everything else is told as what it is, and nothing is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree

import pytest

from kiosk.backend.connectors import mapping, rows
from kiosk.backend.connectors.line_http import HttpLine, incoming
from kiosk.backend.connectors.lines import Later, LineDown, Refused, Sheet
from tests.unit.connectors.connector_world import NOON, OFFICE, STEP, views

SECRET = "0123456789abcdef"
Answer = tuple[int, bytes]


class Twin:
    """A department's interface. ``answer`` is the test's: it gets method, path, headers and body."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Callable[[str, str, bytes], Answer] = lambda method, path, body: (200, b"{}")
        twin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                twin.asked.append((self.command, self.path, dict(self.headers), body))
                status, answer = twin.answer(self.command, self.path, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


@pytest.fixture
def twin() -> Iterator[Twin]:
    running = Twin()
    yield running
    running.stop()


@pytest.fixture
def line(twin: Twin) -> Iterator[HttpLine]:
    made = open_line(twin, "json")
    yield made
    made.close()


def open_line(twin: Twin, kind: str) -> HttpLine:
    mapped = mapping.builtin(f"office_{kind}")
    assert mapped.reply is not None
    return HttpLine(f"{twin.url}/cases", SECRET, kind, mapped.root, mapped.reply, f"{twin.url}/results", 5.0)


def sheet(kind: str = "json") -> Sheet:
    """What goes out when a case is taken up."""
    view = next(each for each in views("elder_allowance") if "handed" in each.moments)
    made = rows.made(mapping.builtin(f"office_{kind}"), view, "guid-1", NOON + 20 * STEP, OFFICE)
    return Sheet("guid-1", "n", made)


def yes(_method: str, _path: str, body: bytes) -> Answer:
    return 200, json.dumps({"code": "0", "rowGuid": json.loads(body)["rowGuid"]}).encode()


def test_a_letter_is_taken_by_an_answer_that_names_it(twin: Twin, line: HttpLine) -> None:
    twin.answer = yes
    line.send(sheet())
    line.send(sheet())
    ((method, path, headers, body), again) = twin.asked
    said = json.loads(body)
    assert (method, path, headers["Authorization"]) == ("POST", "/cases", f"Bearer {SECRET}")
    assert headers["Idempotency-Key"] == said["rowGuid"] == again[2]["Idempotency-Key"]
    assert said["applicant"] | {"address": ""} == {
        "name": "王某某", "pageType": "111", "pageCode": said["applicant"]["pageCode"], "mobile": "13900000000",
        "address": "",
    }  # fmt: skip
    assert said["applyDate"] == "20260601T120000"
    assert body == again[3], "the same bytes"


NO: dict[str, tuple[Answer, type[Exception], str]] = {
    "a portal's page": ((200, b"<html>welcome</html>"), LineDown, "garbled"),
    "nothing": ((200, b""), LineDown, "garbled"),
    "a yes about another row": ((200, b'{"code": "0", "rowGuid": "x"}'), LineDown, "other-answer"),
    "a yes without a row": ((200, b'{"code": "0"}'), LineDown, "other-answer"),
    "too much": ((200, b'"' + b"x" * (1 << 20) + b'"'), LineDown, "too-large"),
    "down": ((503, b""), LineDown, "http-503"),
    "a wrong token": ((401, b"{}"), LineDown, "http-401"),
    "a wrong address": ((404, b"{}"), LineDown, "http-404"),
    "a redirect": ((302, b""), LineDown, "http-302"),
    "too many": ((429, b""), Later, "http-429"),
    "no, with words": ((422, b'{"code": "7", "message": "no such matter"}'), Refused, "refused"),
    "no, without": ((400, b"sorry"), Refused, "http-400"),
}


@pytest.mark.parametrize("name", NO)
def test_whatever_is_no_yes_is_told_as_what_it_is(twin: Twin, line: HttpLine, name: str) -> None:
    answer, kind, code = NO[name]
    twin.answer = lambda method, path, body: answer
    with pytest.raises(kind) as caught:
        line.send(sheet())
    assert caught.value.code == code  # type: ignore[attr-defined]


def test_a_no_that_names_the_row_waits_for_a_person_and_twice_is_a_yes(twin: Twin, line: HttpLine) -> None:
    said = {"code": "9", "message": "证件号码不对"}
    twin.answer = lambda method, path, body: (200, json.dumps(said | {"rowGuid": json.loads(body)["rowGuid"]}).encode())
    with pytest.raises(Refused) as caught:
        line.send(sheet())
    assert caught.value.why == "answered 9: 证件号码不对"
    said["code"] = "duplicate"
    line.send(sheet())


def test_nobody_there_is_the_lines_trouble(twin: Twin, line: HttpLine) -> None:
    twin.stop()
    with pytest.raises(LineDown):
        line.send(sheet())
    with pytest.raises(LineDown):
        line.fetch(10)


def test_xml_goes_and_comes(twin: Twin) -> None:
    line = open_line(twin, "xml")

    def answer(_method: str, _path: str, body: bytes) -> Answer:
        guid = ElementTree.fromstring(body).findtext("rowGuid")
        return 200, f"<answer><code>0</code><rowGuid>{guid}</rowGuid></answer>".encode()

    twin.answer = answer
    line.send(sheet("xml"))
    record = ElementTree.fromstring(twin.asked[0][3])
    assert (record.tag, record.findtext("applicant/name")) == ("record", "王某某")
    assert twin.asked[0][2]["Content-Type"] == "application/xml"
    line.close()


def test_results_are_fetched_and_told_as_taken(twin: Twin, line: HttpLine) -> None:
    results = [{"resultGuid": "r1", "projectNo": "1", "resultType": "0"}, {"resultGuid": "r2", "projectNo": 2}]
    twin.answer = lambda method, path, body: (200, json.dumps({"results": results}).encode())
    found = line.fetch(50).results
    assert [each.values for each in found] == [results[0], {"resultGuid": "r2", "projectNo": "2"}]
    line.taken(found)
    assert [path for _, path, _, _ in twin.asked] == ["/results?limit=50", "/results/taken"]
    assert json.loads(twin.asked[1][3]) == {"taken": ["r1", "r2"]}
    twin.answer = lambda method, path, body: (204, b"")
    assert line.fetch(50).results == ()


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe", b"[" * 5000, b"null", b'{"results": "none"}', b'["a", 1, null]', b"<a/>"],
)
def test_garbage_for_results_is_kept_as_garbage(body: bytes) -> None:
    for each in incoming(body, "json"):
        assert each.trouble == "garbled" or each.values == {}


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]><results><result>&x;</result></results>',
        b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b"<a><b></a>", b"<a>" * 50 + b"</a>" * 50, b"\x00", "<a>\ud800</a>".encode("utf-8", "surrogatepass"),
    ],
)  # fmt: skip
def test_xml_that_unfolds_names_files_or_breaks_off_is_garbage(body: bytes) -> None:
    (found,) = incoming(body, "xml")
    assert found.trouble == "garbled"


def test_one_result_and_many_are_read_alike() -> None:
    one = "<results><result><resultGuid>a</resultGuid><projectNo>1</projectNo></result></results>"
    assert [each.values["projectNo"] for each in incoming(one.encode(), "xml")] == ["1"]
    two = one.replace("</results>", "<result><resultGuid>b</resultGuid><projectNo>2</projectNo></result></results>")
    assert [each.values["projectNo"] for each in incoming(two.encode(), "xml")] == ["1", "2"]
