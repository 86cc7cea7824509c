"""What a twin is: a device on its wire, with named actions that put it into known states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


class UnknownAction(ValueError):
    """The twin has no such action, or the arguments do not fit; the message names those it has."""


class Twin(Protocol):
    """A simulated device. ``start`` returns at once with the wire open; ``stop`` frees everything."""

    name: str

    @property
    def port(self) -> str:
        """Where a driver finds it: a pty path, ``tcp://host:port``, ``ipp://host:port/ipp/print``, a URL or a file."""
        ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def act(self, action: str, arguments: Mapping[str, Json]) -> None:
        """Do a named action (``put`` card=resident, ``take``, ``paper-out``, ``cover-open``, ``ok`` …)."""
        ...

    def state(self) -> dict[str, Json]:
        """What the twin is doing now, for DevDock, tests and the state file. No personal data."""
        ...
