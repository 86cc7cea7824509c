"""A Modbus RTU slave that nobody here wrote: pymodbus on a serial port, told through stdin what its contacts say.

    python tests/wire/pymodbus_peer.py PORT BAUD UNIT

Prints ``ready``. Commands, each answered by ``done``: ``input ADDRESS 0|1``; ``follow COIL ADDRESS`` (the input goes to
1 when the coil is switched on, as a door does behind its lock); ``coils`` prints which coils are on. Ends with stdin.
"""

from __future__ import annotations

import asyncio
import sys

from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

SIZE = 48
READ_COILS, READ_INPUTS, WRITE_COIL = 1, 2, 5


class Peer:
    def __init__(self, port: str, baud: int, unit: int) -> None:
        self.unit = unit
        self.follows: dict[int, int] = {}
        bits = [[SimData(0, values=[False] * SIZE, datatype=DataType.BITS)] for _ in range(2)]
        registers = [[SimData(0, count=SIZE, datatype=DataType.REGISTERS)] for _ in range(2)]
        device = SimDevice(unit, simdata=(bits[0], bits[1], registers[0], registers[1]), action=self.seen)
        self.server = ModbusSerialServer(device, port=port, baudrate=baud)

    async def seen(
        self,
        function: int,
        start: int,
        address: int,
        count: int,
        registers: list[int],
        values: list[int] | list[bool] | None,
    ) -> None:
        """Called with every access; a lock that is energised lets its door spring open."""
        if function == WRITE_COIL and values and values[0] and address in self.follows:
            await self.server.async_setValues(self.unit, READ_INPUTS, self.follows[address], [True])

    async def obey(self, words: list[str]) -> str:
        if words[0] == "input":
            await self.server.async_setValues(self.unit, READ_INPUTS, int(words[1]), [words[2] == "1"])
        elif words[0] == "follow":
            self.follows[int(words[1])] = int(words[2])
        elif words[0] == "coils":
            on = [
                place for place in range(SIZE) if (await self.server.async_getValues(self.unit, READ_COILS, place))[0]
            ]
            return " ".join(map(str, on))
        return "done"

    async def run(self) -> None:
        await self.server.serve_forever(background=True)
        print("ready", flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(await self.obey(line.split()), flush=True)
        await self.server.shutdown()  # type: ignore[no-untyped-call]


async def main() -> None:
    await Peer(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])).run()


if __name__ == "__main__":
    asyncio.run(main())
