"""The pages as a browser without scripts sees them: who may, forms and their key, and every text as it is."""

from __future__ import annotations

import doctest
import html
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from clca.service import request_headers
from clca.service.access import OneTimeCode
from clca.service.app import PAGES
from clca.service.jobs.job import Job
from clca.service.pages import agreement, jobs, login, views
from tests.service.desk import JOB, Desk
from tests.service.page_runs import HOSTILE, ODD, OTHER, RUN, dialogue, keep_request, say, write_run, write_runs

pytestmark = pytest.mark.anyio
PAGE = {"Accept": "text/html,application/xhtml+xml"}
DIALOGUES = f"/runs/{RUN}/dialogues"
ADDRESSES = (
    "/",
    "/runs",
    "/jobs",
    f"/jobs/{JOB}",
    f"/runs/{RUN}",
    f"{DIALOGUES}/d0",
    f"/runs/{RUN}/requests/d0",
    "/search?q=tea",
    f"/compare?first={RUN}&second={OTHER}",
    "/studies/small",
)


class Visitor(Desk):
    """A browser that is logged in by cookie, or is not."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.run = write_runs(folder)
        self.key = ""

    async def log_in(self, role: str) -> None:
        self.http.cookies.clear()
        response = await self.post("/login", {"token": self.secrets[role], "next": "/runs"})
        assert (response.status_code, response.headers["location"]) == (303, "/runs")
        found = re.search(r'name="form_key" value="(\w+)"', (await self.get("/")).text)
        assert found is not None
        self.key = found[1]

    async def get(self, address: str) -> httpx2.Response:
        return await self.http.get(address, headers=PAGE)

    async def post(self, address: str, fields: dict[str, str], **headers: str) -> httpx2.Response:
        return await self.http.post(address, data=fields, headers={**PAGE, **headers})

    def add_job(self, **values: Any) -> None:
        about = {"stage": "generate", "resource": "cpu", "state": "failed", "submitted_by": "ana", "created": 0.0}
        self.service.jobs.table.add(Job(**{"id": JOB, "config": {"culture": ["japan"]}, **about, **values}))


@pytest.fixture
async def visitor(tmp_path: Path) -> AsyncIterator[Visitor]:
    made = Visitor(tmp_path)
    yield made
    await made.http.aclose()
    await made.service.indices.close()
    made.service.jobs.table.close()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def shown(text: str) -> str:
    """The text of a page without its elements."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def test_doctests() -> None:
    for module in (request_headers, views, login, agreement, jobs):
        result = doctest.testmod(module)
        assert (result.failed, result.attempted > 0) == (0, True), module


async def test_a_stranger_is_sent_to_log_in_and_goes_on_from_there(visitor: Visitor) -> None:
    for address in ADDRESSES:
        response = await visitor.get(address)
        assert (response.status_code, response.headers["location"]) == (303, f"/login?next={quote(address, safe='')}")
        assert (await visitor.ask("GET", address)).status_code == 401  # of a program, which asks for no page
    for address in ("/login", *re.findall(r'(?:src|href)="(/static/[^"]*)"', (await visitor.get("/login")).text)):
        assert (await visitor.get(address)).status_code == 200, address
    wrong = await visitor.post("/login", {"token": "clca_wrong", "next": "/"})
    assert (wrong.status_code, "The token is wrong" in wrong.text) == (401, True)
    assert (await visitor.post("/login", {"token": visitor.secrets["expired"]})).status_code == 401
    for address in (
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/runs\r\nX: y",
    ):
        visitor.http.cookies.clear()
        response = await visitor.post("/login", {"token": visitor.secrets["read"], "next": address})
        assert (response.status_code, response.headers["location"]) == (303, "/"), address


async def test_every_role_reads_and_only_some_change(visitor: Visitor) -> None:
    visitor.add_job()
    changes = {f"{DIALOGUES}/d0/reviews": "review", f"/jobs/{JOB}/cancel": "run", f"/jobs/{JOB}/retry": "run"}
    posts = {route.path for module in PAGES for route in module.router.routes if "POST" in route.methods}
    covered = {"/login", "/logout", *(re.sub(JOB, "{job_id}", address) for address in changes if JOB in address)}
    assert posts == covered | {"/runs/{culture}/{name}/dialogues/{dialogue_id:text}/reviews"}
    roles = ("read", "review", "run")
    for role in roles:
        await visitor.log_in(role)
        for address in ADDRESSES:
            response = await visitor.get(address)
            assert response.status_code == 200, (role, address)
        job = (await visitor.get(f"/jobs/{JOB}")).text
        assert ("/retry" in job, "The end of its log" in job) == (role == "run", role == "run")
        for address, least in changes.items():
            may = roles.index(role) >= roles.index(least)
            response = await visitor.post(address, {"form_key": visitor.key, "verdict": "accepted"})
            assert response.status_code == 403 if not may else response.status_code in (303, 409), (role, address)
        dialogue = (await visitor.get(f"{DIALOGUES}/d0")).text
        assert ('value="accepted"' in dialogue) == (role != "read")


