"""The judge's ratings of a dialogue (`--rate`): dimensions of SOTOPIA, which decide nothing by themselves."""

from __future__ import annotations

from collections.abc import Sequence

from clca.content.prompts import Prompts
from clca.culture.marks import CultureMarks
from clca.generation.judge import judging_request
from clca.generation.judge_facts import count_facts
from clca.generation.rating_filter import DIMENSIONS
from clca.inference.protocol import TaskClient, TaskRequest
from clca.records import CountedFacts, Culture, Ratings, Scenario, Turn
from clca.schemas import RateAnswer, RateSecretAnswer


async def rate(
    culture: Culture,
    scenario: Scenario,
    turns: Sequence[Turn],
    prompts: Prompts,
    client: TaskClient,
    marks: CultureMarks | None = None,
) -> Ratings:
    """The ratings of a dialogue, at temperature 0.

    Raises `RequestError` when the request fails, `RunStopped` when the run is stopping.
    """
    counted = count_facts(culture, scenario, turns, marks)
    answer = (await client.request(rate_request(culture, scenario, turns, counted, prompts))).model_dump()
    return Ratings.model_validate(
        {
            name: {"score": answer[name], "rationale": answer[f"{name}_why"]} if name in answer else None
            for name in DIMENSIONS
        }
    )


def rate_request(
    culture: Culture, scenario: Scenario, turns: Sequence[Turn], counted: CountedFacts, prompts: Prompts
) -> TaskRequest[RateAnswer]:
    """The request for the ratings; whether a secret was kept is asked where somebody has one."""
    secrets = any(person.secret.strip() for person in scenario.participants)
    answer = RateSecretAnswer if secrets else RateAnswer
    return judging_request("rate", answer, 900, culture, scenario, turns, counted, prompts, secrets=secrets)
