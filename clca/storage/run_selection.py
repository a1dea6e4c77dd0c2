"""Which of several runs of a culture is taken: one that covers as much as any other of its kind.

Runs are of one kind if they differ only in how many scenarios, norms and samples they cover. Between kinds (another
teacher, other prompts) nothing is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from clca.errors import SettingsError
from clca.storage.fingerprint import differences
from clca.storage.run_index import RunInfo
from clca.storage.selection import Selection, listed

START = ("scenarios", "norms", "samples")
COVERAGE = (*START, "kept")
CONTENT = "content:"
MOST_DIFFERENCES = 3
UNFINISHED = "not finished"


def kind_differences(first: RunInfo, second: RunInfo) -> list[str]:
    """A line for each input, coverage apart, in which two runs differ.

    A content file that only one of them read says nothing: how many are read depends on the scenarios.
    """
    only_one = {key for key in first.inputs.keys() ^ second.inputs.keys() if key.startswith(CONTENT)}
    left_out = {*COVERAGE, *only_one} if first.inputs and second.inputs else set[str]()
    inputs = ({key: value for key, value in run.inputs.items() if key not in left_out} for run in (first, second))
    return differences(*inputs)


def covers(first: RunInfo, second: RunInfo) -> bool:
    """Whether a run has every scenario and sample that another run of its kind has."""
    if not first.inputs:
        return _dialogues(first) >= _dialogues(second)
    theirs, ours = first.inputs.get("scenarios"), second.inputs.get("scenarios")
    if theirs != ours and (isinstance(theirs, str) or isinstance(ours, str)):  # files of the user
        return False
    if "kept" in first.inputs or "kept" in second.inputs:  # what begins them decides what follows
        begin_alike = all(first.inputs.get(key) == second.inputs.get(key) for key in START)
        most, fewest = first.inputs.get("kept", 0), second.inputs.get("kept", math.inf)
        are_numbers = isinstance(most, int | float) and isinstance(fewest, int | float)
        return begin_alike and are_numbers and most >= fewest
    return all(_number(first, key) >= _number(second, key) for key in START)


def select_run(culture: str, runs: Sequence[RunInfo]) -> Selection:
    """The finished run of a culture to take, by its folder; `runs` are all that there are, oldest first.

    Of runs with the same inputs the newest is taken. Raises `SettingsError` where runs differ in more than coverage,
    where none covers all that the others do, and where one that covers more is not finished.
    """
    finished = [run for run in runs if run.is_finished]
    most = [run for run in finished if all(covers(run, other) for other in finished)]
    taken = (most or finished)[-1]
    differing = {str(run.folder): _shortened(kind_differences(taken, run)) for run in finished}
    differing = {name: why for name, why in differing.items() if why}
    if differing:
        raise SettingsError(
            f"{culture} has runs that differ in more than their number of dialogues: {taken.folder}, and"
            f" {listed(differing)}; say which with --run, which can be repeated, or with --teacher"
        )
    if not most:
        raise SettingsError(
            f"{culture} has runs of which none covers the scenarios and samples of all others:"
            f" {listed({str(run.folder): _coverage(run) for run in finished})}; say which with --run, which can be"
            " repeated"
        )
    larger = next((run for run in runs if not run.is_finished and _is_larger(run, taken)), None)
    if larger is not None:
        raise SettingsError(
            f"{larger.folder} covers more of {culture} ({_apart(taken, larger)}) than {taken.folder}, and is not"
            f" finished: repeat its `clca generate`, or take the smaller one with --run {taken.folder}"
        )
    if len(most) > 1:
        reason = f"the newest of {len(most)} runs with the same inputs"
    else:
        reason = "which covers the most" if len(finished) > 1 else "the only finished run"
    return Selection(target=culture, taken=(str(taken.folder),), reason=reason, others=others_of(taken, runs))


def newest_run(target: str, runs: Sequence[RunInfo]) -> tuple[RunInfo, Selection]:
    """The last of the runs, which are oldest first, and what else there was: to look at, not to learn from."""
    newest = runs[-1]
    reason = f"the newest of {len(runs)} runs" if len(runs) > 1 else "the only run"
    taken = (str(newest.folder),)
    return newest, Selection(target=target, taken=taken, reason=reason, others=others_of(newest, runs))


def others_of(taken: RunInfo, runs: Sequence[RunInfo]) -> dict[str, str]:
    """The other runs, by folder, each with what sets it apart from the one taken."""
    return {str(run.folder): _apart(taken, run) for run in runs if run.folder.resolve() != taken.folder.resolve()}


def _is_larger(run: RunInfo, taken: RunInfo) -> bool:
    """Whether a run covers all that another of its kind covers, and more."""
    return not kind_differences(taken, run) and covers(run, taken) and not covers(taken, run)


def _apart(taken: RunInfo, other: RunInfo) -> str:
    lines = differences(_covered(taken), _covered(other)) + kind_differences(taken, other)
    state = [] if other.is_finished else [UNFINISHED]
    return "; ".join(filter(None, [_shortened(lines), *state])) or "the same inputs"


def _shortened(lines: Sequence[str]) -> str:
    left = len(lines) - MOST_DIFFERENCES
    more = [f"{left} more difference{'s' * (left > 1)}"] if left > 0 else []
    return "; ".join([*lines[:MOST_DIFFERENCES], *more])


def _coverage(run: RunInfo) -> str:
    return ", ".join(f"{key} {value}" for key, value in _covered(run).items())


def _covered(run: RunInfo) -> dict[str, Any]:
    """What a run covers, in words."""
    if not run.inputs:
        return {"dialogues": _dialogues(run)}
    covered = {key: "all" if run.inputs.get(key) is None else run.inputs[key] for key in START}
    return covered | ({"kept": run.inputs["kept"]} if "kept" in run.inputs else {})


def _number(run: RunInfo, key: str) -> float:
    """How many scenarios, norms or samples; infinity for all, or for those of a file."""
    value = run.inputs.get(key)
    return value if isinstance(value, int) else math.inf


def _dialogues(run: RunInfo) -> int:
    """The dialogues that were asked for, of a run that does not record its inputs."""
    counts = run.data.get("counts", {})
    return int(counts.get("requested", counts.get("kept", 0)))
