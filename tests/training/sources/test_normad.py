from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from clca.errors import ClcaError
from clca.training.examples import Dropped, Text
from clca.training.sources.normad import OTHERS, UNEXPLAINED, flat, normad
from clca.training.training_sources import CultureRef
from tests.training.material import made, material

USA = CultureRef("usa", "United States")
ROW = {
    "ID": "17",
    "Country": "united_states_of_america",
    "Background": "### Eating\n- Wait for the host.\n- Use **both** hands.",
    "Axis": "etiquette",
    "Subaxis": "eating",
    "Value": "Respect for hosts",
    "Rule-of-Thumb": "One waits for the host to begin.",
    "Story": "Ana started\nbefore the host sat down.",
    "Explanation": "She did not wait.",
    "Gold Label": "no",
    "Other Country": "",
}


def table(path: Path, *rows: dict[str, Any]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_row_is_laid_out_as_in_s2n(tmp_path: Path) -> None:
    file = table(tmp_path / "normad.csv", ROW)
    (one,) = made(normad(material(cultures=(USA,), files={"normad": str(file)})))
    assert (one.id, one.task, one.group) == ("normad:17", "norm", "17")
    assert one.body == Text(
        "### Task: NormAd Cultural Context\n"
        "### Culture: United States\n"
        "### Country: United States Of America\n"
        "### Background: Eating Wait for the host. Use **both** hands.\n"
        "### Rule-of-Thumb: One waits for the host to begin.\n"
        "### Story: Ana started before the host sat down.\n"
        "### Explanation:",
        " She did not wait.",
    )


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    turned = table(tmp_path / "normad.csv", dict(reversed(ROW.items())))
    assert len(made(normad(material(cultures=(USA,), files={"normad": str(turned)})))) == 1


@pytest.mark.parametrize(
    ("culture", "country"),
    [
        (CultureRef("turkey", "Turkey"), "türkiye"),
        (CultureRef("turkey", "Turkey"), "turkey"),
        (CultureRef("uk", "United Kingdom"), "united_kingdom"),
        (CultureRef("south_korea", "South Korea"), "South Korea"),
        (CultureRef("ara", "Arabic", ("iraq", "jordan")), "iraq"),
    ],
)
def test_countries_are_found_by_the_names_they_have_there(tmp_path: Path, culture: CultureRef, country: str) -> None:
    file = table(tmp_path / "normad.csv", {**ROW, "Country": country})
    assert len(made(normad(material(cultures=(culture,), files={"normad": str(file)})))) == 1


@pytest.mark.parametrize(
    ("culture", "own", "s2n"),
    [
        (CultureRef("ara", "Arabic", ("iraq", "jordan")), "iraq", "egypt"),
        (CultureRef("spa", "Spanish", ("argentina", "mexico")), "mexico", "spain"),
        (USA, "united_states_of_america", "united_kingdom"),
        (CultureRef("brazil", "Brazil"), "brazil", "portugal"),
        (CultureRef("japan", "Japan"), "japan", None),  # not among S2N's cultures
    ],
)
def test_countries_are_the_cultures_own_or_those_that_s2n_took(
    tmp_path: Path, culture: CultureRef, own: str, s2n: str | None
) -> None:
    rows = [{**ROW, "ID": country, "Country": country} for country in filter(None, (own, s2n))]
    files = {"normad": str(table(tmp_path / "normad.csv", *rows))}
    found = {
        which: [one.group for one in made(normad(material(cultures=(culture,), files=files, normad_countries=which)))]
        for which in ("own", "s2n")
    }
    assert found == {"own": [own], "s2n": [s2n or own]}


def test_rows_of_others_and_rows_without_words_are_dropped(tmp_path: Path) -> None:
    rows = [ROW, {**ROW, "ID": "18", "Country": "japan"}, {**ROW, "ID": "19", "Explanation": ""}]
    file = table(tmp_path / "normad.csv", *rows)
    found = list(normad(material(cultures=(USA,), files={"normad": str(file)})))
    assert found[1:] == [Dropped(OTHERS, "18"), Dropped(UNEXPLAINED, "19")]


def test_a_file_without_the_culture_or_a_column_is_named(tmp_path: Path) -> None:
    file = table(tmp_path / "normad.csv", {**ROW, "Country": "japan"})
    with pytest.raises(ClcaError, match=r"normad\.csv: has no rows of usa: its column Country holds other countries$"):
        list(normad(material(cultures=(USA,), files={"normad": str(file)})))
    table(file, {key: value for key, value in ROW.items() if key != "Story"})
    with pytest.raises(ClcaError, match=r"normad\.csv:4: Story: missing key$"):
        list(normad(material(cultures=(USA,), files={"normad": str(file)})))


def test_marks_of_headings_and_bullets_go() -> None:
    assert flat("### A\n\n* b\n- c - d\n#e") == "A b c - d #e"
