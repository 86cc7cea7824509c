"""Devices of a self-service terminal: contracts, transports, drivers, vision and wire-level twins.

Usable alone. Never imports ``kiosk`` or ``ui``.
"""
