"""A4 printers by IPP (RFC 8010/8011, IPP Everywhere): sends a PDF, follows the job, says what the printer said.

Never reports Printed on its own belief, never sends personal data as a job name, never talks to a queue on its own.
"""
