"""Hand-made snapshots of every page: ordinary ones, long texts, problem cases. For the gallery and the tests only."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from kiosk.documents import notice
from kiosk.domain import late
from kiosk.domain.codes import CREDIT_ALPHABET
from kiosk.domain.decision import Rung
from kiosk.domain.text import Language, Text
from kiosk.services.model import Ability, Verdict
from kiosk.visit import screen as s
from ui import samples_cases, samples_staff

Translate = Callable[[str, str], str]
One = Callable[..., "Sample"]
PLACE = Text("平城区南关街道", "Nanguan Subdistrict")
TERMINAL = Text("3 号机", "No. 3")
NAME, NUMBER, SHOP = "王样例", "1402 **** **** 002X", "大同市平城区南关小面馆（个体工商户）"
CASE_NO = "140213 261122 0000 0318 7"
PAGE = b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8yb"
    "qmx5moq6T/wAALCABAAC0BAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIh"
    "MUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhI"
    "WGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AOjo"
    "oooooooooooooooooooooooooooooooooooooooooooooor/2Q=="
)
"""A sheet of white paper, as a JPEG of 45 by 64 pixels."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One page as it may look; ``name`` names the picture."""

    name: str
    page: str
    body: s.Body
    chrome: dict[str, object]


def chrome(language: Language, elder: bool, **changes: object) -> s.Chrome:
    base = s.Chrome(PLACE.of(language), TERMINAL.of(language), language, elder, test=False)
    return replace(base, **changes)  # type: ignore[arg-type]  # the caller names fields of Chrome


def snapshot(sample: Sample, language: Language = "zh_CN", elder: bool = False, serial: int = 1) -> s.Screen:
    return s.Screen(serial, sample.page, chrome(language, elder, **sample.chrome), sample.body)


def samples(language: Language = "zh_CN") -> Iterator[Sample]:
    """Every page at least once."""

    def t(zh: str, en: str) -> str:
        return Text(zh, en).of(language)

    def one(name: str, body: s.Body, page: str = "", **changes: object) -> Sample:
        return Sample(name, page or name, body, changes)

    yield one("recovering", s.NoticeBody())
    lights = (s.Light("services", True, 2), s.Light("printing", True), s.Light("network", True))
    yield one("attract", s.AttractBody(lights, "02:14"))
    dark = (s.Light("services", True, 1), s.Light("printing", False), s.Light("network", False))
    yield one("attract-starting", s.AttractBody((s.Light("starting", False), *dark), "06:00"), "attract")
    yield one("attract-trouble", s.AttractBody(dark, "15:40"), "attract", test=True)
    full = (s.Light("services", False, 0), s.Light("printing", True), s.Light("network", True), s.Light("room", False))
    yield one("attract-full", s.AttractBody(full, "15:40"), "attract")
    yield one("attract-card", s.AttractBody((*lights, s.Light("card_left", False)), "15:40"), "attract")
    yield from _arriving(t, one)
    yield from _identifying(t, one)
    yield from _filling(t, one)
    yield from _keeping(t, one)
    yield from samples_cases.cases(t, one, language)
    yield from _finishing(t, one)
    yield one("wiping", s.NoticeBody())
    yield one("out_of_service", s.NoticeBody("journal_damaged"), help_phone="0352-5550000")
    yield one("out_of_service-closed", s.NoticeBody("closed_maintenance"), "out_of_service", help_phone="0352-5550000")
    yield one("out_of_service-full", s.NoticeBody("disk_full"), "out_of_service", help_phone="0352-5550000")
    yield one("out_of_service-power", s.NoticeBody("battery_low"), "out_of_service", help_phone="0352-5550000")
    yield from samples_staff.staff(t, one)
    yield from samples_staff.troubled(t, one)


def _cards(t: Translate) -> tuple[s.ServiceCard, ...]:
    return (
        s.ServiceCard(
            "individual-business-registration",
            "business",
            t("个体工商户设立登记", "Register an individual business"),
            t("开店执照", "Shop licence"),
            t("填一次，当场发营业执照", "Fill in once, get the licence here"),
            t("当场发照", "Licence at once"),
            "can",
        ),
        s.ServiceCard(
            "pension-certification",
            "pension",
            t("养老待遇资格认证", "Pension entitlement check"),
            t("养老认证", "Pension check"),
            t("放上身份证，看一下镜头就好", "Show your card, look at the camera"),
            t("当场办结", "Done at once"),
            "can",
        ),
    )


