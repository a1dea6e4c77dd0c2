"""Questions: items in an order of their options, grouped by respondent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from clca.content.prompts import Prompts
from clca.content.wvs_items import Item, s2n_prompt
from clca.evaluation.wvs.persona import Persona
from clca.evaluation.wvs.request_group import ItemQuestion, RespondentRequestGroup, item_question
from clca.records import Method, Order, Respondent, Scoring
from clca.seeding import chooser

Format = Literal["chat", "text"]
"""Prompt format: the student's chat template, or the plain text of S2N's survey pairs."""


def shown_options(item: Item, order: Order, seed: int) -> tuple[int, ...]:
    """The item's options in the order in which they are shown; shuffled ones are the same for every respondent."""
    options = list(range(len(item.options)))
    if order == "reversed":
        options.reverse()
    elif order == "shuffled":
        chooser(seed, "options", item.id).shuffle(options)
    return tuple(options)


def item_questions(
    items: Iterable[Item], prompts: Prompts, form: Format, order: Order, seed: int, scoring: Scoring = "corrected"
) -> tuple[ItemQuestion, ...]:
    """The items as questions, with the options numbered from 1 in the order shown."""
    questions = []
    for item in items:
        shown = shown_options(item, order, seed)
        if form == "text":
            text = s2n_prompt(item, shown)
        else:
            options = [(number, item.options[option]) for number, option in enumerate(shown, start=1)]
            prompt, block = ("wvs-paper", "question") if scoring == "paper" else ("wvs-question", "user")
            text = prompts.render(prompt, block, question=item.question, options=options)
        questions.append(item_question(item, order, text, shown))
    return tuple(questions)


def request_groups(
    culture: str,
    method: Method,
    respondents: Iterable[Respondent],
    questions: tuple[ItemQuestion, ...],
    persona: Persona,
    prompts: Prompts,
    *,
    adapter: str = "",
    bare: bool = False,
    scoring: Scoring = "corrected",
) -> Iterator[RespondentRequestGroup]:
    """A request group for each respondent; for `cultural` a single group for all of them, of respondent "".

    `scoring` is that of the prompts. `bare` asks without any text before the questions, as S2N's survey pairs are
    taught. Respondents then cannot be told apart, so that there is a single group, too.
    """
    if bare:
        yield RespondentRequestGroup(adapter, "", questions, culture, method, "")
    elif method == "cultural":
        prompt, block = ("wvs-paper", "cultural") if scoring == "paper" else ("wvs-cultural", "system")
        system = prompts.render(prompt, block, culture=persona.name(culture))
        yield RespondentRequestGroup(adapter, system, questions, culture, method, "")
    else:
        prompt, block = ("wvs-paper", "persona") if scoring == "paper" else ("wvs-persona", "system")
        for respondent in respondents:
            system = prompts.render(prompt, block, persona=persona.lines(respondent))
            yield RespondentRequestGroup(adapter, system, questions, culture, method, respondent.id)
