"""Names of scenarios and dialogues, and the owners under which the reply cache keeps their replies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from clca.generation.adaptation import norm_scenario_id
from clca.generation.scheduler import retry_key
from clca.records import Failure, Norm, Scenario


def scenario_id(source: Scenario | Norm) -> str:
    """The id of a scenario, or of the one that is written from a norm."""
    return norm_scenario_id(source) if isinstance(source, Norm) else source.id


def scenario_owner(scenario: str) -> str:
    """The owner of the requests that all samples of a scenario share."""
    return f"scenario:{scenario}"


def dialogue_id(culture: str, scenario: str, sample: int) -> str:
    """The id of a dialogue, which is also the owner of its requests."""
    return f"{culture}-{scenario}-{sample}"


def failed_task(failure: Failure) -> str:
    """The key under which retries of the failed task are counted: the dialogue's, or its scenario's."""
    owner = failure.id
    if failure.stage in ("adapt", "compose"):
        owner = scenario_owner(owner.removeprefix(f"{failure.culture}-").removesuffix(f"-{failure.sample}"))
    return retry_key(owner, failure.stage)


class DialogueIds(Set[str]):
    """The ids of all dialogues that a run may hold: samples 1 to `samples` of each scenario, which are named by id."""

    def __init__(self, culture: str, scenarios: Iterable[str], samples: int) -> None:
        self._culture, self._scenarios, self._samples = culture, frozenset(scenarios), samples

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        scenario, _, sample = name.removeprefix(f"{self._culture}-").rpartition("-")
        return (
            scenario in self._scenarios
            and sample.isascii()
            and sample.isdigit()
            and 1 <= int(sample[:9]) <= self._samples
            and name == dialogue_id(self._culture, scenario, int(sample[:9]))
        )

    def __len__(self) -> int:
        return len(self._scenarios) * self._samples

    def __iter__(self) -> Iterator[str]:
        for scenario in sorted(self._scenarios):
            for sample in range(1, self._samples + 1):
                yield dialogue_id(self._culture, scenario, sample)
