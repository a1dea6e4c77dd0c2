"""C-SPEC of a matrix on one page: read it, say what it says, leave tables and heat-maps behind.

matrix or evaluation -> specificity -> tables, heat-maps, cspec.json
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from clca.documents import describe, suggestion
from clca.errors import ContentError, NotFoundError, SettingsError, StoreError
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.classification.specificity import Specificity, specificity
from clca.evaluation.offense.matrix import read_matrix
from clca.report import render
from clca.report.heatmap import NORMALISED, RANKS, heatmap
from clca.report.invalid import invalid_counts_table, invalid_table
from clca.report.knowledge import data_table
from clca.report.offense import f1_table, normalised_table
from clca.report.ours import Ours
from clca.report.s2n import Published, load_s2n
from clca.report.table import Table
from clca.store.files import write_whole
from clca.workspace import Content

SCORES, INFO = "scores.json", "evaluation.json"
LARGEST = 512 * 1024 * 1024
NOISE = (
    "Noise of finite tests lowers C-SPEC, most where adapters are nearly alike, and its interval is then narrower than"
    " its 95 % say; chance is lowered alike: read C-SPEC beside it."
)
LIBRARIES = ("numpy", "matplotlib")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a folder says of its evaluation. `about` are the other keys of its files, such as its caveats."""

    folder: Path
    scores: MatrixScores
    about: Mapping[str, Any]

    @property
    def ours(self) -> Ours:
        mix = self.about.get("mix")
        return Ours(str(self.about.get("student") or "student"), str(mix) if mix else None, self.scores)

    @property
    def caveats(self) -> tuple[str, ...]:
        said = self.about.get("caveats")
        return tuple(map(str, said)) if isinstance(said, list) else ()


@dataclass(frozen=True, slots=True)
class Assessed:
    """`source` is what was read, `folder` where the files are; `notes` stand beside the numbers."""

    source: Path
    folder: Path
    specificity: Specificity
    tables: tuple[Table, ...]
    notes: tuple[str, ...]
    rehearsal: bool


def assess(
    given: str, content: Content, *, mmlu: str | None = None, seed: int = 42, out: Path | None = None
) -> Assessed:
    """Read a CSV matrix or an evaluation, and write what C-SPEC says of it."""
    if not 0 <= seed < 2**31:
        raise SettingsError(f"--seed {seed}: has to be from 0 to {2**31 - 1}")
    path = find(given, "offense")
    published = load_s2n(content)
    knowledge = read_evaluation(find(mmlu, "mmlu")) if mmlu is not None else None
    if path.is_dir():
        done = _of_evaluation(read_evaluation(path), knowledge, published, seed, out or path / "cspec")
    else:
        if knowledge is not None:
            raise SettingsError("--mmlu: stands beside an evaluation; a CSV matrix does not say what was trained")
        done = _of_matrix(path, seed, out or Path("evaluations") / "cspec" / path.stem)
    _write(done)
    return done


def _of_matrix(path: Path, seed: int, out: Path) -> Assessed:
    matrix = read_matrix(path)
    found = specificity(matrix.cultures, matrix.values, seed=seed)
    return Assessed(path, out, found, (normalised_table(found, notes=matrix.remarks),), matrix.remarks, False)


def _of_evaluation(
    read: Evaluation, knowledge: Evaluation | None, published: Published, seed: int, out: Path
) -> Assessed:
    of = read.scores.specificity
    if of is None:
        raise SettingsError(
            f"{read.folder} has no culture with both an adapter and a score (rows {', '.join(read.scores.rows)}; tests"
            f" of {', '.join(read.scores.cultures)}): evaluate adapters with `clca eval-offense --adapter CULTURE=DIR`"
        )
    # The seed decides which orders of the adapters are looked at; intervals need texts and are those of the scores.
    again = specificity(of.cultures, of.matrix, seed=seed, invalid=of.invalid)
    found = again.model_copy(update={"cspec": of.cspec, "diagonal_mean": of.diagonal_mean})
    ours = read.ours
    notes = [*read.caveats, NOISE, *read.scores.notes()]
    aside = [row for row in read.scores.rows if row not in of.cultures]
    if aside:
        notes.append(f"Set aside, being no culture's own adapter with tests: {', '.join(aside)}.")
    untaught = [culture for culture in read.scores.cultures if culture not in of.cultures]
    if untaught:
        notes.append(f"Tests of cultures without an adapter or a score: {', '.join(untaught)}.")
    if len(of.cultures) == 1:
        notes.append("C-SPEC of a single culture is 1 by definition: there is no other adapter to compare with.")
    tables = [
        normalised_table(found, model=ours.model, data=ours.data, published=published, notes=notes),
        f1_table([ours], published, notes=notes),
        invalid_table([ours], published, notes=notes),
        invalid_counts_table([ours], published, notes=notes),
    ]
    if knowledge is not None:
        notes += knowledge.caveats
        tables.append(data_table([(ours, knowledge.scores)], published, notes=notes))
    rehearsal = any(one is not None and one.about.get("rehearsal") for one in (read, knowledge))
    return Assessed(read.folder, out, found, tuple(tables), tuple(notes), bool(rehearsal))


