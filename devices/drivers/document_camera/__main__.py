"""Bench tool: ``python -m devices.drivers.document_camera status|read|scan|selftest [--port SOURCE] [--json]``.

``read`` waits for a page and says what it is; the page is stored only with ``--save FILE``. ``scan`` reads codes.
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
from devices.contracts.document_camera import DocumentUnavailable, NotCaptured
from devices.drivers.arguments import seconds
from devices.drivers.document_camera.driver import NOT_CALIBRATED, DocumentCameraDriver


def status(camera: DocumentCameraDriver, options: argparse.Namespace) -> dict[str, Any]:
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


def read(camera: DocumentCameraDriver, options: argparse.Namespace) -> dict[str, Any]:
    """One page, or what stands in its way."""
    begun = time.monotonic()
    outcome = camera.capture(Deadline.after(options.timeout))
    took = round(time.monotonic() - begun, 3)
    if isinstance(outcome, DocumentUnavailable):
        fault = outcome.reason
        raise DeviceError(fault.code, fault.detail, advice=fault.detail, retryable=True, action=fault.action)
    if isinstance(outcome, NotCaptured):
        return {"captured": False, "hint": outcome.hint.value, "seconds": took}
    if options.save is not None:
        options.save.write_bytes(outcome.jpeg)
    return {
        "captured": True,
        "width": outcome.width,
        "height": outcome.height,
        "size": outcome.size.value,
        "width_mm": outcome.width_mm,
        "height_mm": outcome.height_mm,
        "dpi": outcome.dpi,
        "measured": outcome.measured,
        "bytes": len(outcome.jpeg),
        "seconds": took,
        "child_memory": camera.child_memory(),
        "limits": [NOT_CALIBRATED],
    }


def scan(camera: DocumentCameraDriver, options: argparse.Namespace) -> dict[str, Any]:
    """Every code of the first picture that has any."""
    codes = camera.seen_codes(Deadline.after(options.timeout))
    return {
        "codes": [
            {
                "symbology": one.code.symbology.value,
                "text": one.code.text,
                "data": one.code.data.hex(),
                "corners": [[round(x, 1), round(y, 1)] for x, y in one.corners],
            }
            for one in codes
        ]
    }


def selftest(camera: DocumentCameraDriver, options: argparse.Namespace) -> dict[str, Any]:
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
    parser = argparse.ArgumentParser(prog="python -m devices.drivers.document_camera", description=__doc__)
    parser.add_argument("command", choices=("status", "read", "scan", "selftest"))
    parser.add_argument("--port", default="/dev/video0", help="file, http://…, rtsp://… or /dev/videoN")
    parser.add_argument("--timeout", type=seconds, default=8.0, help="seconds (default 8)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--save", type=Path, help="read: store the page in this file")
    parser.add_argument("--mm-per-pixel", type=float, default=0.0, help="what a pixel covers on the desk")
    options = parser.parse_args(arguments)
    commands = {"status": status, "read": read, "scan": scan, "selftest": selftest}
    try:
        camera = DocumentCameraDriver(options.port, mm_per_pixel=options.mm_per_pixel)
    except DeviceError as error:
        return _failed(error, options.json)
    try:
        answer = commands[options.command](camera, options)
    except DeviceError as error:
        return _failed(error, options.json)
    except OSError as error:
        trouble = {"code": "file", "message": str(error.strerror), "advice": "check the name", "retryable": False}
        show({"error": trouble}, options.json)
        return 1
    finally:
        camera.close()
    show(answer, options.json)
    done = answer.get("passed", answer.get("usable", answer.get("captured", True)))
    return 0 if done else 1


def _failed(error: DeviceError, as_json: bool) -> int:
    trouble = {"code": error.code, "message": str(error), "advice": error.advice, "retryable": error.retryable}
    show({"error": trouble}, as_json)
    return 1


if __name__ == "__main__":
    sys.exit(main())
