"""What the judge of a run says of a handful of prepared dialogues, asked before the run begins.

It is shown three sound dialogues and two bad ones of each kind (`prepared`). One is *found* where any of its three
labels is bad or *no*. What it said is kept in `<out>/judges/`, by judge and prompts, so that it is asked once for all
runs.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from clca.content.lookup import Content
from clca.content.prompts import Prompts
from clca.culture import CultureCatalogue
from clca.errors import RequestError, RunStopped
from clca.generation.judge import judge, judge_request, labels, meta_view_request
from clca.generation.judge_facts import count_facts
from clca.generation.judge_metrics import JudgeCalibration, KindCount
from clca.generation.prepared import BAD_KINDS, SOUND, Prepared, load_sound, prepare
from clca.generation.run_plan import RunPlan
from clca.generation.scheduler import RequestScheduler
from clca.inference.protocol import Role, Teacher
from clca.inference.reply_schema import schema
from clca.records import Culture, Judgement
from clca.safe_open import read_json
from clca.schemas import MetaAnswer
from clca.storage.atomic import atomic_write, write_errors
from clca.storage.fingerprint import slug
from clca.storage.reply_cache import ReplyCache

SOUND_SHOWN, BAD_SHOWN = 3, 2  # dialogues of each kind, of as many cultures where there are
FOLDER = "judges"


class Calibrator:
    """Asks the judge of a run about the prepared dialogues. `stop` ends it early."""

    def __init__(self, plan: RunPlan, teachers: Mapping[Role, Teacher]) -> None:
        config = plan.config
        self._plan, self._name = plan, teachers["judge"].name
        self._cultures: dict[str, Culture] = {}
        # The prepared dialogues are of one culture each, whatever the run's are.
        self._content = Content(plan.content.workspace)
        self._prompts = Prompts.load(self._content)
        # Read apart: no record of the run depends on these files.
        sound = load_sound(Content(plan.content.workspace))
        self._dialogues = prepare(sound, SOUND_SHOWN, [SOUND])
        for first, kind in enumerate(BAD_KINDS):
            shown = prepare(sound, SOUND_SHOWN, [kind])
            self._dialogues += [shown[(first + number) % len(shown)] for number in range(BAD_SHOWN)]
        self._cache = ReplyCache(Path(":memory:"))
        self._scheduler = RequestScheduler(
            teachers,
            self._cache,
            concurrency=config.concurrency,
            max_attempts=config.max_reply_attempts,
            seed=0,  # whatever the run's is: the judge is asked at temperature 0
        )
        name = f"{slug(self._name)}-{self._digest()[:8]}.json"
        self.file = config.out / FOLDER / name

    def stop(self) -> None:
        """Ask nothing more."""
        self._scheduler.stopping = True

    @property
    def pending(self) -> int:
        """Number of prepared dialogues that the judge will be shown; 0 where what it said is known."""
        return len(self._dialogues) if self._known() is None else 0

    async def calibrate(self) -> JudgeCalibration | None:
        """What the judge found, now or at an earlier run; None when it was stopped.

        Where a request failed it is asked again by the next run. Raises an exception group with the `TeacherLost` or
        `StoreError` that ends the run.
        """
        if (known := self._known()) is not None:
            return known
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {each.id: group.create_task(self._ask(each)) for each in self._dialogues}
        finally:
            self._cache.close()
        if self._scheduler.stopping:
            return None
        calibration = self._count({name: task.result() for name, task in tasks.items()})
        if not calibration.unanswered:
            with write_errors(self.file):
                self.file.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(self.file, calibration.model_dump_json(indent=2) + "\n")
        return calibration

    def _known(self) -> JudgeCalibration | None:
        """What the judge said at an earlier run; None where it was not asked yet, or not by this version."""
        try:
            return JudgeCalibration.model_validate_json(read_json(self.file, within=self.file.parent))
        except (OSError, ValidationError):
            return None

    async def _ask(self, dialogue: Prepared) -> Judgement | None:
        client = self._scheduler.client(dialogue.id)
        try:
            return await judge(
                self._culture(dialogue),
                dialogue.scenario,
                dialogue.turns,
                self._prompts,
                client,
                self._plan.marks,
            )
        except (RequestError, RunStopped):
            return None

    def _count(self, judgements: Mapping[str, Judgement | None]) -> JudgeCalibration:
        counts = {kind: KindCount(shown=0, found=0) for kind in (SOUND, *BAD_KINDS)}
        for dialogue in self._dialogues:
            judgement, count = judgements[dialogue.id], counts[dialogue.kind]
            if judgement is not None:
                counts[dialogue.kind] = KindCount(shown=count.shown + 1, found=count.found + is_bad(judgement))
        spent = self._scheduler.counts
        return JudgeCalibration(
            judge=self._name,
            sound=counts.pop(SOUND),
            bad=counts,
            unanswered=sum(judgement is None for judgement in judgements.values()),
            requests=spent.requests,
            prompt_tokens=spent.prompt_tokens,
            completion_tokens=spent.completion_tokens,
        )

    def _culture(self, dialogue: Prepared) -> Culture:
        """The culture that a dialogue is shown as, read apart from the content that the run records as used."""
        if not self._cultures:
            catalogue = CultureCatalogue(Content(self._plan.content.workspace))
            self._cultures = {each.culture: catalogue.culture(each.culture) for each in self._dialogues}
        return self._cultures[dialogue.culture]

    def _digest(self) -> str:
        """The SHA-256 of the judge and all that it is asked, in hex."""
        asked: list[object] = [self._name, self._plan.config.quantization, schema(MetaAnswer)]
        asked.append(self._content.used["prompts/meta.j2"].digest)  # its last block is rendered with a verdict
        for dialogue in self._dialogues:
            culture, scenario, turns = self._culture(dialogue), dialogue.scenario, dialogue.turns
            counted = count_facts(culture, scenario, turns, self._plan.marks)
            for make in (judge_request, meta_view_request):
                request = make(culture, scenario, turns, counted, self._prompts)
                asked += [request.messages, schema(request.answer)]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def is_bad(judgement: Judgement) -> bool:
    """Whether any label of a judgement is bad, or *no*."""
    return labels(judgement) != ("good", "yes", "good")
