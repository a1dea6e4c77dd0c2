"""Generation on one page: scenario -> dialogue -> judgement -> verdict -> intents -> file.

Every dialogue goes its way on its own; a bounded number is under way at once. Whatever a teacher
does wrong ends in the dialogue's record; whatever concerns the whole run (a lost server, a full
disk, Ctrl-C) ends the run, and the same command goes on from there.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.errors import RequestError, RunStopped
from clca.generation.adaptation import adapt, compose, norm_scenario_id
from clca.generation.config import GenerateConfig
from clca.generation.dialogue import DialogueSetup, DialogueState, play_dialogue
from clca.generation.filter import Filter
from clca.generation.intents import label_intents
from clca.generation.judge import judge
from clca.generation.judge_metrics import planted_flaw
from clca.generation.scheduler import RequestScheduler, retry_key
from clca.inference.protocol import Role, Teacher
from clca.records import Culture, Dialogue, Failure, Norm, Scenario, Seed, Turn, Usage
from clca.storage.reply_cache import FinishedDialogue
from clca.storage.run_dir import RunDir

NOTHING = Usage(requests=0, prompt_tokens=0, completion_tokens=0)


class Scenarios(Protocol):
    """Any number of scenarios, counted before they are read."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Scenario]: ...


@dataclass(slots=True)
class Funnel:
    """What became of the dialogues asked for: requested = kept + discarded + failed + pending."""

    requested: int
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    under_way: int = 0

    @property
    def pending(self) -> int:
        return self.requested - sum(self.outcomes.values())

    def count(self, row: FinishedDialogue) -> None:
        self.outcomes[row.outcome] += 1
        if row.reason is not None:
            self.reasons[f"{row.outcome}: {row.reason}"] += 1


