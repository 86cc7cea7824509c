"""Sealed materials in a folder and in a bucket: the same contract, held to an S3 service nobody here wrote (moto)."""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from kiosk.backend import BackendError, Settings, create_app
from kiosk.backend.blobs import Blobs, open_blobs

BUCKET = "materials"
_prefixes = itertools.count(1)


class Service:
    """An S3 service on loopback, with one bucket."""

    def __init__(self) -> None:
        import boto3
        from moto.server import ThreadedMotoServer

        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        boto3.client("s3", endpoint_url=self.endpoint, region_name="us-east-1").create_bucket(Bucket=BUCKET)

    def url(self, bucket: str = BUCKET) -> str:
        return f"s3://{bucket}/kiosk{next(_prefixes)}?endpoint={self.endpoint}&region=us-east-1"

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture(scope="module")
def credentials() -> Iterator[None]:
    given = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in given.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def service(credentials: None) -> Iterator[Service]:
    pytest.importorskip("boto3", reason="boto3 is missing: pip install boto3")
    pytest.importorskip("moto", reason="moto is missing: pip install 'moto[s3]' flask flask-cors")
    running = Service()
    yield running
    running.stop()


@pytest.fixture(params=["folder", "file", "s3"])
def url(request: pytest.FixtureRequest, tmp_path) -> str:
    if request.param == "s3":
        service: Service = request.getfixturevalue("service")
        return service.url()
    return f"{'file://' if request.param == 'file' else ''}{tmp_path}/materials"


@pytest.fixture
def blobs(url: str) -> Blobs:
    return open_blobs(url)


def material(size: int = 1000) -> tuple[str, bytes]:
    data = secrets.token_bytes(size)
    return hashlib.sha256(data).hexdigest(), data


def test_what_was_put_is_there_whole_and_under_its_hash_alone(blobs, url):
    for size in (0, 1, 4096, 300_000):
        digest, data = material(size)
        with pytest.raises(KeyError):
            blobs.get(digest)
        blobs.put(digest, data)
        assert blobs.get(digest) == data
        assert open_blobs(url).get(digest) == data


def test_the_same_again_is_the_same(blobs):
    digest, data = material()
    for _ in range(3):
        blobs.put(digest, data)
    assert blobs.get(digest) == data


def test_a_name_that_is_no_hash_is_never_a_place(blobs):
    for name in ("", "..", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"):
        with pytest.raises(ValueError, match="not a hash"):
            blobs.put(name, b"x")
        with pytest.raises(ValueError, match="not a hash"):
            blobs.get(name)


def test_it_says_whether_anything_is_there(blobs):
    assert blobs.empty()
    blobs.put(*material())
    assert not blobs.empty()


def test_many_threads_put_the_same_and_others(blobs):
    shared, own = material(50_000), [material() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: (blobs.put(*shared), blobs.put(*each)), own))
    assert blobs.get(shared[0]) == shared[1]
    assert all(blobs.get(digest) == data for digest, data in own)


def test_a_backend_keeps_and_finds_materials_there(url, settings, server, terminal, clock):
    other = type(server)(replace(settings, blobs=url))
    try:
        terminal.port = other.port
        digest, data = material(100_000)
        item = replace(terminal.case(), attachments=[digest])
        assert [result.status for result in terminal.push(item)] == ["retry"]
        place = f"/v1/materials/{digest}"
        assert [terminal.send("PUT", place, data).json["status"] for _ in range(2)] == ["accepted", "duplicate"]
        assert [result.status for result in terminal.push(item)] == ["accepted"]
    finally:
        other.stop()
    assert open_blobs(url).get(digest) == data


def test_a_service_that_is_gone_is_try_again_and_nothing_is_said_to_be_kept(service, settings, server, terminal):
    gone = Service()
    there = type(server)(replace(settings, blobs=gone.url()))
    try:
        terminal.port = there.port
        digest, data = material()
        gone.stop()
        refused = terminal.send("PUT", f"/v1/materials/{digest}", data)
        assert (refused.status, refused.code, refused.json["retryable"]) == (503, "store-busy", True)
        item = replace(terminal.case(), attachments=[digest])
        assert [(each.status, each.reason) for each in terminal.push(item)] == [("retry", "attachment-missing")]
    finally:
        there.stop()


def test_the_service_is_told_the_hash_to_hold_the_bytes_against(service):
    """S3 refuses bytes that do not have it; moto does not, so that the refusal itself is not tried here."""
    bucket, (digest, data), sent = open_blobs(service.url()), material(), []
    bucket._client.meta.events.register("before-send.s3.PutObject", lambda request, **_: sent.append(request.headers))
    bucket.put(digest, data)
    (headers,) = sent
    assert base64.b64decode(headers["x-amz-checksum-sha256"]).hex() == digest


@pytest.mark.parametrize(
    ("url", "code"),
    [("s3://", "bad-blobs"), ("s3:///x", "bad-blobs"), ("s3://b/p?secret=1", "bad-blobs"), ("ftp://b/p", "bad-blobs")],
)
def test_an_address_that_is_none_stops_the_start(settings: Settings, url, code):
    with pytest.raises(BackendError) as caught:
        create_app(replace(settings, blobs=url))
    assert caught.value.code == code


def test_a_bucket_that_is_not_there_stops_the_start(service, settings):
    with pytest.raises(BackendError) as caught:
        create_app(replace(settings, blobs=service.url("nobodys-bucket")))
    assert (caught.value.code, caught.value.retryable) == ("blobs-unusable", True)


def test_an_upload_that_another_request_has_just_made_whole_is_the_same_again(server, terminal, monkeypatch):
    """The terminal gave a request up, and it ends between the two looks of the next one: no item is refused for it."""
    digest, data = material()
    place, partials = f"/v1/materials/{digest}", server.backend._partials
    terminal.send("PATCH", f"{place}?offset=0&size={len(data)}", data[:-10])
    read = partials.read

    def taken_over(terminal_id: str, name: str) -> bytes:
        monkeypatch.setattr(partials, "read", read)
        found = server.backend.find_terminal(terminal_id)
        assert server.backend.append_material(found, name, len(data), len(data), b"").status == "accepted"
        return read(terminal_id, name)

    monkeypatch.setattr(partials, "read", taken_over)
    answer = terminal.send("PATCH", f"{place}?offset={len(data) - 10}&size={len(data)}", data[-10:])
    assert (answer.status, answer.json["status"]) == (200, "duplicate")


def test_an_upload_whose_bytes_are_gone_goes_on_where_they_end(server, terminal, monkeypatch):
    digest, data = material()
    monkeypatch.setattr(server.backend._partials, "read", lambda *_: b"")
    assert terminal.send("PATCH", f"/v1/materials/{digest}?offset=0&size={len(data)}", data).code == "offset-differs"
