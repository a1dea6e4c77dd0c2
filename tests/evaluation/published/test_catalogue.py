"""The published tables stand in their own layout, whole, and each row says what a run must have."""

from __future__ import annotations

import json
from statistics import mean, pstdev, stdev

import pytest

from clca.cli.views.published import show
from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ContentError, NotFoundError
from clca.evaluation.published.catalogue import TABLES, PublishedCatalogue, load_catalogue
from clca.evaluation.s2n_results import CODES, MMLU, OFFENSE, heading, read_printed
from tests.conftest import Overlay

CLCA_TABLES = ("cultures", "social", "intent", "teacher")
TEXTS = {"s2n-1", "s2n-6", "s2n-12", "s2n-14", "s2n-15"}  # tables of prompts, samples and sources


@pytest.fixture(scope="module")
def catalogue(content: Content) -> PublishedCatalogue:
    return load_catalogue(content)


def printed(catalogue: PublishedCatalogue, id: str) -> dict[str, list[str]]:
    """The texts of a table's numbers by its rows."""
    rows: dict[str, list[str]] = {}
    for cell in catalogue.cells(catalogue.find(id)):
        rows.setdefault(f"{cell.row.group}/{cell.row.label}".strip("/"), []).append(cell.text)
    return rows


def test_every_table_of_both_papers_is_there_and_every_printed_number_stands_in_one(
    catalogue: PublishedCatalogue,
) -> None:
    assert [table.id for table in catalogue.tables] == [*CLCA_TABLES, *(f"s2n-{number}" for number in range(1, 16))]
    assert {table.id for table in catalogue.tables if table.elsewhere} == TEXTS
    assert catalogue.unlaid() == []
    for table in catalogue.tables:
        cells = [cell for cell in catalogue.cells(table) if cell.row in table.rows]
        empty = {"cultures": 14}.get(table.id, 0)  # Δ stands in the rows of CLCA alone
        assert len(cells) == len(table.rows) * len(table.columns) - empty, table.id


@pytest.mark.parametrize(
    ("table", "row", "numbers"),
    [
        ("cultures", "Qwen2.5 7B CLCA", "0.5917 0.4605 0.4439 0.4390 0.5047 0.4880 -0.0063"),
        ("cultures", "Llama3.1 8B CLCA", "0.5462 0.4935 0.5510 0.4630 0.5024 0.5112 +0.0899"),
        ("cultures", "Mistral-v0.3 7B", "0.6216 0.6414 0.6249 0.5069 0.6458 0.6081"),
        ("social", "Llama3.1 8B MathChat", "0.3260 0.5818"),
        ("intent", "Llama3.1 8B CLCA", "0.3973 0.5112"),
        ("intent", "Llama3.1 8B CLCA dialogue_only", "0.3453 0.5704"),
        ("teacher", "Llama3.1 8B CLCA, data of Qwen2.5 32B", "0.3487 0.5617"),
        (
            "s2n-2",
            "Zero-Shot Prompting/Llama-3.1-8B-IT",
            "19.14 23.10 30.49 26.63 34.36 37.56 38.72 20.92 39.14 32.95 30.00",
        ),
        ("s2n-3", "Llama-3.1-8B/Single-Culture-WVS", "14.68"),
        ("s2n-4", "Llama-3.1-8B/United States (eng)", "23.00 29.58"),
        ("s2n-4", "zero-shot (caption), Llama-3.1-8B-IT", "45.38"),
        ("s2n-5", "Gemma-2-9B-IT/WVS+Wiki", "37.25 0.80 47.05 3.93"),
        (
            "s2n-7",
            "Combined-Culture Adaptation - WVS/Llama-3.1-8B",
            "33.44 23.24 28.39 17.12 36.75 15.11 37.09 17.88 25.62 39.29 27.39",
        ),
        ("s2n-8", "China (zho)", "0.6986 0.7371 1.0000 0.7862 0.6038 0.8703 0.6667 0.6107 0.4654 0.5985"),
        ("s2n-9", "Turkey (tur)", "0.5835 0.6960 0.9223 0.8341 0.7417 0.8859 0.8456 0.7119 0.9690 0.6794"),
        ("s2n-10", "Greece (ell)", "0.8597 0.9141 0.8144 0.9923 1.0000 0.9091 0.9074 0.9620 0.8582 0.9469"),
        ("s2n-11", "Arabic-speaking (ara)", "30.52 28.83 33.24 37.81"),
        ("s2n-13", "Llama-3.1-8B, mean of a test/Zero-shot", "222.5849 1,106 21.77"),
        ("s2n-13", "Llama-3.1-8B-IT, mean of a test/Zero-shot", "234.5660 1,106 22.55"),
        ("s2n-13", "Llama-3.1-8B-IT, all texts/Single-Culture-WVS+Wiki", "71,019 645,018 11.01"),
    ],
)
def test_rows_read_as_they_are_printed(catalogue: PublishedCatalogue, table: str, row: str, numbers: str) -> None:
    assert printed(catalogue, table)[row] == numbers.split()


