"""What a student's tokenizer may not do: let a text grow without end, or search it by patterns that take hours.

The library that works by it measures neither, and can neither be interrupted nor caught where memory runs out.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clca.bounded_json import parse_json
from clca.errors import SettingsError
from clca.safe_open import MIB, read_bytes

TOKENIZER, SETTINGS = "tokenizer.json", "tokenizer_config.json"
LARGEST = 128 * MIB  # of a tokenizer.json; those of 256,000 tokens have 35
MOST_STEPS, MOST_GROWTH = 50, 200  # of a text on its way to tokens; NFKC makes 33 bytes of one character
MOST_REPEATS, LONGEST_PATTERN = 2, 4000  # in one alternative of a pattern, and characters of it
LONGEST_AFFIX = 100  # characters that a model puts before or behind each piece of a word
_PARTS = ("normalizer", "pre_tokenizer", "decoder")
_LISTS = ("normalizers", "pretokenizers", "decoders")
_AFFIXES = ("continuing_subword_prefix", "end_of_word_suffix")
_CLASS_OR_ESCAPE = re.compile(r"\\(?:[gk]<?|[pPx]\{[^}]*\}|.)|\[\^?\]?(?:\\.|[^\[\]\\])*+\]", re.DOTALL)
_LONG = re.compile(r"[*+]|\{\d*,(?:\d{3,})?\}|\{\d{3,}")  # repeats something often


def require_bounded(source: str, file: Path) -> None:
    """Refuse a `tokenizer.json` that may take all memory, or hours. Raises `SettingsError`."""
    try:
        whole = parse_json(read_bytes(file, largest=LARGEST))
    except (OSError, ValueError):
        return  # transformers says what is wrong with it
    if not isinstance(whole, dict):
        return
    model = whole.get("model")
    for key in _AFFIXES:
        if isinstance(model, dict) and len(str(model.get(key))) > LONGEST_AFFIX:
            raise _fault(source, f"has a {key} of more than {LONGEST_AFFIX} characters")
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
            if isinstance(pattern, dict) and not _is_quick(str(pattern.get("Regex", ""))):
                raise _fault(source, f"has a {part} with a pattern that may search for hours")


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


def _is_quick(pattern: str) -> bool:
    """Whether a pattern repeats no group, and little beside each other, so that a search backtracks little."""
    if len(pattern) > LONGEST_PATTERN or re.search(r"\\[gk]|\(\?~", pattern):
        return False
    plain = pattern
    while (shorter := _CLASS_OR_ESCAPE.sub("x", plain)) != plain:  # classes may lie in each other
        plain = shorter
    if any(_LONG.match(plain, end + 1) for end, sign in enumerate(plain) if sign == ")"):
        return False
    return all(len(_LONG.findall(alternative)) <= MOST_REPEATS for alternative in plain.split("|"))


def _fault(source: str, what: str) -> SettingsError:
    return SettingsError(f"{source}: its {TOKENIZER} {what}: it is damaged, or made to do harm")
