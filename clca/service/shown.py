"""What leaves the machine: no answer has a path of it."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from clca.printable import one_line
from clca.words import beginning

LONGEST = 2000  # characters of a line
_INNER = r"[^\s/:'\",;()\[\]{}<>|]"
_ABSOLUTE = re.compile(rf"(?<![\w./:~>-])~?(?:/{_INNER}+)+/({_INNER}*)")
_FLAG = re.compile(r"^--([a-z][a-z-]*)")


class Shown:
    """Texts and values as clients see them: paths below the workspace from there on, of others only the last name."""

    def __init__(self, workspace: Path) -> None:
        self._roots = tuple(dict.fromkeys((str(workspace), str(workspace.resolve()))))

    def text(self, text: str) -> str:
        """The text without the machine's paths."""
        for root in self._roots:
            text = text.replace(f"{root}/", "").replace(root, ".")
        return _ABSOLUTE.sub(r".../\1", text)

    def line(self, text: str) -> str:
        """The same in one line, which is not too long, inert wherever it is shown, and calls a setting by its name."""
        named = _FLAG.sub(lambda match: match[1].replace("-", "_"), self.text(text))
        return beginning(one_line(named), LONGEST)

    def value(self, value: Any) -> Any:
        """A JSON value without the machine's paths."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.value(inner) for key, inner in value.items()}
        return [self.value(inner) for inner in value] if isinstance(value, list) else value


def whole(value: Any) -> Any:
    """A result as JSON with all its fields, also those that `--json` leaves out, so that it can be read back.

    >>> whole({"a": (Path("b"), 1.5)})
    {'a': ['b', 1.5]}
    """
    if isinstance(value, BaseModel):
        return {name: whole(getattr(value, name)) for name in type(value).model_fields}
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: whole(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): whole(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [whole(inner) for inner in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
