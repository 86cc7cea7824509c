"""Sealed materials in a bucket of an S3 service: ``s3://BUCKET/PREFIX?endpoint=https://…&region=…``.

Who may use the bucket is boto3's own matter (environment, profile, role): a secret in a URL would end up in a process
list. The service checks what it receives against its SHA-256, so that nothing torn is ever kept under a name.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from kiosk.backend.blobs import BlobsBusy, check
from kiosk.backend.settings import BackendError

if TYPE_CHECKING:
    from kiosk.backend.blobs import Blobs

T = TypeVar("T")
_OPTIONS = {"endpoint", "region"}
_GONE = frozenset({"NoSuchKey", "404", "NotFound"})


def open_bucket(url: str) -> Blobs:
    """Raises BackendError: boto3 missing, an address that is none, a bucket that is not to be had."""
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if not parts.hostname or set(options) - _OPTIONS:
        raise BackendError("bad-blobs", "say s3://BUCKET/PREFIX?endpoint=https://…&region=…")
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        raise BackendError("boto3-missing", "materials on S3 need the package boto3") from error
    limits = Config(
        connect_timeout=5, read_timeout=30, retries={"mode": "standard", "max_attempts": 3}, tcp_keepalive=True,
        max_pool_connections=8,
    )  # fmt: skip
    try:
        client = boto3.client(
            "s3", endpoint_url=options.get("endpoint"), region_name=options.get("region"), config=limits
        )
        client.head_bucket(Bucket=parts.hostname)
    except (BotoCoreError, ClientError, ValueError) as error:
        advice = "the bucket cannot be had: check name, endpoint, region, and what boto3 takes as credentials"
        raise BackendError("blobs-unusable", advice, retryable=True) from error
    prefix = parts.path.strip("/")
    return Bucket(client, parts.hostname, f"{prefix}/" if prefix else "", (BotoCoreError, ClientError))


class Bucket:
    """Objects ``PREFIX/ab/abcd…``. Thread-safe, as boto3's clients are."""

    def __init__(self, client: Any, bucket: str, prefix: str, failures: tuple[type[Exception], ...]) -> None:
        self._client, self._bucket, self._prefix, self._failures = client, bucket, prefix, failures

    def put(self, digest: str, data: bytes) -> None:
        # again where it is there already: one request either way, and S3 replaces an object as a whole
        checksum = base64.b64encode(bytes.fromhex(check(digest))).decode()
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=self._key(digest), Body=data, ChecksumSHA256=checksum,
                ContentType="application/octet-stream",
            )  # fmt: skip
        except self._failures as error:
            raise BlobsBusy from error

    def keep(self, digest: str, data: bytes, note: Callable[[], T], check: Callable[[], None] = lambda: None) -> T:
        check()
        self.put(digest, data)
        return note()  # after: what is put down is kept

    def certain(self, digests: Iterable[str]) -> set[str]:
        return set(digests)

    def close(self) -> None:
        self._client.close()

    def get(self, digest: str) -> bytes:
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=self._key(check(digest)))
            with found["Body"] as body:
                data: bytes = body.read()
        except self._failures as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
            if code in _GONE:
                raise KeyError(digest) from None
            raise BlobsBusy from error
        return data

    def drop(self, digest: str) -> None:
        try:
            self._client.delete_object(Bucket=self._bucket, Key=self._key(check(digest)))
        except self._failures as error:
            raise BlobsBusy from error

    def empty(self) -> bool:
        try:
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)
        except self._failures as error:
            raise BlobsBusy from error
        return int(found.get("KeyCount", 0)) == 0

    def _key(self, digest: str) -> str:
        return f"{self._prefix}{digest[:2]}/{digest}"
