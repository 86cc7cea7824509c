"""Receipt printers by ESC/POS: prints a raster in bands, asks before, during and after, says what the printer said.

Text is never sent as text: code pages differ from printer to printer, dots do not.
"""
