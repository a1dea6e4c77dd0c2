"""The plan of `clca audit-judge`: dialogues are drawn, flaws planted, requests counted; no judge is asked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from clca.content.lookup import Content
from clca.content.prompts import TWO_CULTURES, Prompts
from clca.culture import CultureCatalogue
from clca.culture.catalogue import AND
from clca.culture.marks import CultureMarks
from clca.errors import ClcaError, SettingsError
from clca.evaluation.validation import require
from clca.generation.config import GenerateConfig
from clca.generation.cost import CHARACTERS_PER_TOKEN, REPLY_TOKENS
from clca.generation.filter import Filter
from clca.generation.judge import judge_request, meta_view_request
from clca.generation.judge_facts import count_facts
from clca.generation.prepared import load_sound
from clca.generation.recorded_settings import config_of
from clca.generation.roles import REHEARSAL
from clca.generation.teachers import addresses, read_simulator, unserved
from clca.generation.vllm_settings import vllm_config
from clca.inference.vllm.manager import Placement, ServerManager
from clca.quality.audit.config import LIBRARIES, AuditConfig
from clca.quality.audit.items import Item, Source, make_items, without_place
from clca.quality.audit.judges import FIRST, SECOND, generation_config, is_own, roles
from clca.quality.audit.sheet import read_labels
from clca.quality.audit.sources import draw_sources
from clca.quality.run_choice import choose_runs
from clca.records import Culture
from clca.storage.fingerprint import fingerprint, slug
from clca.storage.run_index import RunInfo
from clca.storage.selection import Selection

if TYPE_CHECKING:
    from clca.simulator import SimulatorContent

REQUESTS = 3  # of a judgement: stage one, and both halves of stage two
ASKED = ("judge.j2", "meta.j2")
"""Files of `prompts/` that decide judgements; where they differ today, the judge is not the one that judged a run."""


@dataclass(frozen=True, slots=True)
class AuditPlan:
    """What will be judged by whom. `folder` is that of the audit, which the same inputs find again, by their `digest`.

    `rejected` counts the kept dialogues that a reviewer rejected, which are not among the `sources`. `filter` is the
    runs' own, `labels` are the verdicts of people by item, `differences` what the judge is told otherwise than when it
    judged the runs. `unavailable` says why servers cannot be started here.
    """

    config: AuditConfig
    generation: GenerateConfig
    runs: tuple[RunInfo, ...]
    sources: tuple[Source, ...]
    rejected: int
    items: tuple[Item, ...]
    without_place: dict[str, int]
    filter: Filter
    folder: Path
    digest: str
    prompt_tokens: int
    labels: dict[str, bool] | None
    differences: tuple[str, ...]
    selection: tuple[Selection, ...]
    prompts: Prompts = field(repr=False)
    pair_prompts: Prompts = field(repr=False)
    marks: CultureMarks = field(repr=False)
    cultures: dict[str, Culture] = field(repr=False)
    content: Content = field(repr=False)
    simulator: SimulatorContent | None = field(repr=False)
    servers: ServerManager = field(repr=False)
    placements: tuple[Placement, ...]
    unavailable: ClcaError | None

    @property
    def measured(self) -> list[Item]:
        """The items that rates are made of, which are judged again and by the second judge."""
        return [item for item in self.items if item.measured]

    @property
    def judgements(self) -> int:
        """How many judgements will be asked for."""
        return len(self.items) + len(self.measured) * (self.config.repeats + bool(self.config.second_judge))

    @property
    def requests(self) -> int:
        """How many requests that takes, where no reply is invalid and none is cached."""
        return REQUESTS * self.judgements

    @property
    def completion_tokens(self) -> int:
        """About how many tokens the judges write."""
        return self.judgements * (REPLY_TOKENS["judge"] + 2 * REPLY_TOKENS["meta"])

    @property
    def judge(self) -> str:
        """The name of the judge's model."""
        return addresses(self.generation, {})[FIRST].model

    @property
    def second_judge(self) -> str | None:
        """The name of the second judge's model."""
        return addresses(self.generation, {})[SECOND].model if self.config.second_judge else None

    @property
    def own(self) -> bool:
        """Whether the judge is the one that filtered the runs."""
        return is_own(self.config, self.runs)

    @property
    def rehearsal(self) -> bool:
        """Whether the embedded simulator is one of the judges."""
        return REHEARSAL in (self.judge, self.second_judge)

    def culture(self, item: Item) -> Culture:
        """The culture that an item is judged as."""
        return self.cultures[item.id]

    def prompts_of(self, item: Item) -> Prompts:
        """The prompts that an item is judged by: those of two cultures where it is of two."""
        return self.prompts if self.culture(item).guest is None else self.pair_prompts


