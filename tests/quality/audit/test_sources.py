"""Which kept dialogues flaws are planted in."""

from __future__ import annotations

from pathlib import Path

import pytest

from clca.errors import NotFoundError
from clca.quality.audit.sources import draw_sources
from clca.storage.provenance import now
from clca.storage.reviews import Review, ReviewFile
from clca.storage.run_index import RunInfo, read_run
from tests.quality.runs import talk, write_run


@pytest.fixture
def run(tmp_path: Path) -> RunInfo:
    talks = [talk(number, scene=f"scene-{number // 2}") for number in range(6)]
    return read_run(write_run(tmp_path / "japan" / "one", talks))


def reject(run: RunInfo, *dialogues: str) -> None:
    file = ReviewFile(run.folder)
    for dialogue in dialogues:
        file.add(Review(id=dialogue, reviewer="ana", time=now(), verdict="rejected"))
    file.close()


def test_of_each_scenario_one_dialogue_is_drawn_the_same_whatever_their_number(run: RunInfo) -> None:
    sources, rejected = draw_sources([run], 10, 42)
    assert sorted(source.dialogue.scenario.id for source in sources) == ["scene-0", "scene-1", "scene-2"]
    assert all(source.name == f"japan/one/{source.dialogue.id}" for source in sources)
    assert rejected == 0
    assert draw_sources([run], 2, 42)[0] == sources[:2]


def test_what_a_reviewer_rejected_is_not_drawn_and_counted(run: RunInfo) -> None:
    (first, *_), _ = draw_sources([run], 10, 42)
    reject(run, first.dialogue.id)
    sources, rejected = draw_sources([run], 10, 42)
    assert rejected == 1
    assert first.dialogue.id not in [source.dialogue.id for source in sources]
    reject(run, *(f"talk-{number}" for number in range(4)))
    with pytest.raises(NotFoundError, match="kept dialogues of 1 scenarios; an audit needs 2"):
        draw_sources([run], 10, 42)
