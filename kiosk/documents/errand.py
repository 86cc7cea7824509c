"""补正材料回执, 撤回申请回执: what was handed in for a case that was made before, when and by whom. Pure.

It states that something was taken in and nothing else: what the office makes of it is told later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from kiosk.documents import compose, wording
from kiosk.domain.beijing import CHINA
from kiosk.domain.case import Material
from kiosk.domain.codes import group_case_no, mask_name
from kiosk.domain.decision import Outcome, Rung, Verification
from kiosk.domain.life import May
from kiosk.domain.my_case import MyCase, lacking
from kiosk.domain.papers import PaperContent
from kiosk.domain.place import Place
from kiosk.domain.text import EMPTY, Language, Text

TITLES = {
    May.SUPPLEMENT: Text("补正材料回执", "Receipt for papers handed in"),
    May.WITHDRAW: Text("撤回申请回执", "Receipt for a withdrawal"),
}
HEADINGS = {
    May.SUPPLEMENT: Text("补的材料已经收下", "Your papers are taken in"),
    May.WITHDRAW: Text("撤回申请已经收下", "Your withdrawal is taken in"),
}
MEANINGS = {
    May.SUPPLEMENT: Text(
        "材料已经存好，送给办理机关，收到以后接着办。您补材料的时间不算在期限里。",
        "It is saved, and goes to the office, which then goes on. The time that you needed is not counted.",
    ),
    May.WITHDRAW: Text(
        "撤回申请已经存好，送给办理机关。送到的时候还没有作出决定的，这件事不再办；已经作出决定的，撤回不算数。",
        "It is saved, and goes to the office. If nothing is decided when it arrives, the office does not go on with "
        "it; if it is decided by then, the withdrawal does not count.",
    ),
}
HANDED_IN = Text("交来的材料", "What you handed in")
REASON = Text("您说的原因", "Why, as you said")
WHAT = Text("这张回执是什么", "What this paper is")
AGAIN = Text("怎么知道结果", "How you hear")
LOOK = Text(
    "凭身份证在任何一台这样的机器上点“我的办件”，或打电话报办件编号。",
    "Show your ID card at any machine like this one, touch My cases, or call with the case number.",
)
PAGES = Text("{}，{} 页", "{} (pages: {})")
BY = Text("交来的人", "Handed in by")


def receipt(
    errand: May,
    case: MyCase,
    *,
    name: str,
    materials: Sequence[Material],
    reason: Text,
    item_code: str,
    verification: Verification,
    place: Place,
    at: datetime,
    online: bool,
    language: Language,
    test: bool,
) -> PaperContent:
    """``name``: of the person, masked here. ``at`` is aware; the paper shows China time. ``reason`` may be empty.

    Its code states that something was received for this case, and by what title (kiosk.papers).
    """
    when, number = at.astimezone(CHINA), case.progress.case_no
    pages = Counter(material.kind for material in materials)
    handed = [
        Text(*(words.format(label, pages[key]) for words, label in ((PAGES.zh, text.zh), (PAGES.en, text.en))))
        for key, text in lacking(case.progress)
        if pages[key]
    ]
    rows = (
        (wording.CASE_NO, group_case_no(number)),
        *([(wording.ITEM, _both(case.title, language))] if case.title != EMPTY else []),
        (BY, mask_name(name)),
        (wording.VERIFIED, wording.VERIFICATIONS[verification].of(language)),
        (wording.TIME, f"{when:%Y-%m-%d %H:%M}"),
        *([(wording.OFFICE, _both(case.office, language))] if case.office != EMPTY else []),
    )
    sections = {HANDED_IN: handed, REASON: [reason] if reason != EMPTY else [], WHAT: [MEANINGS[errand]], AGAIN: [LOOK]}
    title = TITLES[errand]
    return PaperContent(
        paper_id=errand.value,
        kind="receipt",
        template="receipt",
        title=title.of(language),
        case_id=case.case_id,
        case_no=number,
        values={
            "heading": HEADINGS[errand].of(language),
            "subtitle": title.zh if language != "zh_CN" else "",
            "tone": "outline",
            "place": _both(compose.where(place), language),
            "offline": "" if online else wording.NETWORK.of(language),
            "scan": (wording.SCAN if place.progress_url else wording.STAFF_SCAN).of(language),
            "call": wording.CALL.of(language) if place.phone else "",
            "phone": place.phone,
            "copy": wording.COPY.of(language),
            "test": wording.TEST.of(language),
            "keep": wording.KEEP.of(language),
        },
        rows=tuple((label.of(language), value) for label, value in rows),
        qr=compose.progress(place, number),
        test=test,
        mark={
            "item": item_code,
            "service": case.progress.service_id,
            "outcome": Outcome.RECEIVED.value,
            "rung": Rung.RECEIPT.value,
            "at": at.isoformat(timespec="seconds"),
            "shown": f"{mask_name(name)}\n{title.zh}",
        },
        extra={
            label.of(language): "\n".join(text.of(language) for text in texts)
            for label, texts in sections.items()
            if texts
        },
    )


def _both(text: Text, language: Language) -> str:
    """For the citizen and for whoever is shown the paper at a Chinese counter."""
    return text.zh if language == "zh_CN" or text.zh == text.en or not text.en else f"{text.en}\n{text.zh}"
