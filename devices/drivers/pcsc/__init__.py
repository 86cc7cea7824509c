"""Smart card readers by PC/SC, through pcscd: one slot as a SmartCardReader.

Knows cards only as far as their ATR and the applications they answer to; what a card says is other drivers' matter.
"""