def _lots(t: Translate) -> tuple[s.ServiceCard, ...]:
    """Sixteen services, as they may be offered; one of them cannot be done now."""
    rows = (
        ("pension", "养老待遇资格认证", "养老认证", "Pension entitlement check", "Pension check"),
        ("business", "个体工商户设立登记", "开个体店", "Register an individual business", "Open a shop"),
        ("pension", "高龄津贴申领", "高龄津贴", "Allowance for those of 80 and older", "Allowance at 80"),
        ("work", "灵活就业登记", "灵活就业", "Register flexible employment", "Register flexible work"),
        ("business", "个体工商户变更登记", "改执照", "Change of an individual business", "Change a licence"),
        ("business", "个体工商户注销登记", "注销执照", "Close an individual business", "Close a shop"),
        ("business", "小餐饮经营备案", "小餐饮备案", "File a small restaurant", "Small restaurant"),
        ("business", "开小餐饮店“一件事”", "开小饭店", "Open a small restaurant in one go", "Restaurant in one go"),
        ("pension", "老年人优待证办理", "老年优待证", "Senior citizen's concession card", "Senior card"),
        ("work", "失业登记", "失业登记", "Register as unemployed", "Register as unemployed"),
        ("work", "社会保险参保证明", "参保证明", "Certificate of social insurance", "Insurance certificate"),
        ("home", "居住证签注", "居住证签注", "Renew a residence permit", "Renew residence permit"),
        ("home", "无房证明", "无房证明", "Certificate of owning no home", "No-home certificate"),
        ("family", "生育登记", "生育登记", "Register a birth to come", "Register a birth"),
        ("utility", "用水用气报装", "用水用气", "Connect water and gas", "Water and gas"),
        ("other", "群众诉求投诉登记", "诉求投诉", "Complain or ask for help", "Complain or ask for help"),
    )
    summary = t("填一次，当场拿到", "Fill in once, take it with you")
    return tuple(
        s.ServiceCard(
            f"service-{n}", category, t(zh, en), t(zh_short, en_short), summary, t("当场办好", "Done at once"),
            "cannot" if n == 3 else "limited" if n == 4 else "can",
        )
        for n, (category, zh, zh_short, en, en_short) in enumerate(rows)
    )  # fmt: skip


def _arriving(t: Translate, one: One) -> Iterator[Sample]:
    cards = _cards(t)
    yield one("home", s.HomeBody(cards))
    yield one("home-greeting", s.HomeBody((cards[0], replace(cards[1], verdict="limited")), "王**"), "home", test=True)
    many = tuple(
        replace(cards[n % 2], service_id=f"service-{n}", category=category, verdict="cannot" if n == 3 else "can")
        for n, category in enumerate(("business", "pension", "work", "home", "family", "utility", "unheard-of"))
    )
    yield one("home-many", s.HomeBody(many), "home")
    lots = _lots(t)
    yield one("home-lots", s.HomeBody(lots), "home")
    yield one("home-lots-greeting", s.HomeBody(lots, "王**", "ready", 1, unfinished=True), "home")
    yield one("home-category", s.HomeBody(lots, category="business"), "home")
    yield one("home-waiting", s.HomeBody(cards, "王**", "ready", 1), "home")
    yield one("home-resume", s.HomeBody(cards, "王**", unfinished=True), "home")
    later = s.HomeBody(many, "王**", "ready", 1, unfinished=True, problem="resume_not_now")
    yield one("home-resume-not-now", later, "home")
    yield one("home-notice", s.HomeBody(cards, "王**", "notice", 1), "home")
    groups = (("business", 5), ("pension", 4), ("work", 3), ("home", 2), ("family", 1), ("utility", 1), ("other", 2))
    yield one("search", s.SearchBody(categories=groups))
    found = s.SearchBody("gtgsh", lots[:5], 3, groups, "0352-5550000")
    yield one("search-found", found, "search")
    yield one("search-one", replace(found, services=(replace(lots[1], verdict="limited"),), more=0), "search")
    yield one("search-nothing", replace(found, query="qqqq", services=(), more=0), "search")
    yield one("search-nobody", replace(found, query="qqqq", services=(), more=0, phone=""), "search")
    yield one("home-conflict", s.HomeBody(cards, "王**", "conflict", 1), "home")
    yield one("home-pending", s.HomeBody(many, "王**", "pending", 2), "home")
    guide = s.GuideBody(
        category="business",
        name=cards[0].short_name,
        full_name=cards[0].name,
        lead=t("填一次，当场发营业执照。全程不收费。", "Fill in once and take the licence with you. No fee."),
        ability=Ability(Verdict.CAN, ("ability.hours", "ability.printer", "ability.network"), ()),
        minutes=4,
        questions=5,
        errands=0,
        prepare=(
            (
                t("居民身份证，或港澳台居民居住证", "Chinese resident ID card, or residence permit"),
                t("本人来办，要刷脸或由工作人员核对", "Come yourself; face check, or staff check that it is you"),
            ),
            (
                t("经营场所的地址", "The address of the shop"),
                t("不用交证明，签一份承诺即可", "No proof needed, a signed commitment will do"),
            ),
        ),
        basis=t("《促进个体工商户发展条例》《市场主体登记管理条例》", "Regulations on Registration of Market Entities"),
    )
    yield one("guide", guide)
    limited = Ability(Verdict.LIMITED, ("ability.hours",), ("ability.printer", "ability.network"))
    yield one("guide-limited", replace(guide, ability=limited), "guide")
    cannot = Ability(Verdict.CANNOT, (), ("starting", "reader"))
    yield one("guide-cannot", replace(guide, ability=cannot), "guide")
    closed = Ability(Verdict.CANNOT, ("reader", "network"), ("hours",), "08:30-17:30")
    yield one("guide-hours", replace(guide, ability=closed), "guide")
    shut = replace(cards[1], verdict="cannot", hours="08:30-17:30")
    yield one("home-hours", s.HomeBody((cards[0], shut)), "home")


