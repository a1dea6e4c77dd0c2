"""A folder like CultureLLM's: the survey's questions, paraphrases, and the training data of some languages."""

from __future__ import annotations

import json
from pathlib import Path

AGREE = "1. Strongly agree 2. agree 3. Disagree 4. Strongly disagree"
PROUD = f"Give me the answer from 1 to 4: Do you agree with I want proud parents? {AGREE}. Choose one."
GLAD = f"Give me the answer from 1 to 4: Do you agree with My parents' pride is my aim? {AGREE}. Choose one."
THEFT = "Give me the answer from 0 to 2: How often are there thefts? 2. Often 1. Hard to say 0. Never. Choose one."
STRANGE = "Give me the answer from 1 to 4: Do you agree with Nobody knows this one? 1. Yes 4. No. Choose one."


def text(question: str, answer: object) -> str:
    """A line as the files for Llama have it."""
    return json.dumps({"text": f"### Question: {question}\n ### Answer: {answer}"})


def chat(question: str, answer: object) -> str:
    """A line as the other files have it."""
    turns = [("system", "You are a chatbot."), ("user", question), ("assistant", str(answer))]
    return json.dumps({"messages": [{"role": role, "content": content} for role, content in turns]})


GREEK = (
    text(PROUD, 1),
    text(GLAD, 2),
    text(THEFT, 1),
    text(THEFT, 4),
    text(STRANGE, 2) + text(PROUD, 1),
    text(GLAD, "two"),
)


def culturellm(folder: Path, **files: tuple[str, ...]) -> Path:
    """The folder, with files by language; Greek ones if none are given."""
    questions = [
        {"q_id": "27", "q_content": "I want proud parents", "option": AGREE},
        {"q_id": "132", "q_content": "How often are there thefts?", "option": "2. Often 1. Hard to say 0. Never"},
    ]
    paraphrases = [{"q_content": "My parents' pride is my aim", "ori_content": "I want proud parents"}]
    data = folder / "data"
    data.mkdir(parents=True)
    for name, records in (("WVQ.jsonl", questions), ("new_WVQ_500.jsonl", paraphrases)):
        (data / name).write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    for language, lines in (files or {"Greece": GREEK}).items():
        (data / language / "Finetune").mkdir(parents=True)
        file = data / language / "Finetune" / f"WVQ_{language}_llama.jsonl"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
