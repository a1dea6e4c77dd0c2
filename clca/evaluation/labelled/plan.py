"""The plan of a suite on labelled texts: which systems answer which tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, ClassVar, Self

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.evaluation.classification.request_group import System
from clca.evaluation.classification.task import LimitedTask, Task
from clca.evaluation.cost import Cost, CostPart, estimate_cost, group_tokens, prompt_tokens
from clca.evaluation.evaluated_model import EvaluatedModel
from clca.evaluation.labelled.config import LabelledConfig
from clca.evaluation.plan import EvaluationPlan, evaluation_folder, model_inputs
from clca.evaluation.predictor import InferenceConfig
from clca.evaluation.replicas import replicas_of
from clca.inference.prompt_format import joined
from clca.inference.requests import Question, RequestGroup
from clca.inference.tokenization import Tokens
from clca.storage.fingerprint import Inputs

REPLY_TOKENS = 25  # of a written answer: S2N, section 3.4 and listing D.1
MEASURED_TEXTS = 64  # texts of each task and prompt form whose tokens are counted


@dataclass(frozen=True, slots=True)
class Nouns:
    """What a suite calls a group of tests, a test, and a text of it."""

    group: str = "culture"
    test: str = "test"
    text: str = "text"


@dataclass(frozen=True, kw_only=True)
class LabelledPlan(EvaluationPlan):
    """The `systems` that answer the `tasks`; tasks of a group stand together. `names` are those of cultures, by id."""

    nouns: ClassVar[Nouns] = Nouns()

    config: LabelledConfig
    tasks: tuple[Task, ...]
    systems: tuple[System, ...]
    names: Mapping[str, str]

    @classmethod
    def assemble(
        cls,
        config: LabelledConfig,
        content: Content,
        model: EvaluatedModel,
        systems: Sequence[System],
        tasks: Sequence[Task],
        *,
        labels: Sequence[str],
        inputs: Inputs,
        info: Mapping[str, Any],
        chat: bool = False,
        **fields: Any,
    ) -> Self:
        """The plan with what all suites have in common; `inputs`, `info` and `fields` are the suite's own.

        `labels` say in the folder's name what is asked. With `config.limit`, the tasks have to be limited already.
        """
        mode = config.mode or ("probability" if model.tiny else "generate")
        rows = [system.name for system in systems]
        limit = None if config.limit is None else {f"{cls.nouns.text}s": config.limit, "seed": config.seed}
        all_inputs = {
            "kind": config.kind,
            **model_inputs(config, model, model.adapters),
            "rows": rows,
            "mode": mode,
            "limit": limit,
            **inputs,
        }
        by_name = {task.name: task for task in tasks}
        return cls(
            config=config,
            content=content,
            model=model,
            inference=InferenceConfig(
                mode,
                chat,
                config.base_url,
                content.workspace,
                max_new_tokens=REPLY_TOKENS,
                replicas=replicas_of(config, model, content.workspace),
                stop_condition=lambda group, question, text: by_name[group.task].stop_condition(text, question.given),
            ),
            inputs=all_inputs,
            info={
                "rows": rows,
                "mix": model.mix,
                "combined_mix": model.combined_mix,
                "mode": mode,
                "limit": config.limit,
                "seed": config.seed,
                "prompts": len(systems) * sum(task.count for task in tasks),
                **info,
            },
            folder=evaluation_folder(config, model, labels, all_inputs),
            tasks=tuple(tasks),
            systems=tuple(systems),
            names=CultureCatalogue(content).names,
            **fields,
        )

    def prompt_form(self, system: str) -> str:
        """The name of the form of prompts in which a system is asked."""
        return self.nouns.text

    @property
    def prompt_forms(self) -> dict[str, str]:
        """Each form of prompts, and the first system that is asked in it."""
        forms: dict[str, str] = {}
        for system in self.systems:
            forms.setdefault(self.prompt_form(system.name), system.name)
        return forms

    @property
    def texts(self) -> int:
        """Number of texts of all tasks, each counted once."""
        return sum(task.count for task in self.tasks)

    @property
    def prompts(self) -> int:
        """How many prompts are asked: every text of every system."""
        return self.texts * len(self.systems)

    @property
    def summary(self) -> dict[str, Any]:
        """What `--plan --json` prints besides the cost."""
        rows = [system.name for system in self.systems]
        return {**super().summary, "rows": rows, "limit": self.config.limit}

    @cached_property
    def cost(self) -> Cost:
        """Prompts, tokens and time over all cultures; no model is loaded."""
        tokens, unknown_reason = prompt_tokens(self.model, self.inference)
        groups = groupby(self.tasks, key=lambda task: task.culture)
        parts = [self._cost_part(group, list(tasks), tokens) for group, tasks in groups]
        return estimate_cost(self.model, self.inference, parts, unknown_reason, len(self.systems) * len(self.tasks))

    def sample_prompts(self) -> list[tuple[str, str]]:
        """The first prompt of the first task in each form, with a title."""
        task, prompts = self.tasks[0], []
        for form, row in self.prompt_forms.items():
            example = next(iter(task.examples(row)))
            prompts.append((f"{task.name}, {form}: the first prompt", joined(task.system_prompt(row), example.text)))
        return prompts

    def _cost_part(self, group: str, tasks: Sequence[Task], tokens: Tokens | None) -> CostPart:
        texts = sum(task.count for task in tasks)
        total = None
        if tokens is not None:
            by_form = {
                form: sum(_task_tokens(task, row, tokens) for task in tasks) for form, row in self.prompt_forms.items()
            }
            total = sum(by_form[self.prompt_form(system.name)] for system in self.systems)
        counts = {
            f"{self.nouns.test}s": len(tasks),
            f"{self.nouns.text}s": texts,
            "prompts": texts * len(self.systems),
            "tokens": total,
        }
        return CostPart({self.nouns.group: group}, counts)


def limited(tasks: Sequence[Task], config: LabelledConfig) -> tuple[Task, ...]:
    """The tasks with at most `config.limit` texts each, drawn by the seed."""
    if config.limit is None:
        return tuple(tasks)
    return tuple(LimitedTask(task, config.limit, config.seed) for task in tasks)


def _task_tokens(task: Task, row: str, tokens: Tokens) -> int:
    """Tokens of all prompts of a task, their common beginning once; counted on a few texts and taken for all."""
    step = max(1, task.count // MEASURED_TEXTS)
    measured = [example for index, example in enumerate(task.examples(row)) if index % step == 0]
    questions = tuple(Question(example.text, task.answers) for example in measured)
    shared, own, prompts = group_tokens(tokens, RequestGroup("", task.system_prompt(row), questions))
    return shared + round(own * task.count / prompts)
