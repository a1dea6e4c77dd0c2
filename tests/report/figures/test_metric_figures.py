from __future__ import annotations

from pathlib import Path

import pytest

from clca.report.figures.figure import Figure
from clca.report.figures.metric_figures import metric_data, metric_figures, published_metric_figures
from clca.report.figures.metric_points import MetricFigure
from clca.report.figures.sources import Sources, read_sources
from tests.report.figures.evaluation_folders import CONTENT, at_random, like_people, survey

ITEMS = ("Q1", "Q29", "Q45")
METHODS = {"persona": at_random, "clca": like_people}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    folder = tmp_path_factory.mktemp("evaluations")
    taught = {"uk": "recipe clca", "japan": "recipe clca"}
    for seed in (1, 2):
        survey(folder / f"run-{seed}", {"uk": METHODS, "japan": METHODS}, items=ITEMS, taught=taught, seed=seed)
    return read_sources([folder / "run-1", folder / "run-2"])


def data(sources: Sources, metric: str = "kl_paper") -> MetricFigure:
    return metric_data(sources, sources.surveys, metric, sources.culture_names())  # type: ignore[arg-type]


def rows(figure: Figure, **wanted: str) -> list[dict[str, object]]:
    table = [dict(zip(figure.table.columns, row, strict=True)) for row in figure.table.rows]
    return [row for row in table if all(row[key] == value for key, value in wanted.items())]


def test_each_run_of_a_system_has_a_mark_with_its_interval(sources: Sources) -> None:
    (figure,) = metric_figures(sources, ["kl_paper"])
    marks = rows(figure, system="adapted (recipe clca)", culture="japan", kind="ours")
    assert [(mark["run"], mark["seed"]) for mark in marks] == [("wvs/run-1", "1"), ("wvs/run-2", "2")]
    for mark, source in zip(marks, sources.surveys, strict=True):
        result = next(entry for entry in source.scores.results if (entry.culture, entry.method) == ("japan", "clca"))
        estimate = result.overall.kl_paper
        assert estimate is not None
        assert (mark["value"], mark["low"], mark["high"]) == (estimate.value, estimate.low, estimate.high)


def test_references_and_published_scores_stand_on_the_same_axis(sources: Sources) -> None:
    (figure,) = metric_figures(sources, ["kl_paper"])
    references = {str(row["system"]) for row in rows(figure, kind="reference", culture="uk")}
    assert references == {"uniform answers", "everyone the majority option", "people, split half"}
    (published,) = rows(figure, kind="published", culture="uk", system="before: persona, published")
    assert published["value"] == 0.6268  # the slides, Llama3.1 8B
    assert "the runs differ from it in: " in figure.caption
    assert "items 3, published 44" in figure.caption


def test_no_figure_mixes_two_metrics(sources: Sources) -> None:
    figures = list(metric_figures(sources))
    assert [figure.id for figure in figures] == [
        *("survey-kl-paper", "survey-kl", "survey-jsd", "survey-wasserstein-1", "survey-invalid")
    ]
    for figure in figures:
        assert len({row["metric"] for row in rows(figure)}) == 1
        assert {row["kind"] for row in rows(figure)} >= {"ours", "reference"}
    assert "published" not in {row["kind"] for figure in figures[1:] for row in rows(figure)}


def test_the_caption_names_model_data_metric_seeds_and_runs(sources: Sources) -> None:
    (figure,) = metric_figures(sources, ["jsd"])
    assert (
        "Model: llama-3.1-8b. Data: World Values Survey wave 7, 40 respondents of a culture, 3 items." in figure.caption
    )
    assert "Seed: 1, 2. Runs: wvs/run-1, wvs/run-2." in figure.caption
    assert figure.alt.startswith("Jensen-Shannon distance (lower is better; proper) for United Kingdom, Japan.")
    assert figure.sources == tuple(source.folder for source in sources.surveys)


def test_runs_in_other_languages_are_systems_of_their_own(tmp_path: Path) -> None:
    inputs = {"languages": {"japan": "ja"}, "items": ["Q1"], "countries": {"japan": ["japan"]}}
    english = survey(tmp_path / "en", {"japan": {"persona": at_random}}, items=["Q1"])
    native = survey(tmp_path / "ja", {"japan": {"persona": at_random}}, items=["Q1"], inputs=inputs)
    (panel,) = data(read_sources([english, native])).panels
    names = [series.system for series in panel.series if series.of == "ours"]
    assert names == ["before: persona, English, 4 bits", "before: persona, own language, None bits"]


def test_many_runs_are_drawn_as_one_line(tmp_path: Path) -> None:
    folders = [
        survey(tmp_path / f"{seed}", {"uk": {"persona": at_random}}, items=["Q1"], seed=seed, resamples=2)
        for seed in range(7)
    ]
    few, many = (data(read_sources(folders[:count])) for count in (5, 7))
    assert few.size[1] > many.size[1]
    assert len(many.table.rows) == 7 + 3 + 1  # runs, references, the published score


def test_the_published_table_is_a_figure_of_its_own() -> None:
    (figure,) = published_metric_figures(CONTENT)
    assert len(rows(figure, kind="published")) == 7 * 3 * 5
    assert (figure.sources, figure.rehearsal) == ((), False)
