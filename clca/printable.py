r"""Data as text that is inert wherever it is shown: what a terminal would obey, or nobody would see, is written out.

Data are what files, servers and models say, names of files among them. Written out, `\x1b` or `\u202e`, are control
characters (but for line break and tab), marks that change the direction of text, and characters without a width, with
which a text can look like another: tags, fillers, runs of variation selectors, joiners where nothing joins.
"""

from __future__ import annotations

import json
import re
from typing import Any

_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_ACTIVE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # directions
    "\u2028\u2029\ud800-\udfff"  # separators that some read as line breaks; halves of characters
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"  # without a width
    f"|(?<=[{_SELECTORS}])[{_SELECTORS}]"
    # Persian, the scripts of India and emoji need joiners, Latin and its neighbours do not.
    "|(?<![\u0590-\u1fff\u2190-\u2bff\u3000-\ud7ff\ufb1d-\ufdff\ufe0f\ufe70-\ufefc\U00010800-\U0001faff])[\u200c\u200d]"
)
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
_MARKDOWN = re.compile(r"[\\|*_`<\[\]~$&#]")
_LATEX = {
    "\\": r"\textbackslash{}",
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
    "[": "{[}",  # at the start of a row it would be the option of the line break before
    "]": "{]}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "Δ": r"$\Delta$",
    "–": "--",
    "−": "$-$",
}


def is_printable(text: str) -> bool:
    """Whether the text is shown as it is."""
    return _ACTIVE.search(text) is None


def printable(text: str) -> str:
    r"""The text with what must not reach a terminal written out as in Python.

    >>> printable("a\x1b[31mb\u202e")
    'a\\x1b[31mb\\u202e'
    """
    if text.isascii() and text.isprintable():  # as most is, and soon seen
        return text
    return _ACTIVE.sub(_escaped, text)


def one_line(text: str) -> str:
    r"""The same on one line: line breaks and tabs are written out, too."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def json_text(value: Any, *, indent: int | None = None) -> str:
    r"""The value as JSON that is inert and that JSON reads back: `\u202e` for what `printable` writes out."""
    return _ACTIVE.sub(_json_escaped, json.dumps(value, ensure_ascii=False, indent=indent))


def csv_cell(text: str) -> str:
    """The text of a cell: `'` is put before what a spreadsheet would compute. Numbers are written without this."""
    return ("'" if text.startswith(_FORMULA) else "") + printable(text)


def markdown_text(text: str) -> str:
    """The text in one line of Markdown, where it ends no cell and is neither markup nor HTML."""
    return _MARKDOWN.sub(r"\\\g<0>", printable(" ".join(text.splitlines())))


def latex_text(text: str) -> str:
    """The text in LaTeX, where nothing in it is a command or ends a paragraph."""
    return "".join(_LATEX.get(mark, mark) for mark in printable(" ".join(text.splitlines())))


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def _json_escaped(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1] if match[0] != "\x7f" else "\\u007f"
