"""What the DevDock offers: groups of simulated devices, and what can be done with each, in both languages.

A device that the cabinet does not hold is not shown. ``key`` names the button (``dock-<device>-<key>``); ``action``
and ``arguments`` are what the control point is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Pair = tuple[str, str]  # Chinese, English


@dataclass(frozen=True, slots=True)
class Deed:
    key: str
    name: Pair
    action: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DockDevice:
    device: str
    name: Pair
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class Group:
    name: Pair
    devices: tuple[DockDevice, ...]


def _deeds(*rows: tuple[str, str, str]) -> tuple[Deed, ...]:
    """Deeds whose key is their action, without arguments."""
    return tuple(Deed(action, (zh, en), action) for action, zh, en in rows)


def _card(role: str, zh: str, en: str) -> Deed:
    return Deed(f"card-{role}", (zh, en), "put", {"card": role})


def _smart(key: str, zh: str, en: str, applet: str, **options: Any) -> Deed:
    arguments = {"applet": f"devices.simulators.applets.{applet}", "options": options}
    return Deed(key, (zh, en), "put", arguments)


def _lay(key: str, zh: str, en: str, **arguments: Any) -> Deed:
    return Deed(key, (zh, en), "lay", arguments)


BACK = ("ok", "恢复", "Well again")
PAPER = (("paper-out", "没纸", "No paper"), ("cover-open", "开盖", "Cover open"))
UNPLUGGED = (("unplug", "拔掉", "Unplug"), ("replug", "插上", "Plug in"))

CARDS = DockDevice(
    "id_reader",
    ("身份证读卡器", "ID card reader"),
    (
        _card("resident", "居民身份证", "Resident"),
        _card("elder", "老人", "Old person"),
        _card("minority", "少数民族", "Minority"),
        _card("hmt", "港澳台居住证", "HK, Macao, Taiwan"),
        _card("long_term", "长期证 · 别人的脸", "Long-term, another face"),
        _card("rare_name", "生僻字姓名", "Rare name"),
        _card("expired", "过期", "Expired"),
        _card("minor", "未成年人", "Minor"),
        _card("foreigner_2017", "永居证 2017", "Foreigner 2017"),
        _card("foreigner_2023", "永居证 2023", "Foreigner 2023"),
        Deed("card-take", ("拿走", "Take away"), "take"),
        Deed("id_reader-unplug", ("拔掉", "Unplug"), "unplug"),
        Deed("id_reader-replug", ("插上", "Plug in"), "replug"),
    ),
)
SLOT = DockDevice(
    "card_reader",
    ("卡口", "Card slot"),
    (
        _smart("social", "社保卡", "Social card", "social_security:v2"),
        _smart("passport", "护照", "Passport", "travel_document:chip"),
        _smart("staff", "工作卡", "Staff card", "piv:staff"),
        Deed("mute", ("坏卡", "Broken card"), "put", {"card": "mute"}),
        *_deeds(("take", "拿走", "Take away"), ("card-jam", "卡住", "Jam"), BACK),
    ),
)
GROUPS: tuple[Group, ...] = (
    Group(("证件", "Cards"), (CARDS, SLOT)),
    Group(
        ("打印", "Printing"),
        (
            DockDevice(
                "page_printer",
                ("证照打印机", "Page printer"),
                _deeds(*PAPER, ("jam", "卡纸", "Jam"), ("toner-low", "墨粉少", "Toner low"), BACK),
            ),
            DockDevice("receipt_printer", ("回执打印机", "Receipt printer"), _deeds(*PAPER, BACK)),
        ),
    ),
    Group(
        ("网络和电", "Network and power"),
        (
            DockDevice(
                "network",
                ("网络", "Network"),
                _deeds(("off", "断开", "Cut"), ("slow", "变慢", "Slow"), ("on", "恢复", "Well again")),
            ),
            DockDevice(
                "ups",
                ("不间断电源", "UPS"),
                _deeds(
                    ("on-battery", "停电", "Mains gone"),
                    ("low", "电池快用完", "Battery low"),
                    ("stale", "没有消息", "Silent"),
                    ("ok", "来电", "Mains back"),
                ),
            ),
        ),
    ),
    Group(
        ("镜头和扫描", "Cameras and scanners"),
        (
            DockDevice(
                "camera",
                ("人脸摄像头", "Face camera"),
                _deeds(("covered", "遮住", "Cover"), ("gone", "拔掉", "Unplug"), BACK),
            ),
            DockDevice(
                "document_camera",
                ("高拍仪", "Document camera"),
                (
                    _lay("a4", "放一张 A4", "Lay A4", paper="a4"),
                    _lay("id1", "放证件", "Lay a card", paper="id1"),
                    _lay("dark", "太暗", "Too dark", paper="a4", how="dark"),
                    *_deeds(("several", "两张纸", "Two papers"), ("take", "拿走", "Take away"), BACK),
                ),
            ),
            DockDevice(
                "document_scanner",
                ("扫描仪", "Flatbed scanner"),
                _deeds(
                    ("no-docs", "没放纸", "No paper"),
                    ("jammed", "卡纸", "Jam"),
                    ("cover-open", "开盖", "Cover open"),
                    ("gone", "拔掉", "Unplug"),
                    BACK,
                ),
            ),
            DockDevice(
                "code_scanner",
                ("扫码器", "Code scanner"),
                (
                    Deed("scan", ("扫一个码", "Scan a code"), "scan", {"text": "KIOSK-DEMO-0001"}),
                    *_deeds(("garbage", "乱码", "Garbage"), *UNPLUGGED),
                ),
            ),
        ),
    ),
    Group(
        ("柜体", "Cabinet"),
        (
            DockDevice(
                "sensors",
                ("门和按钮", "Doors and button"),
                (
                    Deed("upper-open", ("开上门", "Open upper door"), "door-open", {"name": "upper"}),
                    Deed("upper-close", ("关上门", "Close it"), "door-close", {"name": "upper"}),
                    Deed("lower-open", ("开下门", "Open lower door"), "door-open", {"name": "lower"}),
                    Deed("lower-close", ("关下门", "Close it"), "door-close", {"name": "lower"}),
                    *_deeds(
                        ("press", "按求助钮", "Press help"),
                        ("release", "松开", "Release"),
                        ("tamper", "撬动", "Tamper"),
                        ("tamper-off", "不再撬", "Leave it"),
                        ("arrive", "来人", "Someone comes"),
                        ("leave", "人走了", "Leaves"),
                        ("plug-headphone", "插耳机", "Headphone in"),
                        ("unplug-headphone", "拔耳机", "Headphone out"),
                        ("dead", "不响应", "Silent"),
                        BACK,
                    ),
                ),
            ),
            DockDevice(
                "locker",
                ("取件柜", "Locker"),
                tuple(
                    Deed(f"{action}-{box}", (f"{zh} {box}", f"{en} {box}"), action, {"box": box})
                    for box in ("A1", "A2")
                    for action, zh, en in (
                        ("pull-open", "拉开", "Pull open"),
                        ("shut", "关上", "Shut"),
                        ("jam", "卡住", "Jam"),
                        ("free", "松开", "Free"),
                    )
                ),
            ),
            DockDevice("sound", ("声音", "Sound"), _deeds(("unplug", "拔掉", "Unplug"), ("plug", "插上", "Plug in"))),
        ),
    ),
)
RIDES = {"locker": "sensors"}
"""Devices that have no twin of their own: their deeds are asked of the one whose line they are on."""


def find(device: str, key: str) -> tuple[str, str, Mapping[str, Any]]:
    """The twin, its action and the arguments behind a button. KeyError for one that there is not."""
    deeds = {(one.device, deed.key): deed for group in GROUPS for one in group.devices for deed in one.deeds}
    deed = deeds[device, key]
    return RIDES.get(device, device), deed.action, deed.arguments


def shown(here: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """The groups as QML takes them: only devices whose twins are in this cabinet."""
    at = 1 if language == "en" else 0
    groups = []
    for group in GROUPS:
        devices = [
            {
                "device": one.device,
                "name": one.name[at],
                "actions": [{"action": deed.key, "name": deed.name[at]} for deed in one.deeds],
            }
            for one in group.devices
            if _is_here(one.device, here)
        ]
        if devices:
            groups.append({"name": group.name[at], "devices": devices})
    return groups


def _is_here(device: str, here: Mapping[str, Any]) -> bool:
    state = here.get(RIDES.get(device, device))
    if device == "locker":  # a board may be alone on its line
        return isinstance(state, Mapping) and "boxes" in state
    return state is not None
