"""Papers that say something: 营业执照, 不动产权证书, 房屋租赁合同, a copy of an identity card. Drawn, and nobody's.

What stands on them follows from the seed (``values``), so that a test knows what ought to be read. Laid out as those
papers are, in plain type; no emblem, no seal of any office, and each says that it is a sample (样本).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING

from devices.simulators import papers
from devices.simulators.papers import Sheet

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

LICENCE, PROPERTY, LEASE, ID_COPY = (Sheet(name, 210.0, 297.0) for name in ("licence", "property", "lease", "id_copy"))

_ROADS = ("南关街", "魏都大道", "迎宾西路", "永泰南路", "东信路", "云中路", "文兴路", "平城街", "新建北路", "操场城街")
_SHOPS = ("晨光", "福满园", "老味道", "鑫源", "美佳", "云冈", "聚贤", "春和", "万家", "禾丰")
_TRADES = (("餐饮店", "小餐饮"), ("百货店", "日用百货销售"), ("果蔬店", "新鲜蔬菜零售"), ("理发店", "理发服务"))
_SURNAMES, _GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "建国丽华志强秀英明军玉兰永红海燕春梅文静晓东"
_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_INK, _GREY = (25, 25, 28), (70, 70, 75)


def values(name: str, seed: int) -> dict[str, str]:
    """What stands on the paper, by the names of ``devices/vision/ocr_fields.toml``."""
    chance = random.Random(f"{name}/{seed}")
    person = chance.choice(_SURNAMES) + "".join(chance.sample(_GIVEN, 2))
    road, number = chance.choice(_ROADS), chance.randint(1, 268)
    flat = f"{chance.randint(1, 30)}幢{chance.randint(1, 4)}单元{chance.randint(1, 6)}02室"
    address = f"大同市平城区{road}{number}号{chance.choice(('', '底商', flat))}"
    match name:
        case "licence":
            trade, scope = chance.choice(_TRADES)
            shop = f"大同市平城区{chance.choice(_SHOPS)}{trade}（个体工商户）"
            told = {"name": shop, "operator": person, "premises": address, "scope": scope}
            return {"credit_code": _credit_code(chance)} | told
        case "id_copy":
            return {"name": person, "number": _id_number(chance), "address": f"山西省{address}"}
        case _:
            return {"address": address, "owner": person}


def _credit_code(chance: random.Random) -> str:
    """Of the address area that no place has (999999), so that no shop has it."""
    body = "92999999" + "".join(chance.choice(_CODE) for _ in range(9))
    return body + _CODE[-sum(pow(3, place, 31) * _CODE.index(symbol) for place, symbol in enumerate(body)) % 31]


def _id_number(chance: random.Random) -> str:
    day = f"{chance.randint(1950, 2004)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
    body = f"999999{day}{chance.randint(0, 999):03}"
    return body + "10X98765432"[sum(pow(2, 17 - place, 11) * int(digit) for place, digit in enumerate(body)) % 11]


def draw(sheet: Sheet, seed: int, dots_per_mm: float) -> Image:
    """The paper upright, as it was printed."""
    from PIL import Image as images
    from PIL import ImageDraw

    size = round(sheet.width * dots_per_mm), round(sheet.height * dots_per_mm)
    page = images.new("RGB", size, (246, 245, 240))
    pen = Pen(ImageDraw.Draw(page), dots_per_mm)
    told = values(sheet.name, seed)
    {"licence": _licence, "property": _property, "lease": _lease, "id_copy": _id_copy}[sheet.name](pen, told)
    pen.text(105, 285, "样本 仅供演示", 4, _GREY, "mm")
    return page


class Pen:
    """Draws in millimetres of the sheet."""

    def __init__(self, pen: ImageDraw, scale: float) -> None:
        self._pen, self._scale = pen, scale

    def text(
        self, x: float, y: float, text: str, size: float, ink: tuple[int, int, int] = _INK, anchor: str = "la"
    ) -> None:
        at = (x * self._scale, y * self._scale)
        self._pen.text(at, text, font=papers.font(round(size * self._scale)), fill=ink, anchor=anchor)

    def label(self, x: float, y: float, label: str, text: str, size: float = 5.2, width: int = 18) -> float:
        """A label and, in a column beside it, its value on as many lines as it takes; where the next may begin."""
        self.text(x, y, label, size * 0.92, _GREY)
        parts = [text[at : at + width] for at in range(0, len(text), width)]
        for row, part in enumerate(parts):
            self.text(x + 34, y + row * size * 1.5, part, size)
        return y + max(1, len(parts)) * size * 1.5 + 5

    def box(self, *sides: float) -> None:
        self._pen.rectangle(
            [side * self._scale for side in sides], outline=_GREY, width=max(1, round(0.4 * self._scale))
        )


def _licence(pen: Pen, told: Mapping[str, str]) -> None:
    pen.text(105, 40, "营 业 执 照", 14, anchor="mm")
    pen.text(105, 55, "（副 本）", 6, anchor="mm")
    pen.text(25, 72, f"统一社会信用代码 {told['credit_code']}", 5.2)
    y = 90.0
    rows = (
        ("name", "名  称"),
        ("", "类  型"),
        ("operator", "经 营 者"),
        ("scope", "经营范围"),
        ("premises", "经营场所"),
        ("", "组成形式"),
        ("", "注册日期"),
    )
    fixed = {"类  型": "个体工商户", "组成形式": "个人经营", "注册日期": "2024年03月12日"}
    for key, label in rows:
        y = pen.label(25, y, label, told[key] if key else fixed[label])
    pen.text(130, 240, "登记机关", 5.2)
    pen.text(130, 252, "2024 年 3 月 12 日", 5.2)


def _property(pen: Pen, told: Mapping[str, str]) -> None:
    pen.text(105, 30, "不动产权证书", 9, anchor="mm")
    pen.text(105, 45, "晋（2023）大同市不动产权第0000000号", 4.6, anchor="mm")
    pen.box(20, 55, 190, 220)
    y = 62.0
    rows = (
        ("权 利 人", told["owner"]), ("共有情况", "单独所有"), ("坐  落", told["address"]),
        ("不动产单元号", "140213000000GB00000F00000000"), ("权利类型", "国有建设用地使用权/房屋所有权"),
        ("权利性质", "出让/市场化商品房"),
        ("用  途", "商业服务"), ("面  积", "房屋建筑面积86.42平方米"), ("使用期限", "2013年06月起2053年06月止"),
    )  # fmt: skip
    for label, text in rows:
        y = pen.label(26, y, label, text, 4.8, width=22)


def _lease(pen: Pen, told: Mapping[str, str]) -> None:
    pen.text(105, 34, "房屋租赁合同", 9, anchor="mm")
    y = 56.0
    parts = (
        f"出租方（甲方）：{told['owner']}",
        "承租方（乙方）：样例",
        "根据《中华人民共和国民法典》，甲乙双方经协商一致，订立本合同。",
        f"第一条 甲方将位于{told['address']}的房屋出租给乙方，用于经营。",
        "第二条 租赁期限自2024年04月01日起至2027年03月31日止。",
        "第三条 租金每年人民币叁万陆仟元整，每半年支付一次。",
        "第四条 甲方保证对该房屋有权出租，不是违法建筑。",
        "第五条 乙方应当按约定的用途使用房屋，不得擅自转租。",
    )
    for part in parts:
        for at in range(0, len(part), 31):
            pen.text(24, y, part[at : at + 31], 4.8)
            y += 8.4
        y += 4
    pen.text(24, y + 20, "甲方（签字）：            乙方（签字）：", 4.8)


def _id_copy(pen: Pen, told: Mapping[str, str]) -> None:
    pen.box(45, 60, 165, 136)
    number = told["number"]
    birth = f"{number[6:10]} 年 {int(number[10:12])} 月 {int(number[12:14])} 日"
    pen.box(130, 70, 158, 110)
    rows = (("姓名", told["name"]), ("性别", "男   民族 汉"), ("出生", birth))
    for row, (label, text) in enumerate(rows):
        pen.text(52, 67 + row * 10, label, 3.6, _GREY)
        pen.text(66, 67 + row * 10, text, 4.2)
    pen.text(52, 98, "住址", 3.6, _GREY)
    for row in range(0, len(told["address"]), 13):
        pen.text(66, 98 + row / 13 * 6.5, told["address"][row : row + 13], 4.2)
    pen.text(52, 124, "公民身份号码", 3.6, _GREY)
    pen.text(82, 124, number, 4.8)


for _sheet in (LICENCE, PROPERTY, LEASE, ID_COPY):
    papers.SHEETS[_sheet.name] = _sheet
    papers.PRINTED[_sheet.name] = draw
