"""Files of a GitHub repository at one commit; each is checked by the id that git has for its content."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from clca.fetching.http import FetchError, Home
from clca.fetching.sources import Source
from clca.fetching.store import SourceFolder, git_blob_id
from clca.progress import Progress, ProgressCallback

POINTER = b"version https://git-lfs"  # what stands in a repository for a file that is stored elsewhere

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]


class _Commit(BaseModel):
    model_config = ConfigDict(extra="ignore")

    sha: Id


class _Blob(BaseModel):
    model_config = ConfigDict(extra="ignore")

    path: str
    type: str
    sha: Id
    size: Annotated[int, Field(ge=0)] = 0


class _Tree(BaseModel):
    model_config = ConfigDict(extra="ignore")

    tree: list[_Blob]
    truncated: bool = False


def fetch_files(
    api: Home, raw: Home, folder: SourceFolder, source: Source, wanted: Sequence[str], progress: ProgressCallback
) -> int:
    """Fetch the files that patterns name, unless they are here; returns how many were. Raises `FetchError`."""
    repository = source.repository or ""
    if not folder.record.commit:
        folder.at(_parsed(_Commit, api.json(f"/repos/{repository}/commits/HEAD", {}), repository).sha)
    else:
        folder.at(folder.record.commit)
    commit = folder.record.commit
    tree = _parsed(_Tree, api.json(f"/repos/{repository}/git/trees/{commit}", {"recursive": "1"}), repository)
    if tree.truncated:
        raise FetchError(f"GitHub does not list all files of {repository}: fetch them by hand, with git clone")
    blobs = list(_chosen(tree.tree, source.below, wanted, repository))
    fetched = 0
    for number, (name, blob) in enumerate(blobs):
        progress(Progress(number, len(blobs), "files"))
        if folder.has(name):
            continue
        path = quote(f"/{repository}/{commit}/{blob.path}")
        folder.download(name, f"{source.raw}{path}", blob.size, _blocks(raw, path), _check(blob))
        fetched += 1
    progress(Progress(len(blobs), len(blobs), "files"))
    return fetched


def _chosen(blobs: Sequence[_Blob], below: str, wanted: Sequence[str], repository: str) -> Iterator[tuple[str, _Blob]]:
    """Each wanted file by its name below the folder `below`. Raises `FetchError` for a pattern that finds none."""
    prefix = f"{below}/" if below else ""
    there = (blob for blob in blobs if blob.type == "blob" and blob.path.startswith(prefix))
    files = {blob.path.removeprefix(prefix): blob for blob in there}
    for pattern in wanted:
        parts = pattern.split("/")
        names = [
            name
            for name in files
            if name == pattern or (len(name.split("/")) == len(parts) and all(map(fnmatchcase, name.split("/"), parts)))
        ]
        if not names:
            raise FetchError(f"{repository} has no file {prefix}{pattern} any more; check eval/sources.yaml")
        for name in names:
            yield name, files[name]


def _blocks(raw: Home, path: str) -> Callable[[int], Iterator[bytes]]:
    return lambda start: raw.blocks(path, start)


def _check(blob: _Blob) -> Callable[[Path], str]:
    def fault(file: Path) -> str:
        if git_blob_id(file) != blob.sha:
            return "what came is not what the repository has"
        with file.open("rb") as stream:
            is_pointer = stream.read(len(POINTER)) == POINTER
        return "the repository holds only a pointer to this file, which git-lfs would follow" if is_pointer else ""

    return fault


def _parsed(model: Any, answer: Any, repository: str) -> Any:
    try:
        return model.model_validate(answer)
    except ValidationError:
        raise FetchError(f"GitHub's answer about {repository} cannot be read") from None
