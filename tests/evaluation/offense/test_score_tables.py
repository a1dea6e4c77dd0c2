from __future__ import annotations

import csv
import io
from functools import cache, partial

from rich.console import Console
from rich.table import Table as RichTable

from clca.cli.views.fitting import fitted
from clca.content.lookup import Content
from clca.evaluation import table_formats
from clca.evaluation.classification.aggregate import score
from clca.evaluation.classification.scores import MatrixScores
from clca.evaluation.invalid_replies import invalid_counts_table, invalid_table
from clca.evaluation.mmlu import knowledge_table
from clca.evaluation.mmlu.knowledge_table import data_table
from clca.evaluation.offense import score_tables
from clca.evaluation.published.matching import Matched
from clca.evaluation.s2n_results import CODES, read_printed
from clca.evaluation.table import Table
from clca.evaluation.table_systems import TOTALS, TableSystem
from tests.evaluation.classification.answers import scored

EVERYTHING = Matched(read_printed(Content()))
NAMES = {"ara": "Arabic-speaking", "germany": "Germany"}
f1_table = partial(score_tables.f1_table, names=NAMES)
normalised_table = partial(score_tables.normalised_table, names=NAMES)
mmlu_table = partial(knowledge_table.mmlu_table, names=NAMES)


@cache
def scores() -> MatrixScores:
    """Two cultures of two and one tests; Germany stands before the Arab culture."""
    return score(
        [
            scored(
                "germany/hate",
                [0, 1],
                {
                    "base": [0, 0],
                    "zero-shot": [-1, -1],
                    "combined": [0, 1],
                    "germany": [0, 1],
                    "ara": [0, -1],
                },
            ),
            scored(
                "ara/hate",
                [0, 1],
                {"base": [0, 1], "zero-shot": [0, -1], "combined": [0, 1], "germany": [0, 1], "ara": [0, 0]},
            ),
            scored(
                "ara/spam",
                [0, 1, 0, 1],
                {
                    "base": [0, 0, 0, 0],
                    "zero-shot": [0, 1, 0, 1],
                    "combined": [0, 1, 0, 1],
                    "germany": [-1, -1, -1, 1],
                    "ara": [0, 1, 0, 1],
                },
            ),
        ],
        seed=1,
        resamples=20,
    )


@cache
def ten() -> MatrixScores:
    """The paper's cultures, with a test each that only the own adapter and the combined one answer rightly."""
    rows: dict[str, list[int]] = {"zero-shot": [-1, 0], "combined": [0, 1]}
    tests = [
        scored(f"{test}/hate", [0, 1], {**rows, **{row: [0, 1 if row == test else 0] for row in CODES}})
        for test in CODES
    ]
    return score(tests, seed=1, resamples=5)


def beside_all(model: str, data: str | None, answers: MatrixScores, name: str = "") -> TableSystem:
    """An evaluation that may stand beside all printed numbers."""
    return TableSystem(model, data, answers, name, comparable=EVERYTHING)


def ours(model: str = "llama-3.1-8b", data: str | None = "wvs") -> TableSystem:
    return beside_all(model, data, scores())


def values(table: Table) -> list[tuple[str, str, list[float | None]]]:
    return [(row.group, row.label, [cell and round(cell.value, 4) for cell in row.cells]) for row in table.rows]


def test_f1_has_the_layout_of_tables_2_and_7_with_the_printed_rows_below_ours() -> None:
    table = f1_table([ours()])
    assert table.columns == ("Arabic-speaking (ara)", "Germany (deu)", "Avg.")
    # ara on its tests: (1/3 + 1) / 2; germany on its own: 1.
    assert values(table) == [
        ("No adaptation, no culture named", "llama-3.1-8b", [0.6667, 0.3333, 0.5]),
        ("Zero-Shot Prompting", "llama-3.1-8b", [0.75, 0.0, 0.375]),
        ("Zero-Shot Prompting", "llama-3.1-8b, published", [0.1914, 0.3436, None]),
        ("Single-Culture Adaptation - WVS", "llama-3.1-8b", [0.6667, 1.0, 0.8333]),
        ("Single-Culture Adaptation - WVS", "llama-3.1-8b, published", [0.195, 0.3478, None]),
        ("Combined-Culture Adaptation - WVS", "llama-3.1-8b", [1.0, 1.0, 1.0]),
        ("Combined-Culture Adaptation - WVS", "llama-3.1-8b, published", [0.28, 0.4608, None]),
    ]
    single = table.rows[3].cells
    assert single[-1] is not None
    assert single[-1].low is not None


