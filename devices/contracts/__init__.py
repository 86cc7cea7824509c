"""What a card reader, a camera, a printer *is*: protocols and frozen dataclasses.

Standard library only. Drivers implement these, simulators are checked against them, the terminal
sees nothing else. Nothing here opens a port.
"""
