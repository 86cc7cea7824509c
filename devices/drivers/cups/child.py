"""The child side: ``python -m devices.drivers.cups.child``, started by the driver and by nothing else.

libcups blocks: it has no deadline for connecting, asking or sending, and it may ask for a password. So it lives here,
where it can be killed in the middle of any call. The document comes by the channel and goes out by the socket; no file
is made on this side.

In: ``{"do": "look" | "create" | "send" | "job" | "mine" | "cancel" | "enable", "id": n, …}``. Out: the first message
is ``{"is": "ready", "user": …}`` or ``{"is": "missing"}``, then one answer for each request: ``{"is": "answer", …}``,
``{"is": "refused", "status": …, "detail": …}`` or ``{"is": "gone" | "denied"}``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from devices.transports.child import attach
from devices.transports.child_channel import Channel, Garbage

Json = dict[str, Any]
FORBIDDEN = 0x0401
BROKEN = (0x0500, 0x0502)  # what libcups says when the connection broke; cupsd itself has no use for them


class Library:
    """libcups, one connection at a time, made when it is needed and dropped when it breaks."""

    def __init__(self, cups: Any, server: str, port: int) -> None:
        self._cups, self._server, self._port = cups, server, port
        cups.setPasswordCB2(lambda *_: None)  # nobody is there to type one
        self._connection: Any = None

    @property
    def user(self) -> str:
        return str(self._cups.getUser())

    def serve(self, asked: Mapping[str, Any], body: bytes) -> Json:
        """One request, answered. A connection that broke since the last one is made anew, once, for whatever may be
        asked twice."""
        for again in (asked["do"] not in ("create", "send"), False):
            answer = self._try(asked, body)
            if answer["is"] != "gone" or not again:
                break
        return answer

    def _try(self, asked: Mapping[str, Any], body: bytes) -> Json:
        cups = self._cups
        try:
            return {"is": "answer", **self._do(asked, body)}
        except cups.IPPError as error:
            status, detail = error.args
            if status in BROKEN:
                self._connection = None
                return self._unreachable()
            return {"is": "refused", "status": int(status), "detail": str(detail)}
        except cups.HTTPError as error:
            self._connection = None
            status = error.args[0]
            return {"is": "refused", "status": FORBIDDEN, "detail": ""} if status in (401, 403) else {"is": "gone"}
        except RuntimeError:  # "failed to connect to server"
            self._connection = None
            return self._unreachable()

    def _unreachable(self) -> Json:
        path = self._server
        there = path.startswith("/") and os.path.exists(path)
        return {"is": "denied" if there and not os.access(path, os.W_OK) else "gone"}

    def _connect(self) -> Any:
        if self._connection is None:
            cups = self._cups
            if not self._server:
                self._connection = cups.Connection()
            elif self._server.startswith("/"):
                self._connection = cups.Connection(host=self._server)
            else:
                self._connection = cups.Connection(host=self._server, port=self._port)
        return self._connection

    def _do(self, asked: Mapping[str, Any], body: bytes) -> Json:
        connection, queue = self._connect(), str(asked.get("queue", ""))
        match asked["do"]:
            case "look":
                found = connection.getPrinterAttributes(queue, requested_attributes=list(asked["wanted"]))
                return {"attributes": _plain(found)}
            case "create":
                return {"job": int(connection.createJob(queue, asked["title"], dict(asked["options"])))}
            case "send":
                return self._send(connection, queue, int(asked["job"]), str(asked["title"]), body)
            case "job":
                wanted = list(asked["wanted"])
                return {"attributes": _plain(connection.getJobAttributes(int(asked["job"]), wanted))}
            case "mine":
                jobs = connection.getJobs("all", True, -1, -1, ["job-id", "job-printer-uri"])
                ours = [n for n, job in jobs.items() if str(job.get("job-printer-uri", "")).endswith(f"/{queue}")]
                return {"jobs": ours}
            case "cancel":
                connection.cancelJob(int(asked["job"]), purge_job=bool(asked["purge"]))
                return {}
            case "enable":
                connection.acceptJobs(queue)
                connection.enablePrinter(queue)
                return {}
        raise ValueError(f"nothing to do for {asked['do']!r}")

    def _send(self, connection: Any, queue: str, job: int, title: str, body: bytes) -> Json:
        """Send-Document, from memory. 100 is HTTP's Continue."""
        cups = self._cups
        answer = connection.startDocument(queue, job, title, "application/pdf", 1)
        for start in range(0, len(body), 64 * 1024):
            if answer != 100:
                break
            piece = body[start : start + 64 * 1024]
            answer = connection.writeRequestData(piece, len(piece))
        status = connection.finishDocument(queue)
        if answer != 100 or status > 0x00FF:
            raise cups.IPPError(status if status > 0x00FF else 0x0500, "Send-Document")
        return {}


def _plain(attributes: Mapping[str, Any]) -> Json:
    """Lists of numbers, words and booleans: pycups gives single values bare, and ranges as tuples."""
    plain: Json = {}
    for name, value in attributes.items():
        values = value if isinstance(value, list) else [value]
        plain[name] = [one for one in values if isinstance(one, bool | int | str)]
    return plain


def _serve(channel: Channel, library: Library) -> None:
    while True:
        message = channel.receive()
        channel.send({**library.serve(message.head, message.body), "id": message.head.get("id")})


def main() -> None:
    channel = attach()  # before the library: the parent's death must end us from now on
    try:
        cups = import_module("cups")
    except ImportError:
        channel.send({"is": "missing"})
        return
    library = Library(cups, sys.argv[1], int(sys.argv[2]))
    channel.send({"is": "ready", "user": library.user})
    try:
        _serve(channel, library)
    except (EOFError, Garbage):
        os._exit(0)


if __name__ == "__main__":
    main()
