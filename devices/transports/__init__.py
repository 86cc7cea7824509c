"""Byte carriers: serial, tcp, http, child process; with capture, replay and faults. They know no protocol."""
