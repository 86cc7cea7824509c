"""Social-security cards (社会保障卡): reads the card's two files over any SmartCardReader.

Reads only; never writes to a card, never asks for its PIN, stores nothing and logs nothing of what it says.
"""
