"""Dialogues as rows of each form, and a row as the dialogue that it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clca.models.messages import Chat
from clca.records import Dialogue
from clca.training.examples import Example

ROLES = {"user": "human", "assistant": "gpt"}
"""The names that ShareGPT has for the roles of a chat."""

LOST = {
    "sharegpt": "ShareGPT rows hold what is said and the prompt before it. Goals, secrets, thoughts, judgements, which"
    " intents are cultural, by which customs, and what a dialogue cost are not in them.",
    "alpaca": "Alpaca rows hold one answer each, with what was said before it as the input. Goals, secrets, thoughts,"
    " judgements, which intents are cultural, by which customs, and what a dialogue cost are not in them.",
}
"""What a form leaves out of the records."""


def dialogue_row(dialogue: Dialogue) -> dict[str, Any]:
    """A dialogue as a row of `dialogue_columns`."""
    return dialogue.model_dump(mode="json")


def dialogue_of(row: Mapping[str, Any]) -> Dialogue:
    """The dialogue of a row, as `datasets` or Arrow read it: a field that it had not is null there."""
    turns = [{key: value for key, value in turn.items() if value is not None} for turn in row["turns"]]
    return Dialogue.model_validate({**row, "turns": turns})


def message_rows(dialogue: Dialogue, run: str, example: Example, form: str) -> Iterator[dict[str, Any]]:
    """The rows of an example of `clca train` in a form: `chat`, `sharegpt` or `alpaca`.

    `run`, `<culture>/<run>`, and the dialogue's id lead back to its record.
    """
    about = {
        "id": example.id,
        "task": example.task,
        "culture": dialogue.culture,
        "run": run,
        "dialogue": dialogue.id,
        "teacher": dialogue.teacher,
    }
    assert isinstance(example.body, Chat), "an example of a dialogue is a chat"
    chat = example.body
    if form == "chat":
        yield {**about, "messages": [message._asdict() for message in chat.messages]}
    elif form == "sharegpt":
        system, messages = _parts(chat)
        conversations = [{"from": ROLES[message.role], "value": message.content} for message in messages]
        yield {**about, "system": system, "conversations": conversations}
    else:
        yield from _alpaca(about, chat, example)


def _alpaca(about: dict[str, Any], chat: Chat, example: Example) -> Iterator[dict[str, Any]]:
    """A row for each answer: the prompt is the instruction, what was said until then the input."""
    system, messages = _parts(chat)
    names = {"user": "Partner: ", "assistant": "You: "} if example.task == "dialogue" else {}
    so_far: list[str] = []
    for number, message in enumerate(messages):
        if message.role == "assistant":
            text = "\n".join(so_far)
            turn = {"instruction": system, "input": text, "output": message.content}
            yield {**about, "id": f"{about['id']}:{number // 2}", **turn}
        so_far.append(names.get(message.role, "") + message.content)


def _parts(chat: Chat) -> tuple[str, list[Any]]:
    """The system prompt, "" where there is none, and the messages after it."""
    messages = list(chat.messages)
    return (messages[0].content, messages[1:]) if messages[0].role == "system" else ("", messages)
