"""The plan of one run: the content of a culture, read and checked, and the inputs that the run is known by."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import clca
from clca.content.lookup import Content
from clca.content.prompts import GENERATION_PROMPTS, RATING_PROMPTS, TWO_CULTURES, Prompts
from clca.culture import CultureCatalogue
from clca.culture.catalogue import AND
from clca.culture.marks import CultureMarks
from clca.errors import SettingsError
from clca.generation.config import GenerateConfig
from clca.generation.cost import RenderedTask, TaskCost, estimate_costs, render_tasks
from clca.generation.ids import DialogueIds, scenario_id
from clca.generation.kept_target import Forecast, KeptTarget
from clca.generation.norm_file import read_norm_file
from clca.generation.recorded_settings import EXECUTION_FIELDS, recorded
from clca.generation.scenarios import FileScenarios, SeedScenarios, all_norms, is_own, load_norms
from clca.generation.sequence import MOST_SAMPLES, DialogueSequence
from clca.generation.teachers import addresses, read_simulator
from clca.generation.temperature import Temperature, recorded_temperature, role_play_temperatures
from clca.inference.protocol import Role
from clca.inference.vllm.command import deciding, split_arguments
from clca.models import ModelCatalogue
from clca.records import Culture, Norm, Scenario
from clca.storage.fingerprint import Inputs

if TYPE_CHECKING:
    from clca.simulator import SimulatorContent


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The run of one culture, or of two that meet, `japan+mexico`. `simulator` is the content of the embedded
    rehearsal where it plays a role, `marks` are those by which a text shows another culture, `temperatures` those
    of the role-play's sides. `scenarios` and `norms` are those asked for; with a `target` they begin the
    `sequence`, and `forecast` says what earlier runs kept.

    `exists` says that the folder holds the run already, `finished` that nothing is left to do. `differences` are the
    inputs in which a new run differs from the newest run of the culture. `retry_failed` makes the failed dialogues
    pending again.
    """

    config: GenerateConfig
    culture: str
    content: Content
    catalogue: CultureCatalogue
    prompts: Prompts
    scenarios: SeedScenarios | FileScenarios
    norms: tuple[Norm, ...]
    marks: CultureMarks = field(repr=False)
    simulator: SimulatorContent | None = field(repr=False)
    costs: tuple[TaskCost, ...]
    inputs: Inputs
    temperatures: Mapping[Role, Temperature]
    sequence: DialogueSequence
    target: KeptTarget | None = None
    forecast: Forecast | None = None
    folder: Path = Path()
    exists: bool = False
    finished: bool = False
    differences: tuple[str, ...] = ()
    retry_failed: bool = False

    @property
    def requested(self) -> int:
        """The number of dialogues; with a target that of kept ones."""
        if self.target is not None:
            return self.target.kept
        return (len(self.scenarios) + len(self.norms)) * self.config.samples

    def dialogue_ids(self) -> DialogueIds:
        """The ids of all dialogues that the run may hold."""
        samples = MOST_SAMPLES if self.target is not None else self.config.samples
        return DialogueIds(self.culture, map(scenario_id, self.sequence.sources()), samples)


ADDED: dict[str, object] = {
    "kept": None,
    "rate": False,
    "rate_least": [],
    "guest": None,
    "localiser": None,
    "norm_file": None,
    "partner_background": False,
    "leave_rule": False,
}
"""Settings that earlier versions did not have, and what they did: runs keep their identity."""


def read_run(config: GenerateConfig, culture: str, workspace: Path | None) -> RunPlan:
    """The plan of a run without its folder.

    Raises `SettingsError` and `NotFoundError` for settings that cannot be followed, `ContentError` for broken content.
    """
    content = Content(workspace)
    catalogue = CultureCatalogue(content)
    record = catalogue.culture(culture)
    cultures = (culture, *record.members)
    guest = _guest(config, record, catalogue)
    if guest is not None:
        culture, cultures, record = f"{culture}{AND}{guest.id}", (), catalogue.with_guest(record, guest)
    forms = {**GENERATION_PROMPTS, **RATING_PROMPTS} if config.rate else GENERATION_PROMPTS
    prompts = Prompts.load(content, forms, language=TWO_CULTURES if guest is not None else "")
    scenarios: SeedScenarios | FileScenarios
    if isinstance(config.scenarios, Path):
        scenarios = FileScenarios(config.scenarios, cultures, pair=guest is not None)
    else:
        scenarios = SeedScenarios(
            content, config.scenarios, config.seed, cultures, mixed=config.kept is not None, pair=guest is not None
        )
    norms, more_norms, norm_digest = _read_norms(config, content, record)
    sequence = _sequence(config, scenarios, norms, more_norms)
    target = KeptTarget.of(config, len(sequence))
    _refuse_duplicate_ids(sequence)
    rendered = render_tasks(catalogue, culture, scenarios, [*norms, *more_norms], prompts, config)
    addresses(config, os.environ)  # unusable keys are found now
    ModelCatalogue(content)  # and a broken catalogue of models
    simulator = read_simulator(config, content)
    if simulator is not None and config.norm_file is not None:
        simulator = replace(simulator, norms={norm.id: norm for norm in (*norms, *more_norms)})
    # Read apart: of the other cultures only the names decide a record, and only these are among the inputs.
    marks = CultureMarks(CultureCatalogue(Content(workspace)))
    temperatures = role_play_temperatures(config, content)
    return RunPlan(
        config,
        culture,
        content,
        catalogue,
        prompts,
        scenarios,
        tuple(norms),
        marks,
        simulator,
        costs=_costs(rendered, sequence, target, config),
        inputs=_inputs(config, culture, content, scenarios, marks, temperatures, norm_digest),
        temperatures=temperatures,
        sequence=sequence,
        target=target,
    )


