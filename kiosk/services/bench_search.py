"""What of `kiosk bench packs` a citizen sees at once: a question's page in the window, a key of the search.

Judged is the processor time of the thread that does the work: others' work on the machine stays out of it. The page is
measured by ``ui.bench_form`` in a process of its own, which draws it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice, product

from kiosk.bench.rows import Row
from kiosk.bench.world import OFFSCREEN
from kiosk.domain.text import Text
from kiosk.services import loader, search
from kiosk.services.model import ServicePack

FRAME = 1000 / 60  # ms
MANY = 1000
KEYS = (
    "s", "sh", "shi", "shiy", "shiye", "shiyedengji", "shiyedj", "sydj", "syedengji", "zuxiao", "注消", "养老", "老",
    "办养老", "养老shenl", "licence", "registre", "zzzz", "sssss",
)  # fmt: skip
MATTERS = (
    "个体工商户", "小餐饮", "食品经营", "养老待遇", "老年人", "残疾人", "居住证", "住房", "公积金", "医疗保险",
    "失业", "就业", "生育", "婚姻", "户口", "用水", "用气", "用电", "税务", "机动车", "道路运输", "教育", "学籍",
    "护照", "不动产", "农机", "渔业", "林木", "文化", "体育",
)  # fmt: skip
DEEDS = (
    "登记", "备案", "变更", "注销", "证明", "资格认证", "津贴", "补贴", "许可", "申领", "签注", "缴费", "报装", "查询",
)  # fmt: skip
FORM = 120.0  # s for the window's process


def measure(rounds: int = 15) -> list[Row]:
    """Two rows. Raises RuntimeError when the window's process fails."""
    return [_form(), _searching(rounds)]


def _milliseconds(work: Callable[[], object], rounds: int) -> float:
    """The median of the processor time of this thread, after one round that does not count."""
    taken = []
    for _ in range(rounds + 1):
        before = time.thread_time()
        work()
        taken.append((time.thread_time() - before) * 1000)
    return statistics.median(taken[1:])


def _form() -> Row:
    child = subprocess.run(
        [sys.executable, "-m", "ui.bench_form"],
        capture_output=True,
        text=True,
        timeout=FORM,
        env=os.environ | OFFSCREEN,
    )
    if child.returncode != 0:
        raise RuntimeError(f"ui.bench_form ended with {child.returncode}: {child.stderr[-400:]}")
    said = json.loads(child.stdout)
    notes = (
        f"{said['pages']} questions, the slowest {said['worst']:.1f} ms; drawn in software {said['drawn']:.1f} ms more"
    )
    return Row("a question's page in the window", None, said["stands"], None, FRAME, "ms", notes)


def many(count: int = MANY) -> dict[str, ServicePack]:
    """Made-up packs: the built-in ones under other names, no two alike."""
    models = list(loader.load_builtin().values())
    named = islice(product(("", "城乡居民", "市级"), MATTERS, DEEDS), count)
    return {
        f"made_up_{number}": replace(
            models[number % len(models)],
            pack_id=f"made_up_{number}",
            name=Text(f"{scope}{matter}{deed}办理", f"{models[number % len(models)].name.en} {number}"),
            short_name=Text(f"{matter}{deed}", f"{models[number % len(models)].short_name.en} {number}"),
        )
        for number, (scope, matter, deed) in enumerate(named)
    }


def _searching(rounds: int) -> Row:
    packs = many()
    before = time.thread_time()
    index = search.Index(packs.values())
    built = (time.thread_time() - before) * 1000
    took = {key: _milliseconds(lambda key=key: index.find(key), rounds) for key in KEYS}  # type: ignore[misc]
    slowest = max(took, key=lambda key: took[key])
    notes = (
        f"{slowest!r}, the slowest of {len(KEYS)}; median {statistics.median(took.values()):.1f} ms; "
        f"{len(packs)} packs taken in once in {built:.0f} ms, off the window's thread"
    )
    return Row(f"a key of the search, {len(packs)} packs", None, took[slowest], None, FRAME, "ms", notes)
