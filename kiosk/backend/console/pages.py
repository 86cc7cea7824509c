"""The addresses of the console."""

from __future__ import annotations

from starlette.routing import BaseRoute

from kiosk.backend.console import case_pages, entry_pages, oidc_pages, queue_pages, sign_in_pages, staff_pages
from kiosk.backend.console.gate import SECOND, SIGN_IN, half_signed_in, staff_page
from kiosk.backend.console.roles import READERS, REVIEWERS, Role
from kiosk.backend.core import Backend
from kiosk.backend.web.turn import Page


def routes(backend: Backend) -> list[BaseRoute]:
    backend.console  # noqa: B018  # its tables are made now, not with somebody's first page
    both, post = ("GET", "POST"), ("POST",)
    case = "/console/cases/{case_id}"
    return [
        Page(SIGN_IN, sign_in_pages.sign_in, methods=both),
        Page(SECOND, sign_in_pages.second_factor, methods=both, guard=half_signed_in),
        staff_page("/console/sign-out", sign_in_pages.sign_out, methods=post),
        staff_page("/console/", queue_pages.home),
        staff_page("/console/queue", queue_pages.show, *READERS),
        staff_page("/console/find", queue_pages.find, *READERS, methods=post),
        Page(oidc_pages.START, oidc_pages.start),
        Page(oidc_pages.BACK, oidc_pages.back),
        Page(oidc_pages.OUT, oidc_pages.out),
        staff_page(staff_pages.LIST, staff_pages.show, Role.OPERATOR),
        staff_page(staff_pages.LIST + "/new", staff_pages.add, Role.OPERATOR, methods=both),
        staff_page(staff_pages.LIST + "/{staff_id}", staff_pages.one, Role.OPERATOR),
        staff_page(staff_pages.LIST + "/{staff_id}/{deed}", staff_pages.do, Role.OPERATOR, methods=post),
        staff_page(entry_pages.PATH, entry_pages.show, Role.OPERATOR, methods=both),
        staff_page(case, case_pages.show, *READERS),
        staff_page(case + "/pages/{number:int}", case_pages.page, *READERS),
        staff_page(case + "/pages/{number:int}/view", case_pages.view, *READERS),
        staff_page(case + "/certificate", case_pages.certificate, *READERS),
        staff_page(case + "/take", case_pages.take, *REVIEWERS, methods=post),
        staff_page(case + "/release", case_pages.release, *REVIEWERS, methods=post),
        staff_page(case + "/act", case_pages.act, *REVIEWERS, methods=post),
        staff_page(case + "/confirm", case_pages.confirm, *REVIEWERS, methods=post),
        staff_page(case + "/put-back", case_pages.put_back, *REVIEWERS, methods=post),
        staff_page(case + "/check", case_pages.check, *REVIEWERS, methods=post),
    ]