def _guest(config: GenerateConfig, culture: Culture, catalogue: CultureCatalogue) -> Culture | None:
    """The culture of the second participant, None where it is that of the first. Raises `SettingsError`."""
    if config.guest is None:
        return None
    guest = catalogue.culture(catalogue.find(config.guest))
    if {culture.id, *culture.members} & {guest.id, *guest.members}:
        raise SettingsError(f"--with {config.guest}: that is no other culture than {culture.id}; name another one")
    return guest


def _read_norms(
    config: GenerateConfig, content: Content, culture: Culture
) -> tuple[list[Norm], list[Norm], str | None]:
    """The norms that were asked for, those that `--kept` may go on to, and the digest of their file.

    A user's scenarios are all that there is unless norms were asked for, too.
    """
    goes_on = config.kept is not None and not (isinstance(config.scenarios, Path) and not config.norms)
    digest = None
    if config.norm_file is not None:
        more = config.kept or 0
        norms, digest = read_norm_file(config.norm_file, culture, config.norms, config.seed, more)
    else:
        norms = load_norms(content, culture, config.norms, config.seed)
        if goes_on:
            norms = all_norms(content, culture, config.seed)
    return norms[: config.norms], norms[config.norms :], digest


def _sequence(
    config: GenerateConfig, scenarios: SeedScenarios | FileScenarios, norms: list[Norm], more_norms: list[Norm]
) -> DialogueSequence:
    """All dialogues that the run may play."""
    further = scenarios.rest if config.kept is not None and isinstance(scenarios, SeedScenarios) else ()
    return DialogueSequence([(scenarios, norms), (further,), (more_norms,)], config.samples)


def _costs(
    rendered: Mapping[str, RenderedTask],
    sequence: DialogueSequence,
    target: KeptTarget | None,
    config: GenerateConfig,
) -> tuple[TaskCost, ...]:
    """The most that the run can take."""
    sources = list(sequence.sources(target.most if target is not None else None))
    norms = sum(isinstance(source, Norm) for source in sources)
    own = sum(isinstance(source, Scenario) and is_own(source) for source in sources)
    dialogues = target.most if target is not None else len(sources) * config.samples
    return tuple(estimate_costs(rendered, dialogues, len(sources) - norms - own, norms, config))


def _inputs(
    config: GenerateConfig,
    culture: str,
    content: Content,
    scenarios: SeedScenarios | FileScenarios,
    marks: CultureMarks,
    temperatures: Mapping[Role, Temperature],
    norm_digest: str | None,
) -> Inputs:
    """Everything that decides the records of a run; nothing that does not."""
    inputs: Inputs = {"clca": clca.__version__}
    inputs |= recorded(config.model_dump(mode="json", exclude=set(EXECUTION_FIELDS)))
    inputs["culture"] = culture
    inputs["guest"] = culture.partition(AND)[2] or None
    for name, before in ADDED.items():
        if inputs[name] == before:
            del inputs[name]
    inputs["temperature"] = recorded_temperature(temperatures)
    inputs["partner"] = config.partner or config.teacher
    inputs["judge"] = config.judge or config.teacher
    inputs["vllm_args"] = deciding(split_arguments(config.vllm_args))
    if isinstance(scenarios, FileScenarios):
        inputs["scenarios"] = f"file {scenarios.digest}"
    if norm_digest is not None:
        inputs["norm_file"] = f"file {norm_digest}"
    inputs["marks"] = marks.digest
    for path, used in sorted(content.used.items()):
        inputs[f"content:{path}"] = used.digest
    return inputs


def _refuse_duplicate_ids(sequence: DialogueSequence) -> None:
    written = {scenario_id(source) for source in sequence.sources() if isinstance(source, Norm)}
    for source in sequence.sources() if written else ():
        if isinstance(source, Scenario) and source.id in written:
            raise SettingsError(f"--norms: a scenario is already called {source.id!r}; give it another id")
