"""Hand-made snapshots of the maintenance window: every template and state. For the gallery and the tests only.

The words of the rooms are not needed here: what is shown is written out, in the language of the sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from kiosk.access.roles import Role
from kiosk.domain.text import Language, Text
from kiosk.maintenance.screen import (
    Ask,
    Bar,
    Button,
    Field,
    Notice,
    Page,
    Row,
    Said,
    Snapshot,
    Step,
    Tile,
    Tone,
    plain,
)

Translate = Callable[[str, str], Said]
TERMINAL = Text("3 号机", "No. 3")
ENDS, LOCKS = 2460.0, 170.0  # seconds on the gallery's clock, which stands at 0


@dataclass(frozen=True, slots=True)
class MaintenanceSample:
    """One page as it may look; ``name`` names the picture."""

    name: str
    snapshot: Snapshot


def maintenance_samples(language: Language = "zh_CN") -> Iterator[MaintenanceSample]:
    """Every template at least once, and what can lie over a page."""

    def t(zh: str, en: str) -> Said:
        return plain(Text(zh, en).of(language))

    bar = Bar(TERMINAL, "T-0417", Role.TECHNICIAN, language, ends_at=ENDS, locks_at=LOCKS)
    menu = _menu(t)

    def one(name: str, page: Page, **changes: object) -> MaintenanceSample:
        return MaintenanceSample(f"maint-{name}", Snapshot(replace(bar, **changes), page, menu))  # type: ignore[arg-type]

    overview = _overview(t)
    yield one("overview", overview)
    told = Notice(t("试运行已打开", "Test mode is on"), "attention")
    yield one("overview-test", replace(overview, notice=told), test=True, locks_at=42.0)
    yield one("overview-keeper", _barred(t, overview), role=Role.KEEPER, who="K-0112")
    yield one(
        "busy", replace(overview, busy=t("正在检测身份证读卡器，约 10 秒", "Testing the ID reader, about 10 seconds"))
    )
    yield one("ask", _asked(t, overview))
    yield one("menu", Page("menu", t("目录", "Menu"), "menu"))
    yield one("tests", _tests(t))
    yield one("log", _log(t))
    yield one("steps", _steps(t))
    for name in ("tray", "jam", "glass", "reader", "camera", "cable", "at-camera", "at-receipt_printer", "at-ups"):
        yield one(
            f"steps-{name}",
            replace(_steps(t), step=Step(1, 3, t("照图操作，不要用力。", "Do as shown, without force."), name)),
        )
    yield one("steps-fault", _steps_fault(t))
    yield from (one(f"form-{name}", page) for name, page in _forms(t))
    yield one("keypad", _keypad(t))
    yield one("preview", _preview(t))
    yield one("touch", _touch(t))
    yield from (one(f"colours-{name}", _colours(t, name)) for name in ("white", "black"))


def _menu(t: Translate) -> tuple[Tile, ...]:
    rows: tuple[tuple[str, str, str, Tone, bool], ...] = (
        ("overview", "总览", "Overview", "broken", True),
        ("repairs", "修理", "Repairs", "attention", True),
        ("tests", "检测", "Tests", "ok", True),
        ("supplies", "耗材", "Supplies", "attention", True),
        ("queue", "待发送的办件", "Queue", "ok", True),
        ("network", "网络", "Network", "ok", True),
        ("log", "日志", "Log", "plain", True),
        ("settings", "设置", "Settings", "plain", True),
        ("software", "软件", "Software", "ok", True),
        ("report", "报告", "Report", "plain", True),
        ("power", "停用、重启和关机", "Close, restart, shut down", "plain", False),
    )
    return tuple(Tile(path, t(zh, en), tone, allowed) for path, zh, en, tone, allowed in rows)


def _overview(t: Translate) -> Page:
    def go(zh: str, en: str, path: str) -> Button:
        return Button("open", t(zh, en), opens=path)

    rows = (
        Row("receipt_printer", t("回执打印机", "Receipt printer"),
            t("缺纸 · 14:02 起", "Out of paper · since 14:02"), "broken",
            go("更换纸卷", "Change the roll", "repairs/roll"), "receipt_printer"),
        Row("page_printer", t("证照打印机", "Certificate printer"),
            t("墨粉约剩 8%，预计 11 月 29 日用完", "Toner about 8%, used up around 29 Nov"), "attention",
            go("申领墨粉", "Order toner", "supplies"), "page_printer"),
        Row("document_camera", t("高拍仪", "Document camera"),
            t("昨夜自检：左上角有污渍", "Last night's self-test: a stain at the top left"), "attention",
            go("清洁玻璃", "Clean the glass", "repairs/glass"), "document_camera"),
        Row("id_reader", t("身份证读卡器", "ID card reader"),
            t("正常 · 今日 86 次 · 平均 0.12 秒", "Well · 86 today · 0.12 s on average"), "ok", None, "id_reader"),
        Row("camera", t("人脸摄像头", "Face camera"),
            t("正常 · 30 帧/秒", "Well · 30 pictures a second"), "ok", None, "camera"),
        Row("touch", t("触摸屏", "Touch screen"),
            t("正常 · 7 天前校准", "Well · calibrated 7 days ago"), "ok", None, "screen"),
        Row("network", t("网络与后台", "Network and backend"),
            t("正常 · 往返 38 毫秒 · 时钟偏差 0.2 秒", "Well · 38 ms there and back · clock off by 0.2 s"), "ok",
            None, "network"),
        Row("queue", t("待发送的办件", "Queue"),
            t("0 件待发送 · 搁置 0 件", "0 waiting · 0 set aside"), "ok"),
        Row("power", t("电源与机柜", "Power and cabinet"),
            t("市电 · 后备 41 分钟 · 柜门已开", "Mains · 41 minutes in reserve · door open"), "ok", None, "ups"),
        Row("microphone", t("麦克风", "Microphone"), t("没有应答", "No answer"), "unknown", None, "speaker"),
    )  # fmt: skip
    return Page(
        "overview", t("1 处故障，2 处留意", "1 fault, 2 to watch"), "list", "broken", rows=rows,
        buttons=(
            Button("mend", t("处理缺纸（3 步）", "Mend: out of paper (3 steps)"), opens="repairs/roll", weight="main"),
            Button("all", t("全部检测", "Test all")),
        ),
    )  # fmt: skip


def _barred(t: Translate, page: Page) -> Page:
    why = t("请找技术员", "Ask a technician")
    first, second, *others = page.rows
    assert second.button is not None  # noqa: S101 (it is written above)
    rows = (first, replace(second, button=replace(second.button, enabled=False, why=why)), *others)
    return replace(page, rows=rows, buttons=(page.buttons[0], replace(page.buttons[1], enabled=False, why=why)))


def _asked(t: Translate, page: Page) -> Page:
    text = t("真的要重新启动吗？约 1 分钟后回到待机画面。", "Restart now? The start page is back in about a minute.")
    yes = Button("restart", t("重新启动", "Restart"), weight="danger")
    return replace(page, ask=Ask(text, yes, Button("keep", t("不，返回", "No, go back"))))


def _tests(t: Translate) -> Page:
    run = Button("run", t("检测", "Test"))
    return Page(
        "tests/receipt_printer", t("回执打印机的检测", "Tests of the receipt printer"), "list", "ok",
        lead=t("在设备自己、在线路上、和您一起，各测一遍。", "By itself, over its line, and together with you."),
        rows=(
            Row("section-own", t("设备自检", "By itself")),
            Row("internal", t("设备自查", "Self-check"),
                t("通过 · 11 月 27 日 02:10", "Passed · 27 Nov 02:10"), "ok", run),
            Row("section-you", t("和您一起", "Together with you")),
            Row("print", t("打印测试页，再读回来", "Print a page and read it back"),
                t("有条纹 · 11 月 26 日 09:41 · T-0417", "Streaks · 26 Nov 09:41 · T-0417"), "attention", run),
            Row("sound", t("听提示音", "Hear the chime"), t("还没有测过", "Never tested"), "unknown", run),
        ),
        notice=Notice(t("设备自查通过", "The self-check passed"), "ok"),
        buttons=(Button("all", t("全部再测一遍", "Test all again"), weight="main"),),
    )  # fmt: skip


def _log(t: Translate) -> Page:
    tones: tuple[Tone, ...] = ("broken", "attention", "plain", "plain")
    rows = tuple(
        Row(f"line-{n}", t(f"14:{n:02d}  回执打印机", f"14:{n:02d}  Receipt printer"),
            t("纸卷用完，等待更换", "The roll is used up, waiting for another"), tones[n % 4])
        for n in range(24)
    )  # fmt: skip
    return Page(
        "log", t("日志", "Log"), lead=t("错误在前，没有个人信息。", "Errors first, nothing about persons."),
        rows=rows,
        buttons=(
            Button("filter", t("错误", "Errors"), "errors", weight="main"),
            Button("filter", t("设备", "Devices"), "devices"),
            Button("filter", t("发送", "Sending"), "sending"),
            Button("filter", t("人员", "Staff"), "staff"),
            Button("filter", t("全部", "All"), "all"),
            Button("newer", t("较新的", "Newer"), enabled=False),
            Button("older", t("较早的", "Older")),
        ),
    )  # fmt: skip


def _steps(t: Translate) -> Page:
    return Page(
        "repairs/roll", t("更换纸卷", "Change the roll"), "steps",
        step=Step(
            2, 3, t("放入新纸卷，纸头朝上拉出 10 厘米，再合上盖子。",
                    "Put in the new roll, pull out 10 cm of paper at the top, then close the cover."),
            "roll",
            (
                Row("cover", t("盖子", "Cover"), t("开着", "Open"), "attention"),
                Row("paper", t("纸", "Paper"), t("有", "Present"), "ok"),
            ),
        ),
        buttons=(Button("done", t("装好了，打印测试条", "Done, print a test strip"), weight="main"),),
    )  # fmt: skip


def _steps_fault(t: Translate) -> Page:
    page = _steps(t)
    return replace(
        page,
        notice=Notice(t("测试条没有出来：盖子没有合上", "The strip did not come out: the cover is open"), "broken"),
        buttons=(
            Button("done", t("装好了，打印测试条", "Done, print a test strip"), weight="main", enabled=False,
                   why=t("先合上盖子", "Close the cover first")),
            Button("skip", t("修不好，停用打印", "Cannot be mended, stop printing"), weight="danger"),
        ),
    )  # fmt: skip


def _forms(t: Translate) -> Iterator[tuple[str, Page]]:
    save = (Button("save", t("试用五分钟", "Try for five minutes"), weight="main"),)
    reasons = (
        ("repair", t("正在维修", "Repair")),
        ("cleaning", t("清洁", "Cleaning")),
        ("power", t("停电检修", "Power works")),
    )
    yield "text", Page(
        "settings/place", t("设置", "Settings"), "form", buttons=save,
        field=Field("place", t("放置地点", "Where it stands"), "text", "南关街道便民服务中心",
                    help=t("写在回执上", "Stands on the receipt")),
    )  # fmt: skip
    yield "digits", Page(
        "settings/port", t("设置", "Settings"), "form", buttons=save,
        field=Field("port", t("后台端口", "Port of the backend"), "digits", "84430",
                    help=t("1 到 65535", "From 1 to 65535"), error=t("这个数太大了", "This number is too large")),
    )  # fmt: skip
    yield "minutes", Page(
        "power/close", t("停用多久？", "Closed for how long?"), "form", buttons=save,
        field=Field("minutes", t("预计分钟", "Minutes, roughly"), "minutes", "30",
                    tuple((str(n), t(f"{n} 分钟", f"{n} min")) for n in (15, 30, 60, 120))),
    )  # fmt: skip
    yield "choice", Page(
        "power/reason", t("为什么停用？", "Why is it closed?"), "form", buttons=save,
        field=Field("reason", t("原因会写在公众画面上", "The public is told the reason"), "choice", "repair", reasons),
    )  # fmt: skip
    yield "switch", Page(
        "settings/test", t("设置", "Settings"), "form", buttons=save,
        field=Field("test", t("试运行", "Test mode"), "switch", "off",
                    help=t("打开后，画面和纸上都写明“测试”。", "When on, the screen and every paper say TEST.")),
    )  # fmt: skip


def _keypad(t: Translate) -> Page:
    names = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "cancel", "0", "enter")
    words = {"cancel": t("取消", "Cancel"), "enter": t("确认", "Enter")}
    pressed = {"1", "2", "3", "5"}
    return Page(
        "tests/keypad", t("请逐个按下密码键盘的键", "Press every key of the keypad, one by one"), "keypad",
        rows=tuple(Row(n, words.get(n, plain(n)), tone="ok" if n in pressed else "plain") for n in names),
        buttons=(Button("failed", t("有键不灵", "A key does not work")),),
    )  # fmt: skip


def _preview(t: Translate) -> Page:
    return Page(
        "repairs/camera", t("对准和对焦", "Aim and focus"), "preview", show="camera", step=Step(2, 4, t("", "")),
        lead=t("请站到一步之外，看画面是否清楚。", "Stand one step away and see whether the picture is sharp."),
        rows=(
            Row("sharp", t("清晰度", "Sharpness"), t("良好", "Good"), "ok"),
            Row("light", t("光线", "Light"), t("偏暗", "A little dark"), "attention"),
        ),
        buttons=(Button("good", t("画面清楚", "It is sharp"), weight="main"), Button("bad", t("不清楚", "It is not"))),
    )  # fmt: skip


def _touch(t: Translate) -> Page:
    return Page(
        "tests/touch",
        t("用手指划过每一格，边和角也要", "Draw a finger over every field, edges and corners too"),
        "touch", show="12x7",
        buttons=(Button("failed", t("有的格不灵", "Some fields do not work")),),
    )  # fmt: skip


def _colours(t: Translate, colour: str) -> Page:
    return Page("tests/screen", t("看有没有坏点", "Look for dead points"), "colours", show=colour)
