"""What a student's tokenizer may not do: let a text grow without end, or search it by patterns that take hours.

The library that works by it measures neither, and can neither be interrupted nor caught where memory runs out.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clca.bounded_json import parse_json
from clca.errors import SettingsError
from clca.models.pattern_trials import most_trials
from clca.safe_open import MIB, read_bytes

TOKENIZER, SETTINGS = "tokenizer.json", "tokenizer_config.json"
LARGEST = 128 * MIB  # of a tokenizer.json; those of 256,000 tokens have 35
MOST_STEPS, MOST_GROWTH = 50, 200  # of a text on its way to tokens; NFKC makes 33 bytes of one character
MOST_TRIALS, LONGEST_PATTERN = 20_000, 4000  # of a pattern at one place of a text, and characters of it
LONGEST_AFFIX = 100  # characters that a model puts before or behind each piece of a word
LONGEST_WORD = 500  # characters of a word of WordPiece, which takes the third power of them; BERT has 100
MOST_ADDED, LONGEST_ADDED = 100_000, 4 * MIB  # tokens beside the vocabulary, and characters of all of them
_PARTS = ("normalizer", "pre_tokenizer", "decoder")
_LISTS = ("normalizers", "pretokenizers", "decoders")
_AFFIXES = ("continuing_subword_prefix", "end_of_word_suffix")


def require_bounded(source: str, file: Path) -> None:
    """Refuse a `tokenizer.json` that may take all memory, or hours. Raises `SettingsError`."""
    try:
        whole = parse_json(read_bytes(file, largest=LARGEST))
    except (OSError, ValueError):
        return  # transformers says what is wrong with it
    if not isinstance(whole, dict):
        return
    _require_bounded_model(source, whole.get("model"))
    added = [str(token.get("content")) for token in whole.get("added_tokens") or () if isinstance(token, dict)]
    if len(added) > MOST_ADDED or sum(map(len, added)) > LONGEST_ADDED:
        raise _fault(source, f"has more than {MOST_ADDED:,} added tokens, or {LONGEST_ADDED:,} characters of them")
    for part in _PARTS:
        steps = list(_steps(whole.get(part)))
        if len(steps) > MOST_STEPS:
            raise _fault(source, f"has a {part} of more than {MOST_STEPS} steps")
        growth = 1
        for step in steps:
            growth *= _growth(step)
            if growth > MOST_GROWTH:
                raise _fault(source, f"has a {part} that makes a text more than {MOST_GROWTH} times as long")
            pattern = step.get("pattern")
            regex = str(pattern.get("Regex", "")) if isinstance(pattern, dict) else ""
            if len(regex) > LONGEST_PATTERN or most_trials(regex) > MOST_TRIALS:
                raise _fault(source, f"has a {part} with a pattern that may search for hours")


def _require_bounded_model(source: str, model: Any) -> None:
    if not isinstance(model, dict):
        return
    for key in _AFFIXES:
        if len(str(model.get(key))) > LONGEST_AFFIX:
            raise _fault(source, f"has a {key} of more than {LONGEST_AFFIX} characters")
    if model.get("dropout"):
        raise _fault(source, "has a dropout, by which a text has other tokens each time")
    if isinstance(longest := model.get("max_input_chars_per_word"), int) and longest > LONGEST_WORD:
        raise _fault(source, f"takes words of more than {LONGEST_WORD} characters, which it may search for hours")


def _steps(part: Any) -> Iterator[dict[str, Any]]:
    waiting = [part]
    while waiting:
        step = waiting.pop()
        if isinstance(step, list):
            waiting += step
        elif isinstance(step, dict):
            yield step
            waiting += [step[key] for key in _LISTS if key in step]


def _growth(step: dict[str, Any]) -> int:
    """How many times as long a step may make a text, rounded up."""
    match step.get("type"):
        case "ByteLevel":
            return 2  # a byte beyond ASCII becomes a character of two bytes
        case "Prepend":
            return 1 + len(str(step.get("prepend"))) // 8
        case "Replace":
            pattern = step.get("pattern")
            replaced = str(pattern.get("String", "")) if isinstance(pattern, dict) else ""
            return max(1, -(-len(str(step.get("content"))) // max(1, len(replaced))))
        case "Precompiled":
            try:
                data = base64.b64decode(str(step.get("precompiled_charsmap")))
            except ValueError:
                return 1
            return max(1, *map(len, data[4 + int.from_bytes(data[:4], "little") :].split(b"\0")))
    return 1


def _fault(source: str, what: str) -> SettingsError:
    return SettingsError(f"{source}: its {TOKENIZER} {what}: it is damaged, or made to do harm")