def test_models_share_a_heading_and_unlike_data_are_not_set_beside_the_papers() -> None:
    table = f1_table([ours(), ours("tiny", "clca")])
    groups = [group for group, *_ in values(table)]
    assert groups == sorted(groups, key=groups.index)
    assert groups.count("Zero-Shot Prompting") == 3
    assert [label for group, label, _ in values(table) if group == "Single-Culture Adaptation - clca"] == ["tiny"]


def test_invalid_answers_have_the_layout_of_table_3() -> None:
    # Of 8 texts: base 0, zero-shot 3, combined 0; the adapters 3 + 1 of 16.
    assert values(invalid_table([ours()])) == [
        ("llama-3.1-8b", "No adaptation, no culture named", [0.0]),
        ("llama-3.1-8b", "Zero-Shot", [0.375]),
        ("llama-3.1-8b", "Single-Culture-WVS", [0.25]),
        ("llama-3.1-8b", "Combined-Culture-WVS", [0.0]),
    ]
    assert values(invalid_table([beside_all("llama-3.1-8b", "wvs", ten())])) == [
        ("llama-3.1-8b", "Zero-Shot", [0.5]),
        ("llama-3.1-8b", "Zero-Shot, published", [0.212]),
        ("llama-3.1-8b", "Single-Culture-WVS", [0.0]),
        ("llama-3.1-8b", "Single-Culture-WVS, published", [0.1082]),
        ("llama-3.1-8b", "Combined-Culture-WVS", [0.0]),
    ]


def test_printed_totals_stand_beside_all_ten_cultures_only() -> None:
    run, some = beside_all("llama-3.1-8b", "wvs", ten()), ours()
    for whole, part in (
        (f1_table([run]), f1_table([some])),
        (invalid_table([run]), invalid_table([some])),
        (invalid_counts_table([run]), invalid_counts_table([some])),
        (data_table([(run, None)]), data_table([(some, None)])),
    ):
        (last, *_) = [row for row in whole.rows if row.kind == "published"]
        assert last.cells[-1] is not None
        assert all(row.cells[-1] is None for row in part.rows if row.kind == "published")
        assert (TOTALS in whole.notes, TOTALS in part.notes) == (False, True)


def test_invalid_answers_are_counted_as_in_table_13() -> None:
    counts = values(invalid_counts_table([ours(data="wvs+wiki")]))
    own, whole = "llama-3.1-8b, mean of a test", "llama-3.1-8b, all texts"
    # Zero-shot: 2 of 2, 1 of 2, 0 of 4 texts. The own adapters have no invalid answer.
    assert (own, "Zero-Shot", [1.0, 2.6667, 0.5]) in counts
    assert (own, "Single-Culture-WVS+Wiki", [0.0, 2.6667, 0.0]) in counts
    assert (whole, "Zero-Shot", [3.0, 8.0, 0.375]) in counts
    assert (whole, "Single-Culture-WVS+Wiki", [4.0, 16.0, 0.25]) in counts
    beside = values(invalid_counts_table([beside_all("llama-3.1-8b", "wvs+wiki", ten())]))
    assert (own, "Zero-Shot, published", [234.566, 1106.0, 0.2255]) in beside
    assert (own, "Single-Culture-WVS+Wiki, published", [121.5849, 1106.0, 0.1201]) in beside
    assert (whole, "Single-Culture-WVS+Wiki, published", [71019.0, 645018.0, 0.1101]) in beside


