"""Moves: the speech acts that a plan is made of, before anything is worded."""

from __future__ import annotations

from dataclasses import dataclass, replace

SILENT = frozenset({"silence", "gesture"})


@dataclass(frozen=True, slots=True)
class SpeechAct:
    """One speech act of one side.

    `tone` is `direct`, `soft` or a kind of gesture; `index` ties a reply to its line (answer to
    question); `driver` names what in the culture shaped the choice, None where nothing did;
    an `extra` move may be dropped when the turn grows too long.
    """

    side: int
    kind: str
    tone: str = ""
    index: int = 0
    driver: str | None = None
    extra: bool = False

    @property
    def silent(self) -> bool:
        return self.kind in SILENT

    def by(self, driver: str | None) -> SpeechAct:
        return replace(self, driver=driver)


def group_by_turn(speech_acts: list[SpeechAct]) -> list[list[SpeechAct]]:
    """Moves grouped into turns: one after another of the same side belong together."""
    turns: list[list[SpeechAct]] = []
    for act in speech_acts:
        if turns and turns[-1][0].side == act.side and not act.silent and not turns[-1][-1].silent:
            turns[-1].append(act)
        else:
            turns.append([act])
    return turns
