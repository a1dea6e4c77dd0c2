"""The audit recovers the rates of a judge within its intervals over 20 seeds: planted ones, and the simulator's own."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

pytest.importorskip("numpy")

from clca.content.lookup import Content
from clca.generation.config import GenerateConfig
from clca.generation.filter import Filter
from clca.generation.plan import plan as plan_generation
from clca.generation.prepared import load_sound
from clca.generation.run import run as generate
from clca.quality.audit.asking import Verdicts
from clca.quality.audit.config import AuditConfig
from clca.quality.audit.flaws import FLAWS
from clca.quality.audit.items import Item, Source, make_items
from clca.quality.audit.plan import plan
from clca.quality.audit.run import run
from clca.quality.audit.tally import flawed, kind_rates
from clca.quality.rate import wilson
from clca.records import Alignment, Judgement, Meta, Quality
from clca.seeding import Rng
from tests.quality.audit.material import chat

SEEDS = range(20)
RATES = {name: 0.1 * number for number, name in enumerate(FLAWS, start=2)} | {"kept": 0.02, "prepared": 0.08}


def judgement(found: bool) -> Judgement:
    quality = Quality(label="bad" if found else "good", confidence="very confident", rationale="")
    alignment = Alignment(label="yes", confidence="very confident", rationale="")
    return Judgement(quality=quality, alignment=alignment, meta=Meta(label="good", confidence="confident", critique=""))


def test_planted_rates_lie_within_the_intervals_of_20_seeds(content: Content) -> None:
    """A judge that finds each kind with a known probability; of 200 intervals of 95 % at least 180 hold it."""
    sources = [Source(f"japan/one/{n}", chat(n)) for n in range(24)]
    sound, held = load_sound(content), 0
    for seed in SEEDS:
        items = make_items(sources, sound, tuple(FLAWS), {"japan": ["mexico"]}, seed)
        found = {item.id: judgement(Rng(seed, item.id).chance(RATES[item.kind])) for item in items}
        kinds = kind_rates(items, tuple(FLAWS), Verdicts(found, {}), Filter())
        assert kinds.keys() == RATES.keys()
        held += sum(rates.discarded.low <= RATES[kind] <= rates.discarded.high for kind, rates in kinds.items())
    assert held >= 180


def test_the_flawed_share_lies_within_its_intervals(content: Content) -> None:
    """Of 400 dialogues a fifth has one of the flaws, each as often; the same judge discards by the planted rates.

    Over 300 simulated audits of 24 dialogues the interval held the truth in 93 %: 17 of 20 is within that.
    """
    sources = [Source(f"japan/one/{n}", chat(n)) for n in range(24)]
    sound, held = load_sound(content), 0
    for seed in SEEDS:
        items = make_items(sources, sound, tuple(FLAWS), {"japan": ["mexico"]}, seed)
        found = {item.id: judgement(Rng(seed, item.id).chance(RATES[item.kind])) for item in items}
        kinds = kind_rates(items, tuple(FLAWS), Verdicts(found, {}), Filter())
        rng = Rng(seed, "run")
        judged = [rng.choice(tuple(FLAWS)) if rng.chance(0.2) else "prepared" for _ in range(400)]
        gone = [rng.chance(RATES[kind]) for kind in judged]
        kept = [kind for kind, discarded in zip(judged, gone, strict=True) if not discarded]
        truth = sum(kind in FLAWS for kind in kept) / len(kept)
        share = flawed(kinds, wilson(sum(gone), len(gone)), kinds["prepared"].discarded, seed).even
        held += share.low <= truth <= share.high
    assert held >= 17


@dataclass(frozen=True, slots=True)
class Bank:
    """Items that the simulator's judge has judged."""

    items: tuple[Item, ...]
    verdicts: Verdicts


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    folder = tmp_path_factory.mktemp("recovery")
    config = GenerateConfig(culture=("japan",), samples=1, scenarios=30, out=folder / "generated", calibrate=False)
    generate(plan_generation(config))
    made = plan(
        AuditConfig(
            run=("japan",),
            dialogues=30,
            flaws=("repetition", "other-culture", "swapped-speakers"),
            repeats=0,
            out=folder / "generated",
            audits=folder / "audits",
        )
    )
    audit = run(made).folder
    lines = [json.loads(line) for line in (audit / "judgements.jsonl").read_text(encoding="utf-8").splitlines()]
    judged = {line["id"]: Judgement.model_validate(line["verdicts"]["main"]["judgement"]) for line in lines}
    return Bank(made.items, Verdicts(judged, {}))


def test_the_rates_of_the_simulator_s_judge_lie_within_the_intervals_of_20_seeds(bank: Bank) -> None:
    """The rates over all kept dialogues, against those of 15 of them that each seed draws."""
    flaws = ("repetition", "other-culture", "swapped-speakers")
    whole = kind_rates(bank.items, flaws, bank.verdicts, Filter())
    values = {kind: rates.found.value for kind, rates in whole.items()}
    assert values["repetition"] == 1.0
    assert len(set(values.values())) >= 3
    for kind in ("kept", *flaws):
        sources = sorted({item.source for item in bank.items if item.kind == kind})
        held = 0
        for seed in SEEDS:
            drawn = set(Rng(seed, "drawn").shuffled(sources)[:15])
            items = [item for item in bank.items if item.source in drawn]
            rate = kind_rates(items, flaws, bank.verdicts, Filter())[kind].found
            value = values[kind]
            assert rate.of == 15
            assert value is not None
            held += rate.low <= value <= rate.high
        assert held >= 19, kind
