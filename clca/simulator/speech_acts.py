"""Speech acts: what a plan is made of before it is put into words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_SILENT = frozenset({"silence", "gesture"})


@dataclass(frozen=True, slots=True)
class SpeechAct:
    """One speech act of one side (0 or 1).

    `kind` says what it does (`greet`, `object`, `offer`, ...); `tone` is `direct`, `soft` or a kind of gesture;
    `index` ties a reply to its line (an answer to its question). `driver` names what in the culture shaped the
    choice, None where nothing did. An `extra` act may be dropped when the turn grows too long.
    """

    side: int
    kind: str
    tone: str = ""
    index: int = 0
    driver: str | None = None
    extra: bool = False

    @property
    def silent(self) -> bool:
        """Whether the act is done without words."""
        return self.kind in _SILENT


def group_by_turn(acts: Iterable[SpeechAct]) -> list[list[SpeechAct]]:
    """The acts in turns: successive acts of one side share a turn, but for silent ones, which stand alone."""
    turns: list[list[SpeechAct]] = []
    for act in acts:
        if turns and turns[-1][0].side == act.side and not act.silent and not turns[-1][-1].silent:
            turns[-1].append(act)
        else:
            turns.append([act])
    return turns
