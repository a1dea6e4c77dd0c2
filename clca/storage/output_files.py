"""Files written into a folder that the user names: nothing there is replaced but what an earlier command wrote.

A list in the folder, `.clca-files.json`, has the SHA-256 of each file by its name, so that a file of the user's, and
one that was edited since, are told from those.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from pydantic import TypeAdapter

from clca.bounded_json import parse_json
from clca.errors import StoreError
from clca.safe_open import read_json, safe_open
from clca.storage.atomic import atomic_write, encoded, made_folder

LIST = ".clca-files.json"
ADVICE = "give another folder with --out"
_List = TypeAdapter(dict[str, list[str]])


def write_output(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files by their names below a folder, which is made if it is missing.

    Nothing is written unless all may be.

    Raises `StoreError` for a folder that cannot be written, and where one would replace what no command wrote.
    """
    contents = {name: encoded(data) if isinstance(data, str) else data for name, data in files.items()}
    new = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    with ExitStack() as opened:
        places = dict.fromkeys((Path(), *(Path(name).parent for name in files)))
        held = {place: opened.enter_context(made_folder(folder, place, ADVICE)) for place in places}
        files_by_name = {name: held[Path(name).parent] / Path(name).name for name in files}
        written = _read_list(held[Path()])
        for name, file in files_by_name.items():
            if not _is_own(file, {*written.get(name, ()), new[name]}):
                fault = "would be replaced, and is not as clca wrote it: move it away"
                raise StoreError(f"{folder / name} {fault}, or {ADVICE}")
        # The old digests stay until the new files do, so that a kill in between leaves none that is taken for the
        # user's.
        both = {name: [*written.get(name, ()), digest] for name, digest in new.items()}
        _write_list(held[Path()], {**written, **both})
        for name, data in contents.items():
            atomic_write(files_by_name[name], data)
        _write_list(held[Path()], {**written, **{name: [digest] for name, digest in new.items()}})


def _is_own(file: Path, digests: set[str]) -> bool:
    """Whether nothing has the name of a file, or a file with one of the digests."""
    try:
        with safe_open(file, within=file.parent) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() in digests
    except (FileNotFoundError, NotADirectoryError):
        return not file.is_symlink()
    except OSError:
        return False


def _read_list(folder: Path) -> dict[str, list[str]]:
    """The digests that each name has had; none where there is no list, or no sound one: no file is ours then."""
    try:
        return _List.validate_python(parse_json(read_json(folder / LIST, within=folder)))
    except (OSError, ValueError):
        return {}


def _write_list(folder: Path, digests: Mapping[str, list[str]]) -> None:
    atomic_write(folder / LIST, json.dumps(digests, indent=1, sort_keys=True) + "\n")
