"""Modbus RTU: requests, answers, exceptions and the frame around them. No I/O.

Sources: MODBUS Application Protocol Specification V1.1b3 (chapter 6 the functions, 7 the exceptions); MODBUS over
Serial Line V1.02 (2.5.1 the RTU frame, 6.2 the CRC). A frame is

    unit u8 | function u8 | data | CRC u16, low byte first

and has no length of its own: how long an answer is follows from the request. Everything else is big endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from devices.contracts.device import Action, DeviceError

MAX_ADU = 256  # serial line V1.02, 2.5.1
CRC_BYTES = 2
EXCEPTION_ADU = 5  # unit, function with the high bit, exception code, CRC: the shortest answer of all
EXCEPTION_BIT = 0x80
ON, OFF = 0xFF00, 0x0000  # of Write Single Coil (6.5); no other value is allowed
UNITS = range(1, 248)  # 0 is broadcast, which nobody answers: not used here


class Function(IntEnum):
    READ_COILS = 0x01
    READ_DISCRETE_INPUTS = 0x02
    READ_HOLDING_REGISTERS = 0x03
    WRITE_SINGLE_COIL = 0x05
    WRITE_SINGLE_REGISTER = 0x06
    WRITE_MULTIPLE_COILS = 0x0F
    WRITE_MULTIPLE_REGISTERS = 0x10


BITS = frozenset({Function.READ_COILS, Function.READ_DISCRETE_INPUTS, Function.WRITE_MULTIPLE_COILS})
READS = frozenset({Function.READ_COILS, Function.READ_DISCRETE_INPUTS, Function.READ_HOLDING_REGISTERS})
SINGLE = frozenset({Function.WRITE_SINGLE_COIL, Function.WRITE_SINGLE_REGISTER})
# The most that one request may ask for or carry: V1.1b3, 6.1 6.2 6.3 6.11 6.12.
MOST = {
    Function.READ_COILS: 2000,
    Function.READ_DISCRETE_INPUTS: 2000,
    Function.READ_HOLDING_REGISTERS: 125,
    Function.WRITE_SINGLE_COIL: 1,
    Function.WRITE_SINGLE_REGISTER: 1,
    Function.WRITE_MULTIPLE_COILS: 1968,
    Function.WRITE_MULTIPLE_REGISTERS: 123,
}


@dataclass(frozen=True, slots=True)
class Request:
    """What a master asks. ``values`` are bits (0, 1) or registers (0 to 65535) to write; empty when reading."""

    function: Function
    address: int
    count: int = 1
    values: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST[self.function]:
            raise ValueError(f"{self.function.name}: 1 to {MOST[self.function]} items, not {self.count}")
        if not 0 <= self.address <= 0x10000 - self.count:
            raise ValueError(f"address {self.address} is outside 0 to 65535")
        if len(self.values) != (0 if self.function in READS else self.count):
            raise ValueError(f"{self.function.name}: {len(self.values)} values for {self.count} items")
        most = 1 if self.function in BITS or self.function is Function.WRITE_SINGLE_COIL else 0xFFFF
        if not all(0 <= value <= most for value in self.values):
            raise ValueError(f"{self.function.name}: values are 0 to {most}")

    @property
    def name(self) -> str:
        """For messages: ``read-coils 19..37``."""
        last = f"..{self.address + self.count - 1}" if self.count > 1 else ""
        return f"{self.function.name.lower().replace('_', '-')} {self.address}{last}"


class Exc(IntEnum):
    """Exception codes (V1.1b3, chapter 7)."""

    ILLEGAL_FUNCTION = 0x01
    ILLEGAL_DATA_ADDRESS = 0x02
    ILLEGAL_DATA_VALUE = 0x03
    SERVER_DEVICE_FAILURE = 0x04
    ACKNOWLEDGE = 0x05
    SERVER_DEVICE_BUSY = 0x06
    MEMORY_PARITY_ERROR = 0x08
    GATEWAY_PATH_UNAVAILABLE = 0x0A
    GATEWAY_TARGET_SILENT = 0x0B


_MAP = "Check the addresses in the profile against the board's manual."
_BOARD = "Switch the board off and on; if it stays so, have it replaced."
_EXCEPTIONS: dict[int, tuple[str, bool, Action]] = {
    Exc.ILLEGAL_FUNCTION: (_MAP, False, Action.CONFIGURE),
    Exc.ILLEGAL_DATA_ADDRESS: (_MAP, False, Action.CONFIGURE),
    Exc.ILLEGAL_DATA_VALUE: (_MAP, False, Action.CONFIGURE),
    Exc.SERVER_DEVICE_FAILURE: (_BOARD, True, Action.CALL_TECHNICIAN),
    Exc.ACKNOWLEDGE: ("The board takes its time; try again.", True, Action.NONE),
    Exc.SERVER_DEVICE_BUSY: ("The board is busy; try again.", True, Action.NONE),
    Exc.MEMORY_PARITY_ERROR: (_BOARD, True, Action.CALL_TECHNICIAN),
    Exc.GATEWAY_PATH_UNAVAILABLE: ("Check the gateway in front of the board.", True, Action.RESET),
    Exc.GATEWAY_TARGET_SILENT: ("Check power and cable of the board behind the gateway.", True, Action.RESET),
}


class Refused(DeviceError):
    """The board answered with an exception: what was asked was not done (``illegal-data-address`` …).

    ``repeated``: an earlier attempt was answered with damage, so what was asked may have been done by that one."""

    repeated = False

    def __init__(self, exception: int, what: str) -> None:
        known = exception in Exc._value2member_map_
        code = Exc(exception).name.lower().replace("_", "-") if known else "modbus-exception"
        advice, retryable, action = _EXCEPTIONS.get(exception, (_BOARD, True, Action.RESET))
        message = f"the board refuses {what} (exception {exception:02X})"
        super().__init__(code, message, advice=advice, retryable=retryable, action=action)
        self.exception = exception


class WrongAnswer(DeviceError):
    """A sound frame that answers something else: another unit, function, address or amount."""

    def __init__(self, what: str, detail: str) -> None:
        message = f"the answer to {what} does not belong to it: {detail}"
        advice = "Check that no second master and no second board with the same unit number are on the line."
        super().__init__("wrong-answer", message, advice=advice, retryable=True)


# ---- the frame ----


def crc(data: bytes) -> int:
    """CRC-16/MODBUS (serial line V1.02, 6.2): polynomial A001 reflected, preset FFFF."""
    value = 0xFFFF
    for byte in data:
        value = (value >> 8) ^ _CRC_TABLE[(value ^ byte) & 0xFF]
    return value


def _crc_of_byte(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0xA001 if value & 1 else 0)
    return value


_CRC_TABLE = tuple(map(_crc_of_byte, range(256)))


def frame(unit: int, pdu: bytes) -> bytes:
    """The whole frame around function and data."""
    head = bytes([unit]) + pdu
    return head + crc(head).to_bytes(CRC_BYTES, "little")


def sound(adu: bytes) -> bool:
    """Whether a frame carries its own CRC."""
    return len(adu) > CRC_BYTES + 1 and crc(adu[:-CRC_BYTES]) == int.from_bytes(adu[-CRC_BYTES:], "little")


# ---- the master's side ----


def encode_request(request: Request) -> bytes:
    """Function and data."""
    head = struct.pack(">BH", request.function, request.address)
    if request.function is Function.WRITE_SINGLE_COIL:
        return head + struct.pack(">H", ON if request.values[0] else OFF)
    if request.function is Function.WRITE_SINGLE_REGISTER:
        return head + struct.pack(">H", request.values[0])
    head += struct.pack(">H", request.count)
    if request.function in READS:
        return head
    block = _pack(request.function, request.values)
    return head + bytes([len(block)]) + block


def answer_bytes(request: Request) -> int:
    """How long the whole frame of a good answer is."""
    data = 1 + _block_bytes(request.function, request.count) if request.function in READS else 4
    return 1 + 1 + data + CRC_BYTES


def decode_answer(request: Request, pdu: bytes) -> tuple[int, ...]:
    """The values that were read, or () when writing. Raises Refused and WrongAnswer."""
    if len(pdu) == 2 and pdu[0] == request.function | EXCEPTION_BIT:
        raise Refused(pdu[1], request.name)
    if pdu[:1] != bytes([request.function]):
        raise WrongAnswer(request.name, f"function {pdu[:1].hex() or 'none'}")
    if request.function not in READS:
        if pdu != _echo(request):
            raise WrongAnswer(request.name, "it confirms another address or value")
        return ()
    size = _block_bytes(request.function, request.count)
    if len(pdu) != 2 + size or pdu[1] != size:
        raise WrongAnswer(request.name, f"{len(pdu) - 2} bytes of values where {size} are due")
    return _unpack(request.function, pdu[2:], request.count)


# ---- the board's side: for twins and tests ----


def request_bytes(begun: bytes) -> int | None:
    """How long the frame of a request is whose beginning this is; None while that cannot be told; 0: unknown
    function, whose frame only silence ends."""
    if len(begun) < 2:
        return None
    if begun[1] not in Function._value2member_map_:
        return 0
    if begun[1] in (Function.WRITE_MULTIPLE_COILS, Function.WRITE_MULTIPLE_REGISTERS):
        return None if len(begun) < 7 else 7 + begun[6] + CRC_BYTES
    return 6 + CRC_BYTES


def decode_request(pdu: bytes) -> Request:
    """What is asked. Raises Refused with the exception that V1.1b3 prescribes for what cannot be."""
    if not pdu or pdu[0] not in Function._value2member_map_:
        raise Refused(Exc.ILLEGAL_FUNCTION, "an unknown function")
    function = Function(pdu[0])
    if len(pdu) < 5:
        raise Refused(Exc.ILLEGAL_DATA_VALUE, "a short request")
    address, second = struct.unpack_from(">HH", pdu, 1)
    try:
        if function is Function.WRITE_SINGLE_COIL:
            if second not in (ON, OFF):
                raise Refused(Exc.ILLEGAL_DATA_VALUE, "a coil that is neither on nor off")
            return Request(function, address, values=(int(second == ON),))
        if function is Function.WRITE_SINGLE_REGISTER:
            return Request(function, address, values=(second,))
        if not 1 <= second <= MOST[function]:
            raise Refused(Exc.ILLEGAL_DATA_VALUE, "too many items, or none")
        if function in READS:
            return Request(function, address, second)
        block = pdu[6:]
        if len(pdu) < 6 or not pdu[5] == len(block) == _block_bytes(function, second):
            raise Refused(Exc.ILLEGAL_DATA_VALUE, "a byte count that does not fit")
        return Request(function, address, second, _unpack(function, block, second))
    except ValueError as error:  # what is left to be wrong is an address beyond the end
        raise Refused(Exc.ILLEGAL_DATA_ADDRESS, "an address beyond the end") from error


def encode_answer(request: Request, values: tuple[int, ...] = ()) -> bytes:
    """A good answer: the values that were read, or the echo of what was written."""
    if request.function not in READS:
        return _echo(request)
    block = _pack(request.function, values)
    return bytes([request.function, len(block)]) + block


def encode_exception(function: int, exception: int) -> bytes:
    return bytes([function | EXCEPTION_BIT, exception])


# ---- values ----


def _echo(request: Request) -> bytes:
    return encode_request(request)[:5]


def _block_bytes(function: Function, count: int) -> int:
    return (count + 7) // 8 if function in BITS else 2 * count


def _pack(function: Function, values: tuple[int, ...]) -> bytes:
    """Bits fill bytes from the least significant end, the rest is zero (6.1); registers are u16."""
    if function not in BITS:
        return struct.pack(f">{len(values)}H", *values)
    whole = sum(bool(bit) << place for place, bit in enumerate(values))
    return whole.to_bytes((len(values) + 7) // 8, "little")


def _unpack(function: Function, block: bytes, count: int) -> tuple[int, ...]:
    if function not in BITS:
        return struct.unpack(f">{count}H", block)
    whole = int.from_bytes(block, "little")
    return tuple(whole >> place & 1 for place in range(count))
