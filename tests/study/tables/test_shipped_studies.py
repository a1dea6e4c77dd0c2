"""The shipped studies make every number that both papers printed, under the settings that it needs."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from clca.content.lookup import Content
from clca.evaluation.published.catalogue import PublishedCatalogue, load_catalogue
from clca.evaluation.s2n_results import CODES, MMLU, OFFENSE, read_printed
from clca.evaluation.wvs.published import load_published
from clca.stages import stage
from clca.study.cells import Cell, expand
from clca.study.source import read_source
from clca.study.study_file import StudyFile, read_study_file
from clca.study.tables.expected_settings import KINDS, expected_evaluations
from clca.study.tables.planned_tables import PlannedNumber, PlannedTable, published_tables, stand_ins_of
from clca.study.tables.reproduction import reproductions

STUDIES = Content().files("eval/studies/*.yaml")
NUMBERS = {
    "cultures": 133,  # 7 students x 3 methods x (5 cultures + their mean), and 7 times Δ
    "social": 8,
    "intent": 8,
    "teacher": 6,
    "s2n-2": 44,
    "s2n-3": 4,
    "s2n-4": 46,
    "s2n-5": 36,
    "s2n-7": 22,
    "s2n-8": 100,
    "s2n-9": 100,
    "s2n-10": 100,
    "s2n-11": 40,
    "s2n-13": 36,
}


@cache
def study(path: str) -> tuple[StudyFile, tuple[Cell, ...]]:
    file = read_study_file(path, Content().text(path))
    return file, expand(file, path)


@cache
def tables() -> dict[str, tuple[str, PlannedTable]]:
    """Each published table that a study makes anew, with the study's path."""
    made = {}
    content = Content()
    for path in STUDIES:
        file, cells = study(path)
        if file.reproduces:
            evaluations = expected_evaluations(cells, content)
            for table in published_tables(file.reproduces, load_catalogue(content), evaluations, stand_ins_of(file)):
                assert table.published not in made, f"{table.published} is of two studies"
                made[table.published] = path, table
    return made


def number(table: str, row: str, column: str) -> PlannedNumber:
    (found,) = [made for made in tables()[table][1].numbers if (made.row, made.column) == (row, column)]
    return found


def cells_of(made: PlannedNumber) -> list[str]:
    return list(dict.fromkeys(part.cell for part in made.parts))


@pytest.mark.parametrize("path", STUDIES)
def test_the_settings_of_every_cell_are_those_of_its_command(path: str) -> None:
    _, cells = study(path)
    for cell in cells:
        config_type = stage(cell.run).config_type
        settings = cell.settings({id: (id,) for id in cell.needs})
        names = config_type.names()
        config_type.model_validate({names[key.replace("-", "_")]: value for key, value in settings.items()})


def test_the_tables_of_both_papers_are_made_anew_number_by_number() -> None:
    assert {id: len(table.numbers) for id, (_, table) in tables().items()} == NUMBERS
    catalogue: PublishedCatalogue = load_catalogue(Content())
    with_numbers = {table.id for table in catalogue.tables if not table.elsewhere}
    assert with_numbers == NUMBERS.keys()
    for id, (_, table) in tables().items():
        assert all(made.by_seed for made in table.numbers), id


def test_every_published_row_has_its_cell_and_metric() -> None:
    content = Content()
    published = [*load_published(content), *read_printed(content, OFFENSE), *read_printed(content, MMLU)]
    assert len(published) == 147 + 424 + 104
    made = {}
    for _, table in tables().values():
        for one in table.numbers:
            assert one.source is not None
            metrics = {part.metric for part in one.parts}
            made[one.source.printed.entry] = (cells_of(one), metrics)
    for entry in published:
        cells, metrics = made[entry]
        assert cells
        assert metrics == {"kl_paper" if entry.metric == "delta" else entry.metric}


def test_a_number_is_of_evaluations_of_its_own_suite() -> None:
    for path, table in tables().values():
        runs = {cell.id: cell.run for cell in study(path)[1]}
        for made in table.numbers:
            assert made.source is not None
            file = made.source.printed.column.file or made.source.printed.table.file
            (suite,) = {KINDS[runs[id]] for id in cells_of(made)}
            assert file == f"eval/{suite}/published.csv"


def test_nothing_differs_from_what_published_numbers_need_but_what_a_study_says() -> None:
    for path, table in tables().values():
        said = {(entry.setting, entry.here, entry.published) for entry in study(path)[0].instead}
        for made in table.numbers:
            assert made.source is not None
            differing = {(entry.setting, entry.ours, entry.published) for entry in made.source.differing}
            assert differing <= said, (table.id, made.place)
    differing_tables = [tables()[id][1] for id in ("s2n-4", "s2n-11")]
    translated = [made for table in differing_tables for made in table.numbers if made.source and made.source.differing]
    assert len(translated) == 22 + 20  # CultureLLM's data in translation, which nobody published


def test_the_main_table_has_a_cell_for_each_student_method_and_culture() -> None:
    _, cells = study("eval/studies/clca-main.yaml")
    assert Counter(cell.run for cell in cells) == {"generate": 5, "train": 35, "eval-wvs": 7 * 3 * 5}
    made = {id for table in [tables()["cultures"][1]] for one in table.numbers for id in cells_of(one)}
    assert made == {cell.id for cell in cells if cell.run == "eval-wvs"}


