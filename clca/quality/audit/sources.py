"""The kept dialogues that flaws are planted in, drawn by the seed."""

from __future__ import annotations

from collections.abc import Sequence

from clca.errors import NotFoundError, StoreError
from clca.quality.audit.items import Source
from clca.quality.dialogue_reader import DialogueReader
from clca.quality.run_choice import require_started
from clca.quality.sample import Sampled, ranked
from clca.records import Dialogue
from clca.schemas import TURN_LENGTH
from clca.storage.reviews import reviewed
from clca.storage.run_dir import FILES
from clca.storage.run_index import RunInfo

LONGEST_TURN, LONGEST_DIALOGUE = 10 * TURN_LENGTH, 200 * TURN_LENGTH
"""Characters, far more than a teacher writes: the rules of turns take the square of a text's length."""


def draw_sources(runs: Sequence[RunInfo], most: int, seed: int) -> tuple[list[Source], int]:
    """At most `most` kept dialogues of the runs, of each scenario of a culture one, and how many could not be drawn.

    Those are the ones that a reviewer rejected: a judge that calls them bad raises no false alarm.

    Raises `NotFoundError` for a run that was never started, and where fewer than two scenarios have a kept dialogue,
    `StoreError` for a dialogue that no teacher wrote, by its length.
    """
    require_started(runs)
    reader = DialogueReader([run.folder / FILES["kept"] for run in runs])
    statuses = [reviewed(run.folder) for run in runs]
    drawn: dict[tuple[str, str], Sampled] = {}
    rejected = 0
    for number, place, dialogue in reader:
        _require_length(runs[place], dialogue)
        if statuses[place].get(dialogue.id) == "rejected":
            rejected += 1
            continue
        entry = ranked(seed, runs[place].name, dialogue.id, number)
        scenario = (dialogue.culture, dialogue.scenario.id)
        drawn[scenario] = min(drawn.get(scenario, entry), entry)
    if len(drawn) < 2:
        raise NotFoundError(
            f"{', '.join(str(run.folder) for run in runs)}: kept dialogues of {len(drawn)} scenarios; an audit needs 2"
            " or more: clca generate makes them"
        )
    sources = [
        Source(f"{runs[reader.place_of(entry.number)].name}/{entry.id}", reader.read(entry.number))
        for entry in sorted(drawn.values())[:most]
    ]
    return sources, rejected


def _require_length(run: RunInfo, dialogue: Dialogue) -> None:
    lengths = [len(turn.text) for turn in dialogue.turns]
    if max(lengths, default=0) > LONGEST_TURN or sum(lengths) > LONGEST_DIALOGUE:
        raise StoreError(
            f"{run.folder / FILES['kept']}: {dialogue.id[:100]} is too long to be judged (a turn may have"
            f" {LONGEST_TURN:,} characters, all together {LONGEST_DIALOGUE:,}): remove it"
        )
