"""The pages of supervision, for supervisors and operators. They show what `Oversight` has kept and reckon nothing
themselves, except with few cases. Charts stand beside the tables with their figures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import BaseRoute

from kiosk.backend.console.gate import staff_of, staff_page
from kiosk.backend.console.roles import Role
from kiosk.backend.settings import BackendError
from kiosk.backend.web.problems import WebError
from kiosk.backend.web.turn import Turn

if TYPE_CHECKING:
    from kiosk.backend.core import Backend
    from kiosk.backend.oversight.charts import Chart
    from kiosk.backend.oversight.figures import Overview
    from kiosk.backend.oversight.oversight import Oversight

HOME = "/console/oversight"
ROWS = 100  # of a table on a page; the workbook has them all
SHOWN_CASES = 50
PICTURES, FILES = 200, 16  # charts and reports that are kept
LONGEST_AREA = 9  # digits: figures are kept down to the street


def routes(backend: Backend) -> list[BaseRoute]:
    pages = Pages(backend)
    of = (Role.SUPERVISOR, Role.OPERATOR)
    return [
        staff_page(HOME, pages.overview, *of),
        staff_page(f"{HOME}/ranking", pages.ranking, *of),
        staff_page(f"{HOME}/problems", pages.problems, *of),
        staff_page(f"{HOME}/samples", pages.samples, *of),
        staff_page(f"{HOME}/samples/draw", pages.draw, *of, methods=("POST",)),
        staff_page(f"{HOME}/samples/{{day}}/{{case}}", pages.put_down, *of, methods=("POST",)),
        staff_page(f"{HOME}/suspicions", pages.suspicions, *of),
        staff_page(f"{HOME}/suspicions/{{id}}", pages.suspicion, *of),
        staff_page(f"{HOME}/suspicions/{{id}}/verdict", pages.judge, *of, methods=("POST",)),
        staff_page(f"{HOME}/report.pdf", pages.pdf, *of),
        staff_page(f"{HOME}/report.xlsx", pages.excel, *of),
    ]


class Pages:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._pictures: dict[Chart, Markup] = {}
        self._files: dict[tuple[str, str, str, str], bytes] = {}

    @cached_property
    def _oversight(self) -> Oversight:
        from kiosk.backend.oversight.oversight import Oversight

        return Oversight.of(self._backend)

    # -- figures --------------------------------------------------------------------------------------

    def overview(self, turn: Turn) -> Response:
        from kiosk.backend.oversight import charts
        from kiosk.backend.oversight.telling import page, reasons_of, share, told_line, took, why

        overview, context = self._shown(turn)
        if overview is None:
            return turn.render("oversight/none.html", **context)
        w = turn.words("oversight")
        drawn = [("weeks", charts.by_week(overview.weeks, w)), ("content", charts.content(overview.weeks, w))]
        drawn.append(("times", charts.times(overview.tables["item"], w)))
        if overview.breaks:
            drawn.append(("breaks", charts.breaks(overview.breaks, lambda state: page(state, w), w)))
        pictures = {name: self._svg(chart) for name, chart in drawn}
        titles = {name: chart.title for name, chart in drawn}
        by = turn.query("by", "item")
        if by not in overview.tables:
            raise WebError("not-found")
        return turn.render(
            "oversight/overview.html", charts=pictures, titles=titles, overview=overview, by=by,
            lines=overview.tables[by][:ROWS],
            whole=told_line(overview.whole, w), share=share, tables=list(overview.tables),
            took=lambda hours: took(hours, w), page=lambda state: page(state, w), why=lambda reason: why(reason, w),
            reasons=[(reasons_of(f"{code[0]} {code}", w), count) for code, count in overview.reasons[:10]], **context,
        )  # fmt: skip

    def ranking(self, turn: Turn) -> Response:
        from kiosk.backend.oversight import charts
        from kiosk.backend.oversight.figures import LEVELS, MEASURES
        from kiosk.backend.oversight.telling import told_ranked

        overview, context = self._shown(turn)
        if overview is None:
            return turn.render("oversight/none.html", **context)
        level, measure = turn.query("level", "street"), turn.query("measure", "bad")
        rows = overview.rankings.get(f"{level} {measure}")
        if rows is None:
            raise WebError("not-found")
        w = turn.words("oversight")
        told = [(told_ranked(row, w), row.stands) for row in rows[:ROWS]]
        return turn.render(
            "oversight/ranking.html", overview=overview, rows=told, level=level, measure=measure, levels=LEVELS,
            measures=MEASURES, chart=self._svg(charts.ranked(rows, w)), **context,
        )  # fmt: skip

    def problems(self, turn: Turn) -> Response:
        from kiosk.backend.oversight.telling import problems_method, told_problem

        overview, context = self._shown(turn)
        if overview is None:
            return turn.render("oversight/none.html", **context)
        w, english = turn.words("oversight"), turn.language == "en"
        told = [told_problem(each, overview, w, english) for each in overview.problems[:ROWS]]
        return turn.render(
            "oversight/problems.html", overview=overview, problems=told, method=problems_method(w, english), **context
        )

    def pdf(self, turn: Turn) -> Response:
        from kiosk.backend.oversight.report import pdf

        return self._file(turn, pdf, "application/pdf", "report.pdf")

    def excel(self, turn: Turn) -> Response:
        from kiosk.backend.oversight.excel import workbook

        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        return self._file(turn, workbook, kind, "report.xlsx")

    def _svg(self, chart: Chart) -> Markup:
        """Drawn once as long as its figures stay: that takes most of a page's time."""
        from kiosk.backend.oversight import charts

        found = self._pictures.get(chart)
        if found is None:
            if len(self._pictures) >= PICTURES:
                self._pictures.clear()
            both = (replace(chart, titled=False, width=width) for width in (charts.WIDTH, charts.NARROW))
            drawn = "".join(charts.svg(each) for each in both)
            found = self._pictures[chart] = Markup(drawn)  # noqa: S704  # its texts are escaped there
        return found

    def _file(self, turn: Turn, make: Callable[..., bytes], kind: str, name: str) -> Response:
        """Made once as long as its figures stay."""
        overview, _ = self._shown(turn)
        if overview is None:
            raise WebError("not-found")
        key = (name, overview.area, overview.made_at, turn.language)
        data = self._files.get(key)
        if data is None:
            if len(self._files) >= FILES:
                self._files.clear()
            data = self._files[key] = make(overview, turn.words("oversight"))
        return Response(data, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})

    def _shown(self, turn: Turn) -> tuple[Overview | None, dict[str, Any]]:
        """The figures of the area that was asked for, within what this person may see."""
        areas = _areas(turn)
        area = turn.query("area", areas[0] if areas else "")
        if not (area.isascii() and (area.isdigit() or not area)) or not any(area.startswith(each) for each in areas):
            raise WebError("forbidden")
        overview = self._oversight.shown(area[:LONGEST_AREA])
        context = {"area": area, "areas": areas, "home": HOME}
        return (None if overview is None or len(area) > LONGEST_AREA else overview), context

    # -- samples --------------------------------------------------------------------------------------

    def samples(self, turn: Turn) -> Response:
        from kiosk.backend.oversight.oversight import FOUND
        from kiosk.backend.oversight.sampling import commitment, share_between

        areas, names = _areas(turn), self._oversight.names()
        counts = self._oversight.found_counts(areas)
        done = sum(counts.get(word, 0) for word in FOUND if word != "unreachable")
        wrong = counts.get("made_up", 0) + counts.get("flaw", 0)
        low, high = share_between(wrong, done)
        draws = [(each, commitment(each.seed)) for each in self._oversight.draws()]
        rows = self._oversight.sampled(areas, ROWS)
        people = self._people(turn, [row.found_by for row in rows])
        return turn.render(
            "oversight/samples.html", rows=rows, people=people, full=len(rows) == ROWS, most=ROWS, names=names,
            draws=draws,
            ahead=self._oversight.commitments(), found=FOUND, done=done, wrong=wrong, low=round(100 * low),
            high=round(100 * high), home=HOME, area="", areas=areas,
        )  # fmt: skip

    def draw(self, turn: Turn) -> Response:
        from kiosk.domain.beijing import CHINA

        yesterday = turn.now.astimezone(CHINA).date() - timedelta(days=1)
        self._oversight.draw(yesterday.isoformat())
        return turn.redirect(f"{HOME}/samples")

    def put_down(self, turn: Turn) -> Response:
        day, case, word = turn.path("day"), turn.path("case"), turn.field("found")
        _told(lambda: self._oversight.put_down(day, case, word, staff_of(turn).staff_id, _areas(turn)))
        return turn.redirect(f"{HOME}/samples")

    # -- suspicions -----------------------------------------------------------------------------------

    def suspicions(self, turn: Turn) -> Response:
        from kiosk.backend.oversight.rates import rates
        from kiosk.backend.oversight.telling import chance, evidence, rate

        areas, w = _areas(turn), turn.words("oversight")
        rows = [(row, evidence(row, w), chance(row.chance, w)) for row in self._oversight.suspected(areas, ROWS)]
        counts = {"made_up": 0, "honest": 0, "unclear": 0, "open": 0}
        for _, verdict, count in self._oversight.verdicts(areas):
            counts[verdict or "open"] += count
        return turn.render(
            "oversight/suspicions.html", rows=rows, full=len(rows) == ROWS, most=ROWS, names=self._oversight.names(),
            counts=counts, rates=rates(), rate=rate, home=HOME, area="", areas=areas,
        )  # fmt: skip

    def suspicion(self, turn: Turn) -> Response:
        from kiosk.backend.oversight.oversight import VERDICTS
        from kiosk.backend.oversight.rates import rates
        from kiosk.backend.oversight.telling import chance, evidence, rate

        areas, w = _areas(turn), turn.words("oversight")
        row = self._oversight.suspicion(turn.path("id"), areas)
        if row is None:
            raise WebError("not-found")
        cases = self._oversight.evidence(json.loads(row.case_ids)[:SHOWN_CASES])
        commits = [datetime.fromisoformat(each.committed_at) for each in cases]
        gaps = [0.0, *((after - before).total_seconds() for before, after in pairwise(commits))]
        return turn.render(
            "oversight/suspicion.html", row=row, evidence=evidence(row, w), chance=chance(row.chance, w),
            cases=list(zip(cases, gaps, strict=False)), names=self._oversight.names(), rates=rates(),
            rate=rate, people=self._people(turn, [row.verdict_by]), verdicts=VERDICTS, home=HOME, area="", areas=areas,
            level=partial(_level, turn),
        )  # fmt: skip

    def _people(self, turn: Turn, ids: Sequence[str]) -> dict[str, str]:
        """What is shown of whoever put something down; at the command line a name was typed."""
        return turn.site.backend.console.accounts.names([each for each in ids if each])

    def judge(self, turn: Turn) -> Response:
        id_, verdict = turn.path("id"), turn.field("verdict")
        _told(lambda: self._oversight.judge(id_, verdict, staff_of(turn).staff_id, _areas(turn)))
        return turn.redirect(f"{HOME}/suspicions")


def _level(turn: Turn, level: int | None) -> str:
    """A rating in words, "—" where there is none."""
    from kiosk.domain.rating import level_word

    return level_word(level).of(turn.language) if level else "—"


def _areas(turn: Turn) -> tuple[str, ...]:
    """Where somebody may look: everywhere for whoever runs the backend and has no area of his own."""
    staff = staff_of(turn)
    return staff.areas or (("",) if staff.role is Role.OPERATOR else ())


def _told(work: Callable[[], None]) -> None:
    """Does it; a word that there is not, or a thing that is not there (any more), as a page says it."""
    try:
        work()
    except BackendError as error:
        raise WebError("bad-form" if error.code.startswith("bad-") else "not-found") from error
