"""Codecs of lines and boards: code scanners, Modbus, the UPS daemon, scanimage's words."""

from __future__ import annotations

from typing import Any

from devices.fuzz.feeds import pieces


def scanned(data: bytes) -> list[Any]:
    """A scanner's line, fed in pieces, with and without identifiers; what was begun is given up in the end."""
    from devices.drivers.code_scanner.protocol import Framing, Line, LineDecoder, decode_line, terminators

    said: list[Any] = []
    for framing in (Framing(), Framing(terminators("hex:0D0A"), aim=True, limit=64)):
        decoder = LineDecoder(framing)
        for piece in pieces(data):
            found = decoder.feed(piece)
            said += [decode_line(item, framing) if isinstance(item, Line) else item for item in found]
        said.append(decoder.abandon())
    return said


def modbus_answer(data: bytes) -> Any:
    """An answer to each kind of request; which one, the first byte says."""
    from devices.drivers.modbus_io.protocol import Function, Request, decode_answer, sound

    requests = (
        Request(Function.READ_COILS, 19, 37),
        Request(Function.READ_DISCRETE_INPUTS, 0, 8),
        Request(Function.READ_HOLDING_REGISTERS, 107, 3),
        Request(Function.WRITE_SINGLE_COIL, 172, 1, (1,)),
        Request(Function.WRITE_SINGLE_REGISTER, 1, 1, (3,)),
        Request(Function.WRITE_MULTIPLE_COILS, 19, 10, (1, 0, 1, 1, 0, 0, 1, 1, 1, 0)),
    )
    fitting = [request for request in requests if data[:1] == bytes([request.function])]
    request = fitting[0] if fitting else requests[sum(data[:2]) % len(requests)]
    return sound(data), decode_answer(request, data)


def modbus_board(data: bytes) -> Any:
    """The board's side: how long a request will be, and what it asks."""
    from devices.drivers.modbus_io.protocol import decode_request, request_bytes

    for end in range(min(len(data), 16)):
        request_bytes(data[:end])
    return decode_request(data)


def nut_list(data: bytes) -> Any:
    """The daemon's answer, line by line, and what follows from it."""
    from devices.drivers.nut.protocol import ListDecoder, judge, power

    decoder = ListDecoder("kiosk")
    for line in data.split(b"\n"):
        if decoder.feed(line + b"\n"):
            break
    now = power(decoder.variables)
    return now, judge(now, decoder.variables)


def scanimage_words(text: str) -> list[Any]:
    """Everything that is read out of scanimage's stderr."""
    from devices.drivers.sane import protocol

    return [
        protocol.status_of(text),
        protocol.not_opened(text),
        protocol.page_status(text, 1),
        protocol.rounded_dpi(text),
    ]


def scanimage_options(text: str) -> list[Any]:
    """The options of a scanner, and the questions that the driver asks of them."""
    from devices.contracts.document_scanner import Mode, Source
    from devices.drivers.sane.protocol import options_of

    options = options_of(text)
    asked: list[Any] = [options.source(source) for source in Source] + [options.mode(mode) for mode in Mode]
    return [*asked, options.takes_dpi(300), options.size]
