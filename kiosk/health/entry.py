"""What `kiosk doctor` says of the files with which staff are let into maintenance mode (kiosk/access)."""

from __future__ import annotations

import stat
from pathlib import Path

from kiosk.health.readiness import Check, attention, broken, good

CARDS, CODES = "staff cards", "entry codes"


def examine(cards_file: Path | None, secret_file: Path | None) -> list[Check]:
    """Both files as the profile names them, None where it names none. What a secret file holds is not told."""
    return [_cards(cards_file), _secret(secret_file)]


def _cards(file: Path | None) -> Check:
    from kiosk.access.cards import CURE, read_cards

    if file is None:
        return good(CARDS, "no list: maintenance mode opens with codes of the operator's side")
    try:
        cards = read_cards(file)
        mode = file.stat().st_mode
    except (OSError, ValueError) as error:
        return broken(CARDS, f"{file}: {error.strerror if isinstance(error, OSError) else error}", CURE)
    if stat.S_IMODE(mode) & 0o022:
        advice = f"chmod 644 {file}, then look who stands in it: whoever can write it lets in whom they like."
        return attention(CARDS, f"others may change {file}", advice)
    return good(CARDS, f"of {len({member.number for member in cards.values()})} members of staff")


def _secret(file: Path | None) -> Check:
    from kiosk.access.secret import CURE, read_file

    if file is None:
        return good(CODES, "with the terminal's own secret, from its first contact with the backend on")
    try:
        read_file(file)
        mode = file.stat().st_mode
    except (OSError, ValueError) as error:
        return broken(CODES, f"{file}: {error.strerror if isinstance(error, OSError) else error}", CURE)
    if stat.S_IMODE(mode) & 0o077:
        return attention(CODES, f"others may read {file}", f"chmod 600 {file}, then change the secret.")
    return good(CODES, "with the installer's secret, which is there for this user alone")
