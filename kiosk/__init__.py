"""The terminal's mind: services, visit, journal, sync, papers. No Qt, no cv2, no serial port in here."""

__version__ = "0.1.0"
