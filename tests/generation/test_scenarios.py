from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.content.lookup import Content
from clca.content_check import check_seeds
from clca.culture import CultureCatalogue
from clca.errors import ContentError, NotFoundError, SettingsError
from clca.generation.scenarios import FileScenarios, SeedScenarios, load_norms
from tests.conftest import Overlay
from tests.dialogue_examples import scenario

# ---------------------------------------------------------------- a user's file


def line(name: str = "last-loaf", **changes: Any) -> str:
    return json.dumps({**scenario().model_dump(mode="json"), "id": name, **changes}) + "\n"


def person(**changes: Any) -> dict[str, Any]:
    return {**scenario().participants[0].model_dump(mode="json"), **changes}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mine.jsonl"


def fault(file: Path, text: str) -> str:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        FileScenarios(file)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_scenarios_of_a_file_come_in_its_order_as_often_as_wanted(file: Path) -> None:
    file.write_text(line("b") + "\n" + line("a") + line("c"), encoding="utf-8")
    scenarios = FileScenarios(file)
    assert len(scenarios) == 3
    for _ in range(2):
        assert [scenario.id for scenario in scenarios] == ["b", "a", "c"]
    assert next(iter(scenarios)).participants == scenario().participants


def test_the_digest_is_that_of_the_bytes(file: Path) -> None:
    file.write_bytes((line("a") + "\r\n" + line("b", setting="Zwölf Brötchen.")).encode())
    assert FileScenarios(file).digest == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (line("a") + line("b", setting=3), ":2: setting: Input should be a valid string (given: 3)"),
        ("\n\n" + line("a", relationship="foe"), ":3: relationship: Input should be 'stranger', 'acquaintance'"),
        (line("a", participants=[person()]), ":1: participants.1: missing key"),
        (
            line("a", participants=[person(), person(age="old")]),
            ":1: participants.1.age: Input should be a valid integer",
        ),
        (line("a", participants=[person(), person(goal="")]), ":1: participants.1.goal: String should have at least 1"),
        (line("a", seting="x"), ":1: seting: unknown key; did you mean setting?"),
        (line("A b"), ":1: id: String should match pattern"),
        (line("a")[:-2] + "\n", ":1: not JSON: "),
        (line("a") + line("b") + line("a"), ":3: id: duplicate scenario 'a'"),
        ("\n", ": no scenarios in the file"),
    ],
)
def test_a_broken_scenario_is_named_by_file_line_and_field(file: Path, text: str, message: str) -> None:
    assert fault(file, text).startswith(f"{file}{message}")


def test_a_file_that_cannot_be_read_is_named(file: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"--scenarios .*mine\.jsonl: cannot read the file: No such file or directory"
    ):
        FileScenarios(file)
    with pytest.raises(SettingsError, match="not a file"):
        FileScenarios(file.parent)
    file.write_bytes(line("a").encode() + b"\xff\n")
    with pytest.raises(ContentError, match=r"mine\.jsonl:2: not UTF-8"):
        FileScenarios(file)


# ---------------------------------------------------------------- seeds


def test_all_seeds_come_in_the_order_of_their_ids(content: Content) -> None:
    ids = [scenario.id for scenario in SeedScenarios(content, None, 42)]
    assert ids == sorted(set(ids))
    assert len(SeedScenarios(content, None, 42)) == len(ids) >= 40
    assert ids == [scenario.id for scenario in SeedScenarios(content, None, 7)]


@given(small=st.integers(1, 20), more=st.integers(0, 20), seed=st.integers(0, 2**31 - 1))
def test_a_small_run_is_the_beginning_of_a_large_one(content: Content, small: int, more: int, seed: int) -> None:
    first = [scenario.id for scenario in SeedScenarios(content, small, seed)]
    assert len(set(first)) == small
    assert [scenario.id for scenario in SeedScenarios(content, small + more, seed)][:small] == first


def test_the_seed_decides_which_seeds_are_taken(content: Content) -> None:
    taken = {tuple(scenario.id for scenario in SeedScenarios(content, 5, seed)) for seed in range(10)}
    assert len(taken) == 10


