"""A child for the worker tests: echoes, sleeps, fails, floods, dies."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from kiosk.workers import Head, serve


def handle(head: Head, body: bytes) -> tuple[Mapping[str, Any], bytes]:
    match head["do"]:
        case "echo":
            return {"said": head["say"]}, body
        case "hang":
            time.sleep(600)
        case "refuse":
            raise LookupError("expected")
        case "bug":
            raise ZeroDivisionError
        case "exit":
            os._exit(3)
        case "print":
            print("this must not look like an answer", flush=True)
            return {"printed": True}, b""
        case "core":
            import resource

            return {"core": resource.getrlimit(resource.RLIMIT_CORE)[0]}, b""
        case "garbage":
            os.write(3, b"\xff" * 64)
    return {"parent": os.getppid(), "arguments": open("/proc/self/cmdline").read()}, b""


def refusals(error: Exception) -> Head | None:
    return {"error": "not-found", "where": "here"} if isinstance(error, LookupError) else None


if __name__ == "__main__":
    serve(handle, refusals)
