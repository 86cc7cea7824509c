"""Receipt printer and A4 printer: status bytes, messages, and what is read out of them."""

from __future__ import annotations

from devices.fuzz.feeds import pieces


def escpos_answers(data: bytes) -> list[object]:
    """Status bytes in the groups that the printer's line takes them in."""
    from devices.drivers.escpos.protocol import AsbLook, Kind, Look, is_asb, kind_of, paper_answer

    said: list[object] = []
    for at, byte in enumerate(data[:16]):  # an answer has at most four bytes; more would only cost time
        kind = kind_of(byte)
        said.append(kind)
        if kind is Kind.PAPER:
            said.append(paper_answer(byte))
        block = data[at : at + 4]
        if len(block) == 4:
            looks: list[Look | AsbLook] = [Look(*block)]
            if is_asb(block):
                looks.append(AsbLook(block))
            for look in looks:
                said += [look.faults, look.blocking, look.paper, look.offline]
    return said


def escpos_jobs(data: bytes) -> list[object]:
    """The twin's side: what a host of anybody's sends, piece by piece."""
    from devices.simulators.escpos_stream import Splitter

    splitter = Splitter()
    said: list[object] = []
    for part in pieces(data):
        splitter.buffer += part
        while (piece := splitter.take(8)) is not None:
            said.append(piece.what)
    return said


def ipp_looks(data: bytes) -> list[object]:
    """A message, and everything that the driver reads out of its groups."""
    from devices.drivers.ipp.looks import JobLook, PrinterLook
    from devices.drivers.ipp.protocol import Operation, decode

    said: list[object] = []
    for group in decode(data).groups:
        printer, job = PrinterLook.of(group), JobLook.of(group)
        said += [printer.faults, printer.blocking, printer.obstacle(), printer.stopped, job.over, job.done, job.uuid]
        said.append(printer.can(Operation.PRINT_JOB))
    return said


def ipp_golden() -> list[bytes]:
    from devices.drivers.ipp.protocol import (
        AttributeGroup,
        Group,
        Message,
        Operation,
        Tag,
        attribute,
        encode,
        request,
    )

    printer = AttributeGroup(
        Group.PRINTER,
        (
            attribute("printer-state", Tag.ENUM, 3),
            attribute("printer-state-reasons", Tag.KEYWORD, "media-empty-report", "toner-low"),
            attribute("printer-is-accepting-jobs", Tag.BOOLEAN, True),
            attribute("operations-supported", Tag.ENUM, 2, 4, 11),
            attribute("document-format-supported", Tag.MIME_TYPE, "application/pdf"),
            attribute("marker-levels", Tag.INTEGER, 12, -1),
            attribute("printer-up-time", Tag.INTEGER, 99),
        ),
    )
    job = AttributeGroup(
        Group.JOB,
        (
            attribute("job-state", Tag.ENUM, 5),
            attribute("job-state-reasons", Tag.KEYWORD, "job-printing"),
            attribute("job-impressions-completed", Tag.INTEGER, 1),
            attribute("job-uuid", Tag.URI, "urn:uuid:00000000-0000-0000-0000-000000000001"),
        ),
    )
    asked = request(Operation.PRINT_JOB, 7, "ipp://127.0.0.1/ipp/print", document=b"%PDF-1.7")
    return [encode(Message(0, 1, (printer,))), encode(Message(0, 2, (job,))), encode(asked)]
