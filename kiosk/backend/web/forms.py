"""What a browser has sent: the whole body, within a limit and a time, and the form in it. In memory alone.

Forms of fields alone come as application/x-www-form-urlencoded. Files come as multipart/form-data, where a page takes
any; the parser is Starlette's, which would write a file of more than a megabyte onto the disk, in clear, if it were
not told otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, Headers
from starlette.requests import ClientDisconnect, Request

from kiosk.backend.web.problems import WebError

SMALL = 64 * 1024  # bytes of a form without files
FIELDS = 200
FIELD = 16 * 1024  # bytes of one field beside files
_PLAIN, _FILES = "application/x-www-form-urlencoded", "multipart/form-data"


class Gone(Exception):
    """The browser hung up before it had sent everything."""


async def body_of(request: Request, limit: int, seconds: float) -> bytes:
    """Raises WebError, Gone."""
    declared = request.headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared) > limit:
        raise WebError("too-large")
    parts, size = [], 0
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise WebError("too-large")
                parts.append(part)
    except TimeoutError:
        raise WebError("slow-body") from None
    except ClientDisconnect:
        raise Gone from None
    return b"".join(parts)


async def form_in(headers: Headers, body: bytes, files: int) -> FormData:
    """``files``: how many a page takes; 0 for none. Raises WebError."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body and not kind:
        return FormData()
    if kind == _PLAIN:
        try:
            pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS, errors="strict")
        except ValueError:  # no ASCII, no UTF-8 behind the percent signs, too many fields
            raise WebError("bad-form") from None
        return FormData([*pairs])
    if kind == _FILES and files:
        return await _with_files(headers, body, files)
    raise WebError("bad-form")


async def _with_files(headers: Headers, body: bytes, files: int) -> FormData:
    from starlette.formparsers import MultiPartException, MultiPartParser  # wants python-multipart

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(headers, whole(), max_files=files, max_fields=FIELDS, max_part_size=FIELD)
    parser.spool_max_size = len(body) + 1  # never onto the disk
    try:
        return await parser.parse()
    except (MultiPartException, UnicodeDecodeError, KeyError):  # KeyError: no boundary
        raise WebError("bad-form") from None
