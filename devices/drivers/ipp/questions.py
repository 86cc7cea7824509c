"""What is asked of one printer by IPP: how it is, how a job is, which jobs there are. Shared with the CUPS driver."""

from __future__ import annotations

from dataclasses import dataclass

from devices.contracts.deadline import Deadline
from devices.drivers.ipp.client import IppClient, Refused
from devices.drivers.ipp.looks import JOB_WANTED, PRINTER_WANTED, JobLook, PrinterLook
from devices.drivers.ipp.protocol import AttributeGroup, Group, Operation, Tag, attribute

STEP = 5.0  # seconds for one question


@dataclass(frozen=True, slots=True)
class JobAtPrinter:
    """A job as the printer knows it. ``uuid`` is empty where the printer gives none."""

    number: int
    uuid: str

    @classmethod
    def of(cls, group: AttributeGroup) -> JobAtPrinter | None:
        number, uuid = group.number("job-id"), group.first("job-uuid")
        return None if number is None else cls(number, uuid if isinstance(uuid, str) else "")


class Questions:
    """Asks under the name of ``user``. Every call takes at most STEP seconds and raises what the client raises."""

    def __init__(self, client: IppClient, user: str) -> None:
        self._client = client
        self._user = user
        self.me = attribute("requesting-user-name", Tag.NAME, user)

    def printer(self, deadline: Deadline) -> PrinterLook:
        wanted = attribute("requested-attributes", Tag.KEYWORD, *PRINTER_WANTED)
        answer = self._client.call(Operation.GET_PRINTER_ATTRIBUTES, deadline.sooner(STEP), self.me, wanted)
        return PrinterLook.of(answer.group(Group.PRINTER))

    def job(self, job: JobAtPrinter, deadline: Deadline) -> JobLook:
        """Raises Refused ``not-found`` also when the number now belongs to another job (the printer restarted)."""
        number = attribute("job-id", Tag.INTEGER, job.number)
        wanted = attribute("requested-attributes", Tag.KEYWORD, *JOB_WANTED)
        answer = self._client.call(Operation.GET_JOB_ATTRIBUTES, deadline.sooner(STEP), number, self.me, wanted)
        look = JobLook.of(answer.group(Group.JOB))
        if job.uuid and look.uuid and job.uuid != look.uuid:
            raise Refused(Operation.GET_JOB_ATTRIBUTES, 0x0406)
        return look

    def unfinished(self, deadline: Deadline) -> list[int]:
        """Numbers of the user's jobs that are not over; a printer that ignores ``my-jobs`` names others' too."""
        mine = attribute("my-jobs", Tag.BOOLEAN, True)
        wanted = attribute("requested-attributes", Tag.KEYWORD, "job-id", "job-originating-user-name")
        which = attribute("which-jobs", Tag.KEYWORD, "not-completed")
        try:
            answer = self._client.call(Operation.GET_JOBS, deadline.sooner(STEP), self.me, wanted, which, mine)
        except Refused:
            return []  # it keeps no list: only what this process remembers can be cancelled
        jobs = (group for group in answer.groups if group.tag == Group.JOB)
        ours = (job.number("job-id") for job in jobs if job.first("job-originating-user-name") in (None, self._user))
        return [number for number in ours if number is not None]

    def named(self, mark: str, deadline: Deadline, *, over: bool) -> list[JobAtPrinter]:
        """Jobs of whoever's whose name holds ``mark``: those that are over, or those that are not.

        Raises Refused where the printer keeps no list, or one without names: then an empty one would say nothing.
        """
        wanted = attribute("requested-attributes", Tag.KEYWORD, "job-id", "job-uuid", "job-name")
        which = attribute("which-jobs", Tag.KEYWORD, "completed" if over else "not-completed")
        answer = self._client.call(Operation.GET_JOBS, deadline.sooner(STEP), self.me, wanted, which)
        jobs = [group for group in answer.groups if group.tag == Group.JOB]
        if jobs and not any(group.words("job-name") for group in jobs):
            raise Refused(Operation.GET_JOBS, 0x0501)
        marked = [group for group in jobs if any(mark in name for name in group.words("job-name"))]
        return [job for job in map(JobAtPrinter.of, marked) if job is not None]

    def cancel(self, number: int, deadline: Deadline) -> None:
        job = attribute("job-id", Tag.INTEGER, number)
        self._client.call(Operation.CANCEL_JOB, deadline.sooner(STEP), job, self.me)
