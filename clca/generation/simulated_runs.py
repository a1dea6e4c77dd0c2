"""The runs of a generation as chains of requests, for the simulation of a cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from clca.cluster.workload import Link, Workload
from clca.generation.config import GenerateConfig
from clca.generation.pace import Pace
from clca.generation.run_plan import RunPlan

OPENINGS = ("adapt", "compose")
"""Tasks of a scenario; its dialogues wait for them."""


@dataclass(frozen=True, slots=True)
class DialogueChains:
    """Draws the requests of a dialogue as `pipeline` sends them.

    Turn by turn, then the judgement beside the view of the whole, then the verdict on it, the rating if there is one,
    and the intents of a kept dialogue, all at once and after the requests of others.
    """

    seconds: Mapping[str, float]
    turns: float
    kept: float

    @property
    def is_random(self) -> bool:
        """Whether two dialogues may differ in length."""
        return self.turns % 1 != 0 or 0 < self.kept < 1

    def __call__(self, random: Random) -> Sequence[Link]:
        turns = int(self.turns) + (self.turns % 1 != 0 and random.random() < self.turns % 1)
        is_kept = self.kept >= 1 or random.random() < self.kept
        return self.links(turns, kept=is_kept)

    def links(self, turns: int, *, kept: bool) -> Sequence[Link]:
        """The links of a dialogue of so many turns."""
        seconds = self.seconds
        links = [Link((seconds["turn"],))] * turns
        links += [Link((seconds["judge"], seconds["meta"])), Link((seconds["meta"],))]
        if "rate" in seconds:
            links.append(Link((seconds["rate"],)))
        if kept and turns:
            links.append(Link((seconds["intent"],) * turns, late=True))
        return links


def chains_of(config: GenerateConfig, pace: Pace) -> DialogueChains:
    """The chains of the dialogues of a generation at that pace."""
    full = 2.0 * config.max_exchanges
    turns = full if pace.turns is None else min(pace.turns, full)
    return DialogueChains(pace.seconds, turns, 1.0 if pace.kept is None else pace.kept)


def workload(run: RunPlan, dialogues: int, chains: DialogueChains) -> Workload:
    """A run with so many dialogues, of whose scenarios as many begin with a request as the plan says in proportion."""
    opened = sum(cost.requests for cost in run.costs if cost.task in OPENINGS)
    scenarios = played(run) / run.config.samples
    share = min(1.0, opened / scenarios) if scenarios else 0.0
    seconds = next((chains.seconds[task] for task in OPENINGS if task in chains.seconds), 0.0)
    planned = -(-dialogues // run.config.samples)
    return Workload(dialogues, run.config.samples, chains, round(share * planned), Link((seconds,)))


def played(run: RunPlan) -> int:
    """The most dialogues that a run plays."""
    return run.target.most if run.target is not None else run.requested
