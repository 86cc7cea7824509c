"""The guard of tests/conftest.py: loopback works, everything else looks like a pulled cable."""

from __future__ import annotations

import errno
import os
import socket

import pytest

ELSEWHERE = "192.0.2.1"  # TEST-NET-1 (RFC 5737): nobody's address


def test_loopback_is_reachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), 5) as client:
        accepted, _ = server.accept()
        with accepted:
            client.sendall(b"x")
            assert accepted.recv(1) == b"x"


def test_another_address_is_unreachable_at_once() -> None:
    with socket.socket() as client, pytest.raises(OSError, match="loopback only") as failure:
        client.connect((ELSEWHERE, 9))
    assert failure.value.errno == errno.ENETUNREACH


def test_a_datagram_goes_nowhere_else_either() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as client, pytest.raises(OSError, match="loopback only"):
        client.sendto(b"x", (ELSEWHERE, 9))


def test_nothing_listens_to_the_street() -> None:
    with socket.socket() as server, pytest.raises(OSError, match="loopback only"):
        server.bind(("0.0.0.0", 0))


def test_other_names_are_unknown() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("backend.example", 443)


def test_qt_is_offscreen() -> None:
    assert os.environ["QT_QPA_PLATFORM"] == "offscreen"
