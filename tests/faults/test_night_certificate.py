"""The night finds a backend's certificate that ends soon, or has ended: asked of a real TLS server on this machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kiosk.health.night_checks.certificate import certificate_end
from tests.faults.test_sync_tls import DAY, NOW, Authority, authority, serve  # noqa: F401


@pytest.mark.parametrize("left", [200 * DAY, 9 * DAY, -3 * DAY], ids=["long", "soon", "over"])
def test_its_end_is_read_also_when_it_is_over(authority: Authority, serve: Callable[..., str], left: timedelta) -> None:  # noqa: F811
    url = serve(authority.server(NOW - 400 * DAY, NOW + left))
    end = certificate_end(url, authority.roots)
    assert isinstance(end, datetime)
    assert abs(end - (NOW + left)) < timedelta(seconds=2)


def test_a_certificate_that_is_not_believed_for_another_reason_says_nothing(
    authority: Authority,  # noqa: F811
    serve: Callable[..., str],  # noqa: F811
    tmp_path: Path,
) -> None:
    url = serve(authority.server(NOW - DAY, NOW + DAY))
    assert certificate_end(url, Authority(tmp_path, "foreign").roots) is None


def test_where_there_is_none_or_nobody_answers_nothing_is_said(authority: Authority, serve: Callable[..., str]) -> None:  # noqa: F811
    assert certificate_end("http://127.0.0.1:9") is None
    url = serve(authority.server(NOW - DAY, NOW + DAY))
    port = int(url.rpartition(":")[2])
    assert certificate_end(f"https://localhost:{port}", authority.roots) is not None
    assert certificate_end("https://localhost:1", authority.roots, seconds=2) is None
