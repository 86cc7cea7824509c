"""The attributes of the simulated A4 printer (RFC 8011 section 5.4, PWG 5100.14), as a table."""

from __future__ import annotations

from devices.drivers.ipp.protocol import Attribute, Operation, Range, Resolution, Tag, attribute

FORMATS = ("application/octet-stream", "application/pdf")
MEDIA = ("iso_a4_210x297mm", "na_letter_8.5x11in")
OPERATIONS = (
    Operation.PRINT_JOB, Operation.VALIDATE_JOB, Operation.CREATE_JOB, Operation.SEND_DOCUMENT, Operation.CANCEL_JOB,
    Operation.GET_JOB_ATTRIBUTES, Operation.GET_JOBS, Operation.GET_PRINTER_ATTRIBUTES,
)  # fmt: skip

A4_SIZE = (attribute("x-dimension", Tag.INTEGER, 21000), attribute("y-dimension", Tag.INTEGER, 29700))
A4 = (attribute("media-size", Tag.BEGIN_COLLECTION, A4_SIZE), attribute("media-type", Tag.KEYWORD, "stationery"))

JOB_TEMPLATE: tuple[Attribute, ...] = (
    attribute("copies-default", Tag.INTEGER, 1),
    attribute("copies-supported", Tag.RANGE, Range(1, 1)),
    attribute("media-col-default", Tag.BEGIN_COLLECTION, A4),
    attribute("media-col-ready", Tag.BEGIN_COLLECTION, A4),
    attribute("finishings-default", Tag.ENUM, 3),
    attribute("finishings-supported", Tag.ENUM, 3),
    attribute("media-default", Tag.KEYWORD, MEDIA[0]),
    attribute("media-supported", Tag.KEYWORD, *MEDIA),
    attribute("media-ready", Tag.KEYWORD, MEDIA[0]),
    attribute("orientation-requested-default", Tag.ENUM, 3),
    attribute("orientation-requested-supported", Tag.ENUM, 3),
    attribute("output-bin-default", Tag.KEYWORD, "face-down"),
    attribute("output-bin-supported", Tag.KEYWORD, "face-down"),
    attribute("print-quality-default", Tag.ENUM, 4),
    attribute("print-quality-supported", Tag.ENUM, 4),
    attribute("printer-resolution-default", Tag.RESOLUTION, Resolution(600, 600, 3)),
    attribute("printer-resolution-supported", Tag.RESOLUTION, Resolution(600, 600, 3)),
    attribute("sides-default", Tag.KEYWORD, "one-sided"),
    attribute("sides-supported", Tag.KEYWORD, "one-sided"),
    attribute("job-sheets-default", Tag.KEYWORD, "none"),
    attribute("job-sheets-supported", Tag.KEYWORD, "none"),
)

DESCRIPTION: tuple[Attribute, ...] = (
    attribute("charset-configured", Tag.CHARSET, "utf-8"),
    attribute("charset-supported", Tag.CHARSET, "us-ascii", "utf-8"),
    attribute("color-supported", Tag.BOOLEAN, False),
    attribute("compression-supported", Tag.KEYWORD, "none"),
    attribute("document-format-default", Tag.MIME_TYPE, FORMATS[0]),
    attribute("document-format-supported", Tag.MIME_TYPE, *FORMATS),
    attribute("generated-natural-language-supported", Tag.LANGUAGE, "en"),
    attribute("natural-language-configured", Tag.LANGUAGE, "en"),
    attribute("ipp-versions-supported", Tag.KEYWORD, "1.1", "2.0"),
    attribute("multiple-document-jobs-supported", Tag.BOOLEAN, False),
    attribute("multiple-operation-time-out", Tag.INTEGER, 60),
    attribute("operations-supported", Tag.ENUM, *OPERATIONS),
    attribute("pages-per-minute", Tag.INTEGER, 20),
    attribute("pdl-override-supported", Tag.KEYWORD, "attempted"),
    attribute("printer-info", Tag.TEXT, "Simulated A4 printer"),
    attribute("printer-location", Tag.TEXT, ""),
    attribute("printer-make-and-model", Tag.TEXT, "Kiosk Simulated Laser A4"),
    attribute("uri-authentication-supported", Tag.KEYWORD, "none"),
    attribute("uri-security-supported", Tag.KEYWORD, "none"),
    attribute("marker-names", Tag.NAME, "black"),
    attribute("marker-types", Tag.KEYWORD, "toner"),
    attribute("marker-colors", Tag.NAME, "#000000"),
)
