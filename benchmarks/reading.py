"""`python reading.py COUNT`: as many replies as that, of the shapes of real models, read on one core.

The shapes are those of replies of small instruct models (1.5 and 0.1 billion parameters) to the survey with personas,
in five languages, half of them asked for a number and half for a sentence. Their shares were set by hand after reading
about 110 of these replies.
"""

from __future__ import annotations

import json
import sys
import time
from random import Random

from clca.content.lookup import Content
from clca.evaluation.mmlu.answer_extraction import LetterReader
from clca.evaluation.offense.answer_extraction import LabelReader
from clca.evaluation.offense.suite import load_offense_suite
from clca.evaluation.wvs.question import item_questions
from clca.evaluation.wvs.suite import ENGLISH, languages, load_suite

SURVEY = (
    (40, "{number}"),
    (25, "{number}. {words}"),
    (10, "{words}"),
    (6, "{words}."),
    (3, "{number}. {words}. It is what my parents taught me at home, and it has been so all my life"),
    (2, "I think {words}, because I live with my family and see them every day"),
    (2, "Sure! {number}"),
    (2, "As a married woman of 45 from a village, I would say {number}"),
    (4, "1. {first}\n2. {last}\n3."),
    (2, "{question}\n1. {first}"),
    (2, "I'm glad you are happy with it. I'm happy to share my thoughts with you.\n\nI'm happy to share"),
    (1, "{number}, but actually {other}"),
    (1, "{number}\n\nThis is an example of a value that is often overlooked, and it is a part of human culture"),
)
LABELS = (
    "{number}",
    "{number}. {words}",
    "{words}",
    "{number}. It is an insult to a whole",
    "I cannot",
    "{number}\n###",
)
LETTERS = (
    "{letter}",
    "{letter}. It is the",
    "The answer is {letter}.",
    "I do not know",
    "({letter})",
    "Sure! {letter}",
)


def survey(count: int, chance: Random) -> tuple[int, float]:
    """How many replies were read, and the CPU seconds of all."""
    suites = {language: load_suite(Content(), language) for language in languages(Content())}
    questions = {
        language: item_questions(suite.items.items, suite.prompts, "chat", "given", 42)
        for language, suite in suites.items()
    }
    replies = []
    for _ in range(count):
        language = ENGLISH if chance.random() < 0.5 else chance.choice(list(suites))
        suite = suites[language]
        question = chance.choice(questions[language])
        number = chance.randrange(len(question.item.options))
        options = question.item.options
        (shape,) = chance.choices([text for _, text in SURVEY], [share for share, _ in SURVEY])
        reply = shape.format(
            number=number + 1,
            other=(number + 1) % len(options) + 1,
            words=options[number],
            first=options[0],
            last=options[-1],
            question=question.item.question,
        )
        replies.append((suite.reader, question, reply))
    started = time.process_time()
    read = sum(reader.read(reply, question) is not None for reader, question, reply in replies)
    return read, time.process_time() - started


def labels(count: int, chance: Random) -> tuple[int, float]:
    task_type = load_offense_suite(Content()).type("offensive_detect")
    reader = LabelReader(task_type, "corrected")
    options = [chance.choice(task_type.options) for _ in range(count)]
    replies = [chance.choice(LABELS).format(number=option.number, words=option.words) for option in options]
    started = time.process_time()
    read = sum(reader.read(reply) is not None for reply in replies)
    return read, time.process_time() - started


def letters(count: int, chance: Random) -> tuple[int, float]:
    reader = LetterReader("corrected")
    replies = [chance.choice(LETTERS).format(letter=chance.choice("ABCD")) for _ in range(count)]
    started = time.process_time()
    read = sum(reader.read(reply) is not None for reply in replies)
    return read, time.process_time() - started


if __name__ == "__main__":
    count = int(sys.argv[1])
    figures: dict[str, dict[str, float]] = {}
    for name, read_all in (("wvs", survey), ("offense", labels), ("mmlu", letters)):
        read, seconds = read_all(count, Random(42))
        figures[name] = {"read": read / count, "pace": count / seconds}
    print(json.dumps(figures))
