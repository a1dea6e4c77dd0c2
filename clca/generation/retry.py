"""The failed dialogues of a run made pending again."""

from __future__ import annotations

from pydantic import ValidationError

from clca.content.parsing import validation_message
from clca.errors import ContentError
from clca.generation.ids import failed_task
from clca.inference.parse_reply import INVALID
from clca.records import Failure
from clca.storage.run_dir import FILES, RunDir


def reset_failed(run_dir: RunDir) -> int:
    """Make the failed dialogues pending; returns their number.

    Those that failed over invalid replies get new seeds; the others get the same requests again. Raises `ContentError`
    for a damaged line.
    """
    ids, retried = [], set()
    for line in run_dir.failures():
        try:
            failure = Failure.model_validate_json(line)
        except ValidationError as error:
            raise ContentError(str(run_dir.folder / FILES["failed"]), None, validation_message(error)) from None
        ids.append(failure.id)
        if failure.reason in INVALID:
            retried.add(failed_task(failure))
    run_dir.retry(ids, retried)
    return len(ids)
