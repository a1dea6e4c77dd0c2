"""Attacks by what is imported: mappings whose patterns and encodings take hours, links, and ids of a megabyte."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import yaml

from clca.content.lookup import Content
from clca.errors import ContentError, StoreError
from clca.evaluation.normad import Story
from clca.evaluation.offense.imports.importer import import_tests
from clca.evaluation.offense.imports.mapping import ImportMapping, load_mapping
from clca.evaluation.offense.suite import load_offense_suite
from clca.evaluation.offense.test_sets import TextLine
from clca.evaluation.wvs.microdata.codebook import load_codebook
from clca.evaluation.wvs.microdata.importer import import_survey
from clca.storage.jsonl import LineFile
from clca.storage.reply_cache import ReplyCache
from clca.storage.run_dir import RunDir
from tests.evaluation.wvs.survey_files import official, people

ENTRY = {"path": "posts.csv", "culture": "japan", "task": "posts", "text": "text", "label": "label"}


def mapping(folder: Path, within: str | None = None, **entry: Any) -> ImportMapping:
    suite = load_offense_suite(Content())
    file = folder / "mapping.yaml"
    document = {
        "files": [{**ENTRY, "type": next(iter(suite.types)), **entry}],
        **({"within": within} if within else {}),
    }
    file.write_text(yaml.safe_dump(document))
    return load_mapping(Content(), file, suite, ["japan"])


@pytest.mark.parametrize("pattern", ["**/**/posts.csv", "/".join(["**", "a*"] * 9) + "/posts.csv"])
def test_a_pattern_looks_through_the_folders_once(tmp_path: Path, pattern: str) -> None:
    """Each `**` looks through all folders that the one before it finds."""
    assert mapping(tmp_path, path="**/posts.csv").files[0].path == "**/posts.csv"
    with pytest.raises(ContentError, match=r"has more than one \*\*"):
        mapping(tmp_path, path=pattern)
    with pytest.raises(ContentError, match=r"has more than one \*\*"):
        mapping(tmp_path, within=pattern)


@pytest.mark.parametrize("encoding", ["punycode", "idna", "undefined", "unicode_escape", "raw_unicode_escape", "IDNA"])
def test_an_encoding_is_one_of_files(tmp_path: Path, encoding: str) -> None:
    """Those of host names take the square of a text's length."""
    assert mapping(tmp_path, encoding="cp1254").files[0].encoding == "cp1254"
    began = time.monotonic()
    with pytest.raises(ContentError, match="is not a text encoding"):
        mapping(tmp_path, encoding=encoding)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("path", ["posts.csv", "deep/posts.csv", "**/posts.csv"])
def test_a_link_out_of_the_imported_folder_is_not_followed(tmp_path: Path, path: str) -> None:
    home, theirs = tmp_path / "home", tmp_path / "theirs"
    home.mkdir()
    theirs.mkdir()
    (home / "posts.csv").write_text("text,label\nmy diary,1\n")
    link = theirs / path.removeprefix("**/")
    if link.parent == theirs:
        link.symlink_to(home / "posts.csv")
    else:
        link.parent.symlink_to(home)
    with pytest.raises(ContentError, match="is a link that leads out of"):
        import_tests(theirs, mapping(tmp_path, path=path), load_offense_suite(Content()), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_link_within_the_imported_folder_is_followed(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "v2.csv").write_text("text,label\nsoup,1\n")
    (theirs / "posts.csv").symlink_to("v2.csv")
    audit = import_tests(theirs, mapping(tmp_path), load_offense_suite(Content()), tmp_path / "out")
    assert audit.sets[0].rows == 1


def test_a_number_of_a_respondent_has_an_end(tmp_path: Path) -> None:
    """It would be written, and refused when it is read."""
    survey = tmp_path / "survey.csv"
    lines = official(people({"JPN": 2})).decode().splitlines()
    column = lines[0].split(",").index("D_INTERVIEW")
    cells = lines[2].split(",")
    cells[column] = "9" * 201
    survey.write_text("\n".join([*lines[:2], ",".join(cells)]))
    with pytest.raises(ContentError, match=r"survey\.csv:3: D_INTERVIEW has more than 200 characters"):
        import_survey([survey], load_codebook(Content()), tmp_path / "out")


def test_names_of_countries_that_are_left_out_have_an_end(tmp_path: Path) -> None:
    survey = tmp_path / "survey.csv"
    lines = official(people({"JPN": 2})).decode().splitlines()
    column = lines[0].split(",").index("B_COUNTRY_ALPHA")
    cells = lines[1].split(",")
    others = [[*cells[:column], f"{number:0500d}"[::-1], *cells[column + 1 :]] for number in range(1500)]
    survey.write_text("\n".join([*lines, *map(",".join, others)]))
    left_out = import_survey([survey], load_codebook(Content()), tmp_path / "out").left_out
    assert sum(left_out.values()) == 1500
    assert len(left_out) == 1001
    assert max(map(len, left_out)) == 200


def test_ids_of_texts_have_an_end() -> None:
    with pytest.raises(ValueError, match="at most 200 characters"):
        TextLine(id="x" * 201, text="soup", label=None, source_label="")
    with pytest.raises(ValueError, match="at most 200 characters"):
        Story.model_validate({"ID": "x" * 201, "Country": "japan", "Story": "soup", "Gold Label": "yes"})


def test_the_end_of_a_run_is_looked_at_in_blocks(tmp_path: Path) -> None:
    """A gigabyte, that takes no room on the disk, after what the index knows of."""
    file = tmp_path / "dialogues.jsonl"
    known = 2**30
    with file.open("wb") as stream:
        stream.seek(known - 1)
        stream.write(b"\nhalf\rof a line")
    cache = ReplyCache(tmp_path / "journal.sqlite")
    cache.finish([], {"kept": known})
    cache.close()
    tracemalloc.start()
    try:
        with pytest.raises(StoreError, match=r"dialogues\.jsonl: its lines end in carriage returns alone"):
            RunDir(tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 2**28
    finally:
        tracemalloc.stop()
    lines = LineFile(file)
    assert (lines.has(b"\r", known), lines.has(b"\r", known + 5), lines.has(b"\r", 2**40)) == (True, False, False)
    lines.close()
