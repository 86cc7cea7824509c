"""The papers' own words, in both languages. What a service says about its results stands in its pack."""

from __future__ import annotations

from kiosk.domain.decision import Outcome, Verification
from kiosk.domain.text import Text

CASE_NO = Text("办件编号", "Case number")
ITEM = Text("事项", "Matter")
APPLICANT = Text("申请人", "Applicant")
TIME = Text("时间", "Time")
RESULT = Text("结果", "Result")
OFFICE = Text("办理机关", "Office")
VERIFIED = Text("本人核验", "Identity")
CREDIT_CODE = Text("统一社会信用代码", "Credit code")
HOLDS = Text("现在有效的", "What holds now")
LATER = Text("以后的事", "What comes later")
NEXT = Text("接下来请您", "What to do next")
REASONS = Text("为什么", "Why")
SCAN = Text("扫码查进度", "Scan to follow your case")
CALL = Text("也可以打电话", "Or call")
KEEP = Text("请收好这张回执", "Please keep this receipt")

COPY = Text("副本 · 补打第 {n} 次", "Copy · printed again, no. {n}")
TEST = Text("样本 · 测试，不作凭证", "Sample · test, not valid")
NETWORK = Text("办理时没有网络", "Handled without a network")

RESULTS = {
    Outcome.REFUSED: Text("不予办理", "Not granted"),
    Outcome.REFERRED: Text("转人工办理", "Passed to staff"),
}
RESULT_PROVISIONAL = Text("已收下，待联网确认", "Accepted, to be confirmed")
VERIFICATIONS = {
    Verification.FACE: Text("刷脸", "Face check"),
    Verification.STAFF: Text("工作人员核对", "By staff"),
    Verification.LATER: Text("待工作人员复核", "To be checked by staff"),
}
