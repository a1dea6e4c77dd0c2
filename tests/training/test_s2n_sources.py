"""The shipped list of what S2N took, against what the paper says."""

from __future__ import annotations

import pytest

from clca.content.lookup import Content
from clca.culture import CultureCatalogue
from clca.errors import ContentError
from clca.evaluation.s2n_results import CODES
from clca.training.s2n_sources import PATH, load_s2n_sources
from tests.conftest import Overlay


def test_every_culture_of_the_paper_has_its_files_and_no_other_has(content: Content) -> None:
    sources = load_s2n_sources(content)
    assert {culture: source.code for culture, source in sources.items()} == CODES
    assert set(sources) <= set(CultureCatalogue(content).ids())
    assert all(source.culturellm.endswith("_llama.jsonl") for source in sources.values())


def test_pages_are_those_of_table_15_and_samples_those_of_table_6(content: Content) -> None:
    sources = load_s2n_sources(content)
    assert sorted(source.wikipedia for source in sources.values()) == [
        "Arab culture",
        "Chinese culture",
        *(f"Culture of {place}" for place in ("Bengal", "England", "Germany", "Greece", "Korea", "Portugal", "Spain")),
        "Culture of Turkey",
    ]
    samples = {culture: source.normad for culture, source in sources.items() if source.normad_from == "table 6"}
    assert samples == {"ara": ("egypt",), "spa": ("spain",), "usa": ("uk",)}


def test_a_culture_listed_twice_is_refused(content: Content, overlay: Overlay) -> None:
    text = content.text(PATH)
    with pytest.raises(ContentError, match=r"s2n_sources\.csv: culture: greece is listed twice"):
        load_s2n_sources(overlay({PATH: text + next(line for line in text.splitlines() if line.startswith("greece"))}))
