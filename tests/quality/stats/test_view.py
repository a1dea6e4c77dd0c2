"""What `clca stats` prints: tables, JSON, and nothing that acts on a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pydantic import BaseModel

pytest.importorskip("py3langid")
pytest.importorskip("rensa")

from clca.cli import app
from clca.cli.views.stats import show
from clca.printable import printable
from clca.quality.stats.config import StatsConfig
from clca.quality.stats.figures import figures
from clca.quality.stats.likeness import MeaningStats, PairShown
from clca.quality.stats.plan import plan
from clca.quality.stats.result import StatsResult
from clca.quality.stats.run import run
from tests.quality.runs import talk, write_run
from tests.security.test_shown_text import ATTACKS, check


def test_tables_show_funnel_measures_and_differences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = write_run(tmp_path / "japan" / "one", [talk(n) for n in range(12)])
    two = write_run(tmp_path / "uk" / "two", [talk(n, culture="uk") for n in range(12)], "uk")
    app(["stats", str(one), str(two), "--embedder", "none"], standalone_mode=False)
    shown = capsys.readouterr().out
    for text in ("Funnel", "discarded: degenerate 1", "Diversity, in blocks of 5", "self_bleu", "first/japan"):
        assert text in shown
    app(["stats", str(one), "--json", "--embedder", "none"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["groups"][0]["culture"] == "japan"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> StatsResult:
    """A result with something in every table: two cultures, near-duplicates, a text of the survey."""
    folder = tmp_path_factory.mktemp("runs")
    item = "あなたの生活において、家族はどのくらい重要ですか。"
    one = write_run(folder / "japan" / "one", [talk(n, [item, item]) for n in range(6)])
    two = write_run(folder / "uk" / "two", [talk(n, culture="uk") for n in range(6)], "uk")
    made = run(plan(StatsConfig(run=(str(one), str(two)), embedder="none")))
    pair = PairShown(first="a", second="b", cosine=0.99)
    meaning = MeaningStats(embedder="a model", threshold=0.9, repeats=1, pairs=(pair,))
    groups = tuple(group.model_copy(update={"meaning": meaning}) for group in made.groups)
    return made.model_copy(update={"groups": groups})


def hostile(value: Any, text: str) -> Any:
    """The same with every text in it, keys of counts too, replaced; but for the names of sides."""
    if isinstance(value, BaseModel):
        return value.model_copy(update={name: hostile(getattr(value, name), text) for name in type(value).model_fields})
    if isinstance(value, dict):
        return {hostile(key, text): hostile(own, text) for key, own in value.items()}
    if isinstance(value, tuple):
        return tuple(hostile(own, text) for own in value)
    if isinstance(value, Path):
        return Path(text)
    return text if isinstance(value, str) and value not in ("first", "second") else value


@pytest.mark.parametrize("attack", ["a link in markup", "an emoji code", "a direction that is overridden"])
def test_a_figure_holds_names_as_text(attack: str, result: StatsResult) -> None:
    names = result.model_copy(
        update={"groups": tuple(own.model_copy(update={"culture": f"$x$ {ATTACKS[attack]}"}) for own in result.groups)}
    )
    made = figures(names)
    assert made == figures(names)
    assert made["measures.png"].startswith(b"\x89PNG")
    ElementTree.fromstring(made["measures.svg"])
    assert f"<!-- $x$ {printable(ATTACKS[attack])}".encode()[:10] in made["measures.svg"]
    assert figures(result.model_copy(update={"groups": ()})) == {}


@pytest.mark.parametrize("attack", [name for name, text in ATTACKS.items() if "\ud800" not in text])
def test_hostile_text_is_inert(attack: str, result: StatsResult, capsys: pytest.CaptureFixture[str]) -> None:
    bad = hostile(result, ATTACKS[attack])
    show(bad, quiet=False, as_json=False)
    shown = capsys.readouterr().out
    check(shown)
    assert shown.count(printable(ATTACKS[attack])) >= 20
    show(bad, quiet=False, as_json=True)
    shown = capsys.readouterr().out
    check(shown)
    assert json.loads(shown)["groups"][0]["culture"] == ATTACKS[attack]
