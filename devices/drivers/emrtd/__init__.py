"""Electronic travel documents (ICAO Doc 9303): opens the chip with the page's key, reads, verifies who signed.

Reads only; never writes to a chip, never stores or logs what one says. Works over any SmartCardReader (PC/SC).
"""
