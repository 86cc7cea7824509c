"""What tests of travel documents know of a generated one: its page, its key, and its country as one that is trusted."""

from __future__ import annotations

from asn1crypto import x509

from devices.contracts.travel_document import MrzKey
from devices.drivers.emrtd import mrz
from devices.drivers.emrtd.csca import CscaStore
from devices.simulators.applets.travel_document import chip, document
from devices.simulators.emrtd_issuer import Document

__all__ = ["CHIP", "chip", "document", "key", "store", "zone"]

CHIP = "devices.simulators.applets.travel_document:chip"  # as PcscRoom.insert takes it


def zone(paper: Document) -> str:
    """The lines on the page."""
    return "\n".join(paper.mrz)


def key(paper: Document) -> MrzKey:
    return mrz.parse(zone(paper)).key


def store(*papers: Document) -> CscaStore:
    """Trusts the countries that issued these."""
    return CscaStore([x509.Certificate.load(paper.csca) for paper in papers])
