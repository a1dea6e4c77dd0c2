"""The texts of the code, with `…` for each part that is filled in when it runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.docs.blocks import ROOT

GAP = "…"


def texts() -> Iterator[str]:
    """Every text in the code of clca."""
    for path in sorted((ROOT / "clca").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                yield "".join(part.value if isinstance(part, ast.Constant) else GAP for part in node.values)


def is_of(message: str, text: str) -> bool:
    """Whether a message of the manual is this text: its parts between `…` stand there in their order."""
    place = 0
    for part in message.split(GAP):
        place = text.find(part.strip(), place)
        if place < 0:
            return False
        place += len(part.strip())
    return True
