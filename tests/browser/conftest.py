"""The browser of the tests of pages: `TEST_BROWSER` is the folder that `install.sh` makes.

Without the variable the tests are skipped; with it, what is broken fails. Its name does not begin with CLCA_, as names
of settings do.

Playwright has an event loop in the thread of the tests as long as the browser runs, in which nothing else can begin one
(`asyncio.run`). The browser is therefore closed at the end of each file, and what a test makes in its own process it
makes before it asks for `open_page`; a server that is asked has a process or a thread of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.browser.pages import OpenPage, Page

INSTALL = "run tests/browser/install.sh DIR and set TEST_BROWSER to DIR"


@pytest.fixture(scope="session")
def browser_folder() -> Path:
    """The folder with `chromium` and `axe.min.js`."""
    name = os.environ.get("TEST_BROWSER")
    if not name:
        pytest.skip(f"needs a browser: {INSTALL}")
    folder = Path(name)
    lacking = [part for part in ("chromium", "axe.min.js") if not (folder / part).is_file()]
    if lacking:
        pytest.fail(f"TEST_BROWSER={name} has no {' and no '.join(lacking)}: {INSTALL}")
    return folder


@pytest.fixture(scope="module")
def browser(browser_folder: Path) -> Iterator[Any]:
    """A running Chromium, closed at the end of the file."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_folder / "chromium", args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any, browser_folder: Path) -> Iterator[OpenPage]:
    """`open_page(address, width=..., dark=..., ...)` loads a page in a context of its own (`tests.browser.pages`)."""
    with ExitStack() as opened:

        def load(address: str | Path, **options: Any) -> Page:
            page = Page(browser, browser_folder / "axe.min.js", address, **options)
            opened.callback(page.close)
            return page

        yield load