def find(given: str, kind: str) -> Path:
    """A file, a folder, or an evaluation below `evaluations/<kind>/` by its name or what that begins with."""
    path = Path(given).expanduser()
    if given and path.exists():
        return path
    known = sorted(file.parent for file in Path("evaluations", kind).glob(f"*/{SCORES}"))
    found = [one for one in known if one.name == given] or [
        one for one in known if given and one.name.startswith(given)
    ]
    if found:
        return max(found, key=lambda one: ((one / SCORES).stat().st_mtime, one.name))
    near = suggestion(given, [one.name for one in known])
    raise NotFoundError(
        f"no file or evaluation {given!r}{near}: give {'a CSV matrix or ' if kind == 'offense' else ''}the folder that"
        f" `clca eval-{kind}` made"
    )


def read_evaluation(folder: Path) -> Evaluation:
    """The scores in a folder of `clca eval-offense` or `clca eval-mmlu`; raises one line for what is amiss."""
    file = folder / SCORES
    said = _json(file)
    if said is None:
        raise NotFoundError(f"{folder} has no {SCORES}: it is no evaluation, or one that is not finished")
    mine = {key: value for key, value in said.items() if key in MatrixScores.model_fields}
    if "results" not in mine or "cultures" not in mine:
        raise ContentError(str(file), None, "holds no scores of offensiveness or MMLU; give the folder of such a one")
    try:
        scores = MatrixScores.model_validate_json(json.dumps(mine))
    except ValidationError as error:
        raise ContentError(str(file), None, describe(error, MatrixScores)) from None
    other = {key: value for key, value in said.items() if key not in mine}
    return Evaluation(folder, scores, {**(_json(folder / INFO) or {}), **other})


def _json(file: Path) -> dict[str, Any] | None:
    try:
        if file.stat().st_size > LARGEST:
            raise ContentError(str(file), None, f"is larger than {LARGEST // 2**20} MB: no scores")
        data = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ContentError(str(file), None, f"cannot be read: {error}") from None
    if not isinstance(data, dict):
        raise ContentError(str(file), None, "is no JSON object")
    return data


def require_libraries() -> None:
    lacking = [name for name in LIBRARIES if find_spec(name) is None]
    if lacking:
        raise SettingsError(
            f"C-SPEC and its heat-maps need {', '.join(lacking)}, not installed here: pip install '.[eval]' where"
            " clca's source is"
        )


def facts(done: Assessed) -> dict[str, Any]:
    """What `cspec.json` holds and `--json` prints."""
    return {
        "source": str(done.source),
        "rehearsal": done.rehearsal,
        **done.specificity.model_dump(mode="json"),
        "notes": list(done.notes),
    }


def _write(done: Assessed) -> None:
    files: list[tuple[str, str | bytes]] = [
        ("tables.md", render.markdown(done.tables)),
        ("tables.csv", render.csv_text(done.tables, rehearsal=done.rehearsal)),
        ("tables.tex", render.latex(done.tables)),
    ]
    title = "Rehearsal" if done.rehearsal else ""
    for kind in (RANKS, NORMALISED):
        files += [(f"{kind}.{form}", data) for form, data in heatmap(done.specificity, kind, title=title).items()]
    files.append(("cspec.json", json.dumps(facts(done), indent=2, ensure_ascii=False) + "\n"))
    try:
        done.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot write to {done.folder}: {error.strerror}; choose another folder with --out") from None
    for name, data in files:
        write_whole(done.folder / name, data)
