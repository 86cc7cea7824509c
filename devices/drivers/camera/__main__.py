"""Bench tool: ``python -m devices.drivers.camera status|read|selftest [--port SOURCE] [--json]``.

``read`` takes one frame and says what is in it; the picture is stored only with ``--save FILE``. With
``--reference FILE`` it compares the person in front with a picture (BMP, PNG, JPEG or WebP).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devices.contracts.deadline import Deadline
from devices.contracts.device import DeviceError, Level
from devices.drivers.arguments import seconds
from devices.drivers.camera.driver import CameraDriver
from devices.drivers.camera.protocol import fault_of, outcome_head
from devices.vision.parameters import LIMITS, CaptureParameters


def status(camera: CameraDriver, options: argparse.Namespace) -> dict[str, Any]:
    """State, faults and evidence; takes no picture."""
    now = camera.poll(Deadline.after(options.timeout))
    faults = [{"code": one.code, "action": one.action.value, "detail": one.detail} for one in now.faults]
    return {
        "port": camera.info.port,
        "state": now.state.value,
        "usable": now.usable,
        "faults": faults,
        "details": dict(now.details),
        "capabilities": dict(camera.capabilities),
    }


def read(camera: CameraDriver, options: argparse.Namespace) -> dict[str, Any]:
    """One frame's facts, or with a reference the outcome of a face check."""
    begun = time.monotonic()
    deadline = Deadline.after(options.timeout)
    if options.reference is not None:
        reference = options.reference.read_bytes()
        result = outcome_head(camera.match_face(reference, deadline=deadline))
        return {**result, "seconds": round(time.monotonic() - begun, 3), "limits": list(LIMITS)}
    facts, picture = camera.look(deadline, picture=options.save is not None)
    if facts["fault"] is not None:
        fault = fault_of(str(facts["fault"]))
        raise DeviceError(fault.code, fault.detail, advice=fault.detail, retryable=True, action=fault.action)
    if options.save is not None:
        options.save.write_bytes(picture)
    return {**facts, "seconds": round(time.monotonic() - begun, 3), "child_memory": camera.child_memory()}


def selftest(camera: CameraDriver, options: argparse.Namespace) -> dict[str, Any]:
    """Internal, then external self-test."""
    results = [camera.self_test(level, Deadline.after(options.timeout)) for level in (Level.INTERNAL, Level.EXTERNAL)]
    return {
        "passed": all(one.passed for one in results),
        "tests": [{"level": one.level.value, "passed": one.passed, "report": one.report} for one in results],
    }


def show(answer: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(answer, ensure_ascii=False))
    else:
        for key, value in answer.items():
            print(f"{key}: {value}")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devices.drivers.camera", description=__doc__)
    parser.add_argument("command", choices=("status", "read", "selftest"))
    parser.add_argument("--port", default="/dev/video0", help="file, http://…, rtsp://… or /dev/videoN")
    parser.add_argument("--timeout", type=seconds, default=8.0, help="seconds (default 8)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--save", type=Path, help="read: store the picture in this file")
    parser.add_argument("--reference", type=Path, help="read: compare the person in front with this picture")
    parser.add_argument("--still", action="store_true", help="the same picture again and again is right")
    options = parser.parse_args(arguments)
    camera = CameraDriver(options.port, capture=CaptureParameters(still=options.still))
    commands = {"status": status, "read": read, "selftest": selftest}
    try:
        answer = commands[options.command](camera, options)
    except DeviceError as error:
        trouble = {"code": error.code, "message": str(error), "advice": error.advice, "retryable": error.retryable}
        show({"error": trouble}, options.json)
        return 1
    except OSError as error:
        trouble = {"code": "file", "message": str(error.strerror), "advice": "check the name", "retryable": False}
        show({"error": trouble}, options.json)
        return 1
    finally:
        camera.close()
    show(answer, options.json)
    return 0 if answer.get("passed", answer.get("usable", True)) else 1


if __name__ == "__main__":
    sys.exit(main())