def test_normalised_scores_have_the_layout_of_tables_8_to_10() -> None:
    specificity = scores().specificity
    assert specificity is not None
    # On ara both have 2/3: germany (1 + 1/3) / 2, ara (1/3 + 1) / 2. On deu germany has 1, ara (1 + 0) / 2.
    plain = normalised_table(specificity, model="tiny", data="wvs", published=ours().printed)
    assert plain.columns == ("Arabic-speaking (ara)", "Germany (deu)")
    assert values(plain) == [("", "Arabic-speaking (ara)", [1.0, 0.5]), ("", "Germany (deu)", [1.0, 1.0])]
    beside = values(normalised_table(specificity, model="llama-3.1-8b", data="wvs+normad", published=ours().printed))
    assert beside[2:] == [
        ("published, table 10", "Arabic-speaking (ara)", [0.7961, 0.964]),
        ("published, table 10", "Germany (deu)", [0.6004, 0.9297]),
    ]


@cache
def mmlu() -> MatrixScores:
    """Two subjects; ara has 2 and 1 of 2 right, germany 1 and 1, base all."""
    labels = ("A", "B")
    return score(
        [
            scored("stem/a", [0, 1], {"base": [0, 1], "germany": [0, 0], "ara": [0, 1]}, labels),
            scored("law/b", [0, 1], {"base": [0, 1], "germany": [0, 0], "ara": [0, 0]}, labels),
        ],
        seed=1,
        resamples=5,
    )


def test_mmlu_has_the_layout_of_table_4_with_mean_and_deviation_over_adapters() -> None:
    run = beside_all("llama-3.1-8b", "wvs", mmlu())
    table = mmlu_table([run], mode="generate")
    assert table.columns == ("Std.", "Std., published")
    # F1 over all four questions: ara (4/5 + 2/3) / 2, germany (2/3 + 0) / 2; deviation of the two: 0.4 / sqrt(2).
    assert values(table) == [
        ("llama-3.1-8b", "base", [1.0, 0.4538]),
        ("llama-3.1-8b", "Arabic-speaking (ara)", [0.7333, 0.4199]),
        ("llama-3.1-8b", "Germany (deu)", [0.3333, 0.404]),
        ("llama-3.1-8b", "Avg.", [0.5333, None]),
        ("llama-3.1-8b", "Std. dev.", [0.2828, None]),
    ]
    assert "table 4" in table.title
    assert TOTALS in table.notes
    rows = {row: [0, 1] for row in CODES}
    whole = beside_all("llama-3.1-8b", "wvs", score([scored("stem/a", [0, 1], rows)], seed=1, resamples=5))
    assert values(mmlu_table([whole], mode="generate"))[-2:] == [
        ("llama-3.1-8b", "Avg.", [1.0, 0.4278]),
        ("llama-3.1-8b", "Std. dev.", [0.0, None]),
    ]
    accuracy = mmlu_table([run], mode="generate", metric="accuracy")
    assert values(accuracy)[1:3] == [
        ("llama-3.1-8b", "Arabic-speaking (ara)", [0.75]),
        ("llama-3.1-8b", "Germany (deu)", [0.5]),
    ]


def test_probability_mode_stands_beside_table_11() -> None:
    runs = [beside_all("llama-3.1-8b", data, mmlu()) for data in ("wvs", "wvs-translated")]
    table = mmlu_table(runs, mode="probability")
    assert table.columns == ("Std.", "Transl.", "Std., published", "Transl., published")
    assert values(table)[0] == ("llama-3.1-8b", "base", [1.0, 1.0, None, None])
    assert values(table)[1] == ("llama-3.1-8b", "Arabic-speaking (ara)", [0.7333, 0.7333, 0.2883, 0.3781])
    assert "table 11" in table.title


def test_what_two_evaluations_share_stands_once() -> None:
    runs = [beside_all("llama-3.1-8b", data, ten()) for data in ("wvs", "wvs+wiki")]
    for table in (f1_table(runs), invalid_table(runs)):
        shared = [row.label for row in table.rows if "Zero-Shot" in f"{row.group} {row.label}"]
        assert len(shared) == 2  # ours and the published one
        assert len(set(table.rows)) == len(table.rows)


def test_two_evaluations_of_the_same_data_keep_a_column_each() -> None:
    runs = [
        beside_all("llama-3.1-8b", "wvs", answers, name) for name, answers in (("first", mmlu()), ("second", ten()))
    ]
    table = mmlu_table(runs, mode="generate", metric="accuracy")
    assert table.columns == ("WVS (first)", "WVS (second)")
    assert values(table)[1] == ("llama-3.1-8b", "Arabic-speaking (ara)", [0.75, 0.55])


