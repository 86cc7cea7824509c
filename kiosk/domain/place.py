"""Where a terminal stands, as far as papers and names need to know."""

from __future__ import annotations

from dataclasses import asdict, dataclass

PROGRESS = "/p/progress"  # the backend's own page (kiosk/backend/public)


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

    @property
    def send_url(self) -> str:
        """Where a telephone sends pictures into a visit, beside ``progress_url``; the code's token is added to it. ""
        where that is none of the backend's own pages."""
        base = self.progress_url.removesuffix(PROGRESS)
        return f"{base}/p/send/" if base and base != self.progress_url else ""

    def parts(self) -> dict[str, str]:
        """The places that templates may name: ``{place.city}`` …"""
        return {f"place.{key}": value for key, value in asdict(self).items()}


PLACE_KEYS = tuple(f"place.{name}" for name in Place.__slots__)