def _identifying(t: Translate, one: One) -> Iterator[Sample]:
    yield one("identify", s.IdentifyBody(), step=1, expires_at=52.0)
    yield one("identify-problem", s.IdentifyBody("under_age", "16"), "identify", step=1, expires_at=52.0)
    yield one("identify-early", s.IdentifyBody("under_age", "60"), "identify", step=1, expires_at=52.0)
    foreign = s.IdentifyBody("card_kind")
    yield one("identify-kind", foreign, "identify", step=1, expires_at=52.0, help_phone="0352-5550000")
    yield one("identify-lift", s.IdentifyBody("card_lift"), "identify", step=1, expires_at=52.0)
    yield one("identify-slot", s.IdentifyBody("slot_card"), "identify", step=1, expires_at=52.0)
    yield one("identify-unreadable", s.IdentifyBody("card_unreadable"), "identify", step=1, expires_at=52.0)
    yield one("consent", s.ConsentBody("王**"), step=2)
    yield one("consent-moves", s.ConsentBody("王**", moves=True), "consent", step=2)
    yield one("face", s.FaceBody("come_closer"), step=2)
    yield one("face-straight", s.FaceBody("", "straight", 0, 3), "face", step=2)
    yield one("face-done", s.FaceBody("", "straight", 1, 3), "face", step=2)
    yield one("face-blink", s.FaceBody("", "blink", 1, 3), "face", step=2)
    yield one("face-turn", s.FaceBody("", "turn_left", 2, 3), "face", step=2)
    yield one("face-turn-right", s.FaceBody("come_closer", "turn_right", 3, 3), "face", step=2)
    yield one("face-photo", s.FaceBody("reading_photo"), "face", step=2)
    yield one("other_way", s.OtherWayBody("chosen", "", True), step=2)
    yield one("other_way-differs", s.OtherWayBody("differs", "", False), "other_way", step=2)
    wrong = s.OtherWayBody("chosen", "staff", True, "code_wrong", 2)
    yield one("other_way-staff", wrong, "other_way", step=2)
    yield one("consent-collect", s.ConsentBody("王**", later_possible=False), "consent")
    nobody = s.OtherWayBody("camera", "", False, staff_possible=False, later_possible=False)
    own = s.OtherWayBody("chosen", "", True, staff_possible=False, later_possible=False, own_possible=True)
    yield one("other_way-own", own, "other_way", step=2, helped=True)
    refused = s.OtherWayBody("helped", "", False, staff_possible=False, later_possible=False)
    yield one("other_way-helped", refused, "other_way", helped=True)
    yield one("other_way-nobody", nobody, "other_way")
    yield from _collecting(t, one)


