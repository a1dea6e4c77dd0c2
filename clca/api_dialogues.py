"""The Python API's functions on dialogues that were generated: measured, audited, exported, looked through.

Each takes its configuration as those of `clca.api` do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clca.content.config import StageConfig
    from clca.progress import ProgressCallback
    from clca.quality.audit.config import AuditConfig
    from clca.quality.audit.result import AuditResult
    from clca.quality.export.config import ExportConfig
    from clca.quality.export.result import ExportResult
    from clca.quality.inspection.config import InspectConfig
    from clca.quality.inspection.result import InspectResult
    from clca.quality.stats.config import StatsConfig
    from clca.quality.stats.result import StatsResult


def stats(
    config: StatsConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> StatsResult:
    """Measure the kept dialogues of runs, as `clca stats` does.

    `fields` are those of `StatsConfig`: `run`, `compare`, `sample`, `report`... Raises a `ClcaError` in one line.

    >>> import clca, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> run = clca.generate(culture="japan", scenarios=2, samples=1, max_exchanges=2, progress=False)
    >>> result = clca.stats(run=str(run.folder), progress=False)
    >>> result.groups[0].culture, result.groups[0].dialogues == run.kept
    ('japan', True)
    """
    result: StatsResult = _run("stats", config, progress, fields)
    return result


def audit_judge(
    config: AuditConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> AuditResult:
    """Plant known flaws in kept dialogues and ask the judge, as `clca audit-judge` does, or go on with an audit.

    `fields` are those of `AuditConfig`: `run`, `dialogues`, `flaws`, `judge`, `second_judge`... Raises a `ClcaError`
    in one line.

    >>> import clca, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> run = clca.generate(culture="japan", scenarios=4, samples=1, progress=False)
    >>> result = clca.audit_judge(run=str(run.folder), flaws="repetition", repeats=0, progress=False)
    >>> result.kinds["repetition"].found.value
    1.0
    """
    result: AuditResult = _run("audit-judge", config, progress, fields)
    return result


def export(
    config: ExportConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> ExportResult:
    """Export kept dialogues for other trainers or the hub, as `clca export` does.

    `fields` are those of `ExportConfig`: `run`, `format`, `task`, `out`, `push`... Raises a `ClcaError` in one line.

    >>> import clca, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> run = clca.generate(culture="japan", scenarios=2, samples=1, max_exchanges=2, progress=False)
    >>> result = clca.export(run=str(run.folder), format="chat", out="data", progress=False)
    >>> list(result.files), result.dialogues == run.kept
    (['chat.jsonl', 'dialogues.jsonl', 'README.md'], True)
    """
    result: ExportResult = _run("export", config, progress, fields)
    return result


def inspect(
    config: InspectConfig | None = None, /, *, progress: bool | ProgressCallback = True, **fields: Any
) -> InspectResult:
    """Find dialogues of runs by what is in them, as `clca inspect` does.

    `fields` are those of `InspectConfig`: `run`, `verdict`, `text`, `intent`, `where`, `page`, `to`... Raises a
    `ClcaError` in one line.

    >>> import clca, os, tempfile
    >>> os.chdir(tempfile.mkdtemp())
    >>> run = clca.generate(culture="japan", scenarios=2, samples=1, max_exchanges=2, progress=False)
    >>> result = clca.inspect(run=str(run.folder), verdict="kept", progress=False)
    >>> result.matched == run.kept, result.page
    (True, 1)
    """
    result: InspectResult = _run("inspect", config, progress, fields)
    return result


def _run(name: str, config: StageConfig | None, progress: bool | ProgressCallback, fields: dict[str, Any]) -> Any:
    from clca.stage_call import run_stage

    return run_stage(name, config, progress, fields)
