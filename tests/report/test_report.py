"""A report of a workspace, read as a reader has it: the HTML file alone."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

import clca
from clca.errors import ClcaError, NotFoundError, StoreError
from clca.report.embedded_data import read_report
from clca.report.result import ReportResult
from tests.report.lineage.workspaces import adapter_folder, evaluation_folder, run_folder
from tests.report.reading import Page, numbers, origin_of, untraced
from tests.report.workspace import HOSTILE, make_workspace, survey_table, write_tables


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = make_workspace(tmp_path_factory.mktemp("workspace"))
    here = Path.cwd()
    os.chdir(folder)
    yield folder
    os.chdir(here)


@pytest.fixture(scope="module")
def result(workspace: Path) -> ReportResult:
    return clca.report(title=f"A title {HOSTILE[0]}", progress=False)


@pytest.fixture(scope="module")
def page(result: ReportResult) -> Page:
    return Page.of(result.file.read_text(encoding="utf-8"))


def test_it_has_a_section_for_each_kind_of_result(page: Page, result: ReportResult) -> None:
    assert result.sections == (
        "The study",
        "From scenario to training example",
        "Cultures",
        "Sample dialogues",
        "Audit of the judge",
        "Data quality",
        "Maps of the data",
        "World Values Survey",
        "Offensiveness across cultures",
    )
    heads = [element.text for element in page.find("h2")]
    assert heads == [*result.sections, "Provenance", "What is not here"]
    assert result.sources == {
        "S1": "studies/small",
        "R1": "generated/japan/one",
        "Q1": "quality",
        "J1": "audits/one",
        "A1": "adapters/japan/adapter",
        "E1": "evaluations/offense/a-student-2",
        "E2": "evaluations/wvs/a-student-japan",
        "E3": "evaluations/wvs/a-student-japan-43",
        "M1": "maps/one",
    }
    assert (result.unfinished, result.unreadable, result.against) == ((), {}, None)
    assert result.marks == ("REHEARSAL",)


def test_all_links_lead_to_somewhere_in_the_page_and_ids_are_unique(page: Page) -> None:
    ids = [element.attributes["id"] for element in page.root.all() if "id" in element.attributes]
    assert len(set(ids)) == len(ids)
    links = [element.attributes["href"] for element in page.find("a")]
    assert len(links) > 40
    assert {link for link in links if not (link.startswith("#") and link[1:] in ids)} == set()


def test_hostile_texts_are_texts(page: Page, result: ReportResult) -> None:
    html = result.file.read_text(encoding="utf-8")
    (data,) = page.find("script")
    assert data.attributes == {"type": "application/json", "id": "clca-report"}
    assert page.find("iframe", "img", "base", "link", "form", "object", "embed", "foreignobject") == []
    assert len(page.find("style")) == 1
    handlers = [name for element in page.root.all() for name in element.attributes if name.startswith("on")]
    assert handlers == []
    addresses = {"href", "xlink:href", "src", "action", "data", "formaction", "poster", "srcset"}
    links = [element.attributes[name] for element in page.root.all() for name in addresses & set(element.attributes)]
    assert {link[:10] for link in links if not link.startswith("#")} == {"data:image"}
    assert {mark for mark in "\u202e\u2066\x1b\x07\u200b" if mark in html} == set()
    assert "\\u202eevil\\u2066 \\x1b[31mred\\x07 zero\\u200bwidth" in html
    assert "{{ 7 * 7 }} {% raw %} ${7*7}" in page.by_id("main").text
    shown = page.by_id("dialogues").text
    assert all(text in shown for text in (HOSTILE[0], HOSTILE[1], HOSTILE[3], "alert('image')"))
    assert "A title <script>" in page.find("h1")[0].text


def test_the_policy_forbids_all_but_its_own_style_sheet(page: Page) -> None:
    (policy,) = [meta for meta in page.find("meta") if "http-equiv" in meta.attributes]
    rules = policy.attributes["content"].split("; ")
    assert rules[0] == "default-src 'none'"
    assert re.fullmatch(r"style-src 'sha256-[A-Za-z0-9+/]{43}='", rules[1])
    assert rules[2:] == ["img-src data:", "base-uri 'none'", "form-action 'none'"]
    assert [element for element in page.root.all() if "style" in element.attributes] == []


def test_private_views_intents_and_verdicts_stand_in_sample_dialogues(page: Page, result: ReportResult) -> None:
    dialogues = [element for element in page.find("article") if "dialogue" in element.attributes["class"]]
    assert len(dialogues) == result.dialogues == 4
    kept, discarded = dialogues[0], dialogues[-1]
    assert "private goal Ana Ruiz wants the last loaf" in kept.text
    assert "secret Ana Ruiz has eaten the cake" in kept.text
    assert "generic intent Ana wants" in kept.text
    assert "quality: bad, very confident" in discarded.text
    assert "Discarded: <svg onload" in discarded.text
    assert {dialogue.attributes["data-mark"] for dialogue in dialogues} == {"REHEARSAL"}


def test_rows_that_are_published_or_references_say_so(page: Page) -> None:
    table = page.by_id("survey").find("table")[0]
    rows = [row for row in table.find("tr") if row.attributes.get("class") in ("published", "reference")]
    assert {row.attributes["class"]: row.find("th")[0].text for row in rows} == {
        "published": "a-student, published",
        "reference": "people, split half",
    }
    assert "0.5123 [0.4000, 0.6000]" in page.by_id("survey").text


def test_items_show_people_beside_the_student(page: Page) -> None:
    drawn = [svg for svg in page.by_id("survey").find("svg") if svg.attributes.get("class") == "bar"]
    bars = [svg.find("title")[0].text for svg in drawn]
    assert bars[:2] == [
        "people: Very important 60 %; Rather important 30 %; Not very important 10 %",
        "before: persona: Very important 20 %; Rather important 30 %; Not very important 40 %; unreadable 10 %",
    ]
    assert len(bars) == 2 * 2 * 3


def test_a_study_shows_its_cells_its_numbers_over_seeds_and_its_tests(page: Page) -> None:
    study = page.by_id("study")
    rows = {
        row.find("th")[0].text: [cell.text for cell in row.find("td")] for row in study.find("tr") if row.find("td")
    }
    assert rows["survey"] == ["eval-wvs", "3", "0", "0", "2", "1", "0"]
    assert rows["CLCA"] == ["0.250 ± 0.014 (2 seeds) [0.200, 0.300]", "E2 E3"]
    printed = next(number for number in numbers(page) if number.kind == "published" and number.section == "study")
    assert rows["CLCA, published"] == ["0.270", printed.codes[0]]
    assert rows["CLCA: Japan"] == ["a-student", "-0.250 [-0.300, -0.200]", "< 0.001", "0.020", "2", "E2 E3"]
    assert "survey.44, failed: out of memory <script>" in study.text
    assert "respondents 2, published 1000" in study.text


def test_a_map_is_drawn_of_its_shapes_alone(page: Page, result: ReportResult) -> None:
    (figure,) = page.by_id("maps").find("figure")
    assert [element.name for element in figure.find("svg")[0].all()] == ["svg", "path", "image"]
    words = figure.find("svg")[0].attributes["aria-label"]
    assert "silhouette 0.120, purity of neighbours 0.800 (by chance 0.500)" in words
    assert result.figures == len(page.find("figure")) > 1


def test_the_report_of_a_study_has_what_its_cells_made(workspace: Path) -> None:
    made = clca.report(study="small", dialogues=0, progress=False)
    assert made.file == Path("studies/small/report.html")
    assert made.title.startswith("A small study")
    assert list(made.sources.values())[:2] == ["studies/small", "generated/japan/one"]
    assert list(made.sources.values())[2:] == ["evaluations/wvs/a-student-japan", "evaluations/wvs/a-student-japan-43"]


def test_a_study_leads_to_no_results_elsewhere(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = run_folder(tmp_path_factory.mktemp("outside"))
    copy = workspace / "studies" / "copy"
    shutil.copytree(workspace / "studies" / "small", copy)
    for file in (copy / "cells").glob("*.json"):
        record = json.loads(file.read_text())
        file.write_text(json.dumps({**record, "results": [str(outside), "../" * 12 + str(outside)[1:]]}))
    made = clca.report(inputs="studies/copy", out="copy.html", progress=False)
    shutil.rmtree(copy)
    assert list(made.sources.values()) == ["studies/copy"]
    assert "a-teacher" not in made.file.read_text()


def test_every_number_leads_to_a_card_that_says_what_made_it(page: Page) -> None:
    assert untraced(page) == []
    assert len(list(numbers(page))) > 100


def test_ten_random_numbers_lead_to_run_teacher_student_prompts_data_and_seed(page: Page) -> None:
    """As a reader does it: from the number to the code beside it, its row or its table, and to the card of the code."""
    survey = [number for number in numbers(page) if number.section == "survey" and number.kind == "ours"]
    for number in Random(16).sample(survey, 10):
        origin = origin_of(page, next(code for code in number.codes if code.startswith("E")))
        assert origin["run"] == "R1 generated/japan/one"
        assert origin["teacher"] == "a-teacher (teacher); a-judge (judge)"
        assert origin["student"] == "a-student"
        assert origin["adapter"] == "A1 adapters/japan/adapter"
        (version,) = set(re.findall(r"prompts ([0-9a-f]{12})", origin["prompt version"]))
        code = re.match(r"C\d+", origin["prompt version"])
        assert code is not None
        assert "prompts/turn.j2" in page.by_id(code[0]).text
        assert version in page.by_id(code[0]).text
        assert "7 of generated/japan/one" in origin["seed"]
        assert "9 of adapters/japan/adapter" in origin["seed"]


def test_printed_numbers_and_scores_of_cultures_lead_to_the_files_that_they_stand_in(page: Page) -> None:
    of_cultures = next(number for number in numbers(page) if number.section == "cultures")
    printed = next(number for number in numbers(page) if number.kind == "published" and number.section == "survey")
    for number, file in ((of_cultures, "personas/cultures/japan.yaml"), (printed, "eval/wvs/published.csv")):
        assert file in page.by_id(number.codes[0]).text


def test_a_mean_lists_its_seeds_each_with_its_own_evaluation(page: Page) -> None:
    (table,) = [table for table in page.find("table") if "Single seeds" in table.find("caption")[0].text]
    rows = {row.find("th")[0].text: [cell.text for cell in row.find("td")] for row in table.find("tr")[1:]}
    assert rows == {"CLCA, seed 42": ["0.240", "E2"], "CLCA, seed 43": ["0.260", "E3"]}


def test_what_is_not_finished_or_cannot_be_read_is_counted_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_folder(tmp_path)
    run_folder(tmp_path, "japan/two", finished=False)
    damaged = evaluation_folder(tmp_path, None)
    (damaged / "evaluation.json").write_text('{"finished": tru')
    adapter = adapter_folder(tmp_path, [])
    (adapter / "adapter_model.safetensors").write_bytes(b"half")
    made = clca.report(progress=False)
    assert made.sources == {"R1": "generated/japan/one"}
    assert made.unfinished == ("generated/japan/two",)
    assert set(made.unreadable) == {"evaluations/wvs/a-student-japan", "adapters/japan/adapter"}
    left_out = Page.of(made.file.read_text()).by_id("left-out").text
    assert "Not finished, and left out: 1. generated/japan/two" in left_out
    assert "Cannot be read, and left out: 2." in left_out
    assert clca.report(inputs="generated/japan/two", out="two.html", progress=False).sources == {
        "R1": "generated/japan/two"
    }
    with pytest.raises(ClcaError, match=r"evaluation\.json"):
        clca.report(inputs="evaluations/wvs/a-student-japan", progress=False)


def test_names_cultures_and_patterns_choose(workspace: Path) -> None:
    def chosen(*inputs: str) -> list[str]:
        return list(clca.report(inputs=inputs, out="chosen.html", dialogues=0, progress=False).sources.values())

    assert chosen("wvs/a-student-japan") == ["evaluations/wvs/a-student-japan"]
    assert chosen("japan") == [
        "generated/japan/one",
        "adapters/japan/adapter",
        "evaluations/wvs/a-student-japan",
        "evaluations/wvs/a-student-japan-43",
    ]
    assert chosen("evaluations/*/*", "generated/japan/one") == [
        "generated/japan/one",
        "evaluations/offense/a-student-2",
        "evaluations/wvs/a-student-japan",
        "evaluations/wvs/a-student-japan-43",
    ]
    with pytest.raises(NotFoundError, match="no study, run, adapter, evaluation, statistics, audit or map 'jpan'"):
        chosen("jpan")


def test_only_a_report_that_clca_wrote_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_folder(tmp_path)
    (tmp_path / "mine.html").write_text("mine")
    (tmp_path / "link.html").symlink_to(tmp_path / "mine.html")
    for name in ("mine.html", "link.html"):
        with pytest.raises(StoreError, match=rf"{name} would be replaced, and is no report of clca"):
            clca.report(out=name, progress=False)
    assert (tmp_path / "mine.html").read_text() == "mine"
    made = clca.report(progress=False)
    edited = made.file.read_text().replace("Results", "My results")
    made.file.write_text(edited)
    with pytest.raises(StoreError, match="is not as clca wrote it"):
        clca.report(progress=False)
    assert made.file.read_text() == edited


def test_what_changed_since_the_last_report_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    evaluation = evaluation_folder(tmp_path, None)
    write_tables(evaluation, "table", survey_table("kl", "KL"))
    first = clca.report(progress=False)
    assert (first.against, first.changed) == (None, 0)
    unchanged = clca.report(progress=False)
    assert (unchanged.against, unchanged.changed) == (Path("report.html"), 0)
    assert "Nothing: all" in Page.of(unchanged.file.read_text()).by_id("changes").text
    for name in ("table.md", "table.csv"):
        file = evaluation / name
        file.write_text(file.read_text().replace("0.5123", "0.6123"))
    info = json.loads((evaluation / "evaluation.json").read_text())
    (evaluation / "evaluation.json").write_text(json.dumps({**info, "fingerprint": "another"}))
    run_folder(tmp_path)
    second = clca.report(progress=False)
    changes = Page.of(second.file.read_text()).by_id("changes")
    shown = changes.text
    assert second.changed == 1
    (changed,) = [row for row in changes.find("tr") if row.find("td")]
    shown_cells = ["a-student: Japan", "0.5123 F1", "0.6123 E1", "+0.1 F1 E1"]
    assert [cell.text for cell in changed.find("th", "td")] == shown_cells
    assert "New results: generated/japan/one." in shown
    assert "Results that were made again: evaluations/wvs/a-student-japan." in shown
    assert read_report(Path("report.html")).numbers["wvs evaluations/wvs/a-student-japan: KL"]["a-student"][
        "Japan"
    ] == (0.6123)


def test_nothing_to_report_of_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError, match="there is nothing to report of: no finished study, run"):
        clca.report(progress=False)
    assert list(tmp_path.iterdir()) == []