@dataclass(slots=True)
class Generation:
    """One run in one culture: everything that `generate` works with."""

    culture: str
    settings: GenerateConfig
    catalogue: CultureCatalogue
    prompts: Prompts
    scenarios: Scenarios
    norms: list[Norm]
    teachers: Mapping[Role, Teacher]
    run: RunDir
    funnel: Funnel = field(init=False)
    desk: RequestScheduler = field(init=False)
    filter: Filter = field(init=False)

    def __post_init__(self) -> None:
        settings, reply_cache = self.settings, self.run.reply_cache
        self.filter = Filter(settings.discard, settings.discard_confidence)
        self.funnel = Funnel((len(self.scenarios) + len(self.norms)) * settings.samples, *reply_cache.counts())
        self.desk = RequestScheduler(
            self.teachers,
            reply_cache,
            concurrency=settings.concurrency,
            asks=settings.asks,
            seed=settings.seed,
            retries=reply_cache.retries(),
        )

    # ------------------------------------------------------------ the run

    async def generate(self) -> None:
        """Finish every dialogue that is not finished yet; returns early when the desk is stopping."""
        # Twice as many dialogues as requests in flight: while some wait for their turn, none of
        # the slots is idle, and the tail of the run stays short.
        ahead = asyncio.Semaphore(1 + 2 * self.settings.concurrency // self.settings.samples)
        async with asyncio.TaskGroup() as group:
            for source, samples in self._unfinished():
                await ahead.acquire()
                if self.desk.stopping:
                    return
                group.create_task(self._scenario(source, samples)).add_done_callback(lambda _: ahead.release())

    def recount(self) -> None:
        """Take the outcomes from the reply cache, which knows of every dialogue that is on disk."""
        self.funnel.outcomes, self.funnel.reasons = self.run.reply_cache.counts()

    def stop(self) -> None:
        """Ask nothing more; what is in flight is still answered and cached."""
        self.desk.stop()

    def _unfinished(self) -> Iterator[tuple[Scenario | Norm, list[int]]]:
        finished = self.run.reply_cache.finished()
        sources: Iterator[Scenario | Norm] = chain(self.scenarios, self.norms)
        for source in sources:
            missing = [
                sample
                for sample in range(1, self.settings.samples + 1)
                if dialogue_id(self.culture, scenario_id(source), sample) not in finished
            ]
            if missing:
                yield source, missing

    # ------------------------------------------------------------ one scenario

    async def _scenario(self, source: Scenario | Norm, samples: list[int]) -> None:
        """Make the scenario fit the culture, once, then play its samples side by side."""
        name = scenario_id(source)
        scope = source.scope if isinstance(source, Norm) else None
        seed = self.settings.seed
        culture = self.catalogue.for_scenario(self.culture, name, seed, scope)
        clerk = self.desk.clerk(scenario_owner(name))
        self.funnel.under_way += len(samples)
        try:
            try:
                if isinstance(source, Norm):
                    scenario = await compose(source, culture, seed, self.prompts, clerk)
                else:
                    scenario = await adapt(source, culture, seed, self.prompts, clerk)
            except RequestError as fault:
                stage = "compose" if isinstance(source, Norm) else "adapt"
                plain = source.plain() if isinstance(source, Seed) else None
                for sample in samples:
                    await self._fail(name, sample, plain, [], stage, fault, NOTHING)
                return
            async with asyncio.TaskGroup() as group:
                for sample in samples:
                    group.create_task(self._dialogue(culture, scenario, sample))
        except RunStopped:
            return
        finally:
            self.funnel.under_way -= len(samples)

    # ------------------------------------------------------------ one dialogue

    async def _dialogue(self, culture: Culture, scenario: Scenario, sample: int) -> None:
        settings = self.settings
        name = dialogue_id(self.culture, scenario.id, sample)
        clerk = self.desk.clerk(name)
        setup = DialogueSetup(culture, scenario, settings.exchanges, settings.temperature, settings.top_p)
        state = DialogueState()
        judgement, labelled, reason, at = None, None, None, "turn"
        try:
            await play_dialogue(setup, self.prompts, clerk, state)
            if state.fault is not None:
                reason = f"degenerate: {state.fault}"
            else:
                at = "judge"
                judgement = await judge(culture, scenario, state.turns, self.prompts, clerk)
                reason = self.filter.reason(judgement)
                if reason is None:
                    at = "intent"
                    labelled = await label_intents(culture, scenario, state.turns, self.prompts, clerk)
        except RunStopped:
            return
        except RequestError as fault:
            await self._fail(scenario.id, sample, scenario, state.turns, at, fault, clerk.usage)
            return
        dialogue = Dialogue(
            id=name,
            culture=self.culture,
            sample=sample,
            scenario=scenario,
            turns=labelled or tuple(state.turns),
            ended=state.ended,
            judgement=judgement,
            verdict="kept" if reason is None else "discarded",
            reason=reason or "",
            **self._names(),
            seed=settings.seed,
            usage=clerk.usage,
            planted=planted_flaw(clerk.replies),
        )
        await self._finish(dialogue)

    async def _fail(
        self,
        scenario: str,
        sample: int,
        known: Scenario | None,
        turns: list[Turn],
        stage: str,
        fault: RequestError,
        usage: Usage,
    ) -> None:
        name = dialogue_id(self.culture, scenario, sample)
        failure = Failure(
            id=name,
            culture=self.culture,
            sample=sample,
            scenario=known,
            turns=tuple(turns),
            stage=stage,
            reason=fault.kind,
            detail=fault.detail,
            **self._names(),
            seed=self.settings.seed,
            usage=usage,
        )
        await self._finish(failure)

    async def _finish(self, record: Dialogue | Failure) -> None:
        row = FinishedDialogue.of(record)
        await self.run.finish(row, record.model_dump_json().encode() + b"\n")
        self.funnel.count(row)

    def _names(self) -> dict[str, str]:
        return {role: teacher.name for role, teacher in self.teachers.items()}


def scenario_id(source: Scenario | Norm) -> str:
    return norm_scenario_id(source) if isinstance(source, Norm) else source.id


def scenario_owner(scenario: str) -> str:
    """Whom the reply cache names for what all samples of a scenario share."""
    return f"scenario:{scenario}"


def dialogue_id(culture: str, scenario: str, sample: int) -> str:
    """The name of a dialogue, and whom the reply cache names for its requests."""
    return f"{culture}-{scenario}-{sample}"


def failed_question(failure: Failure) -> str:
    """What a retry is counted under: the task that failed, of the dialogue or of its scenario."""
    owner = failure.id
    if failure.stage in ("adapt", "compose"):
        owner = scenario_owner(owner.removeprefix(f"{failure.culture}-").removesuffix(f"-{failure.sample}"))
    return retry_key(owner, failure.stage)