def _collecting(t: Translate, one: One) -> Iterator[Sample]:
    number = "140213 261122 0000 0318 7"
    licence = s.CollectLine(t("营业执照", "营业执照"), "2026-11-22", number, "ready", 0, "idle")
    receipt = replace(licence, title=t("办件回执", "Receipt"), printed=1)
    lines = (licence, receipt, replace(licence, state="pending"), replace(licence, state="conflict"))
    yield one("collect", s.CollectBody("王**", (licence, receipt)))
    found = notice.told(late.meaning("uscc", Rung.PROVISIONAL))
    changed = replace(licence, title=t(found[0].zh, found[0].en), state="notice", told=t(found[1].zh, found[1].en))
    yield one("collect-notice", s.CollectBody("王**", (changed,)), "collect")
    printing = replace(licence, stage="printing", pages_total=1)
    yield one("collect-printing", s.CollectBody("王**", (printing, receipt), True), "collect")
    failed = replace(licence, printed=1, stage="failed", reason="media-empty")
    done = replace(receipt, printed=2, stage="done", pages_done=1, pages_total=1)
    yield one("collect-trouble", s.CollectBody("王**", (failed, done)), "collect")
    yield one("collect-states", s.CollectBody("王**", (*lines, replace(receipt, state="other"))), "collect")
    yield one("collect-nothing", s.CollectBody("王**", ()), "collect")


def _keeping(t: Translate, one: One) -> Iterator[Sample]:
    shop = t("开店执照", "Shop licence")
    yield one("resume", s.ResumeBody(shop, 3, 5, "2026-11-26", "2026-12-03"))
    long = _cards(t)[0].name
    yield one("resume-one", s.ResumeBody(long, 1, 5, "2026-11-26", "2026-12-03"), "resume")
    yield one("keep", s.KeepBody(shop, 7))
    yield one("keep-all", s.KeepBody(long, 7, replaces=True, pages=True), "keep")
    yield one("keep-failed", s.KeepBody(shop, 7, problem="keep_failed"), "keep")
    yield one("helper", s.HelperBody())
    yield one("helper-wrong", s.HelperBody("code_wrong", 2), "helper")
    yield one("keep-keeping", s.KeepBody(shop, 7, keeping=True), "keep")


