"""Templates with places: ``{shop_name}``, ``{trade.scope}``, ``{place.city}``. No expressions, no code."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*)\}")


def places(template: str) -> tuple[str, ...]:
    """The keys a template names, in order."""
    return tuple(_PLACE.findall(template))


def fill(template: str, values: Mapping[str, str]) -> str:
    """Every known place replaced; an unknown one stays empty, as an answer not yet given does."""
    return _PLACE.sub(lambda match: values.get(match[1], ""), template)


def fill_known(template: str, values: Mapping[str, str]) -> str:
    """Only the known places replaced, the others kept."""
    return _PLACE.sub(lambda match: values.get(match[1], match[0]), template)
