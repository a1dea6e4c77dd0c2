"""The README and the pages of the content folders belong to the manual, with links that work in the repository, too."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]
FRONT = "README.md"
LINK = re.compile(r"(\]\()(?!https?://|mailto:)([^)#\s]+)((?:#[^)\s]*)?\))")


def on_files(files: Files, config: Any) -> Files:
    """Add the README, the pages outside of `docs/` that the navigation names, and all that any of them links to."""
    waiting = [FRONT, *outside(config["nav"]), *(f"docs/{file.src_uri}" for file in files.documentation_pages())]
    known = set(waiting)
    while waiting:
        path = waiting.pop()
        if path.endswith(".ipynb"):
            continue
        if not path.startswith("docs/"):
            files.append(File.generated(config, uri(path), abs_src_path=str(ROOT / path)))
        if path.endswith(".md"):
            text = (ROOT / path).read_text(encoding="utf-8")
            linked = {target(path, found[2]) for found in LINK.finditer(text)}
            new = {link for link in linked - known if (ROOT / link).is_file() and not link.startswith("docs/")}
            known |= new
            waiting += new
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links between files of the repository, as links between pages of the site."""
    path = page.file.src_uri
    source = FRONT if path == "index.md" else path if (ROOT / path).is_file() else f"docs/{path}"
    return LINK.sub(lambda found: f"{found[1]}{moved(source, found[2])}{found[3]}", markdown)


def moved(source: str, link: str) -> str:
    return posixpath.relpath(uri(target(source, link)), posixpath.dirname(uri(source)) or ".")


def target(source: str, link: str) -> str:
    """The file of the repository to which a link in another one leads."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(source), link))


def uri(path: str) -> str:
    """Where a file of the repository is in the site; a notebook has a page (`notebooks.py`)."""
    if path.endswith(".ipynb"):
        path = f"{path.removesuffix('.ipynb')}.md"
    return "index.md" if path == FRONT else path.removeprefix("docs/")


def outside(nav: Any) -> list[str]:
    """The pages of the navigation that are not in `docs/`."""
    if isinstance(nav, str):
        return [nav] if nav != "index.md" and (ROOT / nav).is_file() else []
    parts = nav.values() if isinstance(nav, dict) else nav
    return [path for part in parts for path in outside(part)]
