"""The ways out of this driver: to cupsd by libcups, to the printer by ourselves. A capture or a replay stands in."""

from __future__ import annotations

import secrets
from typing import Protocol

from devices.contracts.deadline import Deadline
from devices.transports.http import Exchange, exchange
from devices.transports.tcp import TcpStream


class Wires(Protocol):
    """Belongs to the actor's thread."""

    @property
    def carry(self) -> Exchange:
        """To the printer, where it speaks IPP."""
        ...

    def knock(self, address: str, deadline: Deadline) -> None:
        """Whether somebody listens at ``tcp://host:port``. Raises DeviceError."""
        ...

    def server(self, name: str, number: int) -> tuple[str, int]:
        """Name and port of the server that libcups is told, for those of the profile."""
        ...

    def open(self) -> None:
        """Before libcups asks anything; may be called again, after ``close`` too."""
        ...

    def close(self) -> None: ...

    def check(self) -> None:
        """After each answer of libcups's. Raises ReplayMismatch where it said what a capture does not have."""
        ...

    def mark(self) -> str:
        """Eight letters that no other job's name holds."""
        ...


class Direct:
    """Nothing in between."""

    carry = staticmethod(exchange)

    def knock(self, address: str, deadline: Deadline) -> None:
        stream = TcpStream(address)
        stream.open(deadline)
        stream.close()

    def server(self, name: str, number: int) -> tuple[str, int]:
        return name, number

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def check(self) -> None:
        """Nothing to compare with."""

    def mark(self) -> str:
        return secrets.token_hex(4)
