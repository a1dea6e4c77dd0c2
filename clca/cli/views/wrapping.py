"""Texts broken at spaces to fit a terminal; what has to be copied is never broken."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

WHOLE = "whole"
"""The style of a part of a text that is not broken though it has spaces: a command, a path."""

_WORD = re.compile(r"(?:`[^`\n]+`|\S)+")  # with what stands in backticks: a command
_WIDE = "\u2e80-\u312f\u31a0-\u9fff\uf900-\ufaff\uff01-\uff60"  # scripts that have no spaces between words
_IN_WORD = re.compile(rf"[{_WIDE}][、。，．！？：；」』】）]*|[^{_WIDE}]+")
_BEGINNING = re.compile(r" *(?:(?:\S+ ){1,4} +)?(?:-> |- |\d+\. )?")  # a key with a gap behind it, a mark


def command(text: str) -> tuple[str, str]:
    """A command as a part of a line by `styled`, which stays on one line."""
    return text, WHOLE


def wrapped(text: Text, width: int, *, hanging: bool = True) -> Text:
    """The text with line breaks at spaces, so that no line has more than `width` columns but for parts longer than it.

    A line goes on below its own beginning: behind its indentation, and if `hanging` behind a key or a mark.
    """
    if cell_len(text.plain) <= width:
        return text
    lines: list[Text] = []
    for line in text.split("\n", allow_blank=True):
        if "\t" in line.plain:
            line.expand_tabs(8)
        lines += [line] if cell_len(line.plain) <= width else _broken(line, width, hanging=hanging)
    return text.blank_copy("\n").join(lines)


def narrowest(text: Text) -> int:
    """How many columns the text needs at least: those of its longest part that is not broken, with its indentation."""
    widths = [1]
    for line in text.split("\n"):
        indentation = _indentation(line.plain)
        widths += [indentation + cell_len(line.plain[begin:end]) for begin, end in _parts(line)]
    return max(widths)


def widest(text: Text) -> int:
    """How many columns the text needs if no line of it is broken."""
    return max(map(cell_len, text.plain.split("\n")))


def _broken(line: Text, width: int, *, hanging: bool) -> Iterator[Text]:
    plain = line.plain
    beginning = _BEGINNING.match(plain)
    behind = beginning.end() if hanging and beginning is not None else 0
    if not 0 < cell_len(plain[:behind]) <= width // 2:
        behind = _indentation(plain)
    indentation = cell_len(plain[:behind])
    start, last, used, space = 0, 0, 0, width
    cuts: list[int] = []  # the end of each line but the last, and the beginning of the next
    for begin, end in _parts(line):
        used += cell_len(plain[last:end])
        if begin > max(start, behind) and used > space:
            cuts += [last, begin]
            start, used, space = begin, cell_len(plain[begin:end]), width - indentation
        last = end
    for number, part in enumerate(line.divide([*cuts, last])[::2]):  # at once: a slice looks through the whole line
        yield _indented(part, indentation if number else 0)


def _indented(line: Text, columns: int) -> Text:
    return Text(" " * columns).append_text(line) if columns else line


def _indentation(plain: str) -> int:
    return len(plain) - len(plain.lstrip(" "))


def _parts(line: Text) -> Iterator[tuple[int, int]]:
    """Begin and end of each part that is not broken."""
    whole = sorted((span.start, span.end) for span in line.spans if span.style == WHOLE)
    at = 0
    for word in _WORD.finditer(line.plain):
        begin, end = word.span()
        if begin < at:
            continue
        for first, last in whole:
            if first < end and last > begin:
                begin, end = min(begin, first), max(end, last)
        at = end
        if end > word.end() or "/" in line.plain[begin:end]:
            yield begin, end
        else:
            yield from ((begin + part.start(), begin + part.end()) for part in _IN_WORD.finditer(word[0]))
