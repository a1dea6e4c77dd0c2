"""Files of a data set of the Hugging Face hub at one commit, through its own library and cache."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from clca.errors import SettingsError
from clca.fetching.http import LARGEST_FILE, FetchError
from clca.fetching.sources import Source
from clca.fetching.store import SourceFolder
from clca.models.hub import TIMEOUT, cache_folder, offline, token
from clca.printable import one_line
from clca.progress import Progress, ProgressCallback
from clca.storage.fingerprint import file_sha256

HUB = "https://huggingface.co"
COMMIT = re.compile(r"[0-9a-f]{40}")


def fetch_dataset(
    folder: SourceFolder, source: Source, environment: Mapping[str, str], progress: ProgressCallback
) -> int:
    """Fetch the files that patterns name, unless they are here; returns how many were.

    The library resumes a file that was broken off, and checks it. Raises `FetchError`, and `SettingsError` without the
    library, or where requests are forbidden.
    """
    if offline(environment):
        raise SettingsError("HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE forbids requests to the hub: unset it")
    try:
        from huggingface_hub import HfApi, hf_hub_download
        from huggingface_hub.utils import disable_progress_bars
    except ImportError:
        raise SettingsError(
            "the hub needs huggingface_hub, not installed here: pip install '.[export]' in clca's source folder"
        ) from None
    disable_progress_bars()
    repository = source.repository or ""
    endpoint, login = endpoint_of(source, environment), token(environment) or False
    try:
        info = HfApi(endpoint=endpoint, token=login).dataset_info(
            repository, revision=folder.record.commit or None, files_metadata=True, timeout=TIMEOUT
        )
        if not COMMIT.fullmatch(str(info.sha)):  # it becomes a part of paths
            raise FetchError(f"{endpoint}: {repository} has no commit")
        folder.at(str(info.sha))
        files = list(_chosen(info.siblings or (), source.files, repository))
        local = local_names(name for name, _, _ in files)
        fetched = 0
        for number, (name, size, digest) in enumerate(files):
            progress(Progress(number, len(files), "files"))
            if folder.has(local[name]):
                continue
            cached = hf_hub_download(
                repository,
                name,
                repo_type="dataset",
                revision=info.sha,
                cache_dir=cache_folder(environment),
                endpoint=endpoint,
                token=login,
                etag_timeout=TIMEOUT,
            )
            origin = f"{endpoint}/datasets/{repository}/resolve/{info.sha}/{name}"
            folder.download(local[name], origin, size, _copied(Path(cached)), _check(digest))
            fetched += 1
    except (FetchError, SettingsError):
        raise
    except Exception as error:  # the exception depends on the library's HTTP client
        reason = one_line(str(error).strip() or type(error).__name__)[:300]
        raise FetchError(f"{endpoint}: {repository} cannot be fetched: {reason}") from None
    progress(Progress(len(files), len(files), "files"))
    return fetched


def local_names(paths: Iterable[str]) -> dict[str, str]:
    """What each file is called here: its name alone, or its path with dashes where another one has that name.

    Raises `FetchError` for two files that would still be one.

    >>> local_names(["data/test.csv", "a/dev.csv", "b/dev.csv"])
    {'data/test.csv': 'test.csv', 'a/dev.csv': 'a-dev.csv', 'b/dev.csv': 'b-dev.csv'}
    """
    names = {path: PurePosixPath(path).name for path in paths}
    counts = Counter(names.values())
    local = {path: path.replace("/", "-") if counts[name] > 1 else name for path, name in names.items()}
    if len(set(local.values())) < len(local):
        twice = next(name for name, count in Counter(local.values()).items() if count > 1)
        raise FetchError(f"two files would both be called {twice}: name fewer files in eval/sources.yaml")
    return local


def endpoint_of(source: Source, environment: Mapping[str, str]) -> str:
    """The server that is asked, which also gets the login: the hub, or the one that `HF_ENDPOINT` names.

    A workspace may have a list of sources of its own. No server that it names is asked: the hub's library writes where
    a server's answer says, also outside of its cache. Raises `SettingsError`.
    """
    named = environment.get("HF_ENDPOINT", "").rstrip("/")
    if not named and source.home.rstrip("/") != HUB:
        raise SettingsError(
            f"{source.home} is not the hub ({HUB}), and is not asked: set HF_ENDPOINT if you trust it as its mirror"
        )
    return named or HUB


def _chosen(siblings: Any, wanted: Sequence[str], repository: str) -> Iterator[tuple[str, int, str]]:
    """(path, bytes, SHA-256 or "") of each wanted file. Raises `FetchError` for a pattern that finds none."""
    for pattern in wanted:
        matching = [file for file in siblings if fnmatchcase(file.rfilename, pattern)]
        if not matching:
            raise FetchError(f"{repository} has no file {pattern} any more; check eval/sources.yaml")
        for file in matching:
            if (file.size or 0) > LARGEST_FILE:
                raise FetchError(
                    f"{repository}/{file.rfilename} is larger than {LARGEST_FILE // 2**30} GiB: get it by hand"
                )
            yield file.rfilename, file.size or 0, str(file.lfs.sha256) if file.lfs else ""


def _copied(cached: Path) -> Any:
    def blocks(_: int) -> Iterator[bytes]:
        yield b""  # from the beginning: it is here already
        with cached.open("rb") as stream:
            while block := stream.read(2**20):
                yield block

    return blocks


def _check(digest: str) -> Any:
    return lambda file: "what came is not what the hub has" if digest and file_sha256(file) != digest else ""
