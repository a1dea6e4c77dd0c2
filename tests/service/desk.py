"""An application in the process of a test, asked as HTTP clients ask it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2

from clca.progress import ignore
from clca.service.access import TokenFile
from clca.service.app import PAGES, make_app, make_service
from clca.service.config import ServeConfig
from clca.service.gate import OPEN
from clca.service.plan import plan

JOB = "ab" * 32
PLACES = {"job_id": JOB, "path": "x.json", "culture": "japan", "name": "run", "dialogue_id": "d"}
NEEDS_RUN = ("cancel", "retry", "log")


class Desk:
    """An application in this process, with a token of each kind."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        (folder / "clca.toml").touch()
        config = ServeConfig(**{"require_token": True, "rate": 0, "free": 0.0, **settings})
        (folder / "service").mkdir()
        tokens = TokenFile(folder / "service")
        self.secrets = {role: tokens.add(role, role, None) for role in ("read", "review", "run")}
        self.secrets["expired"] = tokens.add("expired", "run", 1)
        written = json.loads(tokens.path.read_text())
        written["tokens"][-1]["expires"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
        tokens.path.write_text(json.dumps(written))
        self.folder = folder
        self.service = make_service(plan(config, folder), ignore)
        self.app, gate = make_app(self.service)
        self.http = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=gate, raise_app_exceptions=False), base_url="http://localhost"
        )

    def routes(self) -> list[tuple[str, str, str]]:
        """(method, path, least role) of each route; the role of an open one is empty."""
        found = []
        for path, operations in self.app.openapi()["paths"].items():
            for method in operations:
                found.append((method.upper(), path, _least(method, path)))
        return found

    def addresses(self, *methods: str) -> list[tuple[str, str]]:
        """(method, path) of each route of the API and of the pages."""
        pages = [
            (method, route.path_format) for page in PAGES for route in page.router.routes for method in route.methods
        ]
        return [
            entry for entry in (*((method, path) for method, path, _ in self.routes()), *pages) if entry[0] in methods
        ]

    async def ask(self, method: str, path: str, who: str = "", **options: Any) -> httpx2.Response:
        headers = dict(options.pop("headers", {}))
        if who:
            headers["Authorization"] = f"Bearer {self.secrets.get(who, who)}"
        for name, value in PLACES.items():
            path = path.replace("{" + name + "}", value)
        return await self.http.request(method, path, headers=headers, **options)


def _least(method: str, path: str) -> str:
    if path in OPEN:
        return ""
    if path.endswith("/reviews"):
        return "review"
    if path == "/v1/session/end":
        return "read"
    if path.endswith(NEEDS_RUN) or (method == "post" and "{" not in path):
        return "run"
    return "read"
