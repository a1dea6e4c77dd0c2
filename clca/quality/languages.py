"""The language of a text, by py3langid."""

from __future__ import annotations

from functools import cache
from typing import Any

SHORTEST = 20  # letters; of less the guess is no better than chance
LONGEST = 400  # characters that are looked at


def language(text: str) -> str:
    """The ISO 639-1 code of a text's language, "" for a text too short to tell: fewer than `SHORTEST` letters."""
    beginning = text[:LONGEST]
    if sum(map(str.isalpha, beginning)) < SHORTEST:
        return ""
    return str(_identifier().classify(beginning)[0])


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)
