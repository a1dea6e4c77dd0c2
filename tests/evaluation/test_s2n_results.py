from __future__ import annotations

from collections import defaultdict

import pytest

from clca.content.lookup import Content
from clca.content.parsing import read_csv
from clca.errors import ContentError
from clca.evaluation.s2n_results import CODES, MMLU, OFFENSE, Printed, heading, in_order, load_s2n
from clca.models.catalogue import PATH as MODELS
from tests.conftest import Overlay

# Printed averages that are not the mean of their printed row: (table, model, setting, row) -> printed, mean.
NOT_THE_MEAN = {
    ("table 2", "llama-3.1-8b", None, "zero-shot"): (30.00, 30.301),
    ("table 4", "llama-3.1-8b", "wvs", "adapters"): (42.78, 42.766),
}
SIZES = {
    "table 2": 2 * 2 * 11,
    "table 3": 4,
    "table 5": 9 * 2,
    "table 7": 2 * 11,
    "table 8": 100,
    "table 9": 100,
    "table 10": 100,
    "table 13": 12 * 3,
}
MMLU_SIZES = {"table 4": 2 + 2 * 2 * 11, "table 5": 9 * 2, "table 11": 4 * 10}


def printed(content: Content, path: str) -> list[Printed]:
    return read_csv(path, content.text(path), Printed)


def test_every_table_is_whole(content: Content) -> None:
    for path, sizes in ((OFFENSE, SIZES), (MMLU, MMLU_SIZES)):
        counts: dict[str, int] = defaultdict(int)
        for entry in printed(content, path):
            counts[entry.source] += 1
        assert counts == sizes


def test_numbers_are_found_by_what_they_are_of_and_percentages_are_fractions(content: Content) -> None:
    s2n = load_s2n(content)
    assert s2n.value("table 2", "llama-3.1-8b-base", None, "zero-shot", "spa") == pytest.approx(0.3096)
    assert s2n.value("table 7", "llama-3.1-8b", "wvs", "combined", "germany") == pytest.approx(0.4608)
    assert s2n.value("table 5", "gemma-2-9b", "wvs+normad", "single", "average", "cspec") == 0.83
    assert s2n.value("table 5", "gemma-2-9b", "wvs+normad", "single", "average", "sd_f1_mmlu") == pytest.approx(0.0311)
    assert s2n.value("table 11", "llama-3.1-8b", "wvs", "ara", "average") == pytest.approx(0.2883)
    assert s2n.value("table 13", "llama-3.1-8b", "wvs", "single", "pooled", "invalid_count") == 69804
    assert s2n.value("table 2", "llama-3.1-8b", "clca", "single", "spa") is None
    # The paper's survey data are CultureLLM's: mixes with these stand beside the same numbers.
    for mix in ("wvs", "wvs+normad", "wvs+wiki"):
        own = s2n.value("table 5", "gemma-2-9b", mix, "single", "average", "cspec")
        assert s2n.value("table 5", "gemma-2-9b", mix.replace("wvs", "culturellm"), "single", "average", "cspec") == own
        assert own is not None
    assert s2n.matrix("table 10", "llama-3.1-8b", "culturellm+normad")


def test_printed_averages_are_the_means_of_their_rows_but_for_those_that_are_listed(content: Content) -> None:
    rows: dict[tuple[str, str, str | None, str], dict[str, float]] = defaultdict(dict)
    for entry in (*printed(content, OFFENSE), *printed(content, MMLU)):
        if entry.metric != "f1":
            continue
        if entry.source in ("table 2", "table 7"):
            rows[entry.source, entry.model, entry.setting, entry.row][entry.column] = entry.value
        elif entry.source == "table 4" and entry.row != "zero-shot":
            rows[entry.source, entry.model, entry.setting, "adapters"][entry.row] = entry.value
    odd = {}
    for key, row in rows.items():
        average = row.pop("average")
        assert set(row) == set(CODES)
        mean = sum(row.values()) / 10
        if abs(mean - average) > 0.005 + 1e-9:
            odd[key] = (average, pytest.approx(mean))
    assert len(rows) == 4 + 2 + 4
    assert odd == NOT_THE_MEAN


