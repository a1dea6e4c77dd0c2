"""A report in a real browser: it stands for itself, is inert, and shuts nobody out."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

import clca
from clca.report.result import ReportResult
from tests.browser.pages import PHONE, WIDE, OpenPage
from tests.report.workspace import HOSTILE, make_workspace

OPEN = (
    "document.querySelectorAll('details').forEach(details => { details.open = true });"
    "document.querySelectorAll('main *').forEach(part => { part.style.contentVisibility = 'visible' })"
)
"""Shows what is folded, and lays out what is not in sight."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReportResult:
    """A report with a result of every kind, made before the browser has its event loop."""
    folder, here = make_workspace(tmp_path_factory.mktemp("workspace")), Path.cwd()
    os.chdir(folder)
    result = clca.report(title=HOSTILE[0], dialogues=1, progress=False)
    os.chdir(here)
    return result.model_copy(update={"file": folder / result.file})


@pytest.mark.parametrize(
    ("width", "dark"),
    [
        pytest.param(WIDE, False, id="wide, light"),
        pytest.param(PHONE, True, id="phone, dark"),
        pytest.param(WIDE, True, id="wide, dark", marks=pytest.mark.slow),
        pytest.param(PHONE, False, id="phone, light", marks=pytest.mark.slow),
    ],
)
def test_it_asks_for_nothing_says_nothing_and_has_no_grave_fault(
    report: ReportResult, open_page: OpenPage, width: int, dark: bool
) -> None:
    page = open_page(report.file, width=width, dark=dark)
    page.view.evaluate(OPEN)
    assert page.problems() == []
    assert page.overflow() == 0
    assert page.faults() == []


def test_every_figure_and_bar_is_drawn(report: ReportResult, open_page: OpenPage) -> None:
    page = open_page(report.file)
    page.view.evaluate(OPEN)
    assert page.view.locator("figure svg").count() == report.figures
    sizes = page.view.evaluate(
        "[...document.querySelectorAll('svg')].map(svg => svg.getBoundingClientRect())"
        ".map(box => [box.width, box.height])"
    )
    assert len(sizes) > report.figures
    assert [size for size in sizes if min(size) < 8] == []


def test_hostile_texts_run_nothing_and_change_nothing(report: ReportResult, open_page: OpenPage) -> None:
    page = open_page(report.file)
    page.view.wait_for_load_state("networkidle")
    assert page.problems() == []
    assert page.view.locator("body").is_visible()
    assert page.view.locator("script:not([type='application/json']), img, iframe, base, link").count() == 0
    assert page.view.locator("style").count() == 1
    assert page.view.title() == f"{HOSTILE[0]} · clca report"
    assert page.view.url == page.address


def test_a_keyboard_reaches_all_there_is_and_shows_where_it_is(report: ReportResult, open_page: OpenPage) -> None:
    page = open_page(report.file)
    page.view.keyboard.press("Tab")
    assert page.view.evaluate("document.activeElement.textContent") == "Skip to the report"
    assert page.view.locator(".skip").is_visible()
    page.view.keyboard.press("Enter")
    assert page.view.evaluate("document.activeElement.id") == "main"
    page.view.keyboard.press("Tab")
    assert page.view.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    wanted = page.view.locator("main a, main summary, main [tabindex='0']").count()
    reached = page.view.evaluate_handle(
        "(() => { const reached = new Set(); addEventListener('focusin', event => reached.add(event.target));"
        " return reached })()"
    )
    for _ in range(wanted + 40):
        page.view.keyboard.press("Tab")
    missing = page.view.evaluate(
        "reached => [...document.querySelectorAll('main a, main summary, main [tabindex=\"0\"]')]"
        ".filter(one => one.checkVisibility() && !reached.has(one)).map(one => one.outerHTML.slice(0, 90))",
        reached,
    )
    assert missing == []


def test_landmarks_and_headings_are_in_order(report: ReportResult, open_page: OpenPage) -> None:
    page = open_page(report.file)
    levels = page.view.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(head => Number(head.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for landmark in ("header", "nav", "main", "footer"):
        assert page.view.locator(landmark).count() == 1
    captions = page.view.locator("table caption").count()
    assert captions == page.view.locator("table").count() == report.tables


def test_rehearsed_numbers_are_watermarked_for_all(report: ReportResult, open_page: OpenPage) -> None:
    page = open_page(report.file)
    drawn = page.view.evaluate(
        "[...document.querySelectorAll('.marked')].map(one => getComputedStyle(one, '::after').content)"
    )
    assert set(drawn) == {'"REHEARSAL"'}
    assert page.view.locator("#survey .caption .mark").count() >= 2


def test_print_opens_what_is_folded_and_cuts_nothing_off(report: ReportResult, open_page: OpenPage) -> None:
    page = open_page(report.file, width=794)  # an A4 page at 96 dots an inch
    page.view.emulate_media(media="print")
    hidden = page.view.evaluate(
        "[...document.querySelectorAll('details > *:not(summary)')].filter(one => !one.checkVisibility()).length"
    )
    assert hidden == 0
    assert page.view.locator("nav.contents").is_hidden()
    scrolled = page.view.evaluate("getComputedStyle(document.querySelector('.scroll')).overflowX")
    assert scrolled == "visible"
    assert page.view.pdf()[:5] == b"%PDF-"
