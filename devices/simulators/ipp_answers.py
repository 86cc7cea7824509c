"""What the simulated A4 printer answers to each IPP operation (RFC 8011 section 4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from devices.drivers.ipp.protocol import Attribute, AttributeGroup, Group, JobState, Message, Operation, Tag, attribute
from devices.simulators.ipp_attributes import DESCRIPTION, FORMATS, JOB_TEMPLATE, MEDIA
from devices.simulators.ipp_engine import Engine, PrintJob

OK, OK_IGNORED = 0x0000, 0x0001
BAD_REQUEST, NOT_POSSIBLE, NOT_FOUND = 0x0400, 0x0404, 0x0406
FORMAT_NOT_SUPPORTED, ATTRIBUTES_NOT_SUPPORTED, CHARSET_NOT_SUPPORTED = 0x040A, 0x040B, 0x040D
COMPRESSION_NOT_SUPPORTED, OPERATION_NOT_SUPPORTED, VERSION_NOT_SUPPORTED = 0x040F, 0x0501, 0x0503
SHORT_JOB = ("job-id", "job-uri")
CREATED = ("job-id", "job-uri", "job-uuid", "job-state", "job-state-reasons")
SUPPORTED = {"media": MEDIA, "sides": ("one-sided",), "output-bin": ("face-down",), "job-sheets": ("none",)}


class No(Exception):
    """An answer with an error status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:#06x}")
        self.status = status


