"""The plan of `clca eval-wvs`: who is asked what, in whose place.

cultures, model, suite -> samples -> request groups
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.evaluation.cost import Cost, estimate_cost, prompt_tokens
from clca.evaluation.model_selection import choose_by_culture, choose_served_by_culture, find
from clca.evaluation.plan import EvaluationPlan, content_inputs, evaluation_folder, model_inputs
from clca.evaluation.predictor import InferenceConfig
from clca.evaluation.published.matching import Matched
from clca.evaluation.replicas import replicas_of, weight_bits
from clca.evaluation.validation import require_libraries
from clca.evaluation.wvs.comparable import comparable, run_settings
from clca.evaluation.wvs.config import Layout, WvsConfig
from clca.evaluation.wvs.cost import cost_part
from clca.evaluation.wvs.offered_items import OfferedItems, offer_items
from clca.evaluation.wvs.paper_reader import PAPER_ANSWERS, PAPER_READER, load_paper_reader
from clca.evaluation.wvs.paper_table import PAPER_ORDER
from clca.evaluation.wvs.plan_caveats import respondent_caveats, setting_caveats, share_caveats
from clca.evaluation.wvs.questionnaire import (
    choose_cultures,
    choose_format,
    choose_items,
    choose_methods,
    choose_orders,
    load_suites,
    make_request_groups,
)
from clca.evaluation.wvs.request_group import RespondentRequestGroup
from clca.evaluation.wvs.rereading import Readers
from clca.evaluation.wvs.sampling import Sample
from clca.evaluation.wvs.suite import load_suite
from clca.evaluation.wvs.survey_source import culture_sample, find_respondents
from clca.evaluation.wvs.trained_items import overlap_caveats, trained_items, unknown_caveats, untrained
from clca.inference.decode import MAX_NEW_TOKENS
from clca.inference.prompt_format import Mode, joined
from clca.records import Order, Scoring
from clca.storage.fingerprint import file_sha256

RESPONDENTS, TINY_RESPONDENTS = 1000, 100  # default numbers for each culture
PAPER_TOKENS = 500  # of a reply, in the released evaluation

FINGERPRINTED = ("eval/", "prompts/")
"""Content that decides answers or scores. Of a profile, which is recorded as well, only the countries do."""


@dataclass(frozen=True, kw_only=True)
class WvsPlan(EvaluationPlan):
    """An evaluation on the survey. `request_groups` are all of it; `samples`, `languages` are by culture.

    `readers` are those of both scorings: each reads every reply, and the evaluation's own decides the predictions.
    `data` is the file of imported respondents, None without. `culture_names` head the columns of tables. `trained` are
    the items of the suite that each adapter was trained on, by its name; `left_out` those that are not asked for it.
    """

    screen_tables: ClassVar[tuple[str, ...]] = ("kl_paper", "accuracy_paper", "kl", "invalid")

    config: WvsConfig
    format: Layout
    offered: OfferedItems
    samples: dict[str, Sample]
    readers: dict[Scoring, Readers]
    languages: dict[str, str]
    orders: tuple[Order, ...]
    request_groups: tuple[RespondentRequestGroup, ...]
    data: Path | None
    culture_names: Mapping[str, str]
    published: Matched
    trained: dict[str, tuple[str, ...]]
    left_out: tuple[str, ...]

    @property
    def prompts(self) -> int:
        """How many prompts are asked."""
        return sum(len(group.questions) for group in self.request_groups)

    @property
    def synthetic(self) -> bool:
        """Whether respondents of any culture are synthetic."""
        return any(sample.synthetic for sample in self.samples.values())

    def suite_caveats(self) -> list[str]:
        """Who is synthetic, whose shares are not the shipped ones, items trained on, whether people are weighted."""
        asked = [item.id for item in self.offered.items]
        return [
            *self.offered.caveats(),
            *respondent_caveats(self.samples),
            *share_caveats(self.content, self.samples),
            *overlap_caveats(self.trained, asked, self.left_out),
            *unknown_caveats(self.model.name, self.model.adapters.values(), served=self.model.student is None),
            *setting_caveats(self.config),
        ]

    @property
    def summary(self) -> dict[str, Any]:
        """What `--plan --json` prints besides the cost."""
        summary = {"synthetic": self.synthetic, "format": self.format, "scoring": self.config.scoring}
        return {**super().summary, **summary, **self.offered.summary}

    @cached_property
    def cost(self) -> Cost:
        """Prompts, tokens and time over all cultures and methods; no model is loaded."""
        tokens, unknown_reason = prompt_tokens(self.model, self.inference)
        by_method = groupby(self.request_groups, key=lambda group: (group.culture, group.method))
        parts = [cost_part(list(groups), tokens) for _, groups in by_method]
        return estimate_cost(self.model, self.inference, parts, unknown_reason)

    def sample_prompts(self) -> list[tuple[str, str]]:
        """The first prompt of all, with a title."""
        group = self.request_groups[0]
        title = f"{group.culture}, {group.method}: the first prompt of {len(group.questions)}"
        return [(title, joined(group.system, group.questions[0].text))]


def plan(config: WvsConfig, workspace: Path | None = None) -> WvsPlan:
    """Settle who is asked what. Everything that is wrong with it is found here; nothing is written.

    Raises `SettingsError`, `NotFoundError` and `ContentError`.
    """
    require_libraries(server=config.base_url is not None)
    content = Content(workspace)
    catalogue = CultureCatalogue(content)
    named = [] if config.base_url else [find(name, catalogue, config.generated) for name in config.adapter]
    adapters = [adapter for adapter, _ in named]
    trained_on = [culture for adapter in adapters for culture in adapter.data.cultures]
    names = choose_cultures(config, catalogue, trained_on)
    cultures = [catalogue.culture(name) for name in names]
    english = load_suite(content, scoring=config.scoring)
    suites = load_suites(config, content, names, english)
    wanted = choose_items(config, english)
    imported = find_respondents(config.data, workspace)
    if config.base_url:
        model = choose_served_by_culture(config.student, config.adapter, names)
    else:
        asked = not config.method or "clca" in config.method
        bits = weight_bits(config)
        model = choose_by_culture(config.student, adapters, names, bits, content, os.environ, asked=asked)
        model = model.with_selection(selection for _, selection in named)
    format = choose_format(config, model)
    methods = {name: choose_methods(config, model, format, name) for name in names}
    adapters_asked = [model.adapters[name] for name in names if "clca" in methods[name]]
    trained = trained_items(adapters_asked, model.student, english.items.items)
    items = untrained(wanted, trained.values(), named=bool(config.items))
    countries = {culture.id: culture.members or (culture.id,) for culture in cultures}
    offered = offer_items(items, english.items, suites.values(), countries)
    n = config.respondents or (TINY_RESPONDENTS if model.tiny else RESPONDENTS)
    samples = {
        culture.id: culture_sample(
            culture,
            english,
            offered,
            imported,
            config.data is not None,
            n=n,
            seed=config.seed,
            weighted=config.weights,
        )
        for culture in cultures
    }
    groups = [
        group
        for name in names
        for group in make_request_groups(config, model, suites[name], samples[name], methods[name], format, offered)
    ]
    mode: Mode = config.mode or ("probability" if model.tiny else "generate")
    languages = {name: suites[name].language for name in names}
    paper = config.scoring == "paper"
    # Otherwise the words only read the replies a second time, and decide nothing of the evaluation itself.
    paper_content = content if paper else Content(workspace)
    paper_reader = load_paper_reader(paper_content)
    orders = choose_orders(config)
    inputs = {
        **model_inputs(config, model, {name: model.adapters[name] for name in names if "clca" in methods[name]}),
        "cultures": {name: methods[name] for name in names},
        "countries": {name: list(of_culture) for name, of_culture in countries.items()},
        "mode": mode,
        "format": format,
        "languages": languages,
        "respondents": n,
        "data": None if imported is None else file_sha256(imported.path),
        "items": [item.id for item in offered.items],
        "orders": list(orders),
        "seed": config.seed,
        **({"scoring": config.scoring, "reader": PAPER_READER} if paper else {}),
        **content_inputs(content, FINGERPRINTED),
    }
    synthetic = any(sample.synthetic for sample in samples.values())
    return WvsPlan(
        config=config,
        content=content,
        model=model,
        inference=InferenceConfig(
            mode,
            format == "chat",
            config.base_url,
            workspace,
            max_new_tokens=PAPER_TOKENS if paper else MAX_NEW_TOKENS,
            replicas=replicas_of(config, model, workspace),
        ),
        inputs=inputs,
        info={
            "cultures": names,
            **offered.summary,
            "mode": mode,
            "format": format,
            "scoring": config.scoring,
            "paper_reader": {"version": PAPER_READER, "answers": paper_content.used[PAPER_ANSWERS].digest},
            "weighted": config.weights,
            "seed": config.seed,
            "data": None if imported is None else str(imported.path),
            "synthetic": synthetic,
            "respondents": {name: len(sample.respondents) for name, sample in samples.items()},
            "prompts": sum(len(group.questions) for group in groups),
        },
        folder=evaluation_folder(config, model, [_label(names)], inputs),
        warnings=(*model.notes, *(note for sample in samples.values() for note in sample.notes)),
        format=format,
        offered=offered,
        samples=samples,
        readers={
            "corrected": {name: suite.reader for name, suite in suites.items()},
            "paper": dict.fromkeys(names, paper_reader),
        },
        languages=languages,
        orders=orders,
        request_groups=tuple(groups),
        data=None if imported is None else imported.path,
        culture_names={name: catalogue.aliases(name)[0] for name in names},
        trained=trained,
        left_out=tuple(item.id for item in wanted if item not in items),
        published=comparable(
            Content(workspace),
            model,
            methods,
            run_settings(config, mode, format, languages, offered, samples, model.loaded_bits),
        ),
    )


def _label(cultures: Sequence[str]) -> str:
    """The cultures in the name of a folder."""
    if len(cultures) == 1:
        return cultures[0]
    return "paper" if set(cultures) == set(PAPER_ORDER) else f"{len(cultures)}-cultures"
