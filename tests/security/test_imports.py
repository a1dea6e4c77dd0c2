"""Attacks by what is imported: mappings whose patterns and encodings take hours, links, and ids of a megabyte."""

from __future__ import annotations

import json
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ClcaError, ContentError, SettingsError, StoreError
from clca.evaluation.normad import Story
from clca.evaluation.normad.suite import load_tasks
from clca.evaluation.offense.imports.importer import import_tests
from clca.evaluation.offense.imports.mapping import ImportMapping, load_mapping
from clca.evaluation.offense.suite import load_offense_suite
from clca.evaluation.offense.test_sets import TextLine
from clca.evaluation.wvs.microdata.codebook import load_codebook
from clca.evaluation.wvs.microdata.importer import import_survey
from clca.storage.jsonl import LineFile
from clca.storage.reply_cache import ReplyCache
from clca.storage.run_dir import RunDir
from clca.training.culturellm.importer import import_culturellm
from clca.training.culturellm.line import SurveyLine
from clca.training.s2n_sources import load_s2n_sources
from clca.training.sources.wiki import pieces
from tests.evaluation.wvs.survey_files import official, people
from tests.training.culturellm.files import culturellm

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


# ---------------------------------------------------------------- NormAd


def normad(folder: Path, *countries: str) -> Path:
    file = folder / "normad.csv"
    rows = [f'{number},"{country}","He bowed.",yes' for number, country in enumerate(countries)]
    file.write_text("\n".join(["ID,Country,Story,Gold Label", *rows]) + "\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("country", ["../../../home", "/tmp/home", "..", "a/../b", "a\\b", "."])
def test_a_country_names_no_folder(tmp_path: Path, country: str) -> None:
    """The culture of the only country is part of the name of the evaluation's folder."""
    (task,) = load_tasks(Content(), normad(tmp_path, country), CultureCatalogue(Content()))
    assert not {"/", "\\", "."} & set(task.culture)
    assert task.culture


def test_countries_have_an_end(tmp_path: Path) -> None:
    """Each one that has no profile is compared with all names that there are."""
    file = normad(tmp_path, *(f"Land {number}" for number in range(501)))
    with pytest.raises(ContentError, match="stories of more than 500 countries"):
        load_tasks(Content(), file, CultureCatalogue(Content()))


def test_two_names_of_one_country_are_told(tmp_path: Path) -> None:
    """The stories of one would be in no score."""
    with pytest.raises(ContentError, match="'Usa' and 'United States' are one country"):
        load_tasks(Content(), normad(tmp_path, "usa", "united_states"), CultureCatalogue(Content()))


# ---------------------------------------------------------------- CultureLLM

SEED = {"q_id": "27", "q_content": "One of my goals is to make my parents proud."}


@pytest.mark.parametrize(
    "question",
    [
        {**SEED, "q_id": "²7"},
        {**SEED, "q_id": "9" * 5000},
        {**SEED, "q_content": "\ud800"},
    ],
    ids=["a superscript", "digits", "half of a pair"],
)
def test_a_question_of_culturellm_is_data_or_a_fault(tmp_path: Path, question: dict[str, str]) -> None:
    folder = culturellm(tmp_path / "theirs")
    (folder / "data" / "WVQ.jsonl").write_text(json.dumps(question) + "\n")
    with suppress(ClcaError):
        import_culturellm(folder, load_s2n_sources(Content()), {"Q27"}, tmp_path / "out")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"text": "### Question: from 1 to " + "9" * 5000 + "### Answer: 1"}),
        json.dumps({"text": "### Question: a\ud800b### Answer: 1"}),
        json.dumps({"text": "### Question:" + "#" * 200_000}),
        json.dumps({"text": "### Question:" + "# " * 200_000}),
        json.dumps({"text": "### Question:" + "###Answer:" * 50_000}),
        json.dumps({"messages": [{"content": {"a": 1}}, {"content": "1"}]}),
        "{}" * 90_000 + json.dumps({"a": "x" * 2_000_000}),
    ],
    ids=["digits", "half of a pair", "hashes", "hashes and spaces", "answers", "a mapping", "objects"],
)
def test_a_line_of_culturellm_is_data_or_counted(tmp_path: Path, text: str) -> None:
    good = json.dumps({"text": f"### Question: {SEED['q_content']} ### Answer: 1"})
    folder = culturellm(tmp_path / "theirs", Greece=(good, text))
    began = time.monotonic()
    audit = import_culturellm(folder, load_s2n_sources(Content()), {"Q27"}, tmp_path / "out")
    assert time.monotonic() - began < 10
    (greece,) = (file for file in audit.files if file.culture == "greece")
    assert greece.lines + greece.unreadable >= 2
    assert SurveyLine(item=None, question="from 1 to " + "9" * 5000, answer=1).fits_scale


def test_questions_of_culturellm_that_begin_alike_have_an_end(tmp_path: Path) -> None:
    """Each line is compared with those that begin as it does."""
    folder = culturellm(tmp_path / "theirs")
    lines = [json.dumps({**SEED, "q_content": f"Same head {number}"}) for number in range(20_000)]
    (folder / "data" / "new_WVQ_x.jsonl").write_text("\n".join(lines))
    began = time.monotonic()
    with pytest.raises(ContentError, match=r"new_WVQ_x\.jsonl:2001: more than 2,000 questions begin 'Same hea'"):
        import_culturellm(folder, load_s2n_sources(Content()), set(), tmp_path / "out")
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("name", ["WVQ.jsonl", "Greece/Finetune/WVQ_Greece_llama.jsonl"])
def test_no_link_leads_out_of_the_folder_of_culturellm(tmp_path: Path, name: str) -> None:
    folder = culturellm(tmp_path / "theirs")
    file = folder / "data" / name
    file.rename(tmp_path / "mine.jsonl")
    file.symlink_to(tmp_path / "mine.jsonl")
    with pytest.raises(SettingsError, match="is a link that leads out of"):
        import_culturellm(folder, load_s2n_sources(Content()), set(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("path", ["/home/me/chats.jsonl", "../../chats.jsonl"])
def test_a_workspace_names_files_of_culturellm_alone(tmp_path: Path, path: str) -> None:
    (tmp_path / "trainers").mkdir()
    header = "culture,code,culturellm,wikipedia,normad,normad_from"
    (tmp_path / "trainers" / "s2n_sources.csv").write_text(f"{header}\nara,ara,{path},Arab culture,egypt,table 6\n")
    with pytest.raises(ContentError, match=r"s2n_sources\.csv:2: culturellm: is no path below a folder"):
        load_s2n_sources(Content(tmp_path))


def test_a_page_of_one_paragraph_is_cut_in_the_time_of_its_length() -> None:
    began = time.monotonic()
    assert sum(1 for _ in pieces("a " * 2_000_000, 200)) == 10_000
    assert time.monotonic() - began < 10
