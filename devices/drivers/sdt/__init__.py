"""Resident ID card reader with a SAM-V module, by the SDT protocol over a serial line.

Reads cards; never writes them, never stores them, never logs what they say.
"""
