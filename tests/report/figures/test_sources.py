from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clca.report.figures.collection import figures_of, published_figures
from clca.report.figures.sources import read_sources
from tests.report.figures.evaluation_folders import CONTENT, at_random, survey


def changed(name: str, change: Callable[[Any], Any]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        data = json.loads((folder / name).read_text())
        change(data)
        (folder / name).write_text(json.dumps(data))

    return apply


def linked(folder: Path) -> None:
    (folder.parent / "elsewhere.json").write_text((folder / "scores.json").read_text())
    (folder / "scores.json").unlink()
    (folder / "scores.json").symlink_to(folder.parent / "elsewhere.json")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return survey(tmp_path_factory.mktemp("a") / "sound", {"uk": {"persona": at_random}}, items=["Q1"])


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "no scores": (lambda folder: (folder / "scores.json").unlink(), "has no scores.json"),
    "unfinished": (changed("evaluation.json", lambda info: info.update(finished=False)), "is not finished"),
    "another kind": (changed("evaluation.json", lambda info: info.update(kind="mmlu")), "no figure is made of"),
    "a link out": (linked, "it is a link that leads out of"),
    "no object": (lambda folder: (folder / "scores.json").write_text("[]"), "is not a JSON object"),
    "nested": (lambda folder: (folder / "scores.json").write_text("[" * 100_000), "cannot be read"),
    "too many values": (lambda folder: (folder / "scores.json").write_text("[1" + ",1" * 2_000_001 + "]"), "values"),
    "a long name": (changed("evaluation.json", lambda info: info.update(student="x" * 401)), "student: "),
    "a score beyond all": (
        changed("scores.json", lambda scores: scores["results"][0]["overall"]["kl"].update(high=1e300)),
        "a score is out of range",
    ),
    "shares that are none": (
        changed("scores.json", lambda scores: scores["results"][0]["items"][0].update(predicted=[1e9, 0, 0, 0, 0])),
        "uk Q1 has no shares of options",
    ),
    "nan": (
        changed("scores.json", lambda scores: scores["results"][0]["overall"]["kl"].update(value=float("nan"))),
        "a score is out of range",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_folder_that_cannot_be_read_is_told_in_one_line_and_others_are_drawn(
    fault: str, tmp_path: Path, sound: Path
) -> None:
    spoil, message = FAULTS[fault]
    spoiled = tmp_path / "spoiled"
    shutil.copytree(sound, spoiled)
    spoil(spoiled)
    sources = read_sources([spoiled, sound, tmp_path / "missing"])
    assert [source.folder for source in sources.surveys] == [sound]
    told, missing = sources.unread
    assert message in told
    assert "\n" not in told
    assert "is not an evaluation" in missing
    assert figures_of(sources)


def test_rehearsals_have_figures_of_their_own(tmp_path: Path) -> None:
    real = survey(tmp_path / "real", {"uk": {"persona": at_random}}, items=["Q1"])
    rehearsed = survey(tmp_path / "r", {"uk": {"persona": at_random}}, items=["Q1"], rehearsal=True)
    figures = {figure.id: figure for figure in figures_of(read_sources([real, rehearsed]))}
    assert figures["survey-kl"].sources == (real,)
    assert figures["survey-kl-rehearsal"].sources == (rehearsed,)
    assert not figures["survey-kl"].rehearsal
    assert b">REHEARSAL</text>" in figures["survey-kl-rehearsal"].svg
    assert b"REHEARSAL" not in figures["survey-kl"].svg


def test_means_over_other_items_have_figures_of_their_own(tmp_path: Path) -> None:
    both = survey(tmp_path / "both", {"uk": {"persona": at_random}}, items=["Q1", "Q2"])
    single = survey(tmp_path / "single", {"uk": {"persona": at_random}}, items=["Q1"])
    figures = {figure.id: figure for figure in figures_of(read_sources([single, both]))}
    assert figures["survey-jsd"].sources == (both,)
    assert figures["survey-jsd-1-items"].sources == (single,)
    assert figures["items-llama-3-1-8b-uk"].sources == (both,)


def test_ids_differ_and_words_are_there() -> None:
    figures = published_figures(CONTENT)
    assert len({figure.id for figure in figures}) == len(figures) == 4
    assert all(figure.title and figure.alt and figure.caption and figure.table.rows for figure in figures)


def test_hostile_names_are_inert_in_picture_and_table(tmp_path: Path) -> None:
    name = '=cmd()"><script>x</script>\u202e$\\frac$'
    folder = survey(tmp_path / "a", {"uk": {"persona": at_random}}, items=["Q1"], student=name)
    figure = figures_of(read_sources([folder]))[0]
    assert "<script" not in figure.svg.decode()
    assert "\u202e" not in figure.svg.decode() + figure.csv
    assert ",=cmd" not in figure.csv
