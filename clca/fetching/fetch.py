"""`clca data fetch`: one source brought to its folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from clca.content.lookup import Content
from clca.content.parsing import parse_yaml
from clca.errors import ContentError, SettingsError, StoreError
from clca.fetching.github import fetch_files
from clca.fetching.http import PAUSE, Home
from clca.fetching.hub import fetch_dataset
from clca.fetching.mediawiki import fetch_pages
from clca.fetching.sources import Source, find_source
from clca.fetching.store import SourceFolder, SourceRecord
from clca.progress import ProgressCallback, ignore
from clca.records import Record
from clca.storage.atomic import write_errors
from clca.storage.lock import folder_lock
from clca.training.s2n_sources import load_s2n_sources


class FetchResult(Record):
    """What was fetched: `fetched` files now, all files of the source in `record`; `next` is what uses them."""

    folder: Path
    fetched: int
    record: SourceRecord
    next: str


def fetch(
    name: str,
    content: Content,
    *,
    out: Path | None = None,
    new: bool = False,
    contact: str = "",
    environment: Mapping[str, str] = os.environ,
    progress: ProgressCallback = ignore,
    pause: float = PAUSE,
) -> FetchResult:
    """Bring the files of a source to its folder; what is there already is not fetched again, unless `new` is set.

    Raises `NotFoundError` for an unknown source, `SettingsError` for one that only a person may get, `FetchError` where
    its home cannot be reached or does not have it, and `StoreError` where a file of the user's would be replaced.
    """
    source = find_source(name, content)
    if source.kind == "by-hand":
        raise SettingsError(f"{name} may not be passed on: get it from {source.home}; {'; '.join(source.steps)}")
    if not (contact.isprintable() and contact.isascii()) or len(contact) > 200:
        raise SettingsError(
            "--contact takes an e-mail address or the address of a page, of at most 200 ASCII characters in one line"
        )
    workspace = content.workspace or Path()
    target = out or workspace / source.folder
    if out is None and not Path(os.path.realpath(target)).is_relative_to(os.path.realpath(workspace)):
        raise StoreError(f"{target} is a link, or lies behind one: give the folder that you mean by --out")
    with write_errors(target):
        target.mkdir(parents=True, exist_ok=True)
    with folder_lock(target):
        folder = SourceFolder(target, name, source, new=new)
        if source.kind == "hub":
            fetched = fetch_dataset(folder, source, environment, progress)
        elif source.kind == "mediawiki":
            titles = {entry.culture: entry.wikipedia for entry in load_s2n_sources(content).values()}
            with Home(source.home, contact, pause) as home:
                fetched = fetch_pages(home, folder, titles, progress)
        else:
            with Home(source.home, contact, pause) as api, Home(source.raw or "", contact, pause / 10) as raw:
                fetched = fetch_files(api, raw, folder, source, _wanted(source, content), progress)
    return FetchResult(folder=target, fetched=fetched, record=folder.record, next=source.next)


def _wanted(source: Source, content: Content) -> list[str]:
    """The patterns of a source's files, or the files that a mapping of test sets lists."""
    if source.listed_in is None:
        return list(source.files)
    document = parse_yaml(content.shown(source.listed_in), content.text(source.listed_in))
    try:
        within, paths = document.get("within", ""), [entry["path"] for entry in document["files"]]
    except (AttributeError, KeyError, TypeError):
        raise ContentError(content.shown(source.listed_in), None, "is no mapping of test sets") from None
    return [f"{within}/{path}" if within else str(path) for path in paths]
