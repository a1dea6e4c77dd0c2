"""Which label a reply stands for, in one of two ways of scoring.

`corrected`: by the grammar of answers. `paper`: as S2N's framework reads, by the rules in `tasks.yaml`.
"""

from __future__ import annotations

from collections.abc import Sequence

from clca.evaluation.answer_text import Reading, ReplyReader
from clca.evaluation.labelled.answer_grammar import AnswerGrammar
from clca.evaluation.offense.suite import Scoring, TaskType


class LabelReader(ReplyReader):
    """Reads the replies to one type of task as labels."""

    def __init__(self, task_type: TaskType, scoring: Scoring) -> None:
        self._scoring, self._paper = scoring, task_type.paper
        self._grammar = AnswerGrammar(task_type.options, task_type.vocabulary)
        self._rules = [([phrase.lower() for phrase in rule.holds], rule.label) for rule in task_type.paper.rules]

    def scan(self, text: str, given: Sequence[str] = ()) -> Reading:
        """The label that a reply gives, and whether it is decided."""
        return self._scan_by_rules(text) if self._scoring == "paper" else self._grammar.scan(text, given)

    def _scan_by_rules(self, text: str) -> Reading:
        """The label of the first rule that fits the text before the first full stop or line break."""
        text = text.lstrip()
        ends = [at for at in (text.find("\n"), text.find(".")) if at >= 0]
        sentence = text[: min(ends)].lower() if ends else text.lower()
        if not sentence:
            return Reading(None, bool(ends))
        for number, (phrases, label) in enumerate(self._rules):
            if any(phrase in sentence for phrase in phrases):
                return Reading(label, bool(ends) or number == 0)
        return Reading(self._paper.unread, bool(ends))
