from __future__ import annotations

import pytest

from clca.errors import ContentError
from clca.study.cells import Cell, expand
from clca.study.study_file import read_study_file

TWO_CULTURES = """\
title: Two cultures
matrix:
  culture: [uk, japan]
  student: [tiny, ./models/Other]
  seed: [42, 43]
stages:
  dialogues: {run: generate, over: [culture], with: {culture: "{culture}", samples: 2}}
  adapters:
    {run: train, over: [student, culture, seed],
     with: {run: "{dialogues}", student: "{student}", settings: ["training.seed={seed}"]}}
  survey:
    {run: eval-wvs, over: [student, seed],
     with: {culture: "{culture}", adapter: "{adapters}", seed: "{seed}"}}
"""


def cells(text: str) -> dict[str, Cell]:
    return {cell.id: cell for cell in expand(read_study_file("a.yaml", text), "a.yaml")}


def test_a_stage_has_a_cell_for_each_combination_of_the_axes_that_it_is_over() -> None:
    found = cells(TWO_CULTURES)
    by_stage = [cell.stage for cell in found.values()]
    assert {name: by_stage.count(name) for name in by_stage} == {"dialogues": 2, "adapters": 8, "survey": 4}
    assert found["adapters.tiny.uk.42"].axes == {"student": "tiny", "culture": "uk", "seed": 42}
    assert "survey.models-other.43" in found


def test_a_reference_to_a_stage_needs_its_cells_that_agree_on_shared_axes() -> None:
    found = cells(TWO_CULTURES)
    assert found["adapters.tiny.uk.43"].needs == ("dialogues.uk",)
    assert found["survey.tiny.43"].needs == ("adapters.tiny.uk.43", "adapters.tiny.japan.43")


def test_references_are_replaced_by_values_lists_and_folders() -> None:
    found = cells(TWO_CULTURES)
    folders = {id: (f"out/{id}",) for id in found}
    assert found["adapters.tiny.uk.42"].settings(folders) == {
        "run": "out/dialogues.uk",
        "student": "tiny",
        "settings": ("training.seed=42",),
    }
    assert found["survey.tiny.42"].settings(folders) == {
        "culture": ("uk", "japan"),
        "adapter": ("out/adapters.tiny.uk.42", "out/adapters.tiny.japan.42"),
        "seed": 42,
    }


def test_what_stands_in_two_braces_is_no_reference() -> None:
    text = TWO_CULTURES.replace('"training.seed={seed}"', '"data.files.wiki={{culture}}-{seed}.jsonl"')
    assert cells(text)["adapters.tiny.uk.42"].settings({})["settings"] == ("data.files.wiki={culture}-42.jsonl",)


def test_excluded_combinations_make_no_cell_and_included_ones_make_more() -> None:
    found = cells(
        TWO_CULTURES.replace(
            "  seed: [42, 43]",
            "  seed: [42, 43]\n  exclude: [{student: tiny, seed: 43}]\n  include: [{student: third, seed: 7}]",
        )
    )
    assert "survey.tiny.43" not in found
    assert "survey.models-other.43" in found
    assert found["survey.third.7"].needs == ("adapters.third.uk.7", "adapters.third.japan.7")


def test_only_restricts_a_stage_to_some_values_and_who_needs_it_elsewhere_is_told() -> None:
    restricted = TWO_CULTURES.replace("run: train,", "run: train, only: {culture: uk},")
    assert cells(restricted)["survey.tiny.42"].needs == ("adapters.tiny.uk.42",)
    nothing = TWO_CULTURES.replace("run: train,", "run: train, only: {seed: 42},")
    with pytest.raises(ContentError, match=r"a\.yaml: stages\.survey: \{adapters\} has no cell for survey\.tiny\.43"):
        cells(nothing)


def test_values_that_look_alike_as_file_names_have_ids_of_their_own() -> None:
    ids = list(cells(TWO_CULTURES.replace("./models/Other", "tiny/")))
    assert len(set(ids)) == len(ids) == 14
    assert all(part.isascii() and "/" not in part for part in ids)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("{dialogues}", "{survey}", r"a\.yaml:10: stages\.adapters\.with\.run: \{survey\} comes later"),
        ("{dialogues}", "{adapters}", r"a\.yaml:10: .*\{adapters\} is this stage: it cannot need itself"),
        ("{dialogues}", "{dialoges}", r"a\.yaml:10: .*no axis and no stage; did you mean dialogues\?"),
        ("samples", "sample", r"a\.yaml:7: .*no such setting of generate; did you mean samples\?"),
        ("samples: 2", "new: true", r"a\.yaml:7: .*with\.new: a study finds out by itself"),
        ("run: train", "run: trian", r"a\.yaml:9: .*did you mean train"),
        ("over: [culture]", "over: [cultur]", r"a\.yaml:7: .*no axis cultur; did you mean culture\?"),
        ("seed={seed}", "seed={culture}-{adapters}", r"\{adapters\} is this stage"),
        ('seed: "{seed}"', 'seed: "{seed}", language: "x{culture}"', r"\{culture\} stands for 2 values"),
        ("[42, 43]", "[42, 42]", r"a\.yaml:5: matrix\.seed: a value stands there twice"),
        ("[42, 43]", "[]", r"a\.yaml:5: matrix\.seed: .*at least 1 item"),
        ("title: Two cultures", "titel: x", r"a\.yaml:1: titel: unknown key; did you mean title\?"),
        ("[42, 43]", f"[{', '.join(map(str, range(900)))}]\n  x: [1, 2, 3]", r"10,800 combinations of values, at most"),
    ],
)
def test_a_fault_is_one_line_with_file_line_and_key(old: str, new: str, fault: str) -> None:
    with pytest.raises(ContentError, match=fault):
        cells(TWO_CULTURES.replace(old, new))
