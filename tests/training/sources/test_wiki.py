from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.errors import ClcaError
from clca.training.examples import Dropped, Text
from clca.training.sources.wiki import OTHERS, pieces, wiki
from clca.training.training_sources import CultureRef
from tests.training.material import JAPAN, made, material

UK = CultureRef("uk", "United Kingdom")
PAGES = """\
{"title": "Tea", "text": "Tea is drunk.\\n\\nOften.", "culture": "japan", "url": "ignored"}
{"title": "Fog", "text": "Fog is seen.", "culture": "uk"}
"""


def test_a_page_is_laid_out_as_in_s2n(tmp_path: Path) -> None:
    (tmp_path / "Culture of Japan.txt").write_text("Tea is drunk.\nOften.\n\nAlone, too.\n")
    (one,) = made(wiki(material(files={"wiki": str(tmp_path)})))
    assert (one.id, one.task, one.group) == ("Culture of Japan:1", "context", "Culture of Japan")
    assert one.body == Text(
        "### Task: Cultural Context\n### Culture: Japan\n### Description:", " Tea is drunk. Often. Alone, too."
    )


def test_pages_go_to_the_culture_that_their_line_names(tmp_path: Path) -> None:
    file = tmp_path / "pages.jsonl"
    file.write_text(PAGES)
    both = made(wiki(material(cultures=(JAPAN, UK), files={"wiki": str(file)})))
    assert [(one.group, "Culture: Japan" in str(one.body)) for one in both] == [("Tea", True), ("Fog", False)]
    assert list(wiki(material(files={"wiki": str(file)})))[1] == Dropped(OTHERS, "Fog")


def test_or_to_the_culture_that_their_file_names(tmp_path: Path) -> None:
    for culture in ("japan", "uk"):
        (tmp_path / f"{culture}.txt").write_text(f"About {culture}.")
    files = {"wiki": str(tmp_path / "{culture}.txt")}
    bodies = [str(one.body) for one in made(wiki(material(cultures=(JAPAN, UK), files=files)))]
    assert ["Culture: Japan" in body and "About japan." in body for body in bodies] == [True, False]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("page.txt", "x", r"page\.txt: .*page\.txt names no culture"),
        ("page.jsonl", '{"title": "a", "text": "b"}', r"page\.jsonl:1 names no culture"),
        ("page.jsonl", '{"title": "a"}', r"^.*page\.jsonl:1: text: missing key$"),
        ("page.md", "x", r"page\.md: expected a \.txt or \.jsonl file, or a folder of them$"),
    ],
)
def test_what_cannot_be_told_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ClcaError, match=message):
        list(wiki(material(cultures=(JAPAN, UK), files={"wiki": str(tmp_path / name)})))


def test_an_empty_folder_and_what_is_not_utf_8_are_named(tmp_path: Path) -> None:
    with pytest.raises(ClcaError, match=r"holds no \.txt or \.jsonl file$"):
        list(wiki(material(files={"wiki": str(tmp_path)})))
    (tmp_path / "a.txt").write_bytes(b"one\ntwo \xff")
    with pytest.raises(ClcaError, match=r"a\.txt:2: not UTF-8: save it as UTF-8$"):
        list(wiki(material(files={"wiki": str(tmp_path)})))


def test_paragraphs_stay_whole_where_they_can() -> None:
    assert list(pieces("a b\n\nc d e\n \nf", 4)) == ["a b", "c d e f"]
    assert list(pieces("a b\n\nc d e f g h i", 3)) == ["a b", "c d e", "f g h", "i"]
    assert list(pieces(" \n\n ", 3)) == []


@given(st.text(st.sampled_from("ab \n")), st.integers(1, 5))
def test_no_word_is_lost_and_no_piece_too_long(text: str, words: int) -> None:
    found = list(pieces(text, words))
    assert " ".join(found).split() == text.split()
    assert all(0 < len(piece.split()) <= words for piece in found)
