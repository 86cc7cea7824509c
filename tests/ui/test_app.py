"""The whole of ``ui.app.run`` in a process of its own: first frame, core, end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = """
import os, signal, sys, threading
from ui import app

class Core:
    def post(self, event): pass
    def subscribe(self, listener):
        from ui.samples import samples, snapshot
        chosen = next(s for s in samples() if s.name == "attract")
        threading.Thread(target=lambda: listener(snapshot(chosen))).start()
        return lambda: print("unsubscribed", flush=True)
    def subscribe_frames(self, listener): return lambda: None
    def stop(self): print("stopped", flush=True)

class Control:
    def do(self, device, action, arguments): print("did", device, action, arguments, flush=True)
    def state(self): return {"camera": {"mode": "ok"}}
    def staff_code(self): return "123456"

def begin():
    print("core", flush=True)
    if "fail" in sys.argv: raise RuntimeError("no core")
    return Core()

def first(window):
    print("frame", window.title(), window.width(), window.height(), flush=True)
    bridge = window.rootObject().property("bridge")
    def look():
        if bridge.page == "attract": end()
    def end():
        if "dock" in sys.argv:
            from PySide6.QtGui import QGuiApplication
            print("windows", sorted(w.title() for w in QGuiApplication.topLevelWindows() if w.isVisible()), flush=True)
            import gc
            from ui.devdock import DevDock
            dock = next(o for o in gc.get_objects() if isinstance(o, DevDock))
            dock.put("resident")
            dock.changed.connect(lambda: dock.said and os.kill(os.getpid(), signal.SIGTERM))
        else:
            os.kill(os.getpid(), signal.SIGTERM)
    bridge.changed.connect(look)

control = Control() if "dock" in sys.argv else None
print("status", app.run(begin, size=(540, 960), on_first_frame=first, dev_dock=control))
"""


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, timeout=50,
                          env=environment, cwd=ROOT)  # fmt: skip


def test_the_core_starts_behind_the_first_frame_and_sigterm_ends_all() -> None:
    result = _run()
    assert result.stdout.splitlines() == ["core", "frame Kiosk 7×24 540 960", "unsubscribed", "stopped", "status 0"]
    assert result.stderr.replace("This plugin does not support propagateSizeHints()\n", "") == ""
    assert result.returncode == 0


def test_a_core_that_cannot_start_ends_the_window_with_its_error() -> None:
    result = _run("fail")
    assert result.returncode == 1
    assert "no core" in result.stderr


def test_the_dock_opens_beside_the_window_and_acts_through_its_control() -> None:
    result = _run("dock")
    lines = result.stdout.splitlines()
    assert "windows ['DevDock', 'Kiosk 7×24']" in lines
    assert "did id_reader put {'card': 'resident'}" in lines
    assert lines[-1] == "status 0"
    assert result.returncode == 0
