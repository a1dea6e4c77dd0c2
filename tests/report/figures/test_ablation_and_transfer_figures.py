from __future__ import annotations

from pathlib import Path

from clca.report.figures.ablation_figures import ablation_figures, published_ablation_figures
from clca.report.figures.figure import Figure
from clca.report.figures.sources import read_sources
from clca.report.figures.transfer_figures import transfer_figures
from tests.report.figures.evaluation_folders import CONTENT, at_random, like_people, survey


def rows(figure: Figure) -> list[dict[str, object]]:
    return [dict(zip(figure.table.columns, row, strict=True)) for row in figure.table.rows]


def test_adapters_that_learned_other_data_are_bars_beside_each_other(tmp_path: Path) -> None:
    methods = {"persona": at_random, "clca": like_people}
    folders = [
        survey(tmp_path / recipe, {"uk": methods}, items=["Q1"], taught={"uk": f"recipe {recipe}"}, seed=seed)
        for seed, recipe in enumerate(("clca", "intent-only"))
    ]
    (figure,) = ablation_figures(read_sources(folders))
    systems = [(row["system"], row["run"]) for row in rows(figure)]
    assert systems == [
        ("before: persona", "wvs/clca"),
        ("before: persona", "wvs/intent-only"),
        ("adapted (recipe clca)", "wvs/clca"),
        ("adapted (recipe intent-only)", "wvs/intent-only"),
    ]
    assert {row["metric"] for row in rows(figure)} == {"kl_paper"}  # nobody's own answers to hit
    assert list(ablation_figures(read_sources(folders[:1]))) == []


def test_the_printed_ablations_are_bars_of_their_own() -> None:
    (figure,) = published_ablation_figures(CONTENT)
    values = {(row["system"], row["metric"]): row["value"] for row in rows(figure)}
    assert values["CLCA, teacher qwen2.5-32b (published)", "kl_paper"] == 0.5617  # as the slide says
    assert values["CLCA, teacher qwen2.5-32b (published)", "accuracy_paper"] == 0.3487
    assert len(values) == 7 * 2
    assert b">0.562</text>" in figure.svg


def test_a_culture_asked_in_two_languages_is_a_panel(tmp_path: Path) -> None:
    inputs = {"languages": {"japan": "ja"}, "items": ["Q1"]}
    english = survey(tmp_path / "en", {"japan": {"persona": at_random}, "uk": {"persona": at_random}}, items=["Q1"])
    native = survey(tmp_path / "ja", {"japan": {"persona": at_random}}, items=["Q1"], inputs=inputs, seed=42)
    figures = {figure.id: figure for figure in transfer_figures(read_sources([english, native]))}
    assert list(figures) == [f"languages-{metric}-llama-3-1-8b" for metric in ("kl-paper", "jsd", "invalid")]
    figure = figures["languages-kl-paper-llama-3-1-8b"]
    assert [(row["culture"], row["language"]) for row in rows(figure)] == [("japan", "en"), ("japan", "ja")]
    assert b">ja</text>" in figure.svg
    assert list(transfer_figures(read_sources([english]))) == []
