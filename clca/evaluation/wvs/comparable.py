"""Which numbers of the CLCA paper an evaluation on the survey may stand beside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clca.content.lookup import Content
from clca.evaluation.evaluated_model import Adapter, EvaluatedModel
from clca.evaluation.published.catalogue import PrintedCell, load_catalogue
from clca.evaluation.published.matching import Matched, listed, match
from clca.evaluation.wvs.config import Layout, WvsConfig
from clca.evaluation.wvs.offered_items import OfferedItems
from clca.evaluation.wvs.published import AVERAGE, PublishedScore
from clca.evaluation.wvs.questionnaire import choose_orders
from clca.evaluation.wvs.sampling import Sample
from clca.inference.prompt_format import Mode
from clca.records import Method


def run_settings(
    config: WvsConfig,
    mode: Mode,
    format: Layout,
    languages: Mapping[str, str],
    offered: OfferedItems,
    samples: Mapping[str, Sample],
    bits: int | None,
) -> dict[str, dict[str, str]]:
    """By culture, what decides which published numbers it may stand beside; a server's precision is not known."""
    shared = {
        "scoring": config.scoring,
        "mode": mode,
        "format": format,
        "order": choose_orders(config)[0],
        "items": f"{len(offered.items)}",
        "weights": "yes" if config.weights else "no",
        **({} if bits is None else {"bits": f"{bits}"}),
    }
    most = "" if config.until_ci is None else "up to "
    return {
        culture: {
            **shared,
            "language": languages[culture],
            "people": "synthetic" if sample.synthetic else "survey",
            "respondents": f"{most}{len(sample.respondents)}",
        }
        for culture, sample in samples.items()
    }


def comparable(
    content: Content,
    model: EvaluatedModel,
    methods: Mapping[str, Iterable[Method]],
    settings: Mapping[str, Mapping[str, str]],
) -> Matched:
    """The published numbers beside which a run may stand; `methods` and `settings` are by culture.

    A number of one culture needs the settings of that culture alone, an average those of all. Raises `ContentError`.
    """

    def settings_of(cell: PrintedCell) -> dict[str, str] | None:
        entry = cell.entry
        if not isinstance(entry, PublishedScore) or entry.model != model.name:
            return None
        cultures = [culture for culture, asked in methods.items() if entry.method in asked]
        if entry.culture != AVERAGE:
            cultures = [culture for culture in cultures if culture == entry.culture]
        if not cultures:
            return None
        own = {
            **_of_all([settings[culture] for culture in cultures]),
            "student": model.name,
            "method": entry.method,
            "cultures": listed(cultures),
        }
        if entry.method == "clca":
            own |= _taught([model.adapters[culture] for culture in cultures])
            if entry.setting is not None and any(
                own.get(key) not in cell.needs[key] for key in ("mixture", "teacher") if key in cell.needs
            ):
                return None  # an ablation with other data: another kind of system
        return own

    return match(load_catalogue(content).all_cells, settings_of)


def _of_all(settings: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The settings of several cultures as one: where they differ, all that there are."""
    values: dict[str, set[str]] = {}
    for of_culture in settings:
        for key, value in of_culture.items():
            values.setdefault(key, set()).add(value)
    return {key: listed(distinct) for key, distinct in values.items()}


def _taught(adapters: Iterable[Adapter]) -> dict[str, str]:
    """Recipe, mixture and teacher of adapters, as far as they are known and the same."""
    facts = [_facts(adapter) for adapter in adapters]
    return {key: value for key, value in facts[0].items() if all(other.get(key) == value for other in facts)}


def _facts(adapter: Adapter) -> dict[str, str]:
    trained = adapter.trained
    if trained is None:
        return {}
    teachers = {str(run.inputs.get("teacher") or "") for run in trained.data.lineage}
    teacher = teachers.pop() if len(teachers) == 1 else ""
    facts = {"recipe": trained.recipe_as_used, "mixture": trained.mix, "teacher": teacher}
    return {key: value for key, value in facts.items() if value}
