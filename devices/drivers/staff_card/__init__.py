"""Staff cards: PIV cards (NIST SP 800-73-4) over any SmartCardReader.

Reads the card's numbers and certificate, has it sign a challenge and check a PIN. Never writes to a card, never tries
a PIN by itself, never keeps one. Whom a card belongs to, and what that person may do, is decided elsewhere.
"""
