"""Every page that the backend shows a person, as somebody sees it: held against the routes of the application, so that
a page that nobody put here fails (test_pages_basics.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HOME = "/console/oversight"
CASE = "/console/cases/{case_id}"
BOTH = ("zh_CN", "en")


@dataclass(frozen=True)
class Shown:
    """``route``: as it is declared; ``path``: with names of World's ids in braces; ``who``: whose browser (World.
    cookies). ``fields``: sent to ``path`` with the token of the page ``at``; what comes back is the page that is meant.
    """

    name: str
    route: str
    path: str
    who: str = ""
    status: int = 200
    fields: Mapping[str, str] | None = None
    at: str = ""
    parts: bool = False  # a form that may bring files along
    open: bool = False  # everything that can be unfolded, unfolded

    @property
    def public(self) -> bool:
        return self.route.startswith("/p")

    @property
    def languages(self) -> tuple[str, ...]:
        """Citizens' pages are looked at in both; staff's in Chinese (test_pages_basics.py reads both)."""
        return BOTH if self.public else BOTH[:1]


def _console() -> list[Shown]:
    wrong = {"name": "nobody", "password": "wrong", "code": ""}
    return [
        Shown("sign-in", "/console/sign-in", "/console/sign-in"),
        Shown("sign-in-wrong", "/console/sign-in", "/console/sign-in", status=403, fields=wrong, at="/console/sign-in"),
        Shown("second-factor", "/console/second-factor", "/console/second-factor", "half"),
        Shown("second-factor-wrong", "/console/second-factor", "/console/second-factor", "half",
              fields={"code": "000000"}, at="/console/second-factor"),
        Shown("queue-community", "/console/queue", "/console/queue", "community"),
        Shown("queue-department", "/console/queue", "/console/queue?desk=community", "department"),
        Shown("queue-checks", "/console/queue", "/console/queue?tab=checks&desk=community", "department"),
        Shown("queue-empty", "/console/queue", "/console/queue?tab=checks", "community"),
        Shown("queue-missing", "/console/queue", "/console/find", "street", 404, {"number": "1"}, "/console/queue"),
        Shown("staff", "/console/staff", "/console/staff", "operator"),
        Shown("staff-new", "/console/staff/new", "/console/staff/new", "operator"),
        Shown("staff-new-wrong", "/console/staff/new", "/console/staff/new", "operator", 409,
              {"login": "a", "role": "street", "areas": "330102"}, "/console/staff/new"),
        Shown("staff-one", "/console/staff/{staff_id}", "/console/staff/{account}", "operator", open=True),
        Shown("entry", "/console/entry", "/console/entry", "operator"),
        Shown("entry-wrong", "/console/entry", "/console/entry", "operator", 409,
              {"terminal": "330102-NONE22", "hour": "2026-06-01 20", "challenge": "123456", "staff": "0417",
               "role": "keeper"}, "/console/entry"),
        Shown("case-waiting", CASE, "/console/cases/{waiting}", "street", open=True),
        Shown("case-mine", CASE, "/console/cases/{mine}", "community", open=True),
        Shown("case-held", CASE, "/console/cases/{held}", "department"),
        Shown("case-proposed", CASE, "/console/cases/{proposed}", "second", open=True),
        Shown("case-promised", CASE, "/console/cases/{promised}", "department"),
        Shown("case-refused", CASE, "/console/cases/{refused}", "supervisor"),
        Shown("case-not-done", CASE, "/console/cases/{held}/take", "department", 409, {}, "/console/cases/{held}"),
        Shown("paper", CASE + "/pages/{number:int}/view", "/console/cases/{waiting}/pages/1/view", "street"),
        Shown("paper-large", CASE + "/pages/{number:int}/view", "/console/cases/{waiting}/pages/2/view?zoom=3",
              "street"),
        Shown("ratings", "/console/ratings", "/console/ratings", "street"),
        Shown("ratings-all", "/console/ratings", "/console/ratings?tab=all", "supervisor"),
        Shown("rating", "/console/ratings/{case_id}/{number}", "/console/ratings/{rated}/1", "street"),
        Shown("rating-answered", "/console/ratings/{case_id}/{number}", "/console/ratings/{answered}/1", "supervisor"),
        Shown("rating-wrong", "/console/ratings/{case_id}/{number}", "/console/ratings/{rated}/1", "street", 422,
              {"deed": "called", "words": "打过电话"}, "/console/ratings/{rated}/1"),
    ]  # fmt: skip


def _oversight() -> list[Shown]:
    def one(name: str, path: str = "", route: str = "", who: str = "supervisor") -> Shown:
        return Shown(name, HOME + (route or path.partition("?")[0]), HOME + path, who, open=True)

    return [
        one("overview", "?area=33"), one("overview-streets", "?by=street&area=33"),
        one("ranking", "/ranking?area=33"),
        one("ranking-slow", "/ranking?level=terminal&measure=slow&area=33"), one("problems", "/problems?area=33"),
        one("samples", "/samples"), one("suspicions", "/suspicions"),
        one("suspicion", "/suspicions/{suspicion}", "/suspicions/{id}"),
        Shown("overview-none", HOME, HOME + "?area=33999", "supervisor"),
    ]  # fmt: skip


def _public() -> list[Shown]:
    unknown = {"number": "330102260601000000000", "ending": "000000"}
    return [
        Shown("home", "/p/", "/p/"),
        Shown("progress", "/p/progress", "/p/progress?no={no}"),
        Shown("progress-wrong", "/p/progress", "/p/progress", status=404, fields=unknown, at="/p/progress"),
        *(
            Shown(f"own-{name}", "/p/case", "/p/case", f"phone {name}")
            for name in ("waiting", "asked", "refused", "approved", "rated", "answered")
        ),
        Shown("own-done", "/p/case", "/p/case?said=done", "phone overdue"),
        Shown("own-scanned", "/p/case", "/p/case", "scan asked"),
        Shown("supplement", "/p/case/supplement", "/p/case/supplement", "phone asked"),
        Shown("supplement-wrong", "/p/case/supplement", "/p/case/supplement", "phone asked", 422, {"note": "辛苦了"},
              "/p/case/supplement", parts=True),
        Shown("rating-first", "/p/case/rating", "/p/case/rating", "phone approved"),
        Shown("rating-more", "/p/case/rating", "/p/case/rating", "phone answered"),
        Shown("rating-more-wrong", "/p/case/rating", "/p/case/rating", "phone answered", 422, {"said": "好多了"},
              "/p/case/rating"),
        Shown("send", "/p/send", "/p/send", "sends"),
        Shown("send-wrong", "/p/send", "/p/send", "sends", 422, {}, "/p/send", parts=True),
        Shown("send-over", "/p/send", "/p/send", status=410),
        Shown("check", "/p/check", "/p/check"),
        Shown("check-wrong", "/p/check", "/p/check", "", 422, {}, "/p/check", parts=True),
        Shown("check-genuine", "/p/check", "/p/check", "", 200, {"code": "#{mark}"}, "/p/check", parts=True),
        Shown("check-unknown", "/p/check", "/p/check", "", 200, {"code": "hello"}, "/p/check", parts=True),
    ]  # fmt: skip


def _troubles() -> list[Shown]:
    """Each way in which a page is refused; a stranger's address, and those that only trouble brings about."""
    codes = {"forbidden": 403, "expired": 403, "method": 405, "too-many": 429, "bug": 500, "busy": 503}
    found = [Shown("nowhere", "/p/trouble/{code}", "/p/nowhere", status=404),
             Shown("staff-nowhere", "/console/trouble/{code}", "/console/nowhere", status=404),
             Shown("staff-forbidden", "/console/trouble/{code}", "/console/staff", "community", 403)]  # fmt: skip
    for code, status in codes.items():
        found.append(Shown(f"trouble-{code}", "/p/trouble/{code}", f"/p/trouble/{code}", status=status))
    return [*found, Shown("staff-bug", "/console/trouble/{code}", "/console/trouble/bug", "street", 500)]


PAGES: tuple[Shown, ...] = (*_console(), *_oversight(), *_public(), *_troubles())
BY_NAME = {each.name: each for each in PAGES}
OTHERS: Mapping[str, str] = {  # what is no page: where it leads to, or what it hands out
    "/p": "to its first page", "/console": "to its first page", "/console/": "to the first page of the role",
    "/p/mark": "to the page whose form it takes", "/p/static/{name}": "files", "/console/static/{name}": "files",
    CASE + "/pages/{number:int}": "a picture", CASE + "/certificate": "a paper",
    "/p/send/{token}": "to the page of what is sent", "/p/send/state": "a word for its script",
    "/console/oidc/start": "to the provider", "/console/oidc/back": "on by itself",
    "/console/oidc/out": "to the provider",
    HOME + "/report.pdf": "the report", HOME + "/report.xlsx": "the report",
}  # fmt: skip


@dataclass
class Faults:
    """What was found on one page, each with where."""

    found: list[str] = field(default_factory=list)

    def add(self, where: str, faults: list[str]) -> None:
        self.found += [f"{where}: {each}" for each in faults]

    def none(self) -> None:
        assert not self.found, "\n" + "\n".join(self.found)
