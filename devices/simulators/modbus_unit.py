"""The inside of a simulated Modbus board: its memory, and what can go wrong with its answers."""

from __future__ import annotations

from dataclasses import dataclass

from devices.drivers.modbus_io import protocol
from devices.drivers.modbus_io.protocol import Exc, Function, Refused, Request


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with answers: ``skip`` good ones first, then ``times`` bad ones, or until ``ok`` when 0."""

    name: str
    times: int
    skip: int
    exception: int = Exc.SERVER_DEVICE_FAILURE
    seconds: float = 0.3
    at: int = 3
    unit: int = 0  # of which board; 0: of all on the line


class Unit:
    """The memory of one board: bits by address, and what a coil does to the world."""

    def __init__(self, size: int) -> None:
        self.inputs = [0] * size
        self.coils = [0] * size
        self.registers = [0] * size

    def obey(self, request: Request) -> tuple[int, ...]:
        """Values read, or () after writing. Raises Refused beyond the end of the memory."""
        bank = self.registers
        if request.function is Function.READ_DISCRETE_INPUTS:
            bank = self.inputs
        elif request.function in (Function.READ_COILS, Function.WRITE_SINGLE_COIL, Function.WRITE_MULTIPLE_COILS):
            bank = self.coils
        end = request.address + request.count
        if end > len(bank):
            raise Refused(Exc.ILLEGAL_DATA_ADDRESS, request.name)
        if request.function in protocol.READS:
            return tuple(bank[request.address : end])
        bank[request.address : end] = request.values
        return ()
