"""A4 printers behind a CUPS server: hands a PDF to cupsd, follows it at the printer itself, takes it back on failure.

Never believes cupsd's page counts or remembered reasons, and never leaves a paper in the queue for somebody else.
"""
