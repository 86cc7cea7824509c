"""The papers' own words, in both languages. What a service says about its results stands in its pack."""

from __future__ import annotations

from kiosk.domain.decision import Outcome, Verification
from kiosk.domain.text import Text

CASE_NO = Text("办件编号", "Case number")
ITEM = Text("事项", "Matter")
APPLICANT = Text("申请人", "Applicant")
PROXY = Text("代办人", "Applied for by")
TIME = Text("时间", "Time")
RESULT = Text("结果", "Result")
OFFICE = Text("办理机关", "Office")
VERIFIED = Text("本人核验", "Identity")
CREDIT_CODE = Text("统一社会信用代码", "Credit code")
LICENCE_ID = Text("电子证照标识", "Licence identifier")
VERSION = Text("（第 {n} 版）", " (version {n})")
VALID = Text("有效期", "Valid")
FOR_GOOD = Text("长期有效", "without end")
UNTIL = Text("至 {year} 年 {month} 月 {day} 日", "until {year}-{month:02d}-{day:02d}")
HOLDS = Text("现在有效的", "What holds now")
LATER = Text("以后的事", "What comes later")
NEXT = Text("接下来请您", "What to do next")
REASONS = Text("为什么", "Why")
NOTICE = Text("承诺的告知", "The notice on your promise")
PROMISED = Text("您承诺的", "What you promised")
WITHDRAW = Text("想撤回承诺", "To withdraw the promise")
SETTLED = Text("承诺以后", "After the promise")
BRING = Text("请带来", "Please bring")
HANDLED = Text("接下来谁来办", "Who does what next")
SCAN = Text("扫码查进度、验真伪", "Scan to follow your case, or to check this paper")
STAFF_SCAN = Text("工作人员扫这里", "For staff to scan")
STANDING = Text("这张回执是什么", "What this paper is")
AHEAD = Text("照规则现在看", "As the rules stand now")
CLOCKS = Text("什么时候有结果", "When you will hear")
ACCEPTED_BY = Text(
    "从 {day} 收件这天起：{accept} 个工作日内{by}告诉您是否受理，到期没有告诉的，就算受理。",
    "Counted from {day}, the day of receipt: within {accept} working days{by} you are told whether it is accepted; "
    "if nobody tells you, it counts as accepted.",
)
DECIDED_BY = Text(
    "也从这天起：{days} 个工作日内{by}作出决定；补材料、检验、听证的时间不算，要延长的会告诉您理由。",
    "Counted from the same day: within {days} working days{by} it is decided; time for supplements, inspections and "
    "hearings is not counted, and if it takes longer you are told why.",
)
CALL = Text("问这件事，请打电话，报办件编号", "Questions? Call and give the case number")
BY = Text("{year} 年 {month} 月 {day} 日以前", "by {year}-{month:02d}-{day:02d}")
KEEP = Text("请收好这张回执", "Please keep this receipt")

COPY = Text("副本 · 补打第 {n} 次", "Copy · printed again, no. {n}")
TEST = Text("样本 · 测试，不作凭证", "Sample · test, not valid")
NETWORK = Text("办理时没有网络", "Handled without a network")

RESULTS = {
    Outcome.REFUSED: Text("不予办理", "Not granted"),
    Outcome.REFERRED: Text("由工作人员办理", "Staff will decide"),
    Outcome.RECEIVED: Text("已经收件，以后作出决定", "Received, to be decided later"),
}
PROVISIONAL = Text("（待确认）", " (to be confirmed)")
RESULT_PROVISIONAL = Text("已经收下，等确认", "Received, to be confirmed")
VERIFICATIONS = {
    Verification.FACE: Text("刷脸", "Face check"),
    Verification.STAFF: Text("工作人员核对", "Checked by staff"),
    Verification.LATER: Text("由工作人员核对", "Staff will check"),
}