async def test_a_form_counts_only_with_the_key_of_the_visitor_s_own_pages(visitor: Visitor) -> None:
    await visitor.log_in("review")
    address, fields = f"{DIALOGUES}/d0/reviews", {"verdict": "accepted", "form_key": visitor.key}
    for wrong in ({}, {"form_key": ""}, {"form_key": "0" * 64}):
        response = await visitor.post(address, {"verdict": "accepted", **wrong})
        assert (response.status_code, "load the page again" in response.text) == (403, True)
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await visitor.post(address, fields, **headers)).status_code == 403, headers
    assert not (visitor.run / "reviews.jsonl").exists()
    assert (await visitor.post(address, fields, Origin="http://localhost")).status_code == 303
    # The API takes no forms, which any page may send, even with the key.
    api = f"/v1{address}"
    assert (await visitor.post(api, fields, **{"X-CLCA-Form-Key": visitor.key})).status_code == 415
    assert (await visitor.post(address, {f"f{number}": "" for number in range(200)})).status_code == 400
    assert (await visitor.post("/logout", {"form_key": visitor.key})).headers["location"] == "/login"
    assert (await visitor.get("/runs")).status_code == 303


async def test_without_tokens_a_form_needs_the_key_too(tmp_path: Path) -> None:
    desk = Desk(tmp_path, require_token=False)
    write_runs(tmp_path)
    address = f"{DIALOGUES}/d0/reviews"
    page = (await desk.http.get(f"{DIALOGUES}/d0", headers=PAGE)).text
    key = re.search(r'name="form_key" value="(\w+)"', page)
    assert key is not None
    assert "Sign out" not in page
    statuses = [
        (await desk.http.post(address, data={"comment": "x", **more}, headers=PAGE)).status_code
        for more in ({}, {"form_key": "1"}, {"form_key": key[1]})
    ]
    assert statuses == [403, 403, 303]
    desk.service.jobs.table.close()


async def test_hostile_and_odd_records_are_shown_as_they_are(visitor: Visitor) -> None:
    await visitor.log_in("review")
    say(visitor.run, "d0", "bo", "rejected", HOSTILE[1])
    pages = [f"{DIALOGUES}/{quote(f'h{number}<b>', safe='')}" for number in range(len(HOSTILE))]
    pages += [f"{DIALOGUES}/{record['id']}" for record in ODD]
    pages += [f"/runs/{RUN}", f"{DIALOGUES}/d0", f"/runs/{RUN}/requests/d0", f"/search?q={quote('alert')}"]
    pages += [f"/runs/{RUN}?q={quote(HOSTILE[2])}", f"/nothing/{quote(HOSTILE[0])}", f"/runs/{RUN}?cursor={HOSTILE[0]}"]
    for address in pages:
        response = await visitor.get(address)
        assert response.status_code in (200, 404, 422), address
        text = response.text
        assert not re.findall(r"<(?:style|base|iframe|meta http|script(?! src=\"/static/))", text), address
        assert re.findall(r"<img [^>]*>", text) == re.findall(r"<img src=\"/static/[^>]*>", text), address
        assert not re.search(r"[\u202e\u2066\x1b\x07]", text), address
        assert " onerror=" not in re.sub(r">[^<]*<|\"[^\"]*\"", "", text), address
    assert HOSTILE[0] in shown((await visitor.get(pages[0])).text)
    assert f"raw {HOSTILE[0]}" in shown((await visitor.get(f"/runs/{RUN}/requests/d0")).text)
    assert HOSTILE[1] in html.unescape((await visitor.get(f"{DIALOGUES}/d0")).text)


