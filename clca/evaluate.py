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
from clca.errors import ClcaError, NotFoundError, StoreError
from clca.evaluation.folder import SCORES, TABLE, Folder, read_info
from clca.evaluation.scores import Scores
from clca.evaluation.scoring import score
from clca.evaluation.work import Stop, Tell, Work
from clca.poll import Poll
from clca.predictor import Answers
from clca.report import render
from clca.report.published import load_published
from clca.report.table import METRICS, Table, build
from clca.store.files import write_whole
from clca.store.runs import fingerprint
from clca.subject import SubjectError
from clca.training.student import Student, load_tokenizer
from clca.urls import without_credentials

VERSIONS = ("numpy", "pyarrow", "torch", "transformers", "peft", "bitsandbytes")
NO_MEMORY = ("out of memory", "allocate memory")  # what torch says on GPUs and on CPUs
REFERENCES = ("uniform", "majority", "split_half")


class EvaluationStopped(ClcaError):
    """The user stopped the evaluation; finished sheets are kept, and the same command goes on."""

    exit_code = 130


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A finished evaluation. `stops` are cultures and methods of which not everyone had to be asked."""

    folder: Path
    scores: Scores
    stops: tuple[Stop, ...]
    tables: tuple[Table, ...]
    seconds: float


def has_template(student: Student) -> bool:
    """Whether a student's tokenizer has a chat template."""
    return bool(load_tokenizer(student).chat_template)


def evaluate(poll: Poll, tell: Tell) -> Evaluated:
    """Have what is left of a poll answered, and score all of it."""
    began = monotonic()
    with Folder(poll.out, poll.sheets) as folder:
        info = _first_info(poll)
        folder.write_info(info)
        folder.write_prompts(poll.sheets)
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
        predictor = Answers(poll)
        stops = _ask(poll, work, predictor)
        scores = score(work.tallies, {name: one.survey for name, one in poll.samples.items()}, seed=poll.asked.seed)
        tables = make_tables(poll, scores, stops)
        _write(folder.path, poll, scores, stops, tables)
        seconds = monotonic() - began
        ended = {"updated": _now(), "finished": True, "seconds": round(info["seconds"] + seconds, 3)}
        labels, outside = predictor.unseen
        if labels:
            old = info["labels"]
            ended["labels"] = {"asked": old["asked"] + labels, "outside": old["outside"] + outside}
        folder.write_info({**info, **ended, "sheets": {"asked": len(folder.finished), "of": len(poll.sheets)}})
    return Evaluated(poll.out, scores, tuple(stops), tables, seconds)


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


def caveats(poll: Poll, stops: Sequence[Stop]) -> list[str]:
    """What has to stand beside every score of a poll."""
    found = []
    if poll.subject.because:
        found.append(f"REHEARSAL ({'; '.join(poll.subject.because)}): these scores say nothing of any culture.")
    synthetic = [name for name, sample in poll.samples.items() if sample.synthetic]
    if synthetic:
        found.append(
            f"Synthetic respondents ({', '.join(synthetic)}): drawn from demographic shares, traits independently, so"
            " that there are no answers of individuals to hit; imported survey data take their place."
        )
    if stops:
        found.append(
            "Stopped early, once intervals were narrow enough: such intervals are somewhat too narrow. Respondents"
            f" used: {', '.join(f'{one.culture} {one.method} {one.respondents:,}' for one in stops)}."
        )
    if poll.asked.weights:
        found.append("Respondents are weighted as in the survey.")
    return found


def make_tables(poll: Poll, scores: Scores, stops: Sequence[Stop]) -> tuple[Table, ...]:
    """One table a metric, those without a number left out."""
    published = load_published(poll.content)
    notes = [f"{poll.mode}, {poll.layout} format.", *caveats(poll, stops)]
    tables = []
    for metric in METRICS:
        rows = scores.column(metric)  # type: ignore[arg-type]
        ours = {row: cells for row, cells in rows.items() if row not in REFERENCES}
        if ours:
            references = {row: rows[row] for row in REFERENCES if row in rows}
            names = {one.id: one.name for one in poll.cultures}
            systems = {poll.subject.name: ours}
            tables.append(build(metric, systems, references=references, published=published, names=names, notes=notes))
    return tuple(tables)


def _write(folder: Path, poll: Poll, scores: Scores, stops: Sequence[Stop], tables: Sequence[Table]) -> None:
    said = {
        "evaluation": folder.name,
        "rehearsal": bool(poll.subject.because),
        "synthetic": poll.synthetic,
        "caveats": caveats(poll, stops),
        "mode": poll.mode,
        "format": poll.layout,
        "weighted": poll.asked.weights,
        "until_ci": poll.asked.until_ci,
        "stopped": [stop_facts(one) for one in stops],
        **scores.model_dump(mode="json"),
    }
    for suffix, text in (("md", render.markdown), ("csv", render.csv_text), ("tex", render.latex)):
        write_whole(folder / f"{TABLE}.{suffix}", text(tables))
    write_whole(folder / SCORES, _json(said))


def stop_facts(stop: Stop) -> dict[str, Any]:
    return {**asdict(stop), "kl": stop.kl.model_dump()}


def _first_info(poll: Poll) -> dict[str, Any]:
    old: dict[str, Any] = {}
    with suppress(NotFoundError, StoreError):  # a new evaluation, or one whose file is lost
        old = read_info(poll.out)
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
        "server": without_credentials(poll.asked.base_url) if poll.asked.base_url else None,
        "adapters": {name: one.name for name, one in poll.subject.adapters.items()},
        "cultures": [one.id for one in poll.cultures],
        "mode": poll.mode,
        "format": poll.layout,
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
        "versions": _versions(),
        # Of those asked of a server, how many were outside its likeliest tokens, so that their odds are bounds.
        "labels": old.get("labels", {"asked": 0, "outside": 0}),
        "seconds": old.get("seconds", 0.0),
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