def test_there_are_only_so_many_seeds(content: Content) -> None:
    with pytest.raises(
        SettingsError, match=r"--scenarios 100000: there are \d+ seed scenarios; .* --samples, add --norms"
    ):
        SeedScenarios(content, 100_000, 42)


def test_a_seed_stands_once_in_all_files(overlay: Overlay, content: Content) -> None:
    again = next(iter(SeedScenarios(content, None, 42))).model_dump_json()
    with pytest.raises(ContentError, match=r"seeds-mine\.jsonl:1: id: duplicate scenario '.*'"):
        SeedScenarios(overlay({"scenarios/seeds-mine.jsonl": again}), None, 42)


def test_without_seeds_there_is_nothing_to_play(overlay: Overlay, content: Content) -> None:
    empty = overlay(dict.fromkeys(content.files("scenarios/seeds*"), ""))
    with pytest.raises(NotFoundError, match="no seed scenarios"):
        SeedScenarios(empty, None, 42)


# ---------------------------------------------------------------- seeds of one culture


def own(name: str, culture: str = "japan", **changes: Any) -> str:
    return line(name, culture=culture, source="seed", **changes)


@pytest.fixture
def with_own(overlay: Overlay, content: Content) -> Content:
    """The packaged seeds of no culture, four of Japan and one of Germany."""
    japan, germany = "".join(map(own, "abcd")), own("e", "germany")
    no_others = dict.fromkeys(content.files("scenarios/own/*"), "")
    return overlay({**no_others, "scenarios/own/japan.jsonl": japan, "scenarios/own/germany.jsonl": germany})


def test_a_seed_of_one_culture_is_taken_for_that_one_alone(with_own: Content) -> None:
    neutral = [scenario.id for scenario in SeedScenarios(with_own, None, 42)]
    for cultures, names in ((("japan",), "abcd"), (("germany",), "e"), (("uk",), ""), (("japan", "germany"), "abcde")):
        seeds = SeedScenarios(with_own, None, 42, cultures)
        assert sorted(scenario.id for scenario in seeds) == sorted([*neutral, *names])
        assert seeds.counts.model_dump() == {"neutral": len(neutral), "own": len(names), "skipped": 0, "family": 0}
    japan = Content(with_own.workspace)
    SeedScenarios(japan, None, 42, ("japan",))
    assert "scenarios/own/japan.jsonl" in japan.used
    assert "scenarios/own/germany.jsonl" not in japan.used, "a change there makes no new run of Japan"


