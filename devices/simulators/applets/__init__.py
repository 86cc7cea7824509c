"""Applets of simulated cards: objects that answer APDUs, for ``vpcd`` and ``applet_slot``. Nobody on them is real."""
