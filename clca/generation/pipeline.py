"""Generation on one page: scenario -> dialogue -> judgement -> verdict -> intents -> file.

Every dialogue flows through the stages on its own; a bounded number is under way at once. A fault of one request ends
in the dialogue's record; a fault of the whole run (a lost server, a full disk, Ctrl-C) ends the run, which the same
command resumes.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Any
from weakref import WeakValueDictionary

from clca.errors import RequestError, RunStopped
from clca.generation.adaptation import adapt, adapt_by_code, compose
from clca.generation.dialogue import DialogueSetup, DialogueState, play_dialogue
from clca.generation.filter import Filter
from clca.generation.gate import Gate
from clca.generation.ids import dialogue_id, scenario_id, scenario_owner
from clca.generation.intents import label_intents
from clca.generation.judge import judge, labels
from clca.generation.judge_metrics import planted_flaw
from clca.generation.outcomes import Funnel, write_record
from clca.generation.rating import rate
from clca.generation.rating_filter import least_scores, too_low
from clca.generation.run_plan import RunPlan
from clca.generation.scenarios import is_own
from clca.generation.scheduler import RequestScheduler
from clca.inference.protocol import Role, Teacher
from clca.records import Culture, Dialogue, Failure, Norm, Scenario, Seed, Usage
from clca.storage.run_dir import RunDir

NO_USAGE = Usage(requests=0, prompt_tokens=0, completion_tokens=0)


class Pipeline:
    """Generates the dialogues of one run. `verdicts` counts its judgements by their three labels."""

    def __init__(self, plan: RunPlan, teachers: Mapping[Role, Teacher], run_dir: RunDir) -> None:
        config, reply_cache = plan.config, run_dir.reply_cache
        self._plan, self._config, self._run_dir = plan, config, run_dir
        self._run = f"{plan.culture}/{run_dir.folder.name}"
        self._models = {role: teacher.name for role, teacher in teachers.items()}
        self._filter = Filter(config.discard, config.discard_confidence)
        self._least = least_scores(config.rate_least)
        self.funnel = Funnel(plan.requested, *reply_cache.counts(), target=plan.target)
        self._adapting: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.verdicts: Counter[str] = Counter()
        self.scheduler = RequestScheduler(
            teachers,
            reply_cache,
            concurrency=config.concurrency,
            max_attempts=config.max_reply_attempts,
            seed=config.seed,
            requests=run_dir.requests,
        )

    async def generate(self) -> None:
        """Finish every dialogue that is not finished; returns early when the scheduler is stopping.

        Raises an exception group with the `TeacherLost` or `StoreError` that ended the run.
        """
        # Twice as many dialogues as requests in flight: while some wait for their turn, no slot is idle, and the tail
        # of the run stays short.
        samples_at_once = self._config.samples if self._plan.target is None else 1
        ahead = asyncio.Semaphore(1 + 2 * self._config.concurrency // samples_at_once)
        gate = Gate(self.funnel)
        async with asyncio.TaskGroup() as group:
            for source, samples in self._unfinished():
                await ahead.acquire()
                if not await gate.opens() or self.scheduler.stopping:
                    return
                gate.begin(len(samples))
                task = group.create_task(self._scenario(source, samples))
                task.add_done_callback(partial(gate.end, len(samples)))
                task.add_done_callback(lambda _: ahead.release())

    def recount(self) -> None:
        """Take the outcomes from the reply cache, which knows every dialogue that is on disk."""
        self.funnel.outcomes, self.funnel.reasons = self._run_dir.reply_cache.counts()

    def _unfinished(self) -> Iterator[tuple[Scenario | Norm, list[int]]]:
        """Scenarios with samples to play: all that are pending, or one after another with a target."""
        plan, finished = self._plan, self._run_dir.reply_cache.finished()
        if plan.target is not None:
            for source, sample in plan.sequence:
                if dialogue_id(plan.culture, scenario_id(source), sample) not in finished:
                    yield source, [sample]
            return
        for source in chain[Scenario | Norm](plan.scenarios, plan.norms):
            samples = [
                sample
                for sample in range(1, self._config.samples + 1)
                if dialogue_id(plan.culture, scenario_id(source), sample) not in finished
            ]
            if samples:
                yield source, samples

    async def _scenario(self, source: Scenario | Norm, samples: list[int]) -> None:
        """Adapt the scenario to the culture once, then play its samples side by side."""
        name = scenario_id(source)
        culture = self._plan.catalogue.for_scenario(self._plan.culture, name, self._config.seed, source)
        try:
            try:
                async with self._adapting.setdefault(name, asyncio.Lock()):  # one that began earlier asks for all
                    scenario = (await self._adapted(source, culture)).between(culture.sides)
            except RequestError as error:
                stage = "compose" if isinstance(source, Norm) else "adapt"
                seed_scenario = source.plain() if isinstance(source, Seed) else None
                for sample in samples:
                    await self._fail(name, sample, error, stage=stage, scenario=seed_scenario)
                return
            async with asyncio.TaskGroup() as group:
                for sample in samples:
                    group.create_task(self._dialogue(culture, scenario, sample))
        except RunStopped:
            return

    async def _adapted(self, source: Scenario | Norm, culture: Culture) -> Scenario:
        """The scenario as it is played in the culture. Raises `RequestError`."""
        prompts, seed = self._plan.prompts, self._config.seed
        client = self.scheduler.client(scenario_owner(scenario_id(source)))
        if isinstance(source, Norm):
            return await compose(source, culture, seed, prompts, client)
        if self._config.adaptation == "teacher" and not is_own(source):
            return await adapt(source, culture, seed, prompts, client)
        if self._config.adaptation == "code":
            return adapt_by_code(source, culture, seed)
        return source.plain() if isinstance(source, Seed) else source

    async def _dialogue(self, culture: Culture, scenario: Scenario, sample: int) -> None:
        """Play, judge, rate, filter and label one dialogue, and write its record."""
        plan, config = self._plan, self._config
        name = dialogue_id(plan.culture, scenario.id, sample)
        client = self.scheduler.client(name)
        setup = DialogueSetup.of(config, culture, scenario, plan.temperatures)
        state = DialogueState()
        judgement, ratings, labelled, reason, stage = None, None, None, None, "turn"
        try:
            await play_dialogue(setup, plan.prompts, client, state)
            if state.fault is not None:
                reason = f"degenerate: {state.fault}"
            else:
                stage = "judge"
                judgement = await judge(culture, scenario, state.turns, plan.prompts, client, plan.marks)
                self.verdicts[", ".join(labels(judgement))] += 1
                reason = self._filter.reason(judgement)
                if config.rate:
                    stage = "rate"
                    ratings = await rate(culture, scenario, state.turns, plan.prompts, client, plan.marks)
                    reason = reason or too_low(ratings, self._least)
                if reason is None:
                    stage = "intent"
                    labelled = await label_intents(culture, scenario, state.turns, plan.prompts, client)
        except RunStopped:
            return
        except RequestError as error:
            turns = tuple(state.turns)
            await self._fail(
                scenario.id, sample, error, stage=stage, scenario=scenario, turns=turns, usage=client.usage
            )
            return
        dialogue = Dialogue(
            id=name,
            culture=plan.culture,
            sample=sample,
            scenario=scenario,
            turns=labelled or tuple(state.turns),
            ended=state.ended,
            judgement=judgement,
            verdict="kept" if reason is None else "discarded",
            reason=reason or "",
            **self._models,
            seed=config.seed,
            usage=client.usage,
            planted=planted_flaw(client.replies),
            run=self._run,
            ratings=ratings,
        )
        await write_record(self._run_dir, dialogue, self.funnel)

    async def _fail(self, scenario_name: str, sample: int, error: RequestError, **known: Any) -> None:
        """Write the record of a dialogue that failed, with the turns and scenario that are known of it."""
        plan = self._plan
        failure = Failure(
            id=dialogue_id(plan.culture, scenario_name, sample),
            culture=plan.culture,
            sample=sample,
            reason=error.kind,
            detail=error.detail,
            **self._models,
            seed=plan.config.seed,
            run=self._run,
            **{"turns": (), "usage": NO_USAGE, **known},
        )
        await write_record(self._run_dir, failure, self.funnel)
