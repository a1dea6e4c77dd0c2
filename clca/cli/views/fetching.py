"""`clca data fetch` on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from clca.cli.views.progress import Bar
from clca.cli.views.screen import make_console, print_json, styled
from clca.cli.views.wrapping import command
from clca.content.lookup import Content, find_workspace
from clca.fetching.fetch import FetchResult, fetch
from clca.fetching.sources import Source, find_source, load_sources
from clca.fetching.store import RECORD

WIDTH = 10  # of the left column


def show_sources(*, as_json: bool) -> None:
    """Print what can be fetched, with size and licence, and whether it is here."""
    content = Content(find_workspace())
    console = make_console()
    for name, source in load_sources(content).items():
        folder = (content.workspace or Path()) / source.folder
        here = (folder / RECORD).is_file()
        if as_json:
            print_json({"name": name, **source.model_dump(mode="json"), "here": here})
            continue
        console.print(styled((name, "bold"), f": {source.title}"))
        size = f"{source.size}, from {source.home}" + (f" ({source.repository})" if source.repository else "")
        _rows(console, {"size": size, "licence": source.licence, "here": str(folder) if here else "no"})


def fetch_source(name: str, out: Path | None, *, new: bool, contact: str, quiet: bool, as_json: bool) -> int:
    """Fetch a source, and show what came, its licence and what uses it. Returns the exit code."""
    content = Content(find_workspace())
    source = find_source(name, content)
    if source.kind == "by-hand":
        _show_steps(name, source, as_json=as_json)
        return 1
    screen = make_console(stderr=True, quiet=quiet)
    screen.print(f"{source.title}: {source.size}")
    with Bar(screen) as bar:
        result = fetch(name, content, out=out, new=new, contact=contact, progress=bar.report)
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        _show(result, out)
    return 0


def _show(result: FetchResult, out: Path | None) -> None:
    console = make_console()
    files = result.record.files
    size = sum(file.bytes for file in files.values())
    console.print(f"{len(files)} files, {size:,} bytes, {result.fetched} of them fetched now")
    facts: dict[str, str | tuple[str, str]] = {
        "folder": str(result.folder),
        "licence": result.record.licence,
        "cite": result.record.citation,
    }
    if out is None:
        facts["next"] = command(result.next)
    _rows(console, facts)


def _show_steps(name: str, source: Source, *, as_json: bool) -> None:
    if as_json:
        print_json({"name": name, **source.model_dump(mode="json"), "fetched": 0})
        return
    console = make_console()
    console.print(styled((name, "bold"), f": {source.title}"))
    _rows(console, {"licence": source.licence, "page": source.home})
    for number, step in enumerate(source.steps, start=1):
        console.print(f"  {number}. {step}")
    _rows(console, {"then": command(source.next), "cite": source.citation})


def _rows(console: Console, facts: Mapping[str, str | tuple[str, str]]) -> None:
    for key, value in facts.items():
        console.print(styled(f"  {key:<{WIDTH}}", value))
