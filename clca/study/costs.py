"""What a stage would take, by its own plan: requests, tokens, time and disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

CHARACTERS_A_TOKEN = 4
DIALOGUE_OVERHEAD = 3
"""A dialogue's file holds its turns, and about twice as much of scenario, people, intents and verdicts."""
REQUEST_BYTES = 5_000  # of a request that is kept, with its reply
PREDICTION_BYTES = 400  # of an answer with its reply, and its share of the questions
WEIGHT_BYTES = 4  # of a trained weight, as PEFT saves it


@dataclass(frozen=True, slots=True)
class Cost:
    """None stands for what is unknown; `note` says why. `seconds` are those of this machine's device."""

    requests: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    bytes: int | None = None
    note: str = ""

    @property
    def is_unknown(self) -> bool:
        """Whether nothing is known."""
        return (self.requests, self.tokens, self.seconds, self.bytes) == (None, None, None, None)

    def times(self, factor: float, note: str) -> Cost:
        """So many times as much, with a note on that."""
        scaled = {
            name: None if (value := getattr(self, name)) is None else type(value)(value * factor)
            for name in ("requests", "tokens", "seconds", "bytes")
        }
        return replace(self, note=note, **scaled)


UNKNOWN = Cost()


def cost_of(command: str, plan: Any) -> Cost:
    """The cost of a stage by its plan."""
    if command == "generate":
        return _generation(plan)
    if command == "train":
        return _training(plan)
    if command.startswith("eval-") and hasattr(plan, "inference"):
        return _evaluation(plan)
    if command == "audit-judge":
        return Cost(plan.requests, plan.prompt_tokens + plan.completion_tokens, note="time depends on the server")
    return Cost(requests=0, tokens=0, note="time is not estimated")


def _generation(plan: Any) -> Cost:
    costs = [cost for run in plan.runs if not run.finished for cost in run.costs]
    requests, written = sum(cost.requests for cost in costs), sum(cost.completion_tokens for cost in costs)
    size = written * CHARACTERS_A_TOKEN * DIALOGUE_OVERHEAD
    size += requests * REQUEST_BYTES if plan.config.keep_requests else 0
    if plan.simulated:
        note = "at most; the rehearsal answers at no cost"
    elif plan.unavailable is not None:
        note = f"at most; not on this machine: {plan.unavailable.message}"
    else:
        note = "at most; time depends on the server"
    return Cost(requests, sum(cost.prompt_tokens for cost in costs) + written, None, size, note)


def _training(plan: Any) -> Cost:
    from clca.training.estimate import trainable
    from clca.training.forecast import forecasts

    made = [forecast for forecast in forecasts(plan) if not forecast.planned.finished]
    estimates = [forecast.estimate for forecast in made if forecast.estimate is not None]
    if len(estimates) < len(made):
        return Cost(note=next(forecast.unavailable_reason for forecast in made if forecast.estimate is None))
    return Cost(
        tokens=sum(estimate.steps.tokens for estimate in estimates),
        seconds=_sum(estimate.seconds for estimate in estimates),
        bytes=sum(trainable(plan.recipe, estimate.shape) * WEIGHT_BYTES for estimate in estimates),
    )


def _evaluation(plan: Any) -> Cost:
    cost = plan.cost
    prompts = cost.total("prompts")
    size = None if prompts is None else prompts * PREDICTION_BYTES
    return Cost(prompts, cost.total("tokens"), cost.seconds, size, cost.unknown_reason)


def _sum(numbers: Iterable[float | None]) -> float | None:
    known = list(numbers)
    return None if None in known else sum(number for number in known if number is not None)
