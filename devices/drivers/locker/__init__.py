"""Lockers (取件柜) whose lock boards speak Modbus RTU: a coil's pulse opens a box, an input says whether it is open."""
