"""The nightly self-test put together from a terminal's parts: what is looked at, by what, and when nobody is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from kiosk.domain.beijing import CHINA, beijing_now
from kiosk.domain.workdays import calendar_of
from kiosk.health.chain import Chain
from kiosk.health.night import Night
from kiosk.health.night_checks.all import looks
from kiosk.health.night_checks.certificate import certificate_end
from kiosk.health.night_checks.room import machine_temperature
from kiosk.health.night_checks.sources import Look, Sources

if TYPE_CHECKING:
    from devices.contracts.device import Status
    from kiosk.counter.committing import Standing
    from kiosk.health.loops import Loop
    from kiosk.journal.journal import Journal
    from kiosk.parts import Parts
    from kiosk.profile import Profile
    from kiosk.services.model import ServicePack
    from kiosk.sync.client import SyncClient
    from kiosk.sync.loop import SyncLoop


def of_terminal(
    parts: Parts,
    *,
    restless: Callable[[], Sequence[tuple[str, int]]],
    free: Callable[[], bool],
    forecast: Callable[[], Mapping[str, int]],
) -> Night:
    """The night of a terminal that stands."""

    def loops() -> tuple[Loop, ...]:
        from kiosk.health.loops_of_cabinet import for_the_night, of_terminal

        return of_terminal(parts, for_the_night, free)

    return assemble(
        profile=parts.profile, journal=parts.journal, client=parts.client, sync=parts.sync,
        statuses=parts.manager.statuses, packs=parts.packs, standing=parts.standing, restless=restless, free=free,
        crashed=parts.crashed, loops=loops, forecast=forecast,
    )  # fmt: skip


def assemble(
    *,
    profile: Profile,
    journal: Journal,
    client: SyncClient,
    sync: SyncLoop,
    statuses: Callable[[], Mapping[str, Status]],
    packs: Callable[[], Mapping[str, ServicePack]],
    standing: Callable[[], Standing | None],
    restless: Callable[[], Sequence[tuple[str, int]]],
    free: Callable[[], bool],
    crashed: Callable[[BaseException], None],
    loops: Callable[[], Sequence[Loop]] = tuple,
    forecast: Callable[[], Mapping[str, int]] = dict,
    now: Callable[[], datetime] = beijing_now,
    changed: Callable[[], None] = lambda: None,
) -> Night:
    """``free``: nobody is here, it is not maintenance, the battery is not low. ``loops``: closed loops of the devices
    that this cabinet has, made anew for each night. ``changed`` is told that a night has ended.
    """
    least = profile.least_free_mb << 20

    def key_since() -> datetime | None:
        known = client.key_in_use_since
        return None if known is None else known.astimezone(CHINA)

    def certificate() -> datetime | None:
        end = certificate_end(profile.backend_url, profile.backend_roots)
        return None if end is None else end.astimezone(CHINA)

    def tonight() -> Sequence[Look]:
        sources = Sources(
            now=now, meta=journal, statuses=statuses, clock=client.time.look, counts=journal.counts,
            hangs=lambda: sync.hangs, online=lambda: sync.online, packs=packs,
            calendar=partial(calendar_of, profile.calendar), free=lambda: journal.room(least, make=False).free,
            least_free=least, restless=restless, certificate_end=certificate, key_since=key_since,
            key_days=profile.keys.change_days, forecast=forecast, temperature=machine_temperature, loops=loops(),
            pause=night.pause, going=night.going,
        )  # fmt: skip
        chain = Chain(
            journal, place=profile.place, packs=packs, standing=standing, online=lambda: sync.online, kick=sync.kick,
            now=now, going=night.going, pause=night.pause, told=night.fresh,
        )  # fmt: skip
        return looks(sources, chain)

    night = Night(
        journal, tonight, hours=profile.night.hours, free=free, now=now, reading=client.time.look, crashed=crashed,
        changed=changed,
    )  # fmt: skip
    return night
