"""Import of CultureLLM's training data into one folder, whole or not at all.

data/WVQ.jsonl, data/new_WVQ*.jsonl -> questions; data/<language>/Finetune/WVQ_*_llama.jsonl -> lines, audit
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from clca import __version__
from clca.errors import ContentError, NotFoundError, SettingsError
from clca.storage.atomic import atomic_folder, write_errors
from clca.storage.earlier_import import replaceable_files
from clca.storage.fingerprint import file_sha256
from clca.storage.json_records import encode_record
from clca.training.culturellm.audit import AUDIT, CultureLlmAudit, FileAudit, read_audit
from clca.training.culturellm.line import SurveyLine
from clca.training.culturellm.questions import Questions, items_of, json_objects
from clca.training.s2n_sources import S2nSource

_QUESTION, _ANSWER = re.compile(r"\s*+#++ *+Question:"), re.compile(r"(?<!#)#++ *+Answer:")


def default_folder(workspace: Path | None) -> Path:
    """The folder of imported files: `data/culturellm` in the workspace, or below the working directory."""
    return (workspace or Path()) / "data" / "culturellm"


def import_culturellm(
    folder: Path, sources: Mapping[str, S2nSource], evaluated: Collection[str], out: Path
) -> CultureLlmAudit:
    """Import the files that `sources` name from CultureLLM's folder, or its folder `data`; replaces an earlier import.

    `evaluated` are the items that the evaluation on the survey asks. Raises `SettingsError` and `NotFoundError` for a
    folder without the files, `ContentError` for a broken one, `StoreError` where `out` cannot be replaced.
    """
    if not folder.is_dir():
        raise SettingsError(f"{folder} {'is a file: give the folder' if folder.exists() else 'does not exist'}")
    data = folder / "data" if (folder / "data").is_dir() else folder
    own = replaceable_files(out, folder, _written)
    questions = Questions(data, folder)
    there = {culture: data / source.culturellm for culture, source in sources.items()}
    present = {culture: path for culture, path in there.items() if path.is_file()}
    if not present:
        first = next(iter(sources.values())).culturellm
        raise NotFoundError(f"{data} has none of the {len(sources)} files that trainers/s2n_sources.csv names: {first}")
    with atomic_folder(Path(os.path.realpath(out)), replaces=own) as draft:
        audits = []
        for culture, path in present.items():
            with write_errors(draft / f"{culture}.jsonl"):
                audits.append(_import_file(culture, path, folder, data, questions, evaluated, draft))
        audit = CultureLlmAudit(
            version=__version__,
            questions=tuple(path.name for path in questions.files),
            files=tuple(audits),
            missing=tuple(sources[culture].culturellm for culture in there if culture not in present),
        )
        with write_errors(draft / AUDIT):
            (draft / AUDIT).write_bytes(encode_record(audit, indent=1))
    return audit


def _import_file(
    culture: str, path: Path, folder: Path, data: Path, questions: Questions, evaluated: Collection[str], draft: Path
) -> FileAudit:
    lines, faults = list[SurveyLine](), list[str]()
    for number, record in json_objects(path, folder):
        line = _line(record, questions)
        if line is None:
            faults.append(f"{path.relative_to(data)}:{number}")
        else:
            lines.append(line)
    if not lines:
        raise ContentError(str(path), None, "has no line with a question and a number that answers it")
    text = "".join(line.model_dump_json() + "\n" for line in lines).encode()
    (draft / f"{culture}.jsonl").write_bytes(text)
    answers: dict[str, set[int]] = defaultdict(set)
    for line in lines:
        answers[line.question].add(line.answer)
    asked = [line.item for line in lines if line.item in evaluated]
    return FileAudit(
        culture=culture,
        source=path.relative_to(data).as_posix(),
        source_sha256=file_sha256(path),
        sha256=hashlib.sha256(text).hexdigest(),
        lines=len(lines),
        paraphrases=sum(line.paraphrase for line in lines),
        items=items_of(line.item for line in lines),
        evaluated=len(asked),
        evaluated_items=items_of(asked),
        unknown=sum(line.item is None for line in lines),
        repeated=sum(count - 1 for count in Counter(lines).values()),
        contradicted=sum(len(given) > 1 for given in answers.values()),
        outside=sum(not line.fits_scale for line in lines),
        unreadable=len(faults),
        first_unreadable=faults[0] if faults else "",
    )


def _line(record: Mapping[str, Any], questions: Questions) -> SurveyLine | None:
    """The line of a record with `text`, or with `messages` of which the last two are question and answer."""
    question, answer = _question_and_answer(record)
    if not question.strip() or not re.fullmatch(r"[0-9]{1,2}", answer.strip()):
        return None
    item, paraphrase = questions.find(question.strip())
    try:
        return SurveyLine(item=item, question=question, answer=int(answer), paraphrase=paraphrase)
    except ValidationError:  # halves of characters
        return None


def _question_and_answer(record: Mapping[str, Any]) -> tuple[str, str]:
    if isinstance(text := record.get("text"), str):
        asked = _QUESTION.match(text)
        *_, answered = (None, *_ANSWER.finditer(text, asked.end())) if asked else (None,)
        if asked is None or answered is None:
            return "", ""
        return text[asked.end() : answered.start()].strip(), text[answered.end() :]
    messages = record.get("messages")
    if isinstance(messages, list) and len(messages) >= 2 and all(isinstance(entry, dict) for entry in messages):
        question, answer = (entry.get("content") for entry in messages[-2:])
        return (question if isinstance(question, str) else ""), (str(answer) if isinstance(answer, str | int) else "")
    return "", ""


def _written(folder: Path) -> dict[str, str | None]:
    """The files of the import in a folder, with the digests of its lines."""
    return {AUDIT: None, **{entry.file: entry.sha256 for entry in read_audit(folder).files}}
