"""All devices of a terminal: one actor each, a watch over the ports that come and go, one thread for all deadlines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random

from devices.actor import Actor, Spec
from devices.contracts.deadline import Deadline
from devices.contracts.device import SelfTelling, Status
from devices.hotplug import Hotplug
from devices.jobs import Reaper

WATCH_SECONDS = 0.3  # for a watch to end in; one that cannot is left behind


class Manager:
    """All devices of a terminal by name. A mapping of actors."""

    def __init__(
        self, specs: Iterable[Spec], *, clock: Callable[[], float] = time.monotonic, random: Random | None = None
    ) -> None:
        """Raises ValueError where ``on`` names no device, or one that is itself on another."""
        self._reaper = Reaper()
        shared = random or Random()  # noqa: S311  # jitter is no secret
        by_name = {spec.name: spec for spec in specs}
        self._actors: dict[str, Actor] = {}
        for spec in sorted(by_name.values(), key=lambda spec: bool(spec.on)):  # carriers first
            carrier = self._actors.get(spec.on)
            if spec.on and (carrier is None or by_name[spec.on].on):
                raise ValueError(f"{spec.name} is on {spec.on!r}, which is no device with a line of its own")
            self._actors[spec.name] = Actor(spec, self._reaper, clock, shared, carrier)
        paths = {name: port for name, actor in self._actors.items() if (port := actor.device.info.port).startswith("/")}
        self._hotplug = Hotplug(paths, self._port_changed)
        self._watches = [
            actor.device.watch(actor.look_again)
            for actor in self._actors.values()
            if isinstance(actor.device, SelfTelling)
        ]

    def __getitem__(self, name: str) -> Actor:
        return self._actors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._actors)

    def __contains__(self, name: object) -> bool:
        return name in self._actors

    def __len__(self) -> int:
        return len(self._actors)

    def statuses(self) -> Mapping[str, Status]:
        """What was last learned of every device."""
        return {name: actor.status for name, actor in self._actors.items()}

    def start(self) -> None:
        """Start every actor; returns at once, the devices open side by side."""
        self._reaper.start()
        for actor in self._actors.values():
            actor.start()
        self._hotplug.start()
        for watch in self._watches:
            watch.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Close every device. Waits ``timeout`` seconds for all together; a driver that hangs is left behind."""
        end = Deadline.after(timeout)
        self._hotplug.stop()
        for actor in self._actors.values():
            actor.request_stop()
        for actor in self._actors.values():
            actor.join(end.remaining())
        for watch in self._watches:
            watch.stop(Deadline.after(WATCH_SECONDS))
        self._reaper.stop()

    def _port_changed(self, name: str, there: bool) -> None:
        self._actors[name].look_again(anew=there)
