"""Every route, asked by everybody: who may, and what is refused before anything is done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clca.service import gate
from tests.service.desk import JOB, Desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path)
    yield made
    await made.http.aclose()
    made.service.jobs.table.close()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


pytestmark = pytest.mark.anyio


async def test_every_route_refuses_who_has_no_token_a_wrong_one_an_old_one_or_too_small_a_role(desk: Desk) -> None:
    routes = desk.routes()
    assert len(routes) > 25
    for method, path, least in routes:
        if not least:
            assert (await desk.ask(method, path)).status_code not in (401, 403), path
            continue
        for who in ("", "clca_wrong", "expired"):
            response = await desk.ask(method, path, who)
            assert response.status_code == 401, (method, path, who)
            assert response.headers["WWW-Authenticate"] == "Bearer"
        roles = ("read", "review", "run")
        for role in roles[: roles.index(least)]:
            assert (await desk.ask(method, path, role)).status_code == 403, (method, path, role)
        # What is asked for is not there, or not as it should be; but that is for those with the role to hear.
        body = {"culture": ["atlantis"], "no": 1} if least == "run" else {}
        response = await desk.ask(method, path, least, json=body)
        assert response.status_code not in (401, 403, 500), (method, path, response.text)


async def test_a_path_that_is_none_says_nothing_to_strangers(desk: Desk) -> None:
    assert (await desk.ask("GET", "/v1/secret")).status_code == 401
    assert (await desk.ask("GET", "/v1/secret", "read")).status_code == 404


async def test_refusals_and_changes_are_in_the_audit_log_and_secrets_are_not(desk: Desk) -> None:
    await desk.ask("GET", "/v1/jobs", "clca_wrong")
    await desk.ask("POST", f"/v1/jobs/{JOB}/cancel", "read")
    await desk.ask("POST", "/v1/session", json={"token": desk.secrets["review"]})
    await desk.ask("GET", "/v1/jobs", "read")
    # Strangers have a file of their own: they could fill any.
    text = "".join((desk.folder / "service" / name).read_text() for name in ("refused.jsonl", "audit.jsonl"))
    entries = [json.loads(line) for line in text.splitlines()]
    assert [(entry["who"], entry["path"], entry["status"]) for entry in entries] == [
        (None, "/v1/jobs", 401),
        ("read", f"/v1/jobs/{JOB}/cancel", 403),
        (None, "/v1/session", 200),
    ]
    assert entries[2]["logged_in"] == "review"
    assert not [secret for secret in (*desk.secrets.values(), "clca_wrong") if secret in text]


async def test_a_browser_s_session_reads_and_changes_only_from_its_own_pages(desk: Desk) -> None:
    session = await desk.ask("POST", "/v1/session", json={"token": desk.secrets["run"]})
    cookie = session.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert (await desk.ask("GET", "/v1/jobs")).status_code == 200  # by the cookie
    path, key = f"/v1/jobs/{JOB}/cancel", {"X-CLCA-Form-Key": session.json()["form_key"]}
    assert (await desk.ask("POST", path)).status_code == 403
    assert (await desk.ask("POST", path, headers={"X-CLCA-Form-Key": "0" * 64})).status_code == 403
    assert (await desk.ask("POST", path, headers=key)).status_code == 404
    assert (await desk.ask("POST", path, headers={**key, "Origin": "http://evil.example"})).status_code == 403
    assert (await desk.ask("POST", path, headers={**key, "Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert (await desk.ask("POST", path, headers={**key, "Origin": "http://localhost"})).status_code == 404
    assert (await desk.ask("POST", "/v1/session/end", headers=key)).status_code == 204
    assert (await desk.ask("GET", "/v1/jobs")).status_code == 401


async def test_bodies_that_are_large_or_no_json_are_refused(desk: Desk) -> None:
    large = b'{"culture": "' + b"x" * 2**20 + b'"}'
    json_type = {"Content-Type": "application/json"}
    assert (await desk.ask("POST", "/v1/generate", "run", content=large, headers=json_type)).status_code == 413

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield large[: 2**16]

    assert (await desk.ask("POST", "/v1/generate", "run", content=pieces(), headers=json_type)).status_code == 413
    for body in (b"{", b"[]", b"[" * 100_000, b'{"a": [' + b"1," * 200_000):
        response = await desk.ask("POST", "/v1/generate", "run", content=body, headers=json_type)
        assert response.status_code == 400, body[:20]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await desk.ask("POST", "/v1/generate", "run", content=b"a=b", headers=form)).status_code == 415


async def test_a_body_that_is_slow_or_too_large_is_ended_on_every_route(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path, body=1024)
    monkeypatch.setattr(gate, "BODY_SECONDS", 0.02)

    async def slow() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b"{"
            await asyncio.sleep(0.01)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b'"' * 512

    addresses = desk.addresses("POST", "PUT", "PATCH", "DELETE")
    pages = [path for _, path in addresses if not path.startswith("/v1/")]
    assert (len(addresses) > 20, {"/login", "/jobs/{job_id}/retry"} <= set(pages)) == (True, True)
    for method, path in addresses:
        headers = {"Content-Type": gate.JSON_TYPE} if path not in pages else {"Content-Type": gate.FORM_TYPE}
        for body, status in ((slow(), 408), (endless(), 413), (b"x" * 1025, 413)):
            response = await desk.ask(method, path, "run", content=body, headers=headers)
            assert response.status_code == status, (method, path, status, response.text)
            assert response.json()["error"]
    desk.service.jobs.table.close()


async def test_a_name_that_a_route_does_not_take_is_refused_on_every_route(desk: Desk) -> None:
    open_to_all = {path for _, path, least in desk.routes() if not least} | {"/login", "/static/{name}"}
    addresses = [path for _, path in desk.addresses("GET") if path not in open_to_all]
    assert len(addresses) > 25
    for path in addresses:
        response = await desk.ask("GET", f"{path.replace('{state}', 'queued')}?verdikt=kept", "run")
        assert response.status_code == 422, path
        assert response.json()["error"].startswith("verdikt: this address takes no such parameter"), path


async def test_a_method_that_a_route_has_not_is_answered_with_those_that_it_has(desk: Desk) -> None:
    for path, operations in desk.app.openapi()["paths"].items():
        response = await desk.ask("OPTIONS", path, "run")
        allowed = {method.lower() for method in response.headers.get("Allow", "").split(", ")}
        assert (response.status_code, allowed) == (405, set(operations)), path


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("/v1/jobs?state=lost", "state: Input should be 'queued', 'running'"),
        ("/jobs?state=lost", "state"),
        ("/v1/jobs?stat=failed", "stat: this address takes no such parameter; did you mean state"),
        ("/v1/jobs?stage=generat", "stage: no such command; did you mean generate?"),
        ("/v1/runs/japan/run/dialogues?verdict=good", "verdict: Input should be 'kept'"),
        ("/runs/japan/run?verdict=good", "verdict: Input should be 'kept'"),
        ("/v1/dialogues?verdikt=kept", "verdikt: this address takes no such parameter; did you mean verdict?"),
        ("/search?q=tea&verdict=good", "verdict: Input should be 'kept'"),
        (f"/live/jobs/{JOB}/lost", "state: Input should be 'queued'"),
    ],
)
async def test_a_filter_that_is_none_is_refused_in_one_line(desk: Desk, address: str, error: str) -> None:
    response = await desk.ask("GET", address, "run")
    assert response.status_code == 422, response.text
    assert response.json()["error"].startswith(error)
    assert "\n" not in response.json()["error"]


async def test_why_tokens_cannot_be_read_is_in_the_log_of_the_refused(desk: Desk) -> None:
    (desk.folder / "service/tokens.json").write_text("{")
    response = await desk.ask("GET", "/v1/jobs", "read")
    assert (response.status_code, "refused.jsonl" in response.json()["error"]) == (503, True)
    last = json.loads((desk.folder / "service/refused.jsonl").read_text().splitlines()[-1])
    assert (last["status"], "tokens.json" in last["reason"]) == (503, True)


async def test_every_answer_tells_browsers_to_run_and_keep_nothing(desk: Desk) -> None:
    for path, who in (("/healthz", ""), ("/v1/jobs", "read"), ("/v1/jobs", ""), ("/nothing", "read")):
        headers = (await desk.ask("GET", path, who)).headers
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


async def test_a_queue_that_is_full_and_a_disk_that_is_full_take_no_job(tmp_path: Path) -> None:
    desk = Desk(tmp_path, free=1e9)
    response = await desk.ask("POST", "/v1/generate", "run", json={"culture": ["japan"]})
    assert (response.status_code, response.json()["error"]) == (507, "the disk has less than 1e+09 GiB free")
    assert (await desk.ask("GET", "/readyz")).status_code == 503
    desk.service.jobs.table.close()


async def test_too_many_requests_are_put_off_for_each_client_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, rate=1)
    answers = [await desk.ask("GET", "/v1/jobs", "read") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert int(answers[1].headers["Retry-After"]) >= 1
    assert (await desk.ask("GET", "/v1/jobs", "run")).status_code == 200
    desk.service.jobs.table.close()


async def test_who_is_not_let_in_may_try_so_often_from_an_address_and_hinders_nobody(tmp_path: Path) -> None:
    desk = Desk(tmp_path, rate=20)  # two of them at once
    for who in ("clca_wrong", "expired", "clca_wrong", ""):
        last = await desk.ask("GET", "/v1/jobs", who)
    login = await desk.ask("POST", "/v1/session", json={"token": "clca_wrong"})
    assert (last.status_code, login.status_code) == (429, 429)
    assert int(last.headers["Retry-After"]) >= 1
    assert (await desk.ask("GET", "/v1/jobs", "read")).status_code == 200
    entries = (desk.folder / "service" / "refused.jsonl").read_text().splitlines()
    assert [json.loads(entry)["status"] for entry in entries] == [401, 401, 429, 429, 429]
    desk.service.jobs.table.close()


async def test_without_tokens_the_service_answers_to_this_machine_by_its_own_name_alone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, require_token=False)
    assert (await desk.ask("GET", "/v1/jobs")).status_code == 200
    assert (await desk.ask("GET", "/v1/jobs", headers={"Host": "evil.example"})).status_code == 421
    assert (await desk.ask("GET", "/v1/jobs", headers={"Host": "["})).status_code == 400
    assert (await desk.ask("POST", f"/v1/jobs/{JOB}/cancel", headers={"Origin": "http://["})).status_code == 400
    assert (await desk.ask("GET", "/v1/jobs", headers={"X-Forwarded-For": "10.0.0.9"})).status_code == 401
    assert (await desk.ask("GET", "/v1/jobs", "clca_wrong")).status_code == 401
    for origin in ("http://evil.example", "null"):
        response = await desk.ask("POST", f"/v1/jobs/{JOB}/cancel", headers={"Origin": origin})
        assert response.status_code == 403
    desk.service.jobs.table.close()