def _filling(t: Translate, one: One) -> Iterator[Sample]:
    text = s.FormBody(
        index=2, total=5, key="shop_name", kind="text",
        title=t("您的店叫什么名字？", "What is your shop called?"),
        help=t("写在招牌上的名字。行业和组织形式我们来补全。", "As on the sign; we add the rest."),
        value="南关小面馆", unit="", max_length=20, options=(),
        preview=t(f"登记名称将是 {SHOP}", f"It will be registered as {SHOP}"),
        complaint="", complete=True, editing=False,
    )  # fmt: skip
    yield one("form", text, step=3)
    bad = replace(text, preview="", complete=False, complaint=t("名称至少要两个字。", "At least two characters."))
    yield one("form-complaint", bad, "form", step=3)
    yield from _scanning(t, one, text)
    nothing = replace(bad, value="", complaint="")
    yield one("form-empty", nothing, "form", step=3)
    names = ("王记餐饮店", "建国餐饮店", "王建国餐馆", "王家餐馆")
    offered = replace(nothing, suggestions=tuple(s.SuggestionView(name) for name in names))
    yield one("form-suggested", offered, "form", step=3)
    taken = tuple(s.SuggestionView(name, name == "建国餐饮店") for name in names)
    chosen = SHOP.replace("南关小面馆", "建国餐饮店")
    named = t(f"登记名称将是 {chosen}", f"It will be registered as {chosen}")
    picked = replace(text, value="建国餐饮店", preview=named, suggestions=taken)
    yield one("form-suggested-taken", picked, "form", step=3)
    digits = replace(
        text, index=5, key="staff", kind="digits", title=t("店里一共几个人？", "How many people work there?"),
        help=t("连您自己算在内。", "Counting yourself."), value="2", unit=t("人", ""), max_length=3, preview="",
        editing=True,
    )  # fmt: skip
    yield one("form-digits", digits, "form", step=3)
    telephone = replace(
        digits, index=4, key="phone", title=t("您的电话是多少？", "What is your telephone number?"), help="", value="",
        hidden="138****0000", unit="", max_length=11, editing=False,
    )  # fmt: skip
    yield one("form-helper", telephone, "form", step=3, helper="0107", helped=True)
    yield one("form-helped", replace(text, editing=False), "form", step=3, helped=True)
    mail = t("您的邮箱是什么？", "What is your e-mail?")
    latin = replace(text, index=4, key="mail", kind="latin", title=mail, help="", preview="", value="wang")
    yield one("form-latin", latin, "form", step=3)
    code = replace(
        latin, key="code", title=t("执照上的信用代码是多少？", "What is the credit code on your licence?"),
        help=t("18 位，字母和数字。店名和地址不用再写。", "18 places, letters and digits."), value="92140213MA0000015G",
        max_length=18, signs=CREDIT_ALPHABET,
    )  # fmt: skip
    yield one("form-code", code, "form", step=3)
    unlent = replace(code, value="", complete=False, unlent="line", licence=t("电子营业执照", "electronic licence"))
    yield one("form-code-unlent", unlent, "form", step=3)
    options = (
        s.OptionView("catering", t("小餐饮", "Small catering"), t("面馆、小吃", "Noodles, snacks"), True),
        s.OptionView("grocery", t("便利店、杂货", "Grocery"), t("预包装食品", "Packed food"), False),
        s.OptionView("repair", t("修理", "Repairs"), "", False),
        s.OptionView("hair", t("理发美容", "Hair and beauty"), "", False),
    )
    choice = replace(
        text, index=1, key="scope", kind="choice", title=t("您主要做什么生意？", "What is your business?"),
        help=t("选最接近的一项。", "Choose the closest."), value="catering", preview="", options=options,
    )  # fmt: skip
    yield one("form-choice", choice, "form", step=3)
    clauses = (
        (t("我已经读过并理解上面的告知", "I have read and understood the notice"), True),
        (t("我满足这些条件", "I meet the conditions"), True),
        (t("我填写的内容真实、准确", "What I have filled in is true"), False),
        (t("我接受检查，并承担不实承诺的责任", "I accept checks and liability for a false commitment"), False),
    )
    notice = t(
        "按规定要证明您能使用这处经营场所。您可以提交证明，也可以作出承诺。承诺不实会被撤销登记，并记入信用记录。",
        "You must show that you may use these premises. You may hand in proof or commit to it. "
        "A false commitment leads to revocation and is kept on record.",
    )
    title, replaces = t("经营场所承诺", "Commitment on the premises"), t("场所使用证明", "proof of the premises")
    otherwise = t("可以带场所证明到窗口办理", "You can bring the proof to the counter")
    yield one("commitment", s.CommitmentBody(title, notice, clauses, replaces, otherwise, False), step=4)
    agreed = tuple((text, True) for text, _ in clauses)
    whole = s.CommitmentBody(title, notice, agreed, replaces, otherwise, True)
    yield one("commitment-agreed", whole, "commitment", step=4)
    rows = (
        ("applicant.name", t("经营者", "Owner"), NAME, "card", False),
        ("applicant.number", t("证件号码", "ID number"), NUMBER, "card", False),
        ("applicant.address", t("住址", "Address"), "平城区南关街道某社区 8 号楼 2 单元 301 室", "card", False),
        ("full_name", t("名称", "Name"), SHOP, "derived", False),
        ("shop_name", t("字号", "Shop name"), "南关小面馆", "typed", True),
        ("premises", t("经营场所", "Premises"), "南关街 18 号底商", "typed", True),
        ("scope", t("经营范围", "Business"), t("小餐饮", "Small catering"), "chosen", True),
        ("staff", t("从业人数", "Staff"), t("2 人", "2"), "typed", True),
        ("proof", t("场所证明", "Proof"), t("不用提交", "Not needed"), "committed", False),
    )
    lines = tuple(s.ReviewLine(*row) for row in rows)
    yield one("review", s.ReviewBody(lines, True), step=4)
    heads = {
        0: t("几件事都要用的", "Used by several of these"),
        3: t("个体工商户设立登记", "Registration of a business"),
    }
    grouped = tuple(replace(line, group=heads.get(number, "")) for number, line in enumerate(lines))
    yield one("review-together", s.ReviewBody(grouped, True), "review", step=4)
    phone = t("联系电话", "Telephone")
    kept = (*lines[:6], s.ReviewLine("phone", phone, "13800000000", "earlier", True))
    asked = s.ReviewBody(kept, True, keepable=(phone, t("现在的住址", "Present address")), keep_days=90)
    yield one("review-remember", asked, "review", step=4)
    yield one("review-known", replace(asked, lines=kept[3:], remember=True, known_until="2027-02-24"), "review", step=4)
    seen = {"applicant.number": NUMBER, "applicant.address": "平城区****", "phone": "138****0000"}
    masked = tuple(
        replace(line, value=seen.get(line.key, line.value), origin="helper" if line.key == "phone" else line.origin)
        for line in kept
    )
    yield one("review-helper", s.ReviewBody(masked, True), "review", step=4, helper="0107", helped=True)
    yield one("review-fixed", s.ReviewBody(tuple(line for line in lines if not line.editable), False), "review", step=4)
    yield one("sign", s.SignBody(NAME), step=5)
    yield one("committing", s.CommittingBody(), step=5)
    name, office = t("社保参保证明", "Insurance certificate"), t("平城区社会保险经办机构", "Social insurance office")
    yield one("query", s.QueryBody(name, office), step=3)
    where = t(
        "等一会儿再来查，或者带身份证到平城区社会保险经办窗口。",
        "Try again later, or go to the social insurance counter with your ID card.",
    )
    for problem in ("silent", "unfit", "not_connected", "line"):
        yield one(f"query-{problem}", s.QueryBody(name, office, problem, where), "query", step=3)
    yield from _licences(t, one)


