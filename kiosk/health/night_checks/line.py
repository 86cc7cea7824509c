"""Clock, queue and the backend's certificate: what decides whether a case is dated right and arrives."""

from __future__ import annotations

from datetime import timedelta

from kiosk.health.night_checks.sources import Sources
from kiosk.health.proofs import Outcome, Proof
from kiosk.sync.clock import Reading, Trust

STUCK = timedelta(hours=6)  # a line that is down so long is told, whoever is at fault
ENDS, OVER = 30, 0  # days before a certificate ends


def clock(sources: Sources) -> list[Proof]:
    """Whether it may be believed, and by how many seconds it is off."""
    outcome, code, values = clock_now(sources.clock())
    return [sources.proof("clock", "time", outcome, code, *values)]


def clock_now(seen: Reading) -> tuple[Outcome, str, tuple[str, ...]]:
    off = abs(seen.offset).total_seconds()
    match seen.trust:
        case Trust.WRONG if off < 60:
            return "failed", "clock-impossible", ()
        case Trust.WRONG:
            return "failed", "clock-wrong", (f"{off // 60:.0f}",)
        case Trust.PLAUSIBLE:
            return "passed", "clock-plausible", ()
        case Trust.CONFIRMED:
            return "passed", "clock-right", (f"{off:.0f}",)


def believed(sources: Sources) -> bool:
    """Whether days can be counted at all."""
    return sources.clock().trust is not Trust.WRONG


def queue(sources: Sources) -> list[Proof]:
    """What waits, for how long, and what was set aside for a person to look at."""
    counts, proofs = sources.counts(), list[Proof]()
    oldest = counts.oldest_unsent_at
    if sources.hangs():
        proofs.append(sources.bad("queue", "moves", "queue-hangs"))
    elif oldest is not None and believed(sources) and sources.now() - oldest >= STUCK:
        hours = int((sources.now() - oldest).total_seconds() // 3600)
        proofs.append(sources.bad("queue", "moves", "queue-stuck", str(counts.queued), str(hours)))
    else:
        proofs.append(sources.good("queue", "moves", "queue-moves", str(counts.queued)))
    aside = counts.quarantined + counts.rejected
    if aside:
        proofs.append(sources.bad("queue", "aside", "queue-aside", str(aside)))
    else:
        proofs.append(sources.good("queue", "aside", "queue-none-aside"))
    return proofs


def certificate(sources: Sources) -> list[Proof]:
    """The backend's own TLS certificate: without it no line. Nothing where there is none, or nobody answers."""
    end = sources.certificate_end()
    if end is None or not believed(sources):
        return []
    days, day = (end - sources.now()).days, f"{end:%Y-%m-%d}"
    if days < OVER:
        return [sources.bad("network", "certificate", "certificate-over", day)]
    if days <= ENDS:
        return [sources.bad("network", "certificate", "certificate-ends", day, str(days))]
    return [sources.good("network", "certificate", "certificate-holds", day)]


def keys(sources: Sources) -> list[Proof]:
    """The terminal's own key, which is changed by itself: one that is much older was not."""
    since = sources.key_since()
    if since is None or not believed(sources):
        return []
    days = (sources.now() - since).days
    if days > sources.key_days + ENDS:
        return [sources.bad("keys", "age", "keys-end", str(days))]
    return [sources.good("keys", "age", "keys-hold", str(days))]