def test_any_beginning_has_its_share_of_own_seeds(with_own: Content) -> None:
    neutral = [scenario.id for scenario in SeedScenarios(with_own, 26, 42)]
    total = len(SeedScenarios(with_own, None, 42, ("japan",)))
    for count in (1, total // 4, total // 2, total):
        assert SeedScenarios(with_own, count, 42, ("japan",)).counts.own == count * 4 // total
    mixed = [scenario.id for scenario in SeedScenarios(with_own, 26, 42, ("japan",)) if scenario.id not in "abcd"]
    assert mixed == neutral[: len(mixed)], "the same ones as for every other culture"
    assert len(mixed) < 26


def test_the_content_check_names_the_faults_of_seeds_of_one_culture(overlay: Overlay) -> None:
    faulty = {
        "own/japan": (own("a") + own("b", "germany"), "2: culture: 'germany' must be the file's name, 'japan'"),
        "seeds-1": (own("c", "japn"), "1: culture: no culture 'japn'; did you mean japan or jordan?"),
        "seeds-2": (
            own("d", place={"text": "a bakery", "kind": "shop"}),
            "1: place: nothing is swapped in a scenario of japan alone",
        ),
        "seeds-3": (
            own("e", localise={"bakery": "gift"}),
            "1: localise: nothing is swapped in a scenario of japan alone",
        ),
    }
    content = overlay({f"scenarios/{name}.jsonl": text for name, (text, _) in faulty.items()})
    for name, (_, message) in faulty.items():
        with pytest.raises(ContentError) as caught:
            check_seeds(content, f"scenarios/{name}.jsonl", {"germany", "japan", "jordan"})
        assert caught.value.message.endswith(f"/scenarios/{name}.jsonl:{message}")
    with pytest.raises(ContentError, match="must be the file's name, 'japan'"):
        SeedScenarios(content, None, 42, ("japan",))


def test_of_a_file_the_seeds_of_other_cultures_are_left_out_and_counted(file: Path) -> None:
    file.write_text(line("a") + own("b") + own("c", "germany") + own("d", "germany"), encoding="utf-8")
    scenarios = FileScenarios(file, ("japan",))
    assert [scenario.id for scenario in scenarios] == ["a", "b"]
    assert (len(scenarios), scenarios.counts.model_dump()) == (2, {"neutral": 1, "own": 1, "skipped": 2, "family": 0})
    file.write_text(own("c", "germany"), encoding="utf-8")
    with pytest.raises(ContentError, match="all 1 scenarios in the file are of another culture"):
        FileScenarios(file, ("japan",))


# ---------------------------------------------------------------- norms


def norm_line(name: str, **changes: Any) -> str:
    keys = ("text", "breach", "explain", "remedy", "inspiration")
    norm = {"id": name, "scope": "general", "situation": "time", "place": "cafe", "relationship": "friend"}
    return json.dumps({**norm, **dict.fromkeys(keys, f"waiting for {name}"), **changes})


def test_a_culture_gets_its_own_norms_first_then_general_ones(content: Content, catalogue: CultureCatalogue) -> None:
    norms = load_norms(content, catalogue.culture("japan"), 50, 42)
    own = [norm for norm in norms if "japan" in norm.scope]
    assert {len(norm.scope) > 1 for norm in own} == {False, True}
    assert 0 < len(own) < 50
    assert norms[: len(own)] == own
    assert {norm.scope for norm in norms[len(own) :]} == {("general",)}
    assert len({norm.id for norm in norms}) == 50
    assert load_norms(content, catalogue.culture("japan"), 7, 42) == norms[:7]


def test_a_language_has_the_norms_of_its_countries(content: Content, catalogue: CultureCatalogue) -> None:
    norms = load_norms(content, catalogue.culture("spa"), 16, 42)
    assert all({"argentina", "mexico"} & set(norm.scope) for norm in norms)
    assert {("argentina",), ("mexico",)} <= {norm.scope for norm in norms}


def test_a_norm_is_left_out_where_it_does_not_hold(overlay: Overlay) -> None:
    files = dict.fromkeys(Content().files("scenarios/norms*.jsonl"), "")
    lines = [
        norm_line("everywhere"),
        norm_line("not-iraq", not_in=["iraq"]),
        norm_line("not-arabic", not_in=["iraq", "jordan"]),
    ]
    lines += [norm_line("few", scope=["iraq", "turkey"]), norm_line("one", scope="jordan")]
    content = overlay({**files, "scenarios/norms-mine.jsonl": "\n".join(lines)})
    held = {
        "iraq": {"everywhere", "few"},
        "jordan": {"everywhere", "not-iraq", "one"},
        "japan": {"everywhere", "not-iraq", "not-arabic"},
    }
    held |= {"ara": {"everywhere", "not-iraq", "few", "one"}}
    catalogue = CultureCatalogue(content)
    for culture, ids in held.items():
        assert {norm.id for norm in load_norms(content, catalogue.culture(culture), len(ids), 42)} == ids
        with pytest.raises(SettingsError, match=r"--norms \d: there are"):
            load_norms(content, catalogue.culture(culture), len(ids) + 1, 42)


def test_norms_are_only_written_from_when_asked_for(content: Content, catalogue: CultureCatalogue) -> None:
    assert load_norms(content, catalogue.culture("japan"), 0, 42) == []
    with pytest.raises(SettingsError, match=r"--norms 1000: there are \d+ norms of japan and \d+ general ones"):
        load_norms(content, catalogue.culture("japan"), 1000, 42)