def test_a_culture_has_the_name_of_its_profile_and_the_code_of_the_paper(
    catalogue: PublishedCatalogue, content: Content
) -> None:
    names = CultureCatalogue(content).names
    shown = set()
    for cell in catalogue.all_cells:
        for part in (cell.row, cell.column):
            for culture in names.keys() & {part.pick.get(key) for key in ("culture", "row", "column")}:
                name = heading(culture, names) if cell.table.paper == "S2N" else names[culture]
                assert part.label == name, cell.table.id
                shown.add(culture)
    assert shown == {*CODES, "germany", "japan", "mexico", "uk"}


def test_a_row_needs_what_its_table_needs_and_its_own(catalogue: PublishedCatalogue) -> None:
    table = catalogue.find("intent")
    needs = {row.label: catalogue.needs(table, row) for row in table.rows}
    assert needs["Llama3.1 8B"]["method"] == ("persona",)
    assert "teacher" not in needs["Llama3.1 8B"]
    alone = needs["Llama3.1 8B CLCA intent_only"]
    assert (alone["mixture"], alone["teacher"]) == (("intent-only",), ("llama-3.1-70b",))
    for row in needs.values():
        assert (row["scoring"], row["items"], row["respondents"]) == (("paper",), ("44",), ("1000",))
        assert row["cultures"] == ("china, germany, japan, mexico, uk",)
    assert catalogue.needs(catalogue.find("S2N-11"))["shots"] == ("0",)


def test_an_unknown_table_is_named(catalogue: PublishedCatalogue) -> None:
    with pytest.raises(NotFoundError, match=r"no published table 'socal'; did you mean social\?; there are cultures, "):
        catalogue.find("socal")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("setting: gsm8k}", "setting: gsm9k}", "social: Llama3.1 8B GSM8K: no printed number has what this row picks"),
        ("settings: [clca]", "settings: [clka]", "cultures: no settings 'clka'"),
        ("    elsewhere: ", "    titel: ", "titel"),
    ],
)
def test_a_layout_that_does_not_fit_is_a_fault_with_its_line(
    overlay: Overlay, content: Content, old: str, new: str, fault: str
) -> None:
    with pytest.raises(ContentError, match=rf"published\.yaml:\d+: .*{fault}"):
        load_catalogue(overlay({TABLES: content.text(TABLES).replace(old, new, 1)}))


def test_the_command_shows_a_table_and_what_a_run_must_have(capsys: pytest.CaptureFixture[str]) -> None:
    show("teacher", as_json=False)
    shown = capsys.readouterr().out
    assert "teacher  CLCA: Data generation model: Qwen2.5 32B as the teacher" in shown
    assert "0.3487  0.5617" in shown
    assert "Beside runs of `clca eval-wvs --scoring paper --bits 4` that have: scoring paper; mode generate;" in shown
    assert "  Llama3.1 8B CLCA, data of Qwen2.5 32B: " in shown
    assert "teacher qwen2.5-32b" in shown
    show("s2n-4", as_json=False)
    shown = capsys.readouterr().out
    assert "  Llama-3.1-8B: Arabic-speaking (ara), Bangladesh (ben), China (zho), " in shown
    assert ", Turkey (tur): student llama-3.1-8b-base\n" in shown
    assert "  column Transl.: mixture culturellm, translated; " in shown
    assert "zero-shot (caption), Llama-3.1-8B: 35.05\n" in shown
    assert "42.78, is not the mean of its column (42.77)" in " ".join(shown.split())
    show("s2n-5", as_json=False)
    shown = " ".join(capsys.readouterr().out.split())
    assert "that of the column in table 4 is 2.02 (1.91 as a population), not 1.36" in shown
    assert "here Wikipedia lowers it for two" in shown


def test_what_the_notes_say_of_the_numbers_follows_from_them(content: Content) -> None:
    knowledge = read_printed(content, MMLU)
    column = [
        entry.value
        for entry in knowledge
        if (entry.source, entry.model, entry.setting) == ("table 4", "llama-3.1-8b", "wvs") and entry.row != "average"
    ]
    assert len(column) == 10
    assert (round(mean(column), 2), round(stdev(column), 2), round(pstdev(column), 2)) == (42.77, 2.02, 1.91)
    specificity = {
        (entry.model, entry.setting): entry.value for entry in read_printed(content, OFFENSE) if entry.metric == "cspec"
    }
    models = ("llama-3.1-8b", "gemma-2-9b", "qwen2.5-7b")
    assert [specificity[model, "wvs+wiki"] < specificity[model, "wvs"] for model in models] == [False, True, True]


def test_without_a_name_all_tables_are_shown_and_json_has_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    show(None, as_json=False)
    shown = capsys.readouterr().out
    assert shown.count("Beside runs of `clca eval-") == 14
    assert shown.count("Stands in ") == 5
    show(None, as_json=True)
    tables = {table["id"]: table for table in map(json.loads, capsys.readouterr().out.splitlines())}
    assert len(tables) == 19
    assert tables["s2n-1"]["rows"] == []
    assert "tasks.yaml" in tables["s2n-1"]["elsewhere"]
    row = tables["social"]["rows"][1]
    assert (row["label"], row["values"]) == ("Llama3.1 8B CLCA", [0.3973, 0.5112])
    assert row["needs"]["recipe"] == ["clca", "clca-released"]
    assert tables["s2n-5"]["column_needs"]["Std."]["shots"] == ["0"]
    assert tables["cultures"]["rows"][0]["values"][-1] is None
