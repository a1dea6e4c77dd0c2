"""What a command took of several things that it could have taken: printed, and recorded beside its result."""

from __future__ import annotations

from pydantic import Field

from clca.records import Record

SHOWN = 4  # names of what was left, in a line of text; the record has all


class Selection(Record):
    """What was taken for a purpose, and what else there was."""

    target: str = Field(description="What it was taken for, such as a culture.")
    taken: tuple[str, ...]
    reason: str = Field(description="Why these were taken.")
    others: dict[str, str] = Field(default_factory=dict, description="What else there was, and what sets it apart.")

    @property
    def line(self) -> str:
        """The selection in one line."""
        left = f"; not taken: {listed(self.others)}" if self.others else ""
        return f"{self.target}: {', '.join(self.taken)}, {self.reason}{left}"


def listed(names: dict[str, str]) -> str:
    """Names with what sets each apart, the first few of them."""
    shown = [f"{name} ({why})" if why else name for name, why in list(names.items())[:SHOWN]]
    more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return ", ".join([*shown, *more])
