"""Commands as text that a person can copy into a shell."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from clca.printable import is_printable


def command_line(*words: str | Path) -> str:
    """The words as one command: each is quoted where a shell would not read it as it is.

    A path that begins with a dash is written as `./-x`, and what cannot be printed as `$'...'` of bash and zsh.

    >>> command_line("clca", "show", Path("my runs/japan"))
    "clca show 'my runs/japan'"
    >>> command_line("clca", "show", Path("-x"), Path("a\\nb"))
    "clca show ./-x $'a\\\\nb'"
    """
    return " ".join(map(_quoted, words))


def _quoted(word: str | Path) -> str:
    text = str(word)
    if isinstance(word, Path) and text.startswith("-"):
        text = f"./{text}"
    return shlex.quote(text) if text.isprintable() and is_printable(text) else f"$'{''.join(map(_escaped, text))}'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if (character.isascii() or character.isalpha()) and character.isprintable() and is_printable(character):
        return character
    if character == "\n":
        return "\\n"
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))
