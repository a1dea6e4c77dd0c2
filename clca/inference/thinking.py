"""What a reasoning model thinks before it answers, cut from its reply."""

from __future__ import annotations

import re

_TAGS = "think|thinking|thought|reasoning"
_BEGIN = re.compile(rf"<(?:{_TAGS})>|\[THINK\]|◁think▷|<\|channel\|>(?:analysis|commentary)", re.IGNORECASE)
_END = re.compile(rf"</(?:{_TAGS})>|\[/THINK\]|◁/think▷|<\|channel\|>final<\|message\|>", re.IGNORECASE)


def without_thoughts(text: str) -> tuple[str, bool]:
    """The text after what was thought before it, and whether anything was.

    Some chat templates write the opening mark into the prompt, so that a reply may have the closing one alone. A reply
    that never closes it has no answer. A JSON text is left as it is: a string in it may hold such a mark.

    >>> without_thoughts("<think>Which? The second.</think> 2")
    ('2', True)
    >>> without_thoughts("Which? The second.</think> 2")
    ('2', True)
    >>> without_thoughts("<think>Which? The")
    ('', True)
    """
    start = text.lstrip()
    if start.startswith("{"):
        return text, False
    ends = list(_END.finditer(text))
    if ends:
        return text[ends[-1].end() :].lstrip(), True
    return ("", True) if _BEGIN.match(start) else (text, False)