def test_normalised_columns_top_at_1_but_for_two(content: Content) -> None:
    odd = {}
    for source, data in (("table 8", "wvs"), ("table 9", "wvs+wiki"), ("table 10", "wvs+normad")):
        cells = load_s2n(content).matrix(source, "llama-3.1-8b", data)
        assert len(cells) == 100
        for test in CODES:
            top = max(cells[adapter, test] for adapter in CODES)
            if top != 1:
                odd[source, test] = top
    assert odd == {("table 10", "bangladesh"): 0.9141, ("table 10", "south_korea"): 0.9640}


def test_what_the_notes_say_of_tables_3_4_11_and_13_is_so(content: Content) -> None:
    s2n = load_s2n(content)
    for model in ("llama-3.1-8b", "llama-3.1-8b-base"):
        for setting, row in ((None, "zero-shot"), ("wvs", "single")):
            pooled = s2n.value("table 13", model, setting, row, "pooled", "invalid")
            assert s2n.value("table 3", model, setting, row, "pooled", "invalid") == pooled
            count = s2n.value("table 13", model, setting, row, "pooled", "invalid_count")
            texts = s2n.value("table 13", model, setting, row, "pooled", "texts")
            assert count is not None
            assert texts is not None
            assert pooled == pytest.approx(count / texts, abs=0.00005)
            assert texts == 58638 * (11 if setting else 1)
    per_test = s2n.value("table 13", "llama-3.1-8b-base", None, "zero-shot", "over_tests", "invalid_count")
    assert per_test == pytest.approx(11797 / 53, abs=0.00005)
    differ = [
        (data, culture)
        for data in ("wvs", "wvs-translated")
        for culture in CODES
        if s2n.value("table 4", "llama-3.1-8b", data, culture, "average")
        != s2n.value("table 11", "llama-3.1-8b", data, culture, "average")
    ]
    assert differ == [("wvs", "ara")]


def test_a_printed_average_stands_over_the_papers_own_cultures_only(content: Content) -> None:
    s2n = load_s2n(content)
    whole = s2n.cells("table 2", "llama-3.1-8b", None, "zero-shot", tuple(CODES))
    assert whole[-1] is not None
    assert whole[-1].value == pytest.approx(0.30)
    some = s2n.cells("table 2", "llama-3.1-8b", None, "zero-shot", ("ara", "spa"))
    assert [cell and cell.value for cell in some] == [pytest.approx(0.1914), pytest.approx(0.3914), None]
    more = s2n.cells("table 2", "llama-3.1-8b", None, "zero-shot", ("ara", "japan"))
    assert (more[1], more[2]) == (None, None)


def test_models_and_cultures_go_by_the_names_that_clca_knows(content: Content) -> None:
    models = content.text(MODELS)
    known = {path.split("/")[-1].removesuffix(".yaml") for path in content.files("personas/cultures/*.yaml")}
    for entry in (*printed(content, OFFENSE), *printed(content, MMLU)):
        assert f"\n  {entry.model}:" in models
        assert entry.row in known | {"zero-shot", "single", "combined", "average"}
        assert entry.column in known | {"average", "over_tests", "pooled"}
        assert entry.setting is None or f"trainers/{entry.setting}.yaml" in content.files("trainers/*.yaml")


def test_cultures_stand_in_the_papers_order_with_its_codes_beside_their_names() -> None:
    assert in_order(["japan", "spa", "usa", "ara", "uk"]) == ("ara", "usa", "spa", "japan", "uk")
    names = {"usa": "United States", "japan": "Japan"}
    headings = [heading(culture, names) for culture in ("usa", "japan", "uk", "germany", "ara")]
    assert headings == ["United States (eng)", "Japan", "uk", "germany (deu)", "ara"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (OFFENSE, r"table 2, llama-3.1-8b-base, .* zero-shot, ara, f1: duplicate"),
        (MMLU, r"table 4, llama-3.1-8b-base, .* zero-shot, average, f1: duplicate"),
    ],
)
def test_a_number_that_stands_twice_is_named_with_its_file_and_line(
    overlay: Overlay, content: Content, path: str, message: str
) -> None:
    lines = content.text(path).rstrip("\n").split("\n")
    with pytest.raises(ContentError, match=rf"{path}:{len(lines) + 2}: {message}"):
        load_s2n(overlay({path: "\n".join([*lines, "", lines[1]])}))
