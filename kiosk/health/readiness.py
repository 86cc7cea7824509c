"""A readiness report: one check per matter, each with what was found and what to do. No personal data, ever."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from kiosk.domain.text import shown

Verdict = Literal["ok", "attention", "broken"]
WORDS: dict[Verdict, str] = {"ok": "good", "attention": "attention", "broken": "BROKEN"}
_LOGIN = re.compile(r"//[^/@\s]*@")


@dataclass(frozen=True, slots=True)
class Check:
    """``finding`` says what is so; ``advice`` what to do about it, empty where nothing is to be done."""

    name: str
    state: Verdict
    finding: str
    advice: str = ""


def good(name: str, finding: str) -> Check:
    return Check(name, "ok", finding)


def attention(name: str, finding: str, advice: str) -> Check:
    """It works, but less than it could, or not for long, or nobody could look."""
    return Check(name, "attention", finding, advice)


def broken(name: str, finding: str, advice: str) -> Check:
    return Check(name, "broken", finding, advice)


def without_login(text: str) -> str:
    """The same text; a log-in inside an address (a camera's, mostly) is not shown."""
    return _LOGIN.sub("//***@", text)


def ready(checks: Sequence[Check]) -> bool:
    """Whether nothing is broken."""
    return all(check.state != "broken" for check in checks)


def as_json(checks: Sequence[Check]) -> str:
    """``{"ok", "checks": [{"name", "state", "finding", "advice"}]}``."""
    answer = {"ok": ready(checks), "checks": [{key: shown(text) for key, text in asdict(c).items()} for c in checks]}
    return json.dumps(answer, ensure_ascii=False, indent=1)


def as_page(checks: Sequence[Check]) -> str:
    """For a person: what is broken is said once more at the end, and nothing else is."""
    checks = [replace(check, finding=shown(check.finding), advice=shown(check.advice)) for check in checks]
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        lines.append(f"{WORDS[check.state]:<10} {check.name:<{width}}  {check.finding}")
        if check.advice:
            lines.append(f"{'':<10} {'':<{width}}  -> {check.advice}")
    count = {state: sum(check.state == state for check in checks) for state in WORDS}
    lines.append("")
    if count["broken"]:
        names = ", ".join(check.name for check in checks if check.state == "broken")
        lines.append(f"{count['broken']} broken: {names}")
    elif count["attention"]:
        lines.append(f"nothing is broken; {count['attention']} to look at when there is time")
    else:
        lines.append("all is well")
    return "\n".join(lines)