def _licences(t: Translate, one: One) -> Iterator[Sample]:
    spared = (t("信用代码", "Credit code"),), (t("营业执照", "Business licence"),)
    keeper = t("平城区行政审批服务管理局", "the business registrar")
    asked = s.LicenceBody(t("电子营业执照", "electronic licence"), keeper, "consent", "", *spared)
    yield one("licence", asked, step=3)
    yield one("licence-asking", replace(asked, stage="asking"), "licence", step=3)
    lines = (
        (t("信用代码", "Credit code"), "92140213MA00000031"),
        (t("名称", "Name"), SHOP),
        (t("经营场所", "Place of business"), "山西省大同市平城区南关街18号底商"),
    )
    yield one("licence-found", replace(asked, stage="found", lines=lines), "licence", step=3)
    for problem in ("none", "not_connected"):
        yield one(f"licence-{problem}", replace(asked, stage="failed", problem=problem), "licence", step=3)


def _scanning(t: Translate, one: One, text: s.FormBody) -> Iterator[Sample]:
    where = replace(
        text, index=3, key="premises", title=t("店开在哪里？", "Where is your shop?"), preview="", value="",
        help=t("写街道和门牌号。省、市、区我们来补全。", "Street and number. We add province, city and district."),
        complete=False, scan=True,
    )  # fmt: skip
    yield one("form-scan", where, "form", step=3)
    at_home = (s.SuggestionView(t("就在身份证上的地址", "The address on my ID card")),)
    yield one("form-scan-suggested", replace(where, suggestions=at_home), "form", step=3)
    yield one("form-reading", replace(where, reading=True), "form", step=3)
    preview = t("登记地址将是 大同市平城区南关街18号底商", "It will be registered as 大同市平城区南关街18号底商")
    read = replace(where, value="大同市平城区南关街18号底商", read="offered", preview=preview)
    yield one("form-read", read, "form", step=3)
    yield one("form-unconfirmed", replace(read, read="unconfirmed"), "form", step=3)
    yield one("form-confirmed", replace(read, read="confirmed", complete=True), "form", step=3)
    label = t("场所证明", "Proof of premises")
    help = t("房产证有地址的那一页，或租房合同的每一页。", "The page with the address, or each page of the lease.")
    desk = s.MaterialBody(label, help, (), 8, "")
    yield one("material", replace(desk, phone="can"), step=3)
    yield one("material-fills", replace(desk, fills=True, problem="glare"), "material", step=3)
    yield one("material-taking", replace(desk, pages=(PAGE,), stage="taking"), "material", step=3)
    sent = s.UploadBody(label, "waiting", "https://zwfw.example.gov.cn/p/send/0123456789abcdefABCDEF", count=2)
    yield one("upload", sent, step=3)
    yield one("upload-first", replace(sent, count=0), "upload", step=3)
    looked_at = replace(sent, stage="look", code="", picture=PAGE, number=47, more=2)
    yield one("upload-look", looked_at, "upload", step=3)
    yield one("upload-line", replace(sent, stage="opening", code="", problem="line", count=0), "upload", step=3)
    yield one("material-taken", replace(desk, pages=(PAGE, PAGE), stage="taken"), "material", step=3)
    later = t("上门时看", "Show it when they come")
    yield one("material-slow", replace(desk, problem="slow", later=later), "material", step=3)
    yield one("material-lost", replace(desk, problem="lost", phone="offline"), "material", step=3)


