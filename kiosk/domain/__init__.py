"""The words of the field as frozen dataclasses and enums. No input or output happens here."""
