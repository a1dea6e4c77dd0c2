"""Which texts are drawn: of each culture as many, by the seed, without the words that name the culture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clca.analysis.draw import Draw, draw
from clca.analysis.texts import NOT_EVERYWHERE, SourceText, source_texts
from clca.errors import ClcaError
from clca.training.kept_dialogues import REJECTED
from clca.training.sources.wvs import NOT_ASKED
from clca.training.training_sources import CultureRef, TrainingSources
from tests.quality.runs import talk, write_run
from tests.training.material import material
from tests.training.sources.test_normad import ROW, table

JAPAN, UK, GREECE = CultureRef("japan", "Japan"), CultureRef("uk", "United Kingdom"), CultureRef("greece", "Greece")
BOTH = (JAPAN, UK)


def survey(*cultures: CultureRef) -> TrainingSources:
    return material(cultures=cultures, survey={"items": "all"})


def pages(file: Path, **counts: int) -> TrainingSources:
    """Pages of a paragraph each, so many of each culture."""
    lines = [
        {"title": f"{culture} {number}", "text": f"Tea number {number} of {culture}.", "culture": culture}
        for culture, count in counts.items()
        for number in range(count)
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return material(cultures=BOTH, files={"wiki": str(file)})


def ids(drawn: Draw, culture: str) -> list[str]:
    return [entry.id for entry in drawn.texts if entry.culture == culture]


def test_of_each_culture_as_many_are_drawn(tmp_path: Path) -> None:
    sources = pages(tmp_path / "pages.jsonl", japan=30, uk=12)
    drawn = draw("wiki", sources, 20, seed=1)
    assert (drawn.taken, drawn.read) == (12, {"japan": 30, "uk": 12})
    assert [len(ids(drawn, culture)) for culture in drawn.cultures] == [12, 12]
    assert drawn.labels == [0] * 12 + [1] * 12
    assert draw("wiki", sources, 5, seed=1).taken == 5


def test_the_draw_follows_the_seed_and_not_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "pages.jsonl"
    sources = pages(file, japan=30, uk=30)
    first = draw("wiki", sources, 10, seed=1)
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(reversed(lines)))
    assert draw("wiki", sources, 10, seed=1) == first
    assert ids(draw("wiki", sources, 10, seed=2), "uk") != ids(first, "uk")


def test_a_culture_without_texts_is_left_out_and_a_single_one_refused(tmp_path: Path) -> None:
    greek = CultureRef("greece", "Greece")
    sources = pages(tmp_path / "pages.jsonl", japan=9, uk=9)
    three = TrainingSources((*BOTH, greek), (), sources.content, sources.data, 1)
    drawn = draw("wiki", three, 20, seed=1)
    assert (drawn.cultures, drawn.absent) == (("japan", "uk"), ("greece",))
    with pytest.raises(
        ClcaError, match=r"^wiki: a map needs 2 texts or more of two cultures; there are: japan 9, uk 0$"
    ):
        draw("wiki", pages(tmp_path / "pages.jsonl", japan=9), 20, seed=1)
    with pytest.raises(ClcaError, match="a map needs 8 different texts or more; 6 were drawn"):
        draw("wiki", pages(tmp_path / "pages.jsonl", japan=3, uk=3), 20, seed=1)


def test_texts_that_are_word_for_word_alike_share_a_place() -> None:
    drawn = draw("wvs", survey(*BOTH), 60, seed=1)
    assert len(drawn.distinct) < len(drawn.texts) == 120
    assert [drawn.distinct[place] for place in drawn.places] == [entry.text for entry in drawn.texts]


def test_only_survey_items_that_every_culture_was_asked_are_mapped() -> None:
    drawn = draw("wvs", survey(UK, GREECE), 5000, seed=1)
    assert drawn.read["uk"] == drawn.read["greece"]
    assert drawn.dropped[NOT_ASKED] > 0
    assert drawn.dropped[NOT_EVERYWHERE] == 20 * drawn.dropped[NOT_ASKED]
    assert "every culture" in NOT_EVERYWHERE


def first(source: Any, sources: TrainingSources) -> SourceText:
    return next(entry for entry in source_texts(source, sources) if isinstance(entry, SourceText))


def test_a_page_s_paragraph_is_mapped_without_the_layout_that_names_its_culture(tmp_path: Path) -> None:
    assert first("wiki", pages(tmp_path / "p.jsonl", japan=1, uk=1)).text == "Tea number 0 of japan."


def test_a_story_is_mapped_without_the_lines_that_name_its_culture_and_country(tmp_path: Path) -> None:
    file = table(tmp_path / "normad.csv", ROW | {"Country": "japan"}, ROW | {"ID": "18", "Country": "united_kingdom"})
    sources = material(cultures=BOTH, files={"normad": str(file)})
    entries = list(source_texts("normad", sources))
    assert [entry.culture for entry in entries if isinstance(entry, SourceText)] == ["japan", "uk"]
    text = first("normad", sources).text
    assert text.splitlines()[0] == "### Background: Eating Wait for the host. Use **both** hands."
    assert text.splitlines()[-1] == "### Explanation: She did not wait."
    assert "Japan" not in text


def test_what_is_said_in_a_dialogue_is_mapped_without_the_speakers_names(tmp_path: Path) -> None:
    japan = write_run(tmp_path / "japan" / "one", [talk(n) for n in range(3)])
    (japan / "reviews.jsonl").write_text(
        '{"id":"talk-1","reviewer":"ana","time":"2026-01-01T00:00:00.000+00:00","verdict":"rejected","comment":""}\n'
    )
    uk = write_run(tmp_path / "uk" / "two", [talk(n, ["No."], culture="uk") for n in range(3)], "uk")
    sources = material(japan / "dialogues.jsonl", uk / "dialogues.jsonl", cultures=BOTH)
    entry = first("dialogues", sources)
    assert (entry.id, entry.culture) == ("one/talk-0", "japan")
    assert entry.text == "I would like to speak with you about the garden fence today.\nYes."
    assert [entry.reason for entry in source_texts("dialogues", sources) if not isinstance(entry, SourceText)] == [
        REJECTED
    ]


def test_a_file_that_names_no_culture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_text("Tea is drunk.")
    sources = material(cultures=BOTH, files={"wiki": str(tmp_path / "page.txt")})
    with pytest.raises(ClcaError, match=r"^--wiki .*page\.txt: .* names no culture"):
        list(source_texts("wiki", sources))
    (tmp_path / "line.jsonl").write_text('{"item": "Q1", "question": "Is it good?", "answer": 1}\n')
    files = {"culturellm": str(tmp_path / "line.jsonl")}
    with pytest.raises(ClcaError, match=r"^--culturellm: .*line\.jsonl:1 names no culture: use \{culture\} in"):
        list(source_texts("culturellm", material(cultures=BOTH, files=files, survey={"items": "all"})))