def test_data_configurations_have_the_layout_of_table_5() -> None:
    whole = beside_all("llama-3.1-8b", "wvs", ten())
    table = data_table([(whole, mmlu()), (ours(data="clca"), mmlu()), (ours(data="wvs"), None)])
    assert table.columns == ("F1 Cult. (%)", "C-Spec", "F1 MMLU (%)", "Std.")
    assert [(group, label) for group, label, _ in values(table)] == [
        ("llama-3.1-8b", "WVS"),
        ("llama-3.1-8b", "WVS, published"),
        ("llama-3.1-8b", "clca"),
        ("llama-3.1-8b", "WVS"),
    ]
    rows = [row for *_, row in values(table)]
    assert rows[0] == [1.0, 1.0, 0.5333, 0.2828]
    assert rows[1] == [0.2961, 0.76, 0.4278, 0.0136]
    assert rows[2] == [0.8333, 1.0, 0.5333, 0.2828]
    assert rows[3] == [0.8333, 1.0, None, None]


def test_percentages_have_two_decimals_and_groups_a_line() -> None:
    whole = beside_all("llama-3.1-8b", "wvs", ten())
    tables = [data_table([(whole, mmlu())]), invalid_counts_table([whole])]
    text = table_formats.markdown(tables)
    assert "| Data | F1 Cult. (%) | C-Spec | F1 MMLU (%) | Std. |" in text
    assert "| **llama-3.1-8b** |  |  |  |  |" in text
    assert "| WVS, published | 29.61 | 0.7600 | 42.78 | 1.36 |" in text
    assert "| Zero-Shot, published | 234.566 | 1,106 | 22.55 |" in text
    tex = table_formats.latex(tables)
    assert r"\multicolumn{5}{l}{llama-3.1-8b} \\" in tex
    assert r"WVS, published & 29.61 & 0.7600 & 42.78 & 1.36 \\" in tex
    rows = list(csv.DictReader(io.StringIO(table_formats.csv_text(tables))))
    assert (rows[4]["kind"], rows[4]["row"]) == ("published", "llama-3.1-8b: WVS, published")
    assert (rows[4]["column"], rows[4]["value"]) == ("F1 Cult. (%)", "0.2961")
    console = Console(width=80, file=io.StringIO(), record=True)
    console.print(table_formats.screen(tables[0]))
    shown = console.export_text()
    assert "42.78" in shown
    assert "\nllama-3.1-8b\n" in "\n".join(line.rstrip() for line in shown.splitlines())


def test_ten_cultures_and_their_average_fit_a_terminal_in_parts() -> None:
    tests = [
        scored(f"{culture}/hate", [0, 1] * 10, {"zero-shot": [0] * (19 - i) + [1] * (i + 1)})
        for i, culture in enumerate(CODES)
    ]
    table = f1_table([beside_all("llama-3.1-8b", None, score(tests, seed=1, resamples=5))])
    console = Console(width=80, file=io.StringIO(), record=True)
    (shown_table,) = table_formats.screen(table, notes=False).renderables
    assert isinstance(shown_table, RichTable)
    console.print(*fitted(shown_table, 80), sep="\n")
    shown = console.export_text()
    assert max(map(len, shown.splitlines())) <= 80
    for row in table.rows:
        for cell in row.cells:
            assert cell is not None
            assert f"{100 * cell.value:.2f}" in shown
    assert "…" not in shown


def test_notes_say_what_stands_there() -> None:
    assert any("published.md" in note for note in f1_table([ours()]).notes)
    assert not any("published.md" in note for note in f1_table([ours("tiny", None)]).notes)
    assert f1_table([ours()], notes=["A rehearsal."]).notes[-1] == "A rehearsal."


def test_nothing_is_printed_beside_an_evaluation_before_it_is_matched() -> None:
    run = TableSystem("llama-3.1-8b", "wvs", ten())
    tables = [f1_table([run]), invalid_table([run]), invalid_counts_table([run]), data_table([(run, mmlu())])]
    assert {row.kind for table in tables for row in table.rows} == {"ours"}
    assert mmlu_table([run], mode="generate").columns == ("Std.",)
