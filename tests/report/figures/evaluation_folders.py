"""Folders of finished evaluations for the figures: made-up answers, scored by the program's own scoring."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from clca.content.lookup import Content
from clca.content.wvs_items import Item, Items, Shares, load_items, load_shares
from clca.content.wvs_scales import on_three_points, scaled_items, scaled_shares
from clca.evaluation.classification.specificity import specificity
from clca.evaluation.wvs.aggregate import score
from clca.evaluation.wvs.baselines import survey_from_shares
from clca.evaluation.wvs.counts import AnswerCounts, CountsKey
from clca.evaluation.wvs.score_layout import ScoreLayout
from clca.records import Method, Prediction, Respondent

CONTENT = Content(None)
ITEMS: Items = load_items(CONTENT)
SHARES: dict[str, Shares] = load_shares(CONTENT, ITEMS)
PEOPLE = 40

Answering = Callable[[Item, Shares, np.random.Generator], int | None]
"""The option that somebody chooses of an item, given the culture's own shares; None is unreadable."""


def like_people(item: Item, shares: Shares, chance: np.random.Generator) -> int | None:
    """An answer as the culture's people give it."""
    return int(chance.choice(len(item.options), p=np.array(shares[item.id]) / sum(shares[item.id])))


def at_random(item: Item, shares: Shares, chance: np.random.Generator) -> int | None:
    """Any option, and one reply of ten unreadable."""
    return None if chance.random() < 0.1 else int(chance.integers(len(item.options)))


def survey(
    folder: Path,
    answers: Mapping[str, Mapping[Method, Answering]],
    *,
    items: Sequence[str] = (),
    resamples: int = 10,
    **info: Any,
) -> Path:
    """A finished evaluation on the survey: for each culture and method how it is answered; `info` changes its facts."""
    seed = int(info.get("seed", 42))
    chance = np.random.default_rng(seed)
    chosen = [item for item in ITEMS.items if not items or item.id in items]
    counts, surveys, three_points = {}, {}, {}
    for culture, methods in answers.items():
        three = on_three_points(ITEMS, [culture])
        shares = scaled_shares(SHARES[culture], three)
        layout = ScoreLayout([item for item in scaled_items(chosen, three) if item.id in shares])
        surveys[culture] = survey_from_shares(culture, {culture: 400}, {culture: shares}, layout, seed=seed)
        if three:
            three_points[culture] = three
        people = [
            Respondent(id=f"{n}", country=culture, demographics={}, answers={}, synthetic=True) for n in range(PEOPLE)
        ]
        for method, answering in methods.items():
            counted = AnswerCounts(layout, people)
            for person in people:
                for item in layout.items:
                    option = answering(item, shares, chance)
                    counted.add(
                        Prediction(culture=culture, method=method, respondent=person.id, item=item.id, option=option)
                    )
            counts[CountsKey(culture, method, "given")] = counted
    scores = score(counts, surveys, seed=seed, resamples=resamples)
    facts = {
        "kind": "wvs",
        "student": "llama-3.1-8b",
        "finished": True,
        "rehearsal": False,
        "seed": seed,
        "mode": "generate",
        "format": "chat",
        "respondents": dict.fromkeys(answers, PEOPLE),
        "three_points": three_points,
        "inputs": {
            "languages": dict.fromkeys(answers, "en"),
            "countries": {culture: [culture] for culture in answers},
            "orders": ["given"],
            "items": [item.id for item in chosen],
            "bits": 4,
        },
        **info,
    }
    folder.mkdir(parents=True)
    (folder / "evaluation.json").write_text(json.dumps(facts))
    (folder / "scores.json").write_text(scores.model_dump_json())
    return folder


def offense(folder: Path, matrix: Sequence[Sequence[float]], cultures: Sequence[str], **info: Any) -> Path:
    """A finished evaluation on offensiveness with a matrix of adapters by tests."""
    estimates = {"f1": None, "accuracy": None, "invalid": None}
    results = [
        {
            "row": adapter,
            "tests": {f"{test}/t": estimates for test in cultures},
            "cultures": dict.fromkeys(cultures, estimates),
            "average": estimates,
            "over_tests": estimates,
            "pooled": estimates,
        }
        for adapter in cultures
    ]
    tests = [
        {
            "culture": test,
            "test": f"{test}/t",
            "labels": ["0", "1"],
            "texts": 10,
            "unlabelled": 0,
            "absent": [],
            "invalid": dict.fromkeys(cultures, 0),
        }
        for test in cultures
    ]
    scores = {
        "seed": 42,
        "resamples": 10,
        "level": 0.95,
        "single_class": False,
        "rows": list(cultures),
        "cultures": list(cultures),
        "tests": tests,
        "results": results,
        "specificity": json.loads(specificity(cultures, matrix, seed=42).model_dump_json()),
    }
    facts = {"kind": "offense", "student": "gemma-2-9b", "finished": True, "rehearsal": False, "mix": "wvs", **info}
    folder.mkdir(parents=True)
    (folder / "evaluation.json").write_text(json.dumps(facts))
    (folder / "scores.json").write_text(json.dumps(scores))
    return folder
