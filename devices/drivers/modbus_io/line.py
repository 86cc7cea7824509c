"""The serial line of a Modbus board: a SerialPort with the parity that boards are set to.

The standard's default is even parity (serial line V1.02, 2.5.1); most small boards leave the factory with none.
"""

from __future__ import annotations

import serial

from devices.transports.serial import SerialPort

PARITIES = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}


class ModbusPort(SerialPort):
    """Eight data bits, one stop bit, parity by name. A pseudo-terminal takes every parity and keeps none."""

    def __init__(self, port: str, baud: int = 9_600, parity: str = "none") -> None:
        if parity not in PARITIES:
            raise ValueError(f"parity {parity!r}: {', '.join(PARITIES)}")
        super().__init__(port, baud, parity=PARITIES[parity])
