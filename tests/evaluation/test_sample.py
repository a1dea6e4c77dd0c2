from __future__ import annotations

from pathlib import Path

import pytest

from clca.errors import SettingsError
from clca.evaluation.codebook import load_codebook
from clca.evaluation.columns import Columns
from clca.evaluation.microdata import import_survey
from clca.evaluation.respondents import open_respondents
from clca.evaluation.sample import Sample, Sources, take
from clca.evaluation.suite import load_suite
from clca.workspace import Content
from tests.evaluation.survey_files import ITEMS, official, people


def weighed(content: Content, folder: Path, columns: list[str], weights: list[str]) -> Sample:
    """Japan as the survey weighs it, out of a file with these columns."""
    rows = people({"JPN": len(weights)})
    for row, weight in zip(rows, weights, strict=True):
        row["W_WEIGHT"] = weight
    folder.mkdir()
    (folder / "a.csv").write_bytes(official(rows, [*columns, "D_INTERVIEW", "B_COUNTRY", *ITEMS]))
    import_survey([folder / "a.csv"], load_codebook(content), folder)
    suite = load_suite(content)
    sources = Sources(open_respondents(folder), suite.shares, suite.demographics, {})
    return take(sources, "japan", ("japan",), Columns(suite.items.items), n=3, seed=1, weighted=True)


def test_weights_that_nobody_has_are_refused(content: Content, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"has no weights of japan: import files with a column W_WEIGHT"):
        weighed(content, tmp_path / "none", [], ["1", "1", "1"])
    with pytest.raises(SettingsError, match=r"has no weights of japan"):
        weighed(content, tmp_path / "empty", ["W_WEIGHT"], ["", "", ""])


def test_weights_that_only_some_have_are_told(content: Content, tmp_path: Path) -> None:
    notes = weighed(content, tmp_path / "some", ["W_WEIGHT"], ["2", "", "0.5"]).notes
    assert any("has a weight of 2 of 3 respondents of japan: the others count 1" in note for note in notes)
    notes = weighed(content, tmp_path / "all", ["W_WEIGHT"], ["2", "1", "0.5"]).notes
    assert not any("the others count" in note for note in notes)
