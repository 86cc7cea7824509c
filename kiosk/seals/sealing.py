"""Sealing a PDF: PAdES B-B (ETSI EN 319 142-1) by pyHanko, with the round seal where the layout has room for it.

No network: the time is the sealing machine's word, nothing is asked of a CA. The signature certifies the file and
allows no change at all (DocMDP 1), so that a reader that shows it shows every later change. `seal_sm2` signs the sealed
file once more, for whoever checks by ShangMi alone: a file beside it, because readers of PDF do not know SM2.
"""

from __future__ import annotations

import asyncio
import io
import json
from datetime import datetime
from typing import Any

from kiosk import wire
from kiosk.seals.errors import SealError
from kiosk.seals.figure import INK, figure
from kiosk.seals.sealer import Sealer, require_time

FIELD = "Seal"
DIGEST = "sha256"
ROOM = 2048  # bytes for what stands beside the certificates: an RSA signature of 4096 bits takes 512
Place = tuple[float, float, float]
"""Left, low and side in points, from the page's lower left corner."""


def place_of(template: str) -> Place:
    """Where a layout has room for the seal. Raises KeyError."""
    from kiosk.documents import certificate, licence

    return {"licence": licence.SEAL, "certificate": certificate.SEAL}[template]


def load() -> None:
    """What the first seal of a process has to load (0.6 s of a processor), for whoever knows that it will come."""
    import pyhanko.sign.fields
    import pyhanko.sign.signers
    import pyhanko.stamp  # noqa: F401


def seal(pdf: bytes, sealer: Sealer, *, reason: str, at: datetime, place: Place) -> bytes:
    """The PDF, sealed on its first page. ``at``: aware; it is told as the time of sealing.

    Raises SealError (out of its time, not a PDF, key and certificate that do not fit), GlyphMissing.
    """
    require_time(sealer, at)
    from pyhanko.pdf_utils.misc import PdfError

    try:
        return _signed(_writer(pdf), sealer, reason, at, place)
    except PdfError as error:
        raise SealError("not-a-pdf", "this cannot be sealed: it is no PDF", "Draw the certificate anew.") from error


def seal_sm2(pdf: bytes, sealer: Sealer) -> bytes:
    """The SM2 signature over a sealed PDF, to lie beside it as ``FILE.sm2``: JSON with authority, key and signature.

    SM2 with SM3 (GB/T 32918.2) over all bytes of the file, user id 1234567812345678, r and s as DER (GM/T 0009): what
    ``openssl pkeyutl -verify -rawin -digest sm3 -pkeyopt distid:1234567812345678`` checks. The key seals and does
    nothing else, so no name of a use stands in front. Raises SealError, SuiteMissing.
    """
    from kiosk.suites import shangmi

    if not sealer.sm2:
        raise SealError(
            "seal-missing", "there is no SM2 key of this seal", "Make another seal, with gmssl-pyx installed."
        )
    signature = shangmi.sign_plain(sealer.sm2, pdf)
    key = wire.b64(shangmi.public_of(sealer.sm2))
    told = {"format": 1, "authority": sealer.authority, "key": key, "signature": wire.b64(signature)}
    return json.dumps(told, ensure_ascii=False).encode()


def _writer(pdf: bytes) -> Any:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    class Writer(IncrementalPdfFileWriter):
        def _update_meta(self) -> None:
            """Leaves the file's own words alone. It would write the machine's time, and fails where the time zone has
            no name (TZ=CST-8).
            """

    return Writer(io.BytesIO(pdf))


def _style(sealer: Sealer, side: float) -> Any:
    from pyhanko.pdf_utils.content import RawContent
    from pyhanko.pdf_utils.layout import BoxConstraints
    from pyhanko.stamp import StaticStampStyle

    drawn = RawContent(figure(sealer.authority, side, sample=sealer.sample), _ink(), BoxConstraints(side, side))
    return StaticStampStyle(background=drawn, border_width=0, background_opacity=1.0)


def _ink() -> Any:
    """What lies below the seal stays legible, as under a stamp's ink (ISO 32000-1, 11.3.5.2)."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.content import PdfResources

    name = generic.NameObject
    resources = PdfResources()  # type: ignore[no-untyped-call]
    state = {name("/Type"): name("/ExtGState"), name("/BM"): name("/Multiply")}
    resources.ext_g_state[name(f"/{INK}")] = generic.DictionaryObject(state)  # type: ignore[no-untyped-call]
    return resources


def _signer(sealer: Sealer) -> Any:
    from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
    from pyhanko.sign import signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    def read(certificate: bytes) -> Any:
        return next(iter(load_certs_from_pemder_data(certificate)))

    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple(map(read, sealer.chain))
    return signers.SimpleSigner(
        signing_cert=read(sealer.certificate),
        signing_key=load_private_key_from_pemder_data(sealer.key, None),
        cert_registry=store,
    )


def _signed(writer: Any, sealer: Sealer, reason: str, at: datetime, place: Place) -> bytes:
    """By pyHanko's own parts: its PdfSigner takes the time from the machine and asks for the name of its time zone."""
    from pyhanko.sign import fields
    from pyhanko.sign.signers import cms_embedder, constants
    from pyhanko.sign.signers.pdf_byterange import SignatureObject
    from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

    left, low, side = place
    room = 2 * (ROOM + sum(map(len, (sealer.certificate, *sealer.chain))))  # written in hex
    box = (round(left), round(low), round(left + side), round(low + side))
    spec = fields.SigFieldSpec(FIELD, on_page=0, box=box)
    writer.ensure_output_version((1, 7))
    writer.register_extension(constants.ESIC_EXTENSION_1)
    steps = cms_embedder.PdfCMSEmbedder(new_field_spec=spec).write_cms(FIELD, writer)
    next(steps)
    steps.send(
        cms_embedder.SigObjSetup(
            sig_placeholder=SignatureObject(
                at, fields.SigSeedSubFilter.PADES, name=sealer.authority, reason=reason, bytes_reserved=room
            ),
            mdp_setup=cms_embedder.SigMDPSetup(
                md_algorithm=DIGEST, certify=True, docmdp_perms=fields.MDPPerm.NO_CHANGES
            ),
            appearance_setup=cms_embedder.SigAppearanceSetup(_style(sealer, side), at, sealer.authority),
        )
    )
    digest, out = steps.send(cms_embedder.SigIOSetup(md_algorithm=DIGEST, output=io.BytesIO()))
    signing = _signer(sealer).async_sign(
        digest.document_digest, DIGEST, use_pades=True, signed_attr_settings=PdfCMSSignedAttributes(signing_time=at)
    )
    steps.send(asyncio.run(signing))
    return bytes(out.getvalue())