def test_numbers_derived_from_several_cells_are_of_all_of_them() -> None:
    adapted = {f"adapted.llama-3.1-8b.{culture}.42" for culture in ("china", "germany", "uk", "mexico", "japan")}
    persona = {f"baselines.llama-3.1-8b.persona.{culture}" for culture in ("china", "germany", "uk", "mexico", "japan")}
    assert cells_of(number("cultures", "Llama3.1 8B CLCA", "Japan")) == ["adapted.llama-3.1-8b.japan.42"]
    assert set(cells_of(number("cultures", "Llama3.1 8B CLCA", "Avg. KL-D ↓"))) == adapted
    delta = number("cultures", "Llama3.1 8B CLCA", "Δ")
    assert set(cells_of(delta)) == adapted | persona
    (formula,) = delta.by_seed.values()
    assert {part.cell for part in formula.plus} == persona  # the student's KL-D minus the adapted one's
    assert set(cells_of(number("teacher", "Llama3.1 8B CLCA, data of Qwen2.5 32B", "KL-D ↓"))) == {
        f"adapted.llama-3.1-8b.qwen2.5-32b.{culture}.42" for culture in ("china", "germany", "uk", "mexico", "japan")
    }


def test_specificity_and_spread_over_adapters_are_of_one_evaluation_of_all_ten() -> None:
    rows = [made for made in tables()["s2n-5"][1].numbers if made.row == "WVS+NormAd" and made.group == "Gemma-2-9B-IT"]
    mix = "gemma-2-9b.culturellm-normad.42"
    assert [(made.column, cells_of(made)) for made in rows] == [
        ("F1 Cult. (%)", [f"behaviour.{mix}"]),
        ("C-Spec", [f"behaviour.{mix}"]),
        ("F1 MMLU (%)", [f"knowledge.{mix}"]),
        ("Std.", [f"knowledge.{mix}"]),
    ]
    _, cells = study("eval/studies/s2n-data.yaml")
    by_id = {cell.id: cell for cell in cells}
    assert len(by_id[f"behaviour.{mix}"].needs) == 10
    assert by_id[f"behaviour.{mix}"].needs == by_id[f"knowledge.{mix}"].needs


def test_rows_are_tested_against_their_student_without_an_adapter() -> None:
    assert number("cultures", "Qwen2.5 7B CLCA", "United Kingdom").against == ("", "Qwen2.5 7B", "United Kingdom")
    assert number("cultures", "Qwen2.5 7B", "United Kingdom").against is None
    assert number("cultures", "Qwen2.5 7B CLCA", "Δ").against is None
    against = {made.against for made in tables()["s2n-4"][1].numbers if made.group == "Llama-3.1-8B"}
    assert against == {("", "zero-shot (caption), Llama-3.1-8B", "Std.")}


def test_maps_read_a_file_of_each_culture() -> None:
    (maps,) = study("eval/studies/s2n-maps.yaml")[1]
    settings = maps.settings({})
    assert settings["wiki"] == "data/wiki/{culture}.jsonl"
    assert settings["culture"] == tuple(CODES)


def test_each_study_says_what_it_requires_and_where_it_cannot_be_as_published() -> None:
    for path in STUDIES:
        file, _ = study(path)
        if file.reproduces:
            assert file.requires, path
            assert file.differs, path


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("clca-teacher", {"teacher": (6, 15)}),
        ("s2n-mmlu", {"s2n-4": (46, 4), "s2n-11": (40, 4)}),
        ("rehearsal", {}),
    ],
)
def test_the_plan_of_a_study_names_as_many_numbers_as_the_papers_have(
    name: str, made: dict[str, tuple[int, int]]
) -> None:
    source = read_source(name)
    found = reproductions(source.study, source.cells, Content())
    assert {table.table: (table.made, len(table.cells)) for table in found} == made
    assert all(table.made == table.numbers for table in found)
    differing = [table.differing for table in found]
    of_translation = "mixture wvs-translated, published culturellm, translated"
    assert differing == ([{of_translation: 22}, {of_translation: 20}] if name == "s2n-mmlu" else [{}] * len(found))


def test_with_more_seeds_each_number_has_a_value_of_each_and_the_student_alone_one() -> None:
    content = Content()
    by_seed = {}
    for path in ("eval/studies/clca-teacher.yaml", "eval/studies/s2n-mmlu.yaml"):
        text = content.text(path).replace("seed: [42]", "seed: [42, 43, 44]")
        file = read_study_file(path, text)
        evaluations = expected_evaluations(expand(file, path), content)
        for table in published_tables(file.reproduces, load_catalogue(content), evaluations, stand_ins_of(file)):
            by_seed |= {(made.group, made.row, made.column): list(made.by_seed) for made in table.numbers}
    assert by_seed["", "Llama3.1 8B", "KL-D ↓"] == [""]
    assert by_seed["", "Llama3.1 8B CLCA", "KL-D ↓"] == ["42", "43", "44"]
    assert by_seed["Llama-3.1-8B", "Avg.", "Transl."] == ["42", "43", "44"]
    assert by_seed["", "zero-shot (caption), Llama-3.1-8B", "Std."] == [""]