def _finishing(t: Translate, one: One) -> Iterator[Sample]:
    licence, receipt = t("营业执照", "Business licence"), t("回执", "Receipt")
    outcome = s.OutcomeBody(
        outcome="approved",
        effective=True,
        heading=t("办好了，准予登记", "Done, registered"),
        lead=t("登记今天生效。", "The registration holds from today."),
        case_no=CASE_NO,
        document_title="营业执照",
        document_lines=(
            ("统一社会信用代码", "92140213MA0EXAMPLE"),
            ("名称", SHOP),
            ("经营者", NAME),
            ("经营场所", "南关街 18 号底商"),
            ("登记机关", "平城区行政审批服务管理局"),
        ),
        stamp=t("准予登记", "Registered"),
        papers=(
            s.PaperLine("licence", licence, "printing", 0, 1),
            s.PaperLine("receipt", receipt, "waiting"),
        ),
        printing=True,
        reasons=(
            (t("经营者年满 16 周岁", "The owner is 16 or older"), "《促进个体工商户发展条例》第二条"),
            (t("经营范围不需要前置许可", "The trade needs no licence beforehand"), "《市场主体登记管理条例》第十四条"),
            (t("场所证明以承诺代替", "A commitment stands for the proof"), "国办发〔2020〕42号"),
        ),
        reasons_shown=False,
    )
    yield one("outcome", outcome)
    done = tuple(replace(p, state="done", pages_done=1, pages_total=1) for p in outcome.papers)
    yield one("outcome-done", replace(outcome, papers=done, printing=False), "outcome")
    yield one("outcome-reasons", replace(outcome, papers=done, printing=False, reasons_shown=True), "outcome")
    referred = replace(
        outcome, outcome="referred", effective=False, stamp="", document_lines=(), printing=False,
        heading=t("已经收下，由工作人员办理", "Received. Staff will decide."),
        lead=t("五个工作日内答复，短信通知您。", "You hear from us within five working days."),
        papers=(replace(done[1], state="unknown", reason="no-answer"),),
    )  # fmt: skip
    yield one("outcome-referred", referred, "outcome")
    steps = (
        ("missing", t("委托书或监护材料", "Written authority or proof of guardianship")),
        ("missing", t("户口簿（首页和老人那一页）", "Household register (first page and the person's page)")),
        ("go", t("带材料到户籍地社区。", "Bring them to the community of the registered residence.")),
        ("decides", t("由街道办事处决定，20 个工作日内告诉您结果。", "The street office decides in 20 working days.")),
        ("handled", t("自来水公司：上门勘查，3 个工作日内", "Water company: surveys, within 3 working days")),
    )
    yield one("outcome-steps", replace(referred, steps=steps, document_lines=outcome.document_lines), "outcome")
    items = (
        s.ItemResult(
            t("个体工商户设立登记", "Business registration"), t("准予登记", "Registered"), "granted", CASE_NO,
            steps=(("next", t("拿执照到服务窗口盖章。", "Have the licence sealed at the counter.")),),
        ),
        s.ItemResult(
            t("小餐饮备案", "Filing of a food shop"), t("由工作人员办理", "Staff will decide"), "waits", CASE_NO,
            t("等执照登记好，信用代码自动补进来。", "It waits for the licence; the credit code is added then."), steps,
        ),
        s.ItemResult(
            t("门头招牌设置备案", "Filing of a shop sign"), t("没有收", "Not taken"), "against", "",
            t("办好执照以后再来。", "Come again once you have the licence."),
        ),
    )  # fmt: skip
    together = replace(
        outcome, document_lines=(), items=items, papers=done, printing=False, stamp="",
        lead=t("几件事各办到哪一步，写在下面。", "How each matter stands is told below."),
    )  # fmt: skip
    yield one("outcome-together", together, "outcome")
    yield one("outcome-together-reasons", replace(together, reasons_shown=True), "outcome")
    given = t("办件回执", "Case receipt")
    paper = tuple(
        (t(zh, en), value)
        for zh, en, value in (
            ("办件编号", "Case number", "140213 261122 0000 0318 7"), ("事项", "Matter", _cards(t)[1].name),
            ("姓名", "Name", "王**"), ("结果", "Result", t("认证通过", "Confirmed")),
            ("时间", "Time", "2026-11-22 02:14"),
        )
    )  # fmt: skip
    certified = replace(
        outcome, heading=t("认证好了，\n养老金照常发", "Confirmed.\nYour pension will continue"), document_title=given,
        lead=t("一年以后再来。", "Come again in a year."), document_lines=paper, stamp=t("认证通过", "Confirmed"),
        case_no="140213 261122 0000 0318 7", papers=(s.PaperLine("receipt", given, "printing", 0, 1),),
    )  # fmt: skip
    yield one("outcome-receipt", certified, "outcome")
    jam = s.TroubleBody(given, "media-jam", True, CASE_NO, ("retry", "later", "help"))
    yield one("trouble-jam", jam, "trouble")
    trouble = s.TroubleBody(licence, "media-empty", True, CASE_NO, ("retry", "later", "help"))
    yield one("trouble", trouble)
    yield one("trouble-unknown", replace(trouble, reason="no-answer", certain=False), "trouble")
    names = (t("非常满意", "Very satisfied"), t("满意", "Satisfied"), t("基本满意", "Mostly satisfied"),
             t("不满意", "Dissatisfied"), t("非常不满意", "Very dissatisfied"))  # fmt: skip
    levels = tuple((5 - n, name) for n, name in enumerate(names))
    options = (
        s.RateOption("406", t("填写一张表单就可完成申报", "One form was enough"), True),
        s.RateOption("407", t("在线提交材料窗口核验", "Papers handed in online"), False),
        s.RateOption("408", t("一张清单告知全部申报材料", "One list named every paper"), False),
    )
    yield one("rate", s.RateBody(0, levels, (), False))
    yield one("rate-locked", s.RateBody(0, levels, (), False, locked=True), "rate", helped=True)
    yield one("rate-chosen", s.RateBody(4, levels, options, True), "rate")
    yield one("rate-again", s.RateBody(0, levels, (), False, again=True), "rate")
    yield one("farewell", s.FarewellBody("done", True, True, CASE_NO, (licence, given)))
    told = s.FarewellBody("done", True, True, CASE_NO, (given,), remembered="2027-02-24")
    yield one("farewell-remembered", told, "farewell")
    yield one("farewell-quit", s.FarewellBody("quit", False, False), "farewell")
    body = s.ReviewBody((s.ReviewLine("applicant.name", t("经营者", "Owner"), NAME, "card", False),), True)
    gone = s.FarewellBody("power", True, True, CASE_NO, (licence,), card_in_slot=True)
    yield one("farewell-power", gone, "farewell")
    yield one("farewell-power-nothing", s.FarewellBody("power", False, True), "farewell")
    yield one("panel-power", body, "review", step=4, power="ending", expires_at=20.0)
    yield one("panel-power-saved", replace(outcome, papers=done, printing=False), "outcome", power="ending_saved",
              expires_at=20.0)  # fmt: skip
    yield one("panel-power-printing", outcome, "outcome", power="finishing")
    yield one("panel-warning", body, "review", step=4, warning=True, expires_at=20.0)
    yield one("panel-card", body, "review", step=4, card_missing=True, expires_at=25.0)
    for why in ("left", "own", "over"):
        face = why == "own"
        yield one(f"panel-own-{why}", body, "review", step=4, helped=True, handover=why, handover_face=face)
    yield one("panel-help-staff", s.HomeBody(_cards(t)), "home", help_called=True, help_phone="0352-5550000",
              helper_possible=True)  # fmt: skip
    yield one("panel-help", s.HomeBody(_cards(t)), "home", help_called=True, help_phone="0352-5550000")
