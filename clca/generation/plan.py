"""From settings to a run that can begin: its content read and checked, its folder found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import clca
from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.errors import SettingsError
from clca.generation.config import INERT, REHEARSAL, GenerateConfig
from clca.generation.cost import preview
from clca.generation.pipeline import Scenarios, scenario_id
from clca.generation.scenarios import FileScenarios, SeedScenarios, load_norms
from clca.generation.teachers import connect
from clca.inference.protocol import Role, Teacher
from clca.inference.vllm.command import deciding, split_arguments
from clca.inference.vllm.manager import Servers
from clca.records import Norm
from clca.storage.fingerprint import Inputs, differences, fingerprint
from clca.storage.run_index import list_runs, new_run_folder


@dataclass(slots=True)
class GenerationPlan:
    """All that a run in one culture needs, read and checked; nothing has been asked or written."""

    culture: str
    settings: GenerateConfig
    content: Content
    catalogue: CultureCatalogue
    prompts: Prompts
    scenarios: Scenarios
    norms: list[Norm]
    teachers: dict[Role, Teacher]
    inputs: Inputs

    @property
    def requested(self) -> int:
        return (len(self.scenarios) + len(self.norms)) * self.settings.samples

    @property
    def rehearsed(self) -> bool:
        """Whether any role is played by the embedded teacher."""
        return any(teacher.name == REHEARSAL for teacher in self.teachers.values())


def prepare(culture: str, settings: GenerateConfig, workspace: Path | None, servers: Servers) -> GenerationPlan:
    """Read what the run needs. Everything that is broken in it is found here; no server is started yet."""
    content = Content(workspace)
    catalogue = CultureCatalogue(content)
    found = catalogue.find(culture)
    catalogue.culture(found)
    prompts = Prompts.load(content)
    scenarios: SeedScenarios | FileScenarios
    if isinstance(settings.scenarios, Path):
        scenarios = FileScenarios(settings.scenarios)
    else:
        scenarios = SeedScenarios(content, settings.scenarios, settings.seed)
    norms = load_norms(content, catalogue.culture(found), settings.norms, settings.seed)
    _refuse_same_ids(scenarios, norms)
    preview(catalogue, found, scenarios, norms, prompts, settings)  # renders every prompt once
    teachers = connect(settings, content, servers)
    inputs = _inputs(found, settings, content, scenarios)
    return GenerationPlan(found, settings, content, catalogue, prompts, scenarios, norms, teachers, inputs)


def _inputs(
    culture: str, settings: GenerateConfig, content: Content, scenarios: SeedScenarios | FileScenarios
) -> Inputs:
    """Everything that decides the records of a run; nothing that does not."""
    inputs: Inputs = {"clca": clca.__version__, "culture": culture}
    inputs.update({key: value for key, value in settings.model_dump(mode="json").items() if key not in INERT})
    inputs["partner"] = settings.partner or settings.teacher
    inputs["judge"] = settings.judge or settings.teacher
    inputs["vllm_args"] = deciding(split_arguments(settings.vllm_args))
    if isinstance(scenarios, FileScenarios):
        inputs["scenarios"] = f"file {scenarios.digest}"
    for path, used in sorted(content.used.items()):
        inputs[f"content:{path}"] = used.digest
    return inputs


@dataclass(frozen=True, slots=True)
class Located:
    """Where a run lies, whether it was there already, and how its inputs differ from the last one's."""

    folder: Path
    resumed: bool
    finished: bool
    differs: list[str]


def locate(prepared: GenerationPlan, *, new: bool) -> Located:
    """The newest run with the same inputs, or a folder for a new one."""
    out, digest = prepared.settings.out, fingerprint(prepared.inputs)
    known = list_runs(out, prepared.culture)
    same = [run for run in known if run.data.get("fingerprint") == digest]
    if same and not new:
        return Located(same[-1].folder, True, same[-1].data.get("finished") is True, [])
    differs = differences(known[-1].inputs, prepared.inputs) if known and not same else []
    folder = new_run_folder(out, prepared.culture, prepared.settings.teacher, prepared.settings.seed, digest)
    return Located(folder, False, False, differs)


async def check(prepared: GenerationPlan) -> list[str]:
    """Find out now whether the teachers can be asked; gives what the user should know of them."""
    return [notice for teacher in dict.fromkeys(prepared.teachers.values()) for notice in await teacher.check()]


def _refuse_same_ids(scenarios: Scenarios, norms: list[Norm]) -> None:
    written = {scenario_id(norm) for norm in norms}
    for scenario in scenarios if written else ():
        if scenario.id in written:
            raise SettingsError(f"--norms: a scenario is already called {scenario.id!r}; give it another id")
