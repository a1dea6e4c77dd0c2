"""The Python API: every command as a function that returns its result; those on dialogues are in `clca.api_dialogues`.

A function takes the fields of its stage's configuration as keyword arguments, or a whole configuration. What is not
given comes from the environment, from `clca.toml` and from the defaults, as on the command line; the fields stand in
the stage's `config.py` (`clca schema generate`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clca.analysis.config import MapConfig
    from clca.analysis.result import MapResult
    from clca.content.config import StageConfig
    from clca.evaluation.compare.config import CompareConfig
    from clca.evaluation.compare.result import CompareResult
    from clca.evaluation.cspec.config import CspecConfig
    from clca.evaluation.cspec.result import CspecResult
    from clca.evaluation.labelled.result import CultureResult
    from clca.evaluation.mmlu.config import MmluConfig
    from clca.evaluation.mmlu.result import MmluResult
    from clca.evaluation.normad import NormadConfig
    from clca.evaluation.offense.config import OffenseConfig
    from clca.evaluation.offense.result import OffenseResult
    from clca.evaluation.wvs.config import WvsConfig
    from clca.evaluation.wvs.result import WvsResult
    from clca.generation.config import GenerateConfig
    from clca.generation.result import GenerationResult
    from clca.progress import ProgressCallback
    from clca.report.config import ReportConfig
    from clca.report.lineage.config import TraceConfig
    from clca.report.lineage.result import TraceResult
    from clca.report.result import ReportResult
    from clca.study.config import StudyConfig
    from clca.study.result import StudyResult
    from clca.training.config import TrainConfig
    from clca.training.result import TrainingResult


def cultures() -> list[str]:
    """The ids of all cultures that the workspace and the package have content for."""
    from clca.content.lookup import Content, find_workspace
    from clca.culture import CultureCatalogue

    return CultureCatalogue(Content(find_workspace())).ids()


def train(
    config: TrainConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> TrainingResult:
    """Train QLoRA adapters of a student, as `clca train` does.

    `fields` are those of `TrainConfig`: `culture`, `student`, `recipe`, `mix`, `settings`... Raises a `ClcaError` in
    one line.

    >>> import clca, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> brief = ("data.size=4", "training.steps=1", "training.log=[]")
    >>> result = clca.train(culture="japan", mix="wvs", settings=brief, progress=False)
    >>> result.adapters[0].steps
    1
    """
    result: TrainingResult = _run("train", config, progress, fields)
    return result


def generate(
    config: GenerateConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> GenerationResult:
    """Generate dialogues of one or several cultures, as `clca generate` does, or resume a run.

    `fields` are those of `GenerateConfig`: `culture`, `scenarios`, `samples`, `teacher`, `base_url`... Raises a
    `ClcaError` in one line; the same call resumes a run that was interrupted.

    >>> import clca, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> result = clca.generate(culture="japan", scenarios=2, samples=1, max_exchanges=2, progress=False)
    >>> result.requested, result.pending
    (2, 0)
    >>> all(dialogue.culture == "japan" for dialogue in result.dialogues())
    True
    """
    result: GenerationResult = _run("generate", config, progress, fields)
    return result


def map(config: MapConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any) -> MapResult:
    """Map the texts of cultures by their embeddings, as `clca map` does, or find maps that were made.

    `fields` are those of `MapConfig`: `source`, `culture`, `run`, `sample`, `embedder`, `method`... Raises a
    `ClcaError` in one line.

    >>> import clca, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> result = clca.map(source="wvs", culture="uk,japan", sample=40, method="tsne", progress=False)
    >>> result.sources[0].taken, 0 < result.sources[0].separability.p <= 1
    (40, True)
    """
    result: MapResult = _run("map", config, progress, fields)
    return result


def eval_wvs(
    config: WvsConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> WvsResult:
    """Evaluate a student and its adapters on the World Values Survey, as `clca eval-wvs` does.

    `fields` are those of `WvsConfig`: `culture`, `student`, `adapter`, `method`, `respondents`... Raises a `ClcaError`
    in one line.

    >>> import clca, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> result = clca.eval_wvs(culture="uk", respondents=2, items="Q1,Q2", method="cultural", progress=False)
    >>> list(result.cultures["uk"].methods)
    ['cultural']
    """
    result: WvsResult = _run("eval-wvs", config, progress, fields)
    return result


def eval_offense(
    config: OffenseConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> OffenseResult:
    """Evaluate a student and its adapters on offensiveness across cultures, as `clca eval-offense` does.

    `fields` are those of `OffenseConfig`: `culture`, `row`, `adapter`, `scoring`, `limit`... Raises a `ClcaError` in
    one line.

    >>> import clca, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> result = clca.eval_offense(culture="germany", limit=2, row="base", progress=False)
    >>> result.rows
    ('base',)
    """
    result: OffenseResult = _run("eval-offense", config, progress, fields)
    return result


def eval_normad(
    config: NormadConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> CultureResult:
    """Evaluate a student and its adapters on NormAd's stories, as `clca eval-normad` does.

    `fields` are those of `NormadConfig`: `culture`, `row`, `adapter`, `data`, `limit`... Raises a `ClcaError` in one
    line.

    >>> import clca, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> result = clca.eval_normad(culture="japan", limit=2, row="base", progress=False)
    >>> result.cultures
    ('japan',)
    """
    result: CultureResult = _run("eval-normad", config, progress, fields)
    return result


def eval_mmlu(
    config: MmluConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> MmluResult:
    """Evaluate a student and its adapters on MMLU, as `clca eval-mmlu` does.

    `fields` are those of `MmluConfig`: `student`, `adapter`, `shots`, `scoring`, `limit`... Raises a `ClcaError` in
    one line.

    >>> import clca, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> result = clca.eval_mmlu(shots=0, limit=1, progress=False)
    >>> result.rows
    ('base',)
    """
    result: MmluResult = _run("eval-mmlu", config, progress, fields)
    return result


def compare(
    config: CompareConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> CompareResult:
    """Compare two survey evaluations on the respondents that both asked, as `clca compare` does.

    `fields` are those of `CompareConfig`. Raises a `ClcaError` in one line.

    >>> import clca, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> first = clca.eval_wvs(culture="uk", respondents=2, items="Q1,Q2", method="persona", progress=False)
    >>> other = clca.eval_wvs(
    ...     culture="uk", respondents=2, items="Q1,Q2", method="persona", mode="generate", progress=False
    ... )
    >>> result = clca.compare(first=str(first.folder), second=str(other.folder), progress=False)
    >>> result.comparisons[0].methods
    ('persona', 'persona')
    """
    result: CompareResult = _run("compare", config, progress, fields)
    return result


def trace(
    config: TraceConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> TraceResult:
    """Show what a result was made from and what was made of it, as `clca trace` does.

    `fields` are those of `TraceConfig`: `target`, `direction`, `most`, `check`... Raises a `ClcaError` in one line.

    >>> import clca, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> run = clca.generate(culture="japan", scenarios=1, samples=1, max_exchanges=2, progress=False)
    >>> dialogue = next(iter(run.dialogues()))
    >>> result = clca.trace(target=dialogue.id, progress=False)
    >>> result.origin.runs == (str(run.folder),), result.origin.teachers["judge"]
    (True, ('rehearsal',))
    """
    result: TraceResult = _run("trace", config, progress, fields)
    return result


def eval_cspec(
    config: CspecConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> CspecResult:
    """Measure cultural specificity (C-SPEC) of score matrices, as `clca eval-cspec` does.

    `fields` are those of `CspecConfig`: `matrix`, `mmlu`, `seed`, `out`. Raises a `ClcaError` in one line.

    >>> import clca, pathlib, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> _ = pathlib.Path("matrix.csv").write_text("adapter,japan,uk\\njapan,61.2,48.0\\nuk,52.9,55.3\\n")
    >>> result = clca.eval_cspec(matrix="matrix.csv", out="cspec", progress=False)
    >>> result.matrices[0].cspec.value
    1.0
    """
    result: CspecResult = _run("eval-cspec", config, progress, fields)
    return result


def study(
    config: StudyConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> StudyResult:
    """Carry out a study or resume it, as `clca study run` does.

    `fields` are those of `StudyConfig`: `study`, `jobs`, `out`. Raises a `ClcaError` in one line; a cell that fails is
    in the result.

    >>> import clca, pathlib, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> _ = pathlib.Path("two.yaml").write_text(
    ...     "title: Two cultures\\nmatrix: {culture: [japan, uk]}\\nstages:\\n"
    ...     '  dialogues: {run: generate, over: [culture], with: {culture: "{culture}", scenarios: 1, samples: 1}}\\n'
    ... )
    >>> result = clca.study(study="two.yaml", progress=False)
    >>> result.finished, [cell.id for cell in result.cells]
    (True, ['dialogues.japan', 'dialogues.uk'])
    """
    result: StudyResult = _run("study", config, progress, fields)
    return result


def report(
    config: ReportConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> ReportResult:
    """Make a page of results in which every number has its origin, as `clca report` does.

    `fields` are those of `ReportConfig`: `inputs`, `study`, `out`, `title`, `against`... Raises a `ClcaError` in one
    line.

    >>> import clca, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> run = clca.generate(culture="japan", scenarios=2, samples=1, max_exchanges=2, progress=False)
    >>> result = clca.report(title="Japan", progress=False)
    >>> result.file.name, result.sections[0], list(result.sources)
    ('report.html', 'From scenario to training example', ['R1'])
    """
    result: ReportResult = _run("report", config, progress, fields)
    return result


def _run(name: str, config: StageConfig | None, progress: bool | ProgressCallback, fields: dict[str, Any]) -> Any:
    from clca.stage_call import run_stage

    return run_stage(name, config, progress, fields)
