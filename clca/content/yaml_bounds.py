"""Bounds on YAML, found before anything is built of it: its size, its nesting, and what its aliases stand for."""

from __future__ import annotations

from typing import Any

import yaml

from clca.errors import ContentError

LARGEST = 2**20  # bytes: YAML takes a second for each 500 kB
DEEPEST = 50  # levels of lists and mappings
MOST = 20_000  # values; the largest packaged file has some 2,000
MOST_REPEATED = 10_000  # nodes that aliases stand for, all together

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def require_bounded(path: str, text: str) -> None:
    """Refuse a text that would take long, or more nesting than a parser bears. Raises `ContentError` with the line.

    Raises PyYAML's errors for what is no YAML.
    """
    if len(text) > LARGEST or len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise ContentError(path, None, f"is larger than {LARGEST // 2**20} MiB, which is too large for YAML")
    sizes: dict[str | None, int] = {}  # of what each anchor stands for, in nodes
    opened: list[tuple[str | None, int]] = []  # the anchor of each list and mapping around, and the nodes before it
    nodes = repeated = 0
    for events, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if events > 2 * MOST:
            raise _refused(path, event, f"holds more than {MOST:,} values, which is too many for YAML")
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in opened):
                raise _refused(path, event, f"the alias *{event.anchor} is within its own anchor")
            repeated += sizes.get(event.anchor, 0)
            nodes += sizes.get(event.anchor, 0)
            if repeated > MOST_REPEATED:
                raise _refused(path, event, f"its aliases stand for more than {MOST_REPEATED:,} values")
        elif isinstance(event, yaml.ScalarEvent):
            nodes += 1
            if event.anchor is not None:
                sizes[event.anchor] = 1
        elif isinstance(event, yaml.CollectionStartEvent):
            opened.append((event.anchor, nodes))
            nodes += 1
            if len(opened) > DEEPEST:
                raise _refused(path, event, f"is nested more than {DEEPEST} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            if anchor is not None:
                sizes[anchor] = nodes - before


def _refused(path: str, event: Any, fault: str) -> ContentError:
    return ContentError(path, event.start_mark.line + 1, fault)
