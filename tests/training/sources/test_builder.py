from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.content.prompts import Prompts
from clca.errors import SettingsError
from clca.training.examples import ExampleCounts
from clca.training.kept_dialogues import NOT_KEPT
from clca.training.sources.builder import assemble, draw
from tests.training.material import dialogue, material, numbered, of, size, write


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of 60 scenarios."""
    return write(tmp_path / "dialogues.jsonl", numbered(60))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """40 chats of growing length."""
    file = tmp_path / "own.jsonl"
    line = '{{"messages": [{{"role": "user", "content": "q{0}"}}, {{"role": "assistant", "content": "{1}"}}]}}\n'
    file.write_text("".join(line.format(number, "a" * (number + 1)) for number in range(40)))
    return file


def tasks(examples: list[object]) -> Counter[str]:
    return Counter(one.task for one in examples)  # type: ignore[attr-defined]


def test_the_three_mixes_of_dialogues(run: Path) -> None:
    assert tasks(of(material(run, mix="clca"))) == {"dialogue": 120, "intent": 60}
    assert tasks(of(material(run, mix="dialogue-only"))) == {"dialogue": 120}
    assert tasks(of(material(run, mix="intent-only"))) == {"intent": 60}


def test_what_was_not_kept_is_dropped_and_counted(tmp_path: Path) -> None:
    file = write(
        tmp_path / "dialogues.jsonl",
        [dialogue(), dialogue(id="japan-last-loaf-2", verdict="discarded", reason="quality")],
    )
    tally = ExampleCounts()
    assert tasks(of(material(file), tally=tally)) == {"dialogue": 2, "intent": 1}
    assert tally.dropped == {NOT_KEPT: 1}


def test_a_source_without_amounts_is_read_once_and_only_as_far_as_wanted(run: Path) -> None:
    with run.open("a") as file:
        file.write("no dialogue\n")
    examples = assemble(material(run), "train", lambda _: pytest.fail("no length is needed"), ExampleCounts())
    assert len([next(examples) for _ in range(180)]) == 180


def test_no_scenario_is_in_both_parts_of_any_mix(run: Path) -> None:
    groups = {}
    for mix in ("clca", "intent-only"):
        one = material(run, mix=mix, held_out=0.3)
        train, held_out = ({example.group for example in of(one, part)} for part in ("train", "held-out"))
        assert train | held_out == {f"scene-{number}" for number in range(60)}
        assert not train & held_out
        groups[mix] = held_out
    assert groups["clca"] == groups["intent-only"]
    assert 5 < len(groups["clca"]) < 35


def test_a_dialogue_is_rendered_for_its_own_part_alone(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: Counter[str] = Counter()
    render = Prompts.render

    def counting(prompts: Prompts, form: str, part: str, **shown: Any) -> str:
        rendered[form] += part == "system"
        return render(prompts, form, part, **shown)

    monkeypatch.setattr(Prompts, "render", counting)
    one = material(run, held_out=0.3)
    made = of(one, "train") + of(one, "held-out")
    assert rendered == {"train-dialogue": 120, "train-intent": 60}
    assert len(made) == 180


def test_without_a_held_out_part_nothing_is_read_for_it(tmp_path: Path) -> None:
    assert of(material(tmp_path / "absent.jsonl", held_out=0), "held-out") == []


def test_what_is_dropped_is_counted_in_its_own_part_alone(tmp_path: Path) -> None:
    again = [one.model_copy(update={"id": f"{one.id}-again"}) for one in numbered(50)]
    file = write(tmp_path / "dialogues.jsonl", numbered(50, verdict="discarded") + again)
    parts = (ExampleCounts(), ExampleCounts())
    of(material(file, held_out=0.3), "train", parts[0])
    of(material(file, held_out=0.3), "held-out", parts[1])
    assert sum(tally.dropped[NOT_KEPT] for tally in parts) == 50
    assert all(tally.dropped[NOT_KEPT] for tally in parts)


# ---------------------------------------------------------------- amounts


def test_weights_are_proportions_and_nothing_is_taken_twice(run: Path, own: Path) -> None:
    taken = of(material(run, mix="clca:3+chat:1", files={"chat": str(own)}))
    counts = tasks(taken)
    assert counts["chat"] == 40
    assert counts["dialogue"] + counts["intent"] == 120
    assert len({example.id for example in taken}) == 160


def test_a_size_counts_examples(run: Path, own: Path) -> None:
    assert len(of(material(run, mix="clca", size=7))) == 7
    sized = tasks(of(material(run, mix="clca:1+chat:1", size=30, files={"chat": str(own)})))
    assert (sized["chat"], sized["dialogue"] + sized["intent"]) == (15, 15)
    unweighted = tasks(of(material(run, mix="clca+chat", size=22, files={"chat": str(own)})))
    assert (unweighted["chat"], unweighted["dialogue"] + unweighted["intent"]) == (4, 18)


def test_a_size_beyond_what_there_is_takes_all_before_any_again(own: Path) -> None:
    taken = Counter(example.id for example in of(material(mix="chat", size=100, files={"chat": str(own)})))
    assert set(taken.values()) == {2, 3}
    assert len(taken) == 40


def test_an_ablation_can_hold_as_many_examples_as_the_mix_it_stands_for(run: Path, own: Path) -> None:
    matched = material(run, mix="chat", match={"mix": "clca"}, files={"chat": str(own)}, held_out=0.2)
    whole = material(run, mix="clca", held_out=0.2)
    for part in ("train", "held-out"):
        assert len(of(matched, part)) == len(of(whole, part))  # type: ignore[arg-type]


def test_or_as_many_tokens_as_nearly_as_its_examples_allow(run: Path, own: Path) -> None:
    matched = material(run, mix="chat", match={"mix": "clca", "by": "tokens"}, files={"chat": str(own)})
    wanted = sum(map(size, of(material(run, mix="clca"))))
    taken = of(matched)
    assert abs(sum(map(size, taken)) - wanted) <= max(map(size, taken)) / 2


def test_the_seed_decides_what_is_drawn(run: Path) -> None:
    def drawn(seed: int) -> list[str]:
        return [example.id for example in of(material(run, size=20, seed=seed))]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_a_mix_without_examples_is_refused_with_the_reasons(tmp_path: Path, own: Path) -> None:
    empty = write(tmp_path / "empty.jsonl", [])
    with pytest.raises(SettingsError, match=r"^mix 'clca' has no example to train on$"):
        of(material(empty))
    discarded = write(tmp_path / "discarded.jsonl", [dialogue(verdict="discarded")])
    with pytest.raises(SettingsError, match=rf"no example to train on \(dropped: 1 x {NOT_KEPT}\)$"):
        of(material(discarded))
    assert of(material(empty), "held-out") == []
    mixed = material(empty, mix="clca:1+chat:1", size=10, files={"chat": str(own)})
    with pytest.raises(SettingsError, match=r"^mix 'clca:1\+chat:1': clca has no example to take$"):
        of(mixed)


def test_a_mix_that_is_held_out_altogether_is_refused_with_the_cause(run: Path) -> None:
    with pytest.raises(SettingsError, match=r"no example to train on: all that it has is held out; lower data\.held"):
        of(material(run, held_out=0.999999))


def test_a_mix_of_dialogues_needs_a_run() -> None:
    with pytest.raises(SettingsError, match="mix 'clca' needs dialogues: make a run with `clca generate` first"):
        of(material())


# ---------------------------------------------------------------- draw


def test_a_draw_stops_where_it_is_nearest_to_the_budget() -> None:
    assert draw([10, 10, 10], 20) == draw([10, 10, 10], 24)
    assert sum(draw([10, 10, 10], 24).values()) == 2
    assert sum(draw([10, 10, 10], 26).values()) == 3
    assert draw([10], 35) == {0: 4}
    assert draw([10], 34) == {0: 3}
    assert draw([0, 5, 0], 10) == {1: 2}
    assert draw([], 10) == draw([0], 10) == draw([3], 0) == {}


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(0, 2000), st.integers())
def test_a_draw_is_off_by_half_its_largest_item_at_most_and_even(sizes: list[int], budget: int, seed: int) -> None:
    taken = draw(sizes, budget, seed)
    if any(sizes):
        total = sum(sizes[index] * times for index, times in taken.items())
        assert abs(total - budget) <= max(sizes) / 2
        times = [taken[index] for index, one in enumerate(sizes) if one]
        assert max(times) - min(times) <= 1
    else:
        assert not taken
