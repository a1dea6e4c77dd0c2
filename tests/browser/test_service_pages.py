"""The pages of the service in a real browser: by keyboard, with and without scripts, for everybody, and inert."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

pytest.importorskip("fastapi")

from clca.service.access import TokenFile
from tests.browser.pages import PHONE, WIDE, OpenPage, Page
from tests.service.page_runs import OTHER, RUN, say, write_run, write_runs
from tests.service.served import SMALL, Served, serving

DIALOGUES = f"/runs/{RUN}/dialogues"
HOSTILE = f"{DIALOGUES}/{quote('h0<b>', safe='')}"


class Visited:
    """A running service that asks for tokens, with runs, a report and a job, and one who may do everything."""

    def __init__(self, service: Served, run: Path, secret: str) -> None:
        self.service, self.run, self.secret = service, run, secret
        service.http.headers["Authorization"] = f"Bearer {secret}"
        self.job = service.submit("generate", SMALL)["id"]
        assert service.ended(self.job)["state"] == "completed"


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory, cache_home: Path) -> Iterator[Visited]:
    folder = tmp_path_factory.mktemp("pages").resolve()
    run = write_runs(folder)
    (write_run(folder, "uk/torn", []) / "run.json").write_text("{")
    (folder / "studies" / "torn").mkdir()
    (folder / "studies" / "torn" / "study.json").write_text("{")
    for number in range(3):
        say(run, f"d{number}", "bo", "accepted")
    (folder / "report.html").write_text("<!doctype html><title>r</title><script>alert(1)</script><p>All results.")
    secret = TokenFile(folder / "service").add("ana", "run", None)
    with serving(folder, "--require-token", "--rate", "0", "--cpu-jobs", "1") as service:
        yield Visited(service, run, secret)


def log_in(page: Page, visited: Visited) -> None:
    """Log in by keyboard, as somebody does who was sent there."""
    view = page.view
    assert view.url.startswith(f"{visited.service.url}/login?next=")
    view.focus("#token")
    view.keyboard.type(visited.secret)
    view.keyboard.press("Enter")
    view.wait_for_selector("nav[aria-label='Pages']")


def went(page: Page, key: str) -> str:
    """Press a key that leads to another page; the path of that."""
    with page.view.expect_navigation():
        page.view.keyboard.press(key)
    return path(page)


def path(page: Page) -> str:
    found: str = page.view.evaluate("location.pathname")
    return found


def troubles(page: Page, visited: Visited) -> list[str]:
    """What a page did wrong, and whatever it asked another place for."""
    foreign = [url for url in page.requests if not url.startswith(f"{visited.service.url}/")]
    return [*foreign, *page.console, *page.errors, *page.dialogs]


@pytest.mark.parametrize(
    ("width", "dark"), [pytest.param(WIDE, False, id="wide"), pytest.param(PHONE, True, id="phone")]
)
def test_every_page_is_sound_for_everybody(visited: Visited, open_page: OpenPage, width: int, dark: bool) -> None:
    page = open_page(f"{visited.service.url}/runs", served=True, width=width, dark=dark)
    assert page.faults() == []
    log_in(page, visited)
    addresses = ["/", f"/runs/{RUN}", f"{DIALOGUES}/d0", HOSTILE, f"/runs/{RUN}/requests/d0", f"/jobs/{visited.job}"]
    addresses += [f"/compare?first={RUN}&second={OTHER}", "/search?q=tea", "/runs"]
    for address in addresses if dark else [*addresses, "/jobs"]:
        page.view.goto(visited.service.url + address)
        page.view.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true })")
        assert (address, page.faults(), page.overflow()) == (address, [], 0)
        assert page.view.locator("h1").count() == 1
    assert troubles(page, visited) == []


def test_a_reviewer_needs_no_mouse(visited: Visited, open_page: OpenPage) -> None:
    page = open_page(f"{visited.service.url}/runs/{RUN}?verdict=kept", served=True)
    log_in(page, visited)
    view = page.view
    view.keyboard.press("Tab")
    assert view.evaluate("document.activeElement.textContent") == "Skip to the page"
    view.keyboard.press("Enter")
    view.keyboard.press("Tab")
    assert view.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    view.focus(f"a[href^='{DIALOGUES}/d3']")
    assert went(page, "Enter") == f"{DIALOGUES}/d3"
    assert went(page, "n") == f"{DIALOGUES}/d4"
    assert went(page, "p") == f"{DIALOGUES}/d3"
    view.keyboard.press("j")
    assert view.locator("details[data-key='j']").get_attribute("open") is not None
    view.keyboard.press("c")
    view.keyboard.type("a good one, all round")  # whose letters are no keys there
    view.keyboard.press("Escape")
    assert went(page, "a") == f"{DIALOGUES}/d4"
    assert view.locator("[role='status']").text_content() == "Accepted: d3."
    assert went(page, "r") == f"{DIALOGUES}/d5"
    assert went(page, "u") == f"/runs/{RUN}"
    view.goto(f"{visited.service.url}{DIALOGUES}/d8")
    view.keyboard.press("?")
    view.click("#keys-toggle")
    view.locator("h1").click()
    view.keyboard.press("r")
    assert "on" in str(view.locator("#keys-toggle").text_content())
    reviews = visited.service.http.get(f"/v1{DIALOGUES}/d3").json()["reviews"]
    assert [(review["verdict"], review["comment"]) for review in reviews] == [("accepted", "a good one, all round")]
    assert visited.service.http.get(f"/v1{DIALOGUES}/d4").json()["reviews"][0]["verdict"] == "rejected"
    assert visited.service.http.get(f"/v1{DIALOGUES}/d8").json()["reviews"] == []
    assert troubles(page, visited) == []


def test_all_of_it_works_without_scripts(visited: Visited, open_page: OpenPage) -> None:
    page = open_page(f"{visited.service.url}{DIALOGUES}/d6", served=True, scripts=False)
    log_in(page, visited)
    view = page.view
    view.fill("#comment", "Slow.")
    view.click("button[value='rejected']")
    view.wait_for_url(f"**{DIALOGUES}/d7?*")
    view.fill("#find", "tea")
    view.keyboard.press("Enter")
    view.wait_for_url("**/search?q=tea")
    assert view.locator(f"a[href^='{DIALOGUES}/']").count() > 5
    assert visited.service.http.get(f"/v1{DIALOGUES}/d6").json()["reviews"][0]["comment"] == "Slow."
    view.goto(f"{visited.service.url}/")
    view.click("text=Sign out")
    view.wait_for_url("**/login")
    view.goto(f"{visited.service.url}/runs")
    assert "/login?next=" in view.url
    assert troubles(page, visited) == []


def test_hostile_texts_and_reports_run_nothing(visited: Visited, open_page: OpenPage) -> None:
    page = open_page(f"{visited.service.url}/runs/{RUN}", served=True)
    log_in(page, visited)
    for number in range(5):
        page.view.goto(f"{visited.service.url}{DIALOGUES}/{quote(f'h{number}<b>', safe='')}")
        assert page.view.locator("body").is_visible()
        assert page.view.locator("script, style, iframe, base").count() == 1  # the page's own
    assert troubles(page, visited) == []
    page.view.goto(f"{visited.service.url}/report")
    assert page.view.locator("p").text_content() == "All results."
    assert page.dialogs == []


def test_the_page_of_a_job_follows_it(visited: Visited, open_page: OpenPage) -> None:
    page = open_page(f"{visited.service.url}/jobs", served=True)
    log_in(page, visited)
    ahead = visited.service.submit("generate", {**SMALL, "scenarios": 40, "samples": 40, "concurrency": 1})["id"]
    job = visited.service.submit("generate", {**SMALL, "seed": 9})["id"]
    page.view.goto(f"{visited.service.url}/jobs/{job}")
    assert page.view.locator("#progress .outcome").text_content() == "queued"
    visited.service.http.post(f"/v1/jobs/{job}/cancel")
    page.view.wait_for_selector("#progress .outcome:text('cancelled')", timeout=300_000)
    assert page.view.get_by_role("button", name="Retry").is_visible()
    visited.service.http.post(f"/v1/jobs/{ahead}/cancel")
    visited.service.ended(ahead)
    assert troubles(page, visited) == []