async def test_filters_and_pages_hold_every_dialogue_once(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.service.pages.runs.SIZE", 4)
    await visitor.log_in("read")
    first = f"/runs/{RUN}?q=kitchen&verdict=&culture=&review=open"

    async def walk(address: str, key: str) -> list[list[str]]:
        seen = []
        while address:
            text = (await visitor.get(address)).text
            seen.append(re.findall(rf'href="{DIALOGUES}/([^"?]*)\?[^"]*q=kitchen', text))
            following = re.search(rf'data-key="{key}" rel="\w+" href="([^"#]*)', text)
            visited.append(address)
            address = html.unescape(following[1]) if following else ""
        return seen

    visited: list[str] = []
    pages = [["d0", "d1", "d2", "d3"], ["d4", "d5", "d6", "d7"], ["d8", "d9"]]
    assert await walk(first, "n") == pages
    assert await walk(visited[-1], "p") == pages[::-1]
    facets = (await visitor.get(f"/runs/{RUN}?verdict=discarded")).text
    assert re.findall(r'<option value="discarded" selected>([^<]*)', facets) == ["discarded (1)"]
    assert "No dialogue matches." in (await visitor.get(f"/runs/{RUN}?q=zebra")).text
    assert (await visitor.get("/runs/japan/none")).status_code == 404


async def test_a_review_without_a_script_goes_on_to_the_next_dialogue_that_matches(visitor: Visitor) -> None:
    await visitor.log_in("review")
    query = "?verdict=kept&relevance=cultural"
    page = (await visitor.get(f"{DIALOGUES}/d3{query}")).text
    action = html.unescape(re.search(r'action="([^"]*/reviews[^"]*)"', page)[1])  # type: ignore[index]
    assert ">Previous<" in page
    response = await visitor.post(action, {"form_key": visitor.key, "verdict": "rejected", "comment": " Too smooth. "})
    assert response.headers["location"] == f"{DIALOGUES}/d5{query}&said=rejected&of=d3"
    assert "Rejected: d3" in shown((await visitor.get(response.headers["location"])).text)
    response = await visitor.post(f"{DIALOGUES}/d5/reviews", {"form_key": visitor.key, "verdict": "", "comment": "Hm."})
    assert response.headers["location"] == f"{DIALOGUES}/d5?said=commented"
    empty = await visitor.post(f"{DIALOGUES}/d5/reviews", {"form_key": visitor.key, "verdict": "", "comment": " "})
    assert (empty.status_code, "give a verdict or a comment" in empty.text) == (422, True)
    wrong = await visitor.post(f"{DIALOGUES}/d5/reviews", {"form_key": visitor.key, "verdict": "perfect"})
    assert wrong.status_code == 422
    lines = [json.loads(line) for line in (visitor.run / "reviews.jsonl").read_text().splitlines()]
    assert [(line["id"], line["reviewer"], line["verdict"], line["comment"]) for line in lines] == [
        ("d3", "review", "rejected", "Too smooth."),
        ("d5", "review", "", "Hm."),
    ]


async def test_reviewers_are_shown_with_their_agreement_and_do_not_sway_each_other(visitor: Visitor) -> None:
    for number, (ana, bo) in enumerate([("a", "a"), ("a", "a"), ("r", "r"), ("a", "r")]):
        words = {"a": "accepted", "r": "rejected"}
        say(visitor.run, f"d{number}", "ana", words[ana])
        say(visitor.run, f"d{number}", "bo", words[bo])
    await visitor.log_in("review")
    text = shown((await visitor.get(f"/runs/{RUN}")).text)
    # 3 of 4 alike; expected 3/4 * 2/4 + 1/4 * 2/4 = 0.5, so that kappa is (0.75 - 0.5) / 0.5
    assert "ana and bo 4 75 % [30, 95] 0.50" in text
    assert "ana 3 1 0 bo 2 2 0" in text
    say(visitor.run, "d0", "review", "accepted")
    page = (await visitor.get(f"/runs/{RUN}")).text
    mine = html.unescape(re.search(r'href="([^"#]*reviewer=review)#', page)[1])  # type: ignore[index]
    left = re.findall(rf'href="{DIALOGUES}/([^"?]*)\?', (await visitor.get(mine)).text)
    assert ("d0" in left, left[:3]) == (False, ["d1", "d2", "d3"])
    before = (await visitor.get(f"{DIALOGUES}/d3")).text
    assert ("rejected by people" in before, "<details open><summary>What 2 people say" in before) == (False, False)
    await visitor.post(f"{DIALOGUES}/d3/reviews", {"form_key": visitor.key, "verdict": "accepted"})
    after = (await visitor.get(f"{DIALOGUES}/d3")).text
    assert ("rejected by people" in after, "<details open><summary>What 3 people say" in after) == (True, True)


async def test_a_dialogue_shows_both_private_views_verdict_flags_and_requests(visitor: Visitor) -> None:
    await visitor.log_in("read")
    text = shown((await visitor.get(f"{DIALOGUES}/d9")).text)
    for part in (
        "Private goal Aiko wants to leave early.",
        "Private goal Rin wants to leave early.",
        "private thought So late.",
        "cultural intent puts it off custom: saving face",
        "quality bad (confident)",
        "turn 2: says the same again",
        "second stage: good, confident Agreed.",
    ):
        assert part in text, part
    requests = shown((await visitor.get(f"/runs/{RUN}/requests/d0")).text)
    assert "turn 1: teacher rehearsal" in requests
    assert "12 tokens read, 5 written" in requests
    assert "No request of this dialogue was kept." in shown((await visitor.get(f"/runs/{RUN}/requests/d1")).text)


async def test_a_dialogue_is_opened_reviewed_and_has_its_requests_whatever_its_id_is(visitor: Visitor) -> None:
    ids = ("a/b", "/a/", "a%2Fb", "50 %", "日本/é", "a\nb\n", "x/requests", "x/reviews", "?q#f", "d/../e", "é" * 200)
    run = write_run(visitor.folder, "japan/odd", [dialogue(number, id=id) for number, id in enumerate(ids)])
    for id in ids:
        keep_request(run, id, f"asked of {ids.index(id)}.")
    await visitor.log_in("review")
    listed = (await visitor.get("/runs/japan/odd")).text
    links = [html.unescape(link) for link in re.findall(r'href="(/runs/japan/odd/dialogues/[^"]*)"', listed)]
    assert links == [f"/runs/japan/odd/dialogues/{quote(id, safe='')}" for id in ids]
    for number, (id, link) in enumerate(zip(ids, links, strict=True)):
        page = (await visitor.get(link)).text
        assert f"A kitchen in Nara, {number}" in page, id
        requests = re.search(r'href="([^"]*/requests/[^"]*)"', page)
        assert requests is not None
        assert f"asked of {number}." in (await visitor.get(html.unescape(requests[1]))).text, id
        assert (await visitor.ask("GET", f"/v1{link}", "read")).json()["record"]["id"] == id
        response = await visitor.post(f"{link}/reviews", {"form_key": visitor.key, "verdict": "accepted"})
        assert response.status_code == 303, id
        assert (await visitor.get(response.headers["location"])).status_code == 200, id
        said = {"comment": "By the API."}
        assert (await visitor.ask("POST", f"/v1{link}/reviews", "run", json=said)).status_code == 201, id
    reviews = [json.loads(line) for line in (run / "reviews.jsonl").read_text().splitlines()]
    assert [(review["id"], review["reviewer"]) for review in reviews] == [
        (id, who) for id in ids for who in ("review", "run")
    ]


async def test_runs_and_studies_that_cannot_be_read_are_counted_and_named(visitor: Visitor) -> None:
    (write_run(visitor.folder, "uk/torn", []) / "run.json").write_text("{")
    torn = visitor.folder / "studies" / "torn"
    torn.mkdir()
    (torn / "study.json").write_text("{")
    await visitor.log_in("read")
    start, runs, search, compare = [
        shown((await visitor.get(address)).text) for address in ("/", "/runs", "/search?q=tea", "/compare")
    ]
    assert "1 run cannot be read: all runs says why." in start
    assert "1 study cannot be read: torn : " in start
    assert "1 run cannot be read: uk/torn : cannot read generated/uk/torn/run.json" in runs
    assert "1 run cannot be read, and is not searched" in search
    assert "1 run cannot be read, and is not offered" in compare
    answer = (await visitor.ask("GET", "/v1/runs", "read")).json()
    assert ([run["name"] for run in answer["unreadable"]], answer["unreadable_runs"]) == (["uk/torn"], 1)
    assert (await visitor.ask("GET", "/v1/dialogues?q=tea", "read")).json()["unreadable_runs"] == 1
    assert (await visitor.ask("GET", "/v1/runs/uk/torn", "read")).status_code == 503
    assert str(visitor.folder) not in "".join((start, runs, search, json.dumps(answer)))


async def test_more_studies_than_a_page_shows_are_counted(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.service.pages.studies.MOST", 0)
    await visitor.log_in("read")
    assert "1 more that" not in shown((await visitor.get("/runs")).text)
    assert "1 more that were worked on before these" in shown((await visitor.get("/")).text)


async def test_two_runs_stand_side_by_side(visitor: Visitor) -> None:
    await visitor.log_in("read")
    text = shown((await visitor.get(f"/compare?first={RUN}&second={OTHER}")).text)
    assert "seed 1 2" in text
    # 18 of 19 ended dialogues of the first run were kept, both of the second
    assert "kept, of those that ended 95 % (18 of 19) [75, 99] 100 % (2 of 2) [34, 100] -5 points" in text
    assert "with an intent that the culture shaped, of the kept 22 % (4 of 18)" in text
    same = (await visitor.get(f"/compare?first={RUN}&second={RUN}")).text
    assert "Their inputs do not differ." in same
    assert (await visitor.get("/compare?first=../etc&second=a")).status_code == 422


async def test_a_job_is_shown_with_what_it_said_last_and_retried(visitor: Visitor) -> None:
    visitor.add_job(state="queued", progress={"done": 3, "total": 9, "kept": 2, "discarded": 1, "tokens": 1234})
    await visitor.log_in("run")
    text = (await visitor.get(f"/jobs/{JOB}")).text
    assert "3 of 9" in shown(text)
    assert "tokens 1,234" in shown(text)
    assert f'data-live="/live/jobs/{JOB}/queued"' in text
    assert "generate · japan queued" in shown((await visitor.get("/")).text)
    response = await visitor.post(f"/jobs/{JOB}/cancel", {"form_key": visitor.key})
    assert response.headers["location"] == f"/jobs/{JOB}"
    text = (await visitor.get(f"/jobs/{JOB}")).text
    assert ("/retry" in text, "data-live" in text) == (True, False)
    # Who followed the job is sent its state, and told that the page is another one.
    stream = (await visitor.get(f"/live/jobs/{JOB}/queued")).text
    part, reload = stream.strip().split("\n\n")
    assert "cancelled" in json.loads(part.partition("data: ")[2])["html"]
    assert reload.startswith("event: reload")


async def test_a_study_is_shown_with_its_cells_and_no_path_of_the_machine(visitor: Visitor) -> None:
    await visitor.log_in("read")
    page = (await visitor.get("/studies/small")).text
    text = shown(page)
    assert HOSTILE[0] in html.unescape(page)
    assert f"dialogues.japan finished 1 min 15 s 4,321 {RUN}" in text
    assert "dialogues.uk failed x.jsonl is gone" in text
    assert str(visitor.folder) not in page
    assert f'href="/runs/{RUN}"' in page
    assert (
        f'href="/studies/small" dir="auto">{html.escape(HOSTILE[0])}'.replace("&#x27;", "&#39;")
        in (await visitor.get("/")).text
    )


@pytest.mark.parametrize(("address", "id"), [("runs/" + RUN, "funnel"), ("studies/small", "cells")])
async def test_who_follows_what_has_ended_is_sent_it_once_and_reloads(visitor: Visitor, address: str, id: str) -> None:
    await visitor.log_in("read")
    part, reload = (await visitor.get(f"/live/{address}")).text.strip().split("\n\n")
    assert json.loads(part.partition("data: ")[2])["id"] == id
    assert (reload, visitor.service.metrics.followers) == ("event: reload\ndata: {}", 0)


async def test_a_report_is_shown_as_it_is_and_can_do_nothing(visitor: Visitor) -> None:
    await visitor.log_in("read")
    content = "<!doctype html><title>r</title><style>p { color: red }</style><script>alert(1)</script>"
    (visitor.folder / "report.html").write_text(content)
    response = await visitor.get("/report")
    assert response.text == content
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'; style-src 'unsafe-inline'")
    assert "script-src" not in policy
    (visitor.folder / "report.html").unlink()
    (visitor.folder / "report.html").symlink_to("/etc/hostname")
    assert (await visitor.get("/report")).status_code == 503
    assert (await visitor.get("/studies/none/report")).status_code == 404


def test_a_code_is_good_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    token = desk.service.plan.tokens.holder(desk.secrets["read"])
    assert token is not None
    assert token.is_valid(time.time())
    code = OneTimeCode(token)
    assert code.use("") is None
    assert code.use(code.text[:-1]) is None
    assert code.use(code.text) == token
    assert code.use(code.text) is None
    desk.service.jobs.table.close()
