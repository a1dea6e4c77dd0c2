"""Where a study is read from: a YAML file by its path, or one of `eval/studies/` by its name."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clca.content.decoding import decode_text
from clca.content.lookup import Content
from clca.content.parsing import suggestion
from clca.content.trust import TRUST, read_named
from clca.errors import ContentError, NotFoundError, SettingsError
from clca.shell import command_line
from clca.study.cells import Cell, expand
from clca.study.study_file import StudyFile, read_study_file

FOLDER = "eval/studies"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")


@dataclass(frozen=True, slots=True)
class StudySource:
    """A study as it was read: `shown` names its file in messages, `digest` is the SHA-256 of its bytes."""

    name: str
    shown: str
    digest: str
    text: str
    study: StudyFile
    cells: tuple[Cell, ...]


def read_source(name: str, workspace: Path | None = None, environment: Mapping[str, str] = os.environ) -> StudySource:
    """The study of a name or a file, expanded.

    Raises `NotFoundError` for an unknown one, `ContentError` for a broken one, and `SettingsError` for a file that may
    be another user's, as for a `clca.toml`: a study names servers and folders.
    """
    content = Content(workspace)
    path = Path(os.path.expanduser(name))
    if path.suffix in (".yaml", ".yml") or "/" in name:
        file, shown, is_packaged = path, name, False
    else:
        located = f"{FOLDER}/{name}.yaml"
        if located not in content.files(f"{FOLDER}/*.yaml"):
            known = study_names(content)
            hint = suggestion(name, known) or f"; there are {', '.join(known)}"
            raise NotFoundError(f"no study {name!r}{hint} (a YAML file is given by its path)")
        file, shown = content.locate(located), content.shown(located)
        is_packaged = content.origin(located) == "package"
    try:
        data, fault = read_named(file, environment)
        if fault and not is_packaged:
            raise SettingsError(
                f"{shown} {fault}, and is not used: read it, then trust its folder by"
                f" `export {TRUST}={command_line(file.parent.resolve())}`, or copy it"
            )
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(f"no study file {shown}") from None
    except OSError as error:
        raise ContentError(shown, None, f"cannot be read: {error.strerror}") from None
    if not _NAME.fullmatch(file.stem):
        raise SettingsError(
            f"{shown}: a study is called as its file, and its folder after it: use small letters, digits, ., _ and -"
        )
    text = decode_text(shown, data)
    study = read_study_file(shown, text)
    return StudySource(file.stem, shown, hashlib.sha256(data).hexdigest(), text, study, expand(study, shown))


def study_names(content: Content) -> list[str]:
    """The names of the studies of the workspace and the package."""
    return [Path(path).stem for path in content.files(f"{FOLDER}/*.yaml")]
