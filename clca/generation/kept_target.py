"""How many dialogues a run with `--kept` is to keep, within how many, and how many more that may take."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clca.generation.config import GenerateConfig
from clca.storage.fingerprint import Inputs
from clca.storage.run_index import RunInfo

JUDGED_ALIKE = ("teacher", "partner", "judge", "quantization", "discard", "discard_confidence")
"""Inputs that runs share whose dialogues are kept at much the same share."""


@dataclass(frozen=True, slots=True)
class KeptTarget:
    """`kept` dialogues are wanted, and at most `most` are played for them.

    A dialogue is begun only while fewer than `kept` are kept or under way, in the order of the `DialogueSequence`. So
    those of a finished run are the shortest beginning of that order that holds `kept` kept ones, whatever the order
    in which answers arrive: before the last of them was begun, fewer were kept, and after it none is begun. Nothing is
    played in vain, and a run that was killed goes on to the same end.

    Failed dialogues and those that a person has removed count among the played ones, and not as kept.
    """

    kept: int
    most: int

    @classmethod
    def of(cls, config: GenerateConfig, available: int) -> KeptTarget | None:
        """The target of a configuration, None without `--kept`; no more than `available` dialogues can be played."""
        if config.kept is None:
            return None
        return cls(config.kept, min(config.kept * config.kept_attempts, available))

    def lacking(self, kept: int, played: int) -> int:
        """The least number of further dialogues; 0 once the target or the bound is reached."""
        return max(0, min(self.kept - kept, self.most - played))

    def is_reached(self, counts: Mapping[str, int]) -> bool:
        """Whether a run with these counts is at its end."""
        kept = counts.get("kept", 0)
        return self.lacking(kept, counts.get("requested", 0) - counts.get("pending", 0)) == 0

    def left(self, kept: int, played: int, share: float | None) -> int | None:
        """About how many further dialogues it takes, the bound left aside; `share` is the expected share of kept ones.

        Once one is kept, the share is that of the run itself. None where neither is known.
        """
        share = kept / played if kept else share
        return math.ceil((self.kept - kept) / share) if share else None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What earlier runs say of the share that is kept: `kept` of the `played` dialogues of `runs` runs."""

    culture: str
    kept: int
    played: int
    runs: int

    @classmethod
    def of(cls, culture: str, inputs: Inputs, runs: Sequence[RunInfo]) -> Forecast:
        """That of the runs of the culture with the same models and the same filter, this one among them."""
        alike = [run for run in runs if all(run.inputs.get(key) == inputs.get(key) for key in JUDGED_ALIKE)]
        counts = [run.data.get("counts", {}) for run in alike]
        kept = sum(each.get("kept", 0) for each in counts)
        played = sum(each.get(outcome, 0) for each in counts for outcome in ("kept", "discarded", "failed", "rejected"))
        return cls(culture, kept, played, len(alike))

    @property
    def share(self) -> float | None:
        """The share that was kept; None where none was."""
        return self.kept / self.played if self.kept else None

    def dialogues(self, target: KeptTarget) -> int | None:
        """How many dialogues the whole run takes by that share, the bound left aside; None where nothing is known."""
        return target.left(0, 0, self.share)

    def line(self, target: KeptTarget) -> str:
        """One line for the screen."""
        expected = self.dialogues(target)
        bound = f"at most {target.most:,} are played"
        if expected is None:
            known = (
                f"kept none of {self.played:,}" if self.played else f"no earlier run of {self.culture} by these models"
            )
            return f"Forecast: {target.kept:,} or more dialogues for {target.kept:,} kept ({known}); {bound}"
        runs = "1 run" if self.runs == 1 else f"{self.runs} runs"
        basis = f"{self.share:.0%} of {self.played:,} were kept in {runs} of {self.culture} by these models"
        short = " first, too few at that share" if expected > target.most else ""
        return f"Forecast: about {expected:,} dialogues for {target.kept:,} kept ({basis}); {bound}{short}"
