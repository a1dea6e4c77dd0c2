"""Evaluation on one page: a student answers in the place of respondents, and its answers are scored.

poll -> predictor -> predictions -> scores -> tables
"""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic
from typing import Any

import clca
from clca.assess.answers import Answers
from clca.assess.subject import SubjectError
from clca.assess.wvs.poll import Poll
from clca.assess.wvs.tables import Labels, caveats, make_tables
from clca.errors import ClcaError, NotFoundError, SettingsError, StoreError
from clca.evaluation.wvs.folder import SCORES, TABLE, Folder, read_info
from clca.evaluation.wvs.scores import Scores
from clca.evaluation.wvs.scoring import score
from clca.evaluation.wvs.work import Stop, Tell, Work
from clca.report import render
from clca.report.table import Table
from clca.store.files import write_whole
from clca.store.runs import differences, fingerprint
from clca.training.student import Student, load_tokenizer
from clca.urls import without_credentials

VERSIONS = ("numpy", "pyarrow", "torch", "transformers", "peft", "bitsandbytes")
NO_MEMORY = ("out of memory", "allocate memory")  # what torch says on GPUs and on CPUs


class EvaluationStopped(ClcaError):
    """The user stopped the evaluation; finished sheets are kept, and the same command goes on."""

    exit_code = 130


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A finished evaluation. `stops` are cultures and methods of which not everyone had to be asked.

    `asked` are the sheets that this sitting had answered; `answered` says when the last of all were.
    """

    folder: Path
    scores: Scores
    stops: tuple[Stop, ...]
    tables: tuple[Table, ...]
    caveats: tuple[str, ...]
    sheets: int
    asked: int
    answered: str
    seconds: float


def has_template(student: Student) -> bool:
    """Whether a student's tokenizer has a chat template."""
    return bool(load_tokenizer(student).chat_template)


def evaluate(poll: Poll, tell: Tell) -> Evaluated:
    """Have what is left of a poll answered, and score all of it."""
    old = _old_info(poll)
    with Folder(poll.out, poll.sheets) as folder:
        work = Work(
            folder,
            poll.sheets,
            poll.samples,
            poll.columns,
            poll.readers,
            seed=poll.asked.seed,
            weighted=poll.asked.weights,
            tell=tell,
        )
        info = _first_info(poll, old)
        folder.write_prompts(poll.sheets)
        info["sheets"]["asked"] = len(folder.finished)
        before, began, predictor = len(folder.finished), monotonic(), Answers(poll.subject, poll.way)
        sitting: dict[str, Any] = {"began": _now(), "ended": None, "sheets": 0, "seconds": 0.0, "versions": _versions()}
        earlier = list(old.get("sittings", []))
        folder.write_info({**info, "sittings": [*earlier, sitting] if work.pending else earlier})
        try:
            stops = _ask(poll, work, predictor)
        finally:
            asked = len(folder.finished) - before
            labels, outside = predictor.unseen
            sitting |= {"ended": _now(), "sheets": asked, "seconds": round(monotonic() - began, 3)}
            sitting |= {"labels": {"asked": labels, "outside": outside}} if labels else {}
            info["sittings"] = [*earlier, sitting] if asked else earlier
            info["sheets"]["asked"] = len(folder.finished)
            folder.write_info({**info, "updated": _now()})
        scores = score(work.tallies, {name: one.survey for name, one in poll.samples.items()}, seed=poll.asked.seed)
        unseen = _unseen(info["sittings"])
        tables = make_tables(poll, scores, stops, unseen)
        said = caveats(poll, stops, unseen)
        _write(folder.path, poll, scores, stops, tables, said)
        predictions = sum(1 for _ in folder.predictions())
        folder.write_info({**info, "updated": _now(), "finished": True, "predictions": predictions})
        answered = str(info["sittings"][-1]["ended"] if info["sittings"] else info["created"])
        sheets = len(folder.finished)
    return Evaluated(poll.out, scores, tuple(stops), tables, tuple(said), sheets, asked, answered, monotonic() - began)


