"""Figures of scenarios: is anything of the seed left, is everything kept that must be kept?

A *name* of the seed is left where a part of a participant's name occurs as a whole word in any text, unless the new
name has it, too. A *thing* is a word that the seed marks for replacement (`localise`). A name is *of the culture* if
each of its parts is on one of its lists. A norm is *lost* where the scenario holds fewer than two content words of its
text, its breach and its remedy, or has another relationship.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.figures import Figure, share
from benchmarks.recorded import Json, Recorded
from benchmarks.text_rules import begins_with_punctuation, content_words, holds, is_cut, is_markup
from clca.content.lookup import Content
from clca.content.parsing import parse_records
from clca.culture import CultureCatalogue
from clca.generation.scenarios import NORMS, SeedScenarios
from clca.records import Norm, Scenario, Seed

SENTENCES = ("setting", "background")


class Sources:
    """The seeds and norms that scenarios were made of, and the cultures with their names."""

    def __init__(self, content: Content) -> None:
        self.catalogue = CultureCatalogue(content)
        self.seeds: dict[str, Scenario] = {seed.id: seed for seed in SeedScenarios(content, None, 0)}
        self.norms: dict[str, Norm] = {}
        for path in content.files(NORMS):
            lines = parse_records(content.text(path).split("\n"), path, Norm)
            self.norms |= {norm.id: norm for _, norm in lines}


def scenario_figures(runs: Sequence[Recorded], sources: Sources) -> list[Figure]:
    """The figures of all scenarios of the runs."""
    part = "scenarios"
    scenarios = [(run, scenario) for run in runs for scenario in run.scenarios()]
    adapted = [(run, scenario) for run, scenario in scenarios if scenario["id"] in sources.seeds]
    composed = [(run, scenario) for run, scenario in scenarios if _norm(scenario, sources) is not None]
    names, things, changed, lost, strangers = [], [], [], [], []
    for run, scenario in adapted:
        seed, label = sources.seeds[scenario["id"]], f"{run.culture} {scenario['id']}"
        names += [f"{label}: {', '.join(left)}" for left in [_names_left(seed, scenario)] if left]
        if isinstance(seed, Seed):
            left = [thing for thing in seed.localise if any(holds(text, thing) for _, text in texts(scenario))]
            things += [f"{label}: {', '.join(left)}" for left in [left] if left]
        if not _same_people(seed, scenario):
            changed.append(label)
    for run, scenario in composed:
        norm = _norm(scenario, sources)
        assert norm is not None
        shared = _norm_words(norm) & content_words(" ".join(text for _, text in texts(scenario)))
        if len(shared) < 2 or scenario["relationship"] != norm.relationship:
            lost.append(f"{run.culture} {scenario['id']}: {scenario['relationship']}, {', '.join(sorted(shared))}")
    for run, scenario in scenarios:
        unknown = _not_of_culture(run, scenario, sources)
        strangers += [f"{run.culture} {scenario['id']}: {name}" for name in unknown]
    failed = [
        f"{run.culture} {record['id']}: {record['reason']} {record['detail'][:100]}"
        for run in runs
        for record in run.failed
        if record["stage"] in ("adapt", "compose")
    ]
    every = [(run, scenario, key, text) for run, scenario in scenarios for key, text in texts(scenario)]
    return [
        share(part, "with a name of the seed left", names, len(adapted)),
        share(part, "with a thing left that the seed marks", things, len(adapted)),
        share(part, "with an age or a gender changed", changed, len(adapted)),
        share(part, "norms lost", lost, len(composed)),
        share(part, "names that are not of the culture", strangers, 2 * len(scenarios)),
        share(part, "texts that begin with punctuation", _where(every, begins_with_punctuation), len(every)),
        share(
            part,
            "texts that are cut",
            [
                f"{run.culture} {scenario['id']} {key}: …{text[-60:]}"
                for run, scenario, key, text in every
                if is_cut(text, sentence=key.rpartition(".")[2] in SENTENCES)
            ],
            len(every),
        ),
        share(part, "texts with the form of the answer in them", _where(every, is_markup), len(every)),
        share(part, "dialogues without a scenario: it could not be made", failed, sum(map(_requested, runs))),
    ]


def texts(scenario: Json) -> Iterator[tuple[str, str]]:
    """The texts of a scenario by their keys."""
    yield "setting", scenario["setting"]
    for number, person in enumerate(scenario["participants"]):
        for key in ("name", "occupation", "background", "goal", "secret"):
            yield f"{number}.{key}", person[key]


def _where(every: Sequence[tuple[Recorded, Json, str, str]], rule: object) -> list[str]:
    assert callable(rule)
    return [f"{run.culture} {scenario['id']} {key}: {text[:80]}" for run, scenario, key, text in every if rule(text)]


def _requested(run: Recorded) -> int:
    return len(run.kept) + len(run.discarded) + len(run.failed)


def _names_left(seed: Scenario, scenario: Json) -> list[str]:
    new = {part for person in scenario["participants"] for part in person["name"].split()}
    old = {part for person in seed.participants for part in person.name.split()}
    given = [text for key, text in texts(scenario) if not key.endswith(".name")]
    same = {person.name for person in seed.participants} & {person["name"] for person in scenario["participants"]}
    return sorted(same | {part for part in old - new if any(holds(text, part) for text in given)})


def _same_people(seed: Scenario, scenario: Json) -> bool:
    """Whether the ages are those of the seed, and the genders its own or one of its other pairs."""
    ages = [person.age for person in seed.participants]
    pairs = {tuple(person.gender for person in seed.participants), *(seed.pairs if isinstance(seed, Seed) else ())}
    people = scenario["participants"]
    return ages == [person["age"] for person in people] and tuple(person["gender"] for person in people) in pairs


def _norm(scenario: Json, sources: Sources) -> Norm | None:
    kind, _, norm_id = str(scenario["source"]).partition(":")
    return sources.norms.get(norm_id) if kind == "norm" else None


def _norm_words(norm: Norm) -> set[str]:
    return content_words(f"{norm.text} {norm.breach} {norm.remedy}")


def _not_of_culture(run: Recorded, scenario: Json, sources: Sources) -> list[str]:
    norm = _norm(scenario, sources)
    culture = sources.catalogue.for_scenario(run.culture, scenario["id"], run.seed, norm)
    names = culture.names
    parts = {part for name in (*names.female, *names.male, *names.family) for part in name.split()}
    return [person["name"] for person in scenario["participants"] if not set(person["name"].split()) <= parts]
