"""What an import of CultureLLM's training data found: `import.json` beside the files that it wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from clca.content.parsing import validation_message
from clca.errors import ContentError, NotFoundError, StoreError
from clca.records import Record, Slug
from clca.safe_open import read_json
from clca.storage.json_records import decode_record

AUDIT = "import.json"


class FileAudit(Record):
    """What was found in a file. Counts are of lines.

    `repeated` say again what an earlier line says, `contradicted` are questions with more than one answer, `outside`
    have an answer that their question does not allow, `unreadable` no question with a number for an answer: these are
    left out. `evaluated` ask an item of eval/wvs/items.yaml, and `unknown` one that is not known.
    """

    culture: Slug
    source: str
    source_sha256: str
    sha256: str
    lines: int
    paraphrases: int
    items: tuple[str, ...]
    evaluated: int
    evaluated_items: tuple[str, ...]
    unknown: int
    repeated: int
    contradicted: int
    outside: int
    unreadable: int
    first_unreadable: str = ""

    @property
    def file(self) -> str:
        """The name of the file that was written."""
        return f"{self.culture}.jsonl"


class CultureLlmAudit(Record):
    """The content of `import.json`. `missing` are the files of cultures that are not there."""

    version: str
    questions: tuple[str, ...]
    files: tuple[FileAudit, ...]
    missing: tuple[str, ...]


def read_audit(folder: Path) -> CultureLlmAudit:
    """The audit of an import. Raises `NotFoundError` where there is none, `ContentError` for a damaged one."""
    file = folder / AUDIT
    try:
        return decode_record(CultureLlmAudit, read_json(file, within=folder))
    except FileNotFoundError:
        raise NotFoundError(f"{folder} has no {AUDIT}: `clca data import-culturellm` writes it") from None
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror}") from None
    except ValidationError as error:
        raise ContentError(str(file), None, validation_message(error, CultureLlmAudit)) from None


def finding_lines(audit: CultureLlmAudit) -> Iterator[str]:
    """What a user should know of the files, in sentences."""
    for file in audit.files:
        counts = {
            "repeating an earlier line": file.repeated,
            "questions with more than one answer": file.contradicted,
            "with an answer outside the question's scale": file.outside,
            "of an unknown item": file.unknown,
            "left out, without a question and a number": file.unreadable,
        }
        findings = "; ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        if findings:
            first = f" (the first at {file.first_unreadable})" if file.unreadable else ""
            yield f"{file.culture}: {findings}{first}"
    if audit.missing:
        yield f"missing: {', '.join(audit.missing)}"
