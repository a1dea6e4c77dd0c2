"""Figures of a judge: what it says of prepared dialogues, sound ones and bad ones of each kind.

A dialogue is *found* where any of the three labels is bad (or *no*), *discarded* where the filter's default rule
discards it. Of bad dialogues that is recall, of sound ones a false alarm.
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, share
from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.errors import RequestError
from clca.generation.config import GenerateConfig
from clca.generation.filter import Filter
from clca.generation.judge import judge
from clca.generation.prepared import BAD_KINDS, SOUND, Prepared, load_sound, prepare
from clca.generation.scheduler import RequestScheduler
from clca.generation.teachers import connect, read_simulator
from clca.inference.vllm.manager import ServerManager
from clca.records import Judgement
from clca.storage.reply_cache import ReplyCache

PART = "judge on prepared dialogues"


def judge_figures(config: GenerateConfig, count: int | None, folder: Path) -> list[Figure]:
    """The figures of the judge of a generation on `count` prepared dialogues of each kind (None: all).

    Its replies are kept in `folder`: where the server is lost, the same call goes on from them.
    """
    content = Content()
    dialogues = prepare(load_sound(content), count)
    folder.mkdir(parents=True, exist_ok=True)
    cache = ReplyCache(folder / "judge-replies.sqlite")
    judgements, tokens = asyncio.run(_ask(config, content, dialogues, cache))
    cache.close()
    return [*_figures(dialogues, judgements), *(Figure(PART, what, value) for what, value in tokens.items())]


async def _ask(
    config: GenerateConfig, content: Content, dialogues: Sequence[Prepared], cache: ReplyCache
) -> tuple[list[Judgement | RequestError], dict[str, float]]:
    from clca.generation.vllm_settings import vllm_config

    catalogue, prompts = CultureCatalogue(content), Prompts.load(content)
    servers = ServerManager(vllm_config(config), content, os.environ)
    teachers = connect(config, content, read_simulator(config, content), servers, os.environ)
    scheduler = RequestScheduler(
        teachers, cache, concurrency=config.concurrency, max_attempts=config.max_reply_attempts, seed=config.seed
    )

    more: dict[str, Any] = {}
    if "marks" in inspect.signature(judge).parameters:  # earlier versions counted nothing for their judge
        from clca.culture.marks import CultureMarks

        more["marks"] = CultureMarks(catalogue)

    async def ask(dialogue: Prepared) -> Judgement | RequestError:
        culture = catalogue.for_scenario(dialogue.culture, dialogue.scenario.id, config.seed)
        try:
            return await judge(
                culture, dialogue.scenario, dialogue.turns, prompts, scheduler.client(dialogue.id), **more
            )
        except RequestError as error:
            return error

    try:
        for notice in await teachers["judge"].check():
            print(f"Note: {notice}")
        judgements = await asyncio.gather(*map(ask, dialogues))
    finally:
        for teacher in dict.fromkeys(teachers.values()):
            await teacher.close()
    counts = scheduler.counts
    each = len(dialogues) or 1
    return judgements, {
        "requests per dialogue": counts.requests / each,
        "prompt tokens per dialogue": round(counts.prompt_tokens / each),
        "completion tokens per dialogue": round(counts.completion_tokens / each),
        "invalid replies": counts.invalid.total(),
    }


def _figures(dialogues: Sequence[Prepared], judgements: Sequence[Judgement | RequestError]) -> list[Figure]:
    rule, figures = Filter(), []
    verdicts: Counter[str] = Counter()
    found: dict[str, list[str]] = {kind: [] for kind in (SOUND, *BAD_KINDS)}
    discarded: dict[str, list[str]] = {kind: [] for kind in (SOUND, *BAD_KINDS)}
    total: Counter[str] = Counter()
    failed = []
    for dialogue, judgement in zip(dialogues, judgements, strict=True):
        if isinstance(judgement, RequestError):
            failed.append(f"{dialogue.id}: {judgement}")
            continue
        total[dialogue.kind] += 1
        labels = [f"{name} {getattr(judgement, name).label}" for name in ("quality", "alignment", "meta")]
        verdicts[", ".join(labels)] += 1
        if {"quality bad", "alignment no", "meta bad"} & set(labels):
            reasons = f"{judgement.quality.rationale} | {judgement.alignment.rationale} | {judgement.meta.critique}"
            found[dialogue.kind].append(f"{dialogue.id}: {', '.join(labels)}: {reasons}")
        if rule.reason(judgement):
            discarded[dialogue.kind].append(f"{dialogue.id}: {rule.reason(judgement)}")
    for kind in (SOUND, *BAD_KINDS):
        figures.append(share(PART, f"{kind}: found", found[kind], total[kind]))
        figures.append(share(PART, f"{kind}: discarded", discarded[kind], total[kind]))
    figures.append(share(PART, "without a verdict", failed, len(dialogues)))
    shown = tuple(f"{verdict}: {number}" for verdict, number in verdicts.most_common())
    return [*figures, Figure(PART, "different verdicts", len(verdicts), None, shown)]
