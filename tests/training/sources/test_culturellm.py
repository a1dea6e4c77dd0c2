from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from clca.content.lookup import Content
from clca.errors import ClcaError
from clca.training.examples import Dropped, Text
from clca.training.sources.culturellm import OUTSIDE, PARAPHRASE, UNKNOWN, culturellm
from clca.training.sources.wvs import EVALUATED
from clca.training.survey_overlap import survey_overlap
from clca.training.training_sources import CultureRef
from tests.training.culturellm.files import GLAD, PROUD, THEFT
from tests.training.culturellm.files import culturellm as folder_of_culturellm
from tests.training.culturellm.test_importer import imported
from tests.training.material import made, material

GREECE = CultureRef("greece", "Greece")


def found(tmp_path: Path, **survey: Any) -> list[Any]:
    imported(folder_of_culturellm(tmp_path / "CultureLLM"), tmp_path / "out")
    files = {"culturellm": str(tmp_path / "out" / "{culture}.jsonl")}
    return list(culturellm(material(cultures=(GREECE,), mix="culturellm", files=files, survey=survey)))


def dropped(examples: list[Any]) -> Counter[str]:
    return Counter(one.reason for one in examples if isinstance(one, Dropped))


def test_what_the_evaluation_asks_or_may_ask_is_left_out_by_default(tmp_path: Path) -> None:
    examples = found(tmp_path)
    (one,) = made(examples)
    assert (one.task, one.group, one.item) == ("survey", "Q132", "Q132")
    assert one.body == Text(f"### Task: Survey Question-Answer\n### Question: {THEFT}\n### Answer:", " 1")
    assert dropped(examples) == {EVALUATED: 3, UNKNOWN: 1, OUTSIDE: 1}


def test_all_takes_everything_but_impossible_answers(tmp_path: Path) -> None:
    examples = found(tmp_path, items="all")
    assert [one.group for one in made(examples)][:3] == ["Q27", "Q27", "Q132"]
    assert [one.body.prompt.split("Question: ")[1].split("\n")[0] for one in made(examples)][:2] == [PROUD, GLAD]
    assert dropped(examples) == {OUTSIDE: 1}
    assert [one.item for one in made(examples)] == ["Q27", "Q27", "Q132", "", "Q27"]


def test_paraphrases_can_be_left_out(tmp_path: Path) -> None:
    examples = found(tmp_path, items="all", paraphrases=False)
    assert [one.group for one in made(examples)] == ["Q27", "Q132", "Q27"]
    assert dropped(examples) == {PARAPHRASE: 2, OUTSIDE: 1}


def test_without_an_import_the_command_is_named() -> None:
    with pytest.raises(ClcaError, match=r"needs data\.files\.culturellm.*`clca data import-culturellm` writes"):
        list(culturellm(material(cultures=(GREECE,), mix="culturellm")))
    absent = material(cultures=(GREECE,), mix="culturellm", files={"culturellm": "absent/{culture}.jsonl"})
    with pytest.raises(ClcaError, match=r"absent/greece\.jsonl: no such file or folder; `clca data import-culturellm`"):
        list(culturellm(absent))


@pytest.mark.parametrize(
    ("items", "line"),
    [
        ({"Q132": 20}, "Trained on 1 survey item, none of which eval-wvs asks."),
        (
            {"Q132": 20, "Q27": 10, "Q28": 5},
            "Trained on 3 survey items; eval-wvs has 2 of them among its 44 (Q27, Q28; 15 rows) and leaves them out.",
        ),
    ],
)
def test_what_is_trained_on_and_asked_is_counted(items: dict[str, int], line: str) -> None:
    overlap = survey_overlap(Content(), items)
    assert overlap is not None
    assert overlap.line == line


def test_without_survey_rows_there_is_no_overlap() -> None:
    assert survey_overlap(Content(), {}) is None
