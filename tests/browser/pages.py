"""A page in a real browser, with everything that it said, asked for and did wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

WIDE, PHONE = 1280, 360  # CSS pixels
GRAVE = ("serious", "critical")


class Page:
    """A page that was loaded: `view` is Playwright's page, the lists have what happened since it was opened.

    `requests` are the addresses of everything that was asked for but the page itself, `console` what was printed,
    `errors` the exceptions of its scripts, `dialogs` the alerts that it opened. With `served` requests reach the
    server, otherwise none is let through.
    """

    def __init__(
        self,
        browser: Any,
        axe: Path,
        address: str | Path,
        *,
        width: int = WIDE,
        height: int = 900,
        dark: bool = False,
        served: bool = False,
        scripts: bool = True,
    ) -> None:
        self.requests: list[str] = []
        self.console: list[str] = []
        self.errors: list[str] = []
        self.dialogs: list[str] = []
        self._axe = axe
        self._context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        self.address = address.absolute().as_uri() if isinstance(address, Path) else address
        self._served = served
        self._context.route("**/*", self._asked)
        self.view = self._context.new_page()
        self.view.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        self.view.on("pageerror", lambda error: self.errors.append(str(error)))
        self.view.on("dialog", self._dialog)
        self.view.goto(self.address)

    def close(self) -> None:
        """Close the page and forget its cookies."""
        self._context.close()

    def problems(self) -> list[str]:
        """All that a sound page that stands for itself does not do."""
        return [*self.requests, *self.console, *self.errors, *self.dialogs]

    def faults(self) -> list[str]:
        """The serious and critical faults that axe finds, one line each; the page's own policy does not stop axe."""
        session = self._context.new_cdp_session(self.view)
        tree = session.send("Page.getFrameTree")
        world = session.send("Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"]})
        context = {"contextId": world["executionContextId"]}
        session.send("Runtime.evaluate", {"expression": self._axe.read_text(encoding="utf-8"), **context})
        answer = session.send(
            "Runtime.evaluate",
            {
                "expression": "axe.run(document, {resultTypes: ['violations']}).then(found => JSON.stringify("
                "found.violations.map(rule => ({impact: rule.impact, id: rule.id, help: rule.help,"
                " nodes: rule.nodes.slice(0, 3).map(node => node.html.slice(0, 160))}))))",
                "awaitPromise": True,
                "returnByValue": True,
                **context,
            },
        )
        rules = json.loads(answer["result"]["value"])
        return [f"{rule['id']}: {rule['help']}: {rule['nodes']}" for rule in rules if rule["impact"] in GRAVE]

    def overflow(self) -> int:
        """By how many pixels the page as a whole is wider than its window."""
        return int(self.view.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def _asked(self, route: Any) -> None:
        url = route.request.url
        if url != self.address:
            self.requests.append(url)
        if self._served or url == self.address:
            route.continue_()
        else:
            route.abort()

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()


OpenPage = Callable[..., Page]