class Answerer:
    """Answers one message. ``up`` is the printer's up time in seconds."""

    def __init__(self, engine: Engine, uri: str, up: float) -> None:
        self._engine, self._uri, self._up = engine, uri, max(1, int(up))
        self._born = time.monotonic() - up

    def answer(self, asked: Message) -> Message:
        status, groups = OK, tuple[AttributeGroup, ...]()
        try:
            self._check(asked)
            handler = self._handlers().get(asked.code)
            if handler is None:
                raise No(OPERATION_NOT_SUPPORTED)
            groups = handler(asked)
            if any(group.tag == Group.UNSUPPORTED for group in groups):
                status = OK_IGNORED
        except No as no:
            status = no.status
        head = AttributeGroup(
            Group.OPERATION,
            (
                attribute("attributes-charset", Tag.CHARSET, "utf-8"),
                attribute("attributes-natural-language", Tag.LANGUAGE, "en"),
            ),
        )
        version = asked.version if asked.version in ((1, 1), (2, 0)) else (2, 0)
        return Message(status, asked.request_id, (head, *groups), version=version)

    def _handlers(self) -> dict[int, Callable[[Message], tuple[AttributeGroup, ...]]]:
        return {
            Operation.GET_PRINTER_ATTRIBUTES: self._printer,
            Operation.VALIDATE_JOB: self._validate,
            Operation.PRINT_JOB: self._print,
            Operation.CREATE_JOB: self._create,
            Operation.SEND_DOCUMENT: self._send,
            Operation.CANCEL_JOB: self._cancel,
            Operation.GET_JOB_ATTRIBUTES: self._job,
            Operation.GET_JOBS: self._jobs,
        }

    def _check(self, asked: Message) -> None:
        if asked.version[0] not in (1, 2):
            raise No(VERSION_NOT_SUPPORTED)
        head = asked.groups[0] if asked.groups else AttributeGroup(0, ())
        names = [item.name for item in head.attributes[:2]]
        if asked.request_id == 0 or head.tag != Group.OPERATION:
            raise No(BAD_REQUEST)
        if names != ["attributes-charset", "attributes-natural-language"]:
            raise No(BAD_REQUEST)
        if head.first("attributes-charset") not in ("utf-8", "us-ascii"):
            raise No(CHARSET_NOT_SUPPORTED)
        target = head.first("printer-uri") or head.first("job-uri")
        if not isinstance(target, str):
            raise No(BAD_REQUEST)
        if "/ipp/print" not in target:
            raise No(NOT_FOUND)

    # ---- printer ----

    def _printer(self, asked: Message) -> tuple[AttributeGroup, ...]:
        engine = self._engine
        with engine.changed:
            empty = "toner-empty-error" in engine.reasons
            level = 0 if empty else 8 if "toner-low-warning" in engine.reasons else 75
            queued = sum(not job.state.over for job in engine.jobs.values())
            now = (
                attribute("printer-uri-supported", Tag.URI, self._uri),
                attribute("printer-name", Tag.NAME, "simulated-a4"),
                attribute("printer-more-info", Tag.URI, self._uri.replace("ipp://", "http://")),
                attribute("printer-state", Tag.ENUM, int(engine.state)),
                attribute("printer-state-reasons", Tag.KEYWORD, *(sorted(engine.reasons) or ["none"])),
                attribute("printer-is-accepting-jobs", Tag.BOOLEAN, True),
                attribute("printer-up-time", Tag.INTEGER, self._up),
                attribute("queued-job-count", Tag.INTEGER, queued),
                attribute("marker-levels", Tag.INTEGER, level),
            )
        wanted = set(asked.group(Group.OPERATION).words("requested-attributes")) or {"all"}
        chosen = _chosen((*DESCRIPTION, *now), wanted, "printer-description")
        chosen += _chosen(JOB_TEMPLATE, wanted, "job-template")
        return (AttributeGroup(Group.PRINTER, tuple(chosen)),)

    # ---- jobs ----

    def _validate(self, asked: Message) -> tuple[AttributeGroup, ...]:
        head = asked.group(Group.OPERATION)
        if (head.first("document-format") or FORMATS[0]) not in FORMATS:
            raise No(FORMAT_NOT_SUPPORTED)
        if (head.first("compression") or "none") != "none":
            raise No(COMPRESSION_NOT_SUPPORTED)
        strange = [
            item
            for item in asked.group(Group.JOB).attributes
            if item.name in SUPPORTED and any(value.data not in SUPPORTED[item.name] for value in item.values)
        ]
        if strange and head.first("ipp-attribute-fidelity") is True:
            raise No(ATTRIBUTES_NOT_SUPPORTED)
        return (AttributeGroup(Group.UNSUPPORTED, tuple(strange)),) if strange else ()

    def _create(self, asked: Message) -> tuple[AttributeGroup, ...]:
        unsupported = self._validate(asked)
        name = asked.group(Group.OPERATION).first("job-name")
        job = self._engine.new_job(name if isinstance(name, str) else "untitled", _owner(asked))
        return (*unsupported, self._group(job, set(CREATED)))

    def _print(self, asked: Message) -> tuple[AttributeGroup, ...]:
        if not asked.document:
            raise No(BAD_REQUEST)
        *unsupported, _ = self._create(asked)
        job = self._engine.jobs[max(self._engine.jobs)]
        self._engine.submit(job, asked.document)
        return (*unsupported, self._group(job, set(CREATED)))

    def _send(self, asked: Message) -> tuple[AttributeGroup, ...]:
        self._validate(asked)
        job = self._find(asked)
        if asked.group(Group.OPERATION).first("last-document") is None:
            raise No(BAD_REQUEST)
        if job.state != JobState.HELD:
            raise No(NOT_POSSIBLE)
        self._engine.submit(job, asked.document)
        return (self._group(job, set(CREATED)),)

    def _cancel(self, asked: Message) -> tuple[AttributeGroup, ...]:
        job = self._find(asked)
        if job.state.over:
            raise No(NOT_POSSIBLE)
        self._engine.cancel(job)
        return ()

    def _job(self, asked: Message) -> tuple[AttributeGroup, ...]:
        wanted = set(asked.group(Group.OPERATION).words("requested-attributes")) or {"all"}
        return (self._group(self._find(asked), wanted),)

    def _jobs(self, asked: Message) -> tuple[AttributeGroup, ...]:
        head = asked.group(Group.OPERATION)
        over = head.first("which-jobs") == "completed"
        limit = head.number("limit") or len(self._engine.jobs)
        wanted = set(head.words("requested-attributes")) or set(SHORT_JOB)
        with self._engine.changed:
            jobs = [job for job in self._engine.jobs.values() if job.state.over == over]
        if head.first("my-jobs") is True:
            jobs = [job for job in jobs if job.owner == _owner(asked)]
        return tuple(self._group(job, wanted) for job in jobs[:limit])

    def _find(self, asked: Message) -> PrintJob:
        head = asked.group(Group.OPERATION)
        number, uri = head.number("job-id"), head.first("job-uri")
        if number is None and isinstance(uri, str) and (tail := uri.rpartition("/")[2]).isdigit():
            number = int(tail)
        if number is None:
            raise No(BAD_REQUEST)
        with self._engine.changed:
            if number not in self._engine.jobs:
                raise No(NOT_FOUND)
            return self._engine.jobs[number]

    def _group(self, job: PrintJob, wanted: set[str]) -> AttributeGroup:
        since = max(1, int(job.created - self._born))
        with self._engine.changed:
            everything = (
                attribute("job-id", Tag.INTEGER, job.number),
                attribute("job-uri", Tag.URI, f"{self._uri}/{job.number}"),
                attribute("job-uuid", Tag.URI, job.uuid),
                attribute("job-printer-uri", Tag.URI, self._uri),
                attribute("job-name", Tag.NAME, job.name),
                attribute("job-originating-user-name", Tag.NAME, job.owner),
                attribute("job-state", Tag.ENUM, int(job.state)),
                attribute("job-state-reasons", Tag.KEYWORD, *job.reasons),
                attribute("job-impressions", Tag.INTEGER, job.pages),
                attribute("job-impressions-completed", Tag.INTEGER, job.done),
                attribute("job-media-sheets-completed", Tag.INTEGER, job.done),
                attribute("job-printer-up-time", Tag.INTEGER, self._up),
                attribute("time-at-creation", Tag.INTEGER, since),
                attribute("time-at-processing", Tag.INTEGER, since) if job.pages else
                attribute("time-at-processing", Tag.NO_VALUE, None),
                attribute("time-at-completed", Tag.INTEGER, self._up) if job.state.over else
                attribute("time-at-completed", Tag.NO_VALUE, None),
            )  # fmt: skip
        return AttributeGroup(Group.JOB, tuple(_chosen(everything, wanted, "job-description")))


def _chosen(everything: Iterable[Attribute], wanted: set[str], group: str) -> list[Attribute]:
    return [item for item in everything if item.name in wanted or wanted & {"all", group}]


def _owner(asked: Message) -> str:
    name = asked.group(Group.OPERATION).first("requesting-user-name")
    return name if isinstance(name, str) else "anonymous"