def plan(config: AuditConfig, workspace: Path | None = None) -> AuditPlan:
    """Draw the dialogues, plant the flaws, and find out what judging them takes.

    Raises `SettingsError` for settings that cannot be followed, `NotFoundError` for an unknown run and where there are
    too few dialogues, `ContentError` for a broken file.
    """
    require(LIBRARIES, "clca audit-judge needs", extra="quality")
    content = Content(workspace)
    catalogue = CultureCatalogue(content)
    runs, selection = choose_runs(config.run, config.out, catalogue)
    generation = generation_config(config, runs)
    own_filter = _filter(runs)
    sources, rejected = draw_sources(runs, config.dialogues, config.seed)
    sound = load_sound(content)
    members = {name: catalogue.culture(name).members for name in catalogue.ids()}
    countries = [name for name, own in members.items() if not own]
    strange = {}
    for culture in dict.fromkeys(source.dialogue.culture for source in sources):
        own = {name for part in culture.split(AND) for name in (part, *members.get(part, ()))}
        strange[culture] = [name for name in countries if name not in own]
    items = tuple(make_items(sources, sound, config.flaws, strange, config.seed))
    cultures = {
        item.id: catalogue.for_scenario(item.culture, item.scenario.id, item.seed, item.scenario) for item in items
    }
    prompts, pair_prompts = Prompts.load(content), Prompts.load(content, language=TWO_CULTURES)
    marks = CultureMarks(CultureCatalogue(Content(workspace)))
    asked, tokens = _rendered(items, cultures, (prompts, pair_prompts), marks)
    asked_by = addresses(generation, os.environ)
    judge = asked_by[FIRST].model
    digest = fingerprint({"judge": judge, "quantization": generation.quantization, "seed": config.seed, "items": asked})
    labels = None if config.labels is None else read_labels(config.labels, items, config.seed)
    servers = ServerManager(vllm_config(generation), content, os.environ)
    placements: list[Placement] = []
    unavailable: ClcaError | None = None
    try:
        placements = servers.plan(unserved(generation, roles(config)))
    except ClcaError as error:
        unavailable = error
    return AuditPlan(
        config,
        generation,
        tuple(runs),
        tuple(sources),
        rejected,
        items,
        without_place(items, len(sources), config.flaws),
        own_filter,
        config.audits / f"{slug(judge)}-s{config.seed}-{digest[:6]}",
        digest=digest,
        prompt_tokens=_all_tokens(items, tokens, config),
        labels=labels,
        differences=tuple(_differences(runs, content)),
        selection=tuple(selection),
        prompts=prompts,
        pair_prompts=pair_prompts,
        marks=marks,
        cultures=cultures,
        content=content,
        simulator=read_simulator(generation, content),
        servers=servers,
        placements=tuple(placements),
        unavailable=unavailable,
    )


def _filter(runs: Sequence[RunInfo]) -> Filter:
    """The filter of the runs. Raises `SettingsError` where they have different ones."""
    filters = {}
    for run in runs:
        settings = config_of(run)
        filters[run.name] = Filter(settings.discard, settings.discard_confidence)
    if len(set(filters.values())) > 1:
        raise SettingsError(f"the runs {', '.join(filters)} discard by different rules: audit them one by one")
    return next(iter(filters.values()))


def _rendered(
    items: Sequence[Item], cultures: dict[str, Culture], prompts: tuple[Prompts, Prompts], marks: CultureMarks
) -> tuple[list[str], dict[str, float]]:
    """A digest of all that is asked of each item, and about how many tokens its prompts have.

    `prompts` are those of one culture and of two.
    """
    asked, tokens = [], {}
    for item in items:
        culture = cultures[item.id]
        counted = count_facts(culture, item.scenario, item.turns, marks)
        requests = [
            make(culture, item.scenario, item.turns, counted, prompts[culture.guest is not None])
            for make in (judge_request, meta_view_request)
        ]
        asked.append(fingerprint({"id": item.id, "messages": [request.messages for request in requests]}))
        characters = [sum(len(message["content"]) for message in request.messages) for request in requests]
        tokens[item.id] = (characters[0] + 2 * characters[1]) / CHARACTERS_PER_TOKEN
    return asked, tokens


def _all_tokens(items: Sequence[Item], tokens: dict[str, float], config: AuditConfig) -> int:
    again = config.repeats + bool(config.second_judge)
    return round(sum(tokens[item.id] * (1 + item.measured * again) for item in items))


def _differences(runs: Sequence[RunInfo], content: Content) -> list[str]:
    """The prompts of the judge that have changed since a run, each once."""
    now = {path: used.digest for path, used in content.used.items() if path.rpartition("/")[2] in ASKED}
    changed = (
        path for run in runs for path, digest in now.items() if run.inputs.get(f"content:{path}", digest) != digest
    )
    return list(dict.fromkeys(changed))
