"""Where a terminal stands, as far as papers and names need to know."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """``area_code`` is GB/T 2260, ``registrar`` the 登记机关.

    ``progress_url`` is the public page for asking after a case ("" for none); papers add ``?no=`` or ``?code=``.
    """

    area_code: str
    province: str
    city: str
    district: str
    street: str
    terminal: str
    registrar: str
    phone: str
    progress_url: str = ""
    english: str = ""  # street and terminal for those who read no Chinese

    def parts(self) -> dict[str, str]:
        """The places that templates may name: ``{place.city}`` …"""
        return {f"place.{key}": value for key, value in asdict(self).items()}


PLACE_KEYS = tuple(f"place.{name}" for name in Place.__slots__)