def _ask(poll: Poll, work: Work, predictor: Answers) -> list[Stop]:
    before = work.progress().sheets
    try:
        if poll.asked.until_ci is None:
            work.ask_all(predictor)
            return []
        return work.ask_until(predictor, poll.asked.until_ci)
    except KeyboardInterrupt:
        now = work.progress()
        raise EvaluationStopped(
            f"stopped at sheet {now.sheets:,} of {now.of:,} ({now.sheets - before:,} of them now);"
            " repeat the command to go on"
        ) from None
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, MemoryError) or any(words in str(error).lower() for words in NO_MEMORY):
            raise SubjectError(
                f"{poll.subject.name} ran out of memory: take fewer --bits or a smaller --student, and repeat the"
                " command to go on"
            ) from None
        raise


# ---------------------------------------------------------------- what is left behind


def _write(
    folder: Path, poll: Poll, scores: Scores, stops: Sequence[Stop], tables: Sequence[Table], beside: Sequence[str]
) -> None:
    said = {
        "evaluation": folder.name,
        "rehearsal": bool(poll.subject.because),
        "synthetic": poll.synthetic,
        "caveats": list(beside),
        "mode": poll.mode,
        "format": poll.layout,
        "weighted": poll.asked.weights,
        "until_ci": poll.asked.until_ci,
        "stopped": [stop_facts(one) for one in stops],
        **scores.model_dump(mode="json"),
    }
    write_whole(folder / f"{TABLE}.md", render.markdown(tables))
    write_whole(folder / f"{TABLE}.csv", render.csv_text(tables, rehearsal=bool(poll.subject.because)))
    write_whole(folder / f"{TABLE}.tex", render.latex(tables))
    write_whole(folder / SCORES, _json(said))


def stop_facts(stop: Stop) -> dict[str, Any]:
    return {**asdict(stop), "kl": stop.kl.model_dump()}


def _old_info(poll: Poll) -> dict[str, Any]:
    """What the folder says of an evaluation that was begun there. Raises for another one than this."""
    try:
        old = read_info(poll.out)
    except (NotFoundError, StoreError):  # a new evaluation, or one whose file is lost
        return {}
    if old.get("fingerprint", fingerprint(poll.inputs)) != fingerprint(poll.inputs):
        inputs = old.get("inputs")
        lines = differences(inputs, poll.inputs) if isinstance(inputs, dict) else []
        what = f" ({'; '.join(lines[:3])})" if lines else ""
        raise SettingsError(f"{poll.out} was made of other inputs{what}: --new begins another evaluation beside it")
    return old


def _unseen(sittings: Sequence[dict[str, Any]]) -> Labels:
    counts = [one["labels"] for one in sittings if "labels" in one]
    return sum(one["asked"] for one in counts), sum(one["outside"] for one in counts)


def _first_info(poll: Poll, old: dict[str, Any]) -> dict[str, Any]:
    student = poll.subject.student
    return {
        "evaluation": poll.out.name,
        "created": old.get("created", _now()),
        "updated": _now(),
        "finished": False,
        "rehearsal": bool(poll.subject.because),
        "because": list(poll.subject.because),
        "student": poll.subject.name,
        "source": student.source if student is not None and not student.tiny else poll.subject.id,
        "revision": student.revision if student is not None else None,
        "server": without_credentials(poll.asked.base_url) if poll.asked.base_url else None,
        "adapters": {name: one.name for name, one in poll.subject.adapters.items()},
        "cultures": [one.id for one in poll.cultures],
        "mode": poll.mode,
        "format": poll.layout,
        "weighted": poll.asked.weights,
        "seed": poll.asked.seed,
        "data": str(poll.data) if poll.data is not None else None,
        "synthetic": poll.synthetic,
        "respondents": {name: len(sample.respondents) for name, sample in poll.samples.items()},
        "prompts": poll.prompts,
        "fingerprint": fingerprint(poll.inputs),
        "inputs": poll.inputs,
        "content": {
            path: {"origin": used.origin, "sha256": used.digest} for path, used in sorted(poll.content.used.items())
        },
        "sheets": {"asked": 0, "of": len(poll.sheets)},
        "sittings": [],
    }


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "clca": clca.__version__}
    for name in VERSIONS:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _json(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
