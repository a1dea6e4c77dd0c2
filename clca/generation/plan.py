"""The plan of `clca generate`: one run per culture, its content read and checked, its folder chosen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clca.cluster.servers import ClusterServers
from clca.content.config_layers import resolve
from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ClcaError, SettingsError
from clca.generation.config import GenerateConfig
from clca.generation.kept_target import Forecast, KeptTarget
from clca.generation.recorded_settings import SETTING_NAMES, config_of
from clca.generation.run_plan import RunPlan, read_run
from clca.generation.teachers import unserved
from clca.generation.vllm_settings import servers_for
from clca.inference.vllm.manager import Placement, ServerManager
from clca.models.vllm_arguments import require_plain_text
from clca.storage.fingerprint import differences, fingerprint, runs_identity
from clca.storage.jsonl import read_lines
from clca.storage.run_dir import FILES
from clca.storage.run_index import INFO, RunInfo, list_runs, new_run_folder
from clca.storage.run_index import read_run as read_info


@dataclass(frozen=True, slots=True)
class GenerationPlan:
    """The runs of a command, and the servers that it will start: none runs yet.

    `unavailable` says why the servers cannot be started on this machine; the rest of the plan holds elsewhere.
    """

    config: GenerateConfig
    runs: tuple[RunPlan, ...]
    servers: ServerManager | ClusterServers = field(repr=False)
    placements: tuple[Placement, ...]
    unavailable: ClcaError | None

    @property
    def simulated(self) -> bool:
        """Whether any role is played by the embedded rehearsal."""
        return any(run.simulator is not None for run in self.runs)

    @property
    def identity(self) -> str:
        """What identifies the results, in 64 hexadecimal digits."""
        return runs_identity([fingerprint(run.inputs) for run in self.runs])


def plan(config: GenerateConfig, workspace: Path | None = None, *, retry_failed: bool = False) -> GenerationPlan:
    """Read what the runs need and choose their folders; with `retry_failed` the failed dialogues are tried again.

    Raises `SettingsError` and `NotFoundError` for settings that cannot be followed, `ContentError` for broken content.
    """
    names = expand_cultures(config.culture, workspace)
    if not names:
        raise SettingsError("no culture: name at least one with --culture, or take --culture all")
    run_plans = [_choose_folder(read_run(config, name, workspace)) for name in names]
    return _plan(config, [_again(plan) for plan in run_plans] if retry_failed else run_plans, workspace)


def plan_retry(run: RunInfo, changes: Mapping[str, Any], workspace: Path | None = None) -> GenerationPlan:
    """Plan another attempt at the failed dialogues of a run, with its own settings.

    `changes` are fields that decide no record: where the servers are, and how patient to be. Raises `SettingsError`
    when the inputs are not what they were, and for arguments of vLLM that may load code: the run may be a stranger's.
    """
    here: dict[str, Any] = {
        "vllm": os.environ.get("CLCA_VLLM"),
        "cluster": os.environ.get("CLCA_CLUSTER"),
        "out": run.folder.parent.parent,
    }
    recorded = config_of(run).model_dump()
    if "CLCA_VLLM_ARGS" in os.environ:
        here["vllm_args"] = os.environ["CLCA_VLLM_ARGS"]
    else:
        try:
            require_plain_text(recorded["vllm_args"], run.folder)
        except ValueError as error:
            raise SettingsError(f"{run.folder / INFO}: settings.vllm_args: {error}") from None
    config = resolve(GenerateConfig, {**recorded, **changes, **here}, {}, None)
    if config.kept is not None and run.data.get("counts", {}).get("kept", 0) >= config.kept:
        raise SettingsError(
            f"{run.folder}: nothing to retry: it holds the {config.kept:,} kept dialogues that it was to go on for, and"
            " its failed ones count as not kept"
        )
    run_plan = replace(
        read_run(config, config.culture[0], workspace), folder=run.folder, exists=True, retry_failed=True
    )
    changed = differences(run.inputs, run_plan.inputs, SETTING_NAMES)
    if changed:
        raise SettingsError(
            f"{run.folder}: cannot resume: inputs changed: {'; '.join(changed[:5])}; `clca generate` makes a new run"
        )
    return _plan(config, [run_plan], workspace)


def expand_cultures(names: tuple[str, ...], workspace: Path | None) -> list[str]:
    """The ids of cultures by any of their names, without duplicates; `all` stands for every one."""
    catalogue = CultureCatalogue(Content(workspace))
    if any(name.casefold() == "all" for name in names):
        return catalogue.ids()
    return list(dict.fromkeys(catalogue.find(name) for name in names))


def _plan(config: GenerateConfig, run_plans: list[RunPlan], workspace: Path | None) -> GenerationPlan:
    servers = servers_for(config, Content(workspace), os.environ)
    placements: list[Placement] = []
    unavailable: ClcaError | None = None
    if not all(run_plan.finished for run_plan in run_plans):
        try:
            if isinstance(servers, ClusterServers):
                servers.require_ray()  # its nodes are looked at when the run begins
            else:
                placements = servers.plan(unserved(config))
        except ClcaError as error:
            unavailable = error
    return GenerationPlan(config, tuple(run_plans), servers, tuple(placements), unavailable)


def _again(run_plan: RunPlan) -> RunPlan:
    """The run with its failed dialogues to be tried again, unless it has none, or all the kept ones it was to have."""
    if not run_plan.exists:
        return run_plan
    counts = read_info(run_plan.folder).data.get("counts", {})
    enough = run_plan.config.kept is not None and counts.get("kept", 0) >= run_plan.config.kept
    again = bool(counts.get("failed")) and not enough
    return replace(run_plan, finished=False, retry_failed=True) if again else run_plan


def _choose_folder(run_plan: RunPlan) -> RunPlan:
    """The newest run with the same inputs, or a free folder for a new one."""
    config, digest = run_plan.config, fingerprint(run_plan.inputs)
    earlier = list_runs(config.out, run_plan.culture)
    if run_plan.target is not None:
        run_plan = replace(run_plan, forecast=Forecast.of(run_plan.culture, run_plan.inputs, earlier))
    same = [run for run in earlier if run.data.get("fingerprint") == digest]
    if same and not config.new:
        return replace(run_plan, folder=same[-1].folder, exists=True, finished=_is_finished(same[-1], run_plan.target))
    folder = new_run_folder(config.out, run_plan.culture, config.teacher, config.seed, digest)
    changed = differences(earlier[-1].inputs, run_plan.inputs, SETTING_NAMES) if earlier and not same else []
    return replace(run_plan, folder=folder, differences=tuple(changed))


def _is_finished(run: RunInfo, target: KeptTarget | None) -> bool:
    """Whether nothing is left to do in a run.

    A run with a target goes on when a kept dialogue was removed from its file, or when its bound was raised.
    """
    finished = run.data.get("finished") is True
    if not finished or target is None:
        return finished
    file, counts = run.folder / FILES["kept"], run.data.get("counts", {})
    lines = sum(1 for _ in read_lines(file)) if file.is_file() else 0
    return lines >= counts.get("kept", 0) and target.is_reached(counts)
