"""`--kept N`: which dialogues are played, until when, and what is said of it."""

from __future__ import annotations

import asyncio
import json
import random
import time
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clca.errors import SettingsError
from clca.generation.config import GenerateConfig
from clca.generation.gate import Gate
from clca.generation.ids import DialogueIds, scenario_id
from clca.generation.kept_target import Forecast, KeptTarget
from clca.generation.outcomes import Funnel
from clca.generation.plan import plan, plan_retry
from clca.generation.result import GenerationResult
from clca.generation.run import run
from clca.generation.sequence import MOST_SAMPLES, DialogueSequence
from clca.progress import Note
from clca.records import Norm, Scenario
from clca.storage.run_index import RunInfo, list_runs
from clca.storage.run_selection import covers
from tests.cli_process import Stub, clca, last_json, only_run, records, sorted_files, start

KEEPS_A_THIRD = ("--leave", "0.2", "--bad", "0.45")  # of two stages of the judge: 0.55 squared


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(**fields: Any) -> GenerateConfig:
    return GenerateConfig(**{"culture": ("japan",), "max_exchanges": 2, "calibrate": False, **fields})


def generate(**fields: Any) -> GenerationResult:
    return run(plan(config(**fields)))


# ---------------------------------------------------------------- which dialogues


def played(order: list[bool], target: KeptTarget, concurrency: int, draw: random.Random) -> list[int]:
    """The dialogues that a gate lets begin, in random order of arrival; `order` says which of them are kept."""

    async def generate() -> list[int]:
        funnel = Funnel(target.kept, target=target)
        gate, begun, slots = Gate(funnel), list[int](), asyncio.Semaphore(concurrency)

        async def dialogue(number: int) -> None:
            for _ in range(draw.randrange(9)):
                await asyncio.sleep(0)
            funnel.outcomes["kept" if order[number] else "discarded"] += 1

        async with asyncio.TaskGroup() as group:
            for number in count():
                await slots.acquire()
                if not await gate.opens():
                    break
                begun.append(number)
                gate.begin(1)
                task = group.create_task(dialogue(number))
                task.add_done_callback(lambda _: (gate.end(1), slots.release()))  # type: ignore[func-returns-value]
        assert funnel.pending == 0
        assert funnel.under_way == 0
        return begun

    return asyncio.run(generate())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.booleans(), min_size=60, max_size=60),
    st.integers(1, 12),
    st.integers(1, 5),
    st.integers(1, 40),
    st.integers(),
)
def test_the_dialogues_are_the_shortest_beginning_that_holds_n_kept_ones_in_whatever_order_they_end(
    order: list[bool], wanted: int, attempts: int, concurrency: int, seed: int
) -> None:
    target = KeptTarget(wanted, wanted * attempts)
    kept_until = [sum(order[: number + 1]) for number in range(len(order))]
    whole = next((number + 1 for number, kept in enumerate(kept_until) if kept == wanted), len(order))
    assert played(order, target, concurrency, random.Random(seed)) == list(range(min(whole, target.most)))


def scenario(name: str) -> Scenario:
    person: dict[str, Any] = {"age": 30, "gender": "female", "occupation": "clerk", "background": "b", "goal": "g"}
    people = [{"name": name, "secret": "", **person} for name in ("Ann", "Bea")]
    return Scenario.model_validate(
        {"id": name, "setting": "s", "relationship": "friend", "source": "t", "participants": people}
    )


def test_more_samples_come_first_then_more_scenarios_then_more_norms_then_more_of_all() -> None:
    norm = Norm(id="n", scope=("general",), text="A norm.", inspiration="A book.")
    sequence = DialogueSequence([([scenario("a"), scenario("b")], []), ([scenario("c")],), ([norm],)], samples=1)
    order = [f"{scenario_id(source)}{sample}" for source, sample in islice(sequence, 20)]
    assert order == [
        *("a1", "b1", "a2", "b2", "a3", "b3", "a4", "b4"),  # where it begins, and four times as many samples
        *("c1", "c2", "c3", "c4"),
        *("norm-n1", "norm-n2", "norm-n3", "norm-n4"),
        *("a5", "b5", "c5", "norm-n5"),
    ]
    assert len(sequence) == sum(1 for _ in sequence) == 4 * MOST_SAMPLES
    assert [source.id for source in sequence.sources(9)] == ["a", "b", "c"]
    assert [source.id for source in sequence.sources()] == ["a", "b", "c", "n"]


def test_a_run_goes_on_from_one_scenario_to_all_and_to_norms() -> None:
    planned = plan(config(scenarios=1, samples=1, kept=400, kept_attempts=2)).runs[0]
    order = list(planned.sequence.sources(800))
    assert [scenario_id(source) for source, _ in islice(planned.sequence, 4)] == [scenario_id(order[0])] * 4
    kinds = [isinstance(source, Norm) for source in order]
    assert kinds == sorted(kinds)
    assert 40 < sum(kinds) < len(kinds) - 40
    fuller = plan(config(scenarios=12, samples=1, kept=400)).runs[0]
    assert [scenario_id(source) for source in order[:12]] == [source.id for source in fuller.scenarios]


def test_of_a_file_of_scenarios_there_are_no_others_and_norms_only_if_asked_for(here: Path) -> None:
    (here / "mine.jsonl").write_text(scenario("mine").model_dump_json() + "\n")
    mine = config(scenarios=here / "mine.jsonl", kept=3, kept_attempts=1000)
    assert {source.id for source in plan(mine).runs[0].sequence.sources()} == {"mine"}
    with_norms = mine.model_copy(update={"norms": 1})
    assert len(list(plan(with_norms).runs[0].sequence.sources())) > 3
    assert plan(mine).runs[0].target == KeptTarget(3, MOST_SAMPLES), "there are no more dialogues"


def test_the_ids_that_a_run_may_hold() -> None:
    ids = DialogueIds("japan", ["tea", "tea-2"], 12)
    assert set(ids) == {f"japan-{name}-{sample}" for name in ("tea", "tea-2") for sample in range(1, 13)}
    assert len(ids) == 24
    assert all(name in ids for name in ids)
    for name in ("japan-tea-0", "japan-tea-13", "japan-tea-01", "tea-1", "uk-tea-1", "japan-tea", "japan-tea-²", 3):
        assert name not in ids


# ---------------------------------------------------------------- until when


def command(url: str, **options: object) -> list[str]:
    wanted = {"kept": 50, "scenarios": 8, "exchanges": 1, "concurrency": 8, **options}
    flags = [part for key, value in wanted.items() for part in (f"--{key.replace('_', '-')}", str(value))]
    return ["generate", "--culture", "japan", "--teacher", "stub", "--base-url", url, "--json", *flags]


def test_fifty_are_kept_by_a_judge_that_keeps_a_third_whatever_kills_it_on_the_way(here: Path) -> None:
    whole, killed = here / "whole", here / "killed"
    whole.mkdir()
    killed.mkdir()
    with Stub(*KEEPS_A_THIRD) as stub:
        done = clca(whole, *command(stub.url, concurrency=64))
        assert done.returncode == 0, done.stderr
        reference = last_json(done.stdout)
    assert (reference["kept"], reference["wanted"], reference["pending"]) == (50, 50, 0)
    assert 0.2 < reference["kept"] / reference["requested"] < 0.45
    with Stub("--latency", "0.01", *KEEPS_A_THIRD) as stub:
        for requests in (150, 400):
            process = start(killed, *command(stub.url))
            while stub.stats()["requests"] < requests:
                time.sleep(0.02)
            process.kill()
            process.communicate()
            assert process.returncode < 0, "it ended before it was killed"
        assert 0 < len(records(only_run(killed))) < 50
        last = last_json(clca(killed, *command(stub.url)).stdout)
    assert (last["kept"], last["requested"]) == (50, reference["requested"])
    assert sorted_files(only_run(killed)) == sorted_files(only_run(whole))
    info = json.loads((only_run(killed) / "run.json").read_text())
    assert (info["finished"], info["counts"]["kept"], info["settings"]["kept"]) == (True, 50, 50)


def test_the_bound_ends_a_run_in_one_line_and_a_larger_one_goes_on_with_it(here: Path) -> None:
    with Stub("--leave", "0.2", "--bad", "0.75") as stub:
        short = clca(here, *command(stub.url, kept=6, kept_attempts=2))
        told = [line for line in short.stderr.splitlines() if line.startswith("Kept ")]
        result = last_json(short.stdout)
        assert (short.returncode, result["requested"], result["pending"]) == (4, 12, 0)
        assert told == [
            f"Kept {result['kept']} of 6: the bound of 12 dialogues is reached. clca show {result['run']} --discarded"
            " says why, a larger --kept-attempts goes on."
        ]
        again = clca(here, *command(stub.url, kept=6, kept_attempts=2))
        assert (again.returncode, last_json(again.stdout)["requests"]) == (4, 0)
        more = clca(here, *command(stub.url, kept=6, kept_attempts=1000))
        assert (more.returncode, last_json(more.stdout)["kept"]) == (0, 6)
        assert last_json(more.stdout)["run"] == result["run"]
        # And a smaller one does not refuse what is there.
        assert clca(here, *command(stub.url, kept=6, kept_attempts=1)).returncode == 0


def test_a_kept_dialogue_that_a_person_removes_is_replaced_by_the_next() -> None:
    first = generate(kept=5)
    file = first.folder / "dialogues.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[1:]))
    again = generate(kept=5)
    assert (again.kept, again.rejected, again.pending) == (5, 1, 0)
    assert file.read_bytes().splitlines(keepends=True)[:4] == lines[1:]
    assert again.requested > first.requested


def test_each_of_several_cultures_keeps_as_many() -> None:
    result = generate(kept=3, culture=("japan", "uk"))
    assert [run.kept for run in result.runs] == [3, 3]
    assert [dialogue.culture for dialogue in result.dialogues()] == ["japan"] * 3 + ["uk"] * 3


def test_a_run_that_kept_enough_has_nothing_to_retry() -> None:
    generate(kept=2)
    (info,) = list_runs(Path("generated"))
    with pytest.raises(SettingsError, match="nothing to retry: it holds the 2 kept dialogues that it was to go on for"):
        plan_retry(info, {})


def test_failed_dialogues_are_retried_until_enough_are_kept() -> None:
    fields = {"teacher": "stub", "max_reply_attempts": 1}
    with Stub("--fault", "schema:1") as bad:
        failed = generate(kept=2, kept_attempts=2, base_url=(bad.url,), **fields)
    assert (failed.failed, failed.kept, failed.pending, failed.requested) == (4, 0, 0, 4)
    (info,) = list_runs(Path("generated"))
    with Stub() as good:
        retried = run(plan_retry(info, {"base_url": (good.url,)}))
    assert (retried.kept, retried.failed, retried.pending) == (2, 0, 0)


# ---------------------------------------------------------------- what is said


def info_of(**inputs: Any) -> RunInfo:
    counts = inputs.pop("counts", {})
    return RunInfo(Path("r"), {"inputs": {"teacher": "t", **inputs}, "counts": counts})


def test_the_forecast_is_what_runs_of_the_same_models_kept() -> None:
    alike = info_of(scenarios=3, counts={"kept": 30, "discarded": 55, "failed": 4, "rejected": 1})
    others = [info_of(judge="j", counts={"kept": 9, "discarded": 0}), info_of(counts={"kept": 3, "discarded": 7})]
    forecast = Forecast.of("japan", {"teacher": "t"}, [alike, *others])
    assert (forecast.kept, forecast.played, forecast.runs) == (33, 100, 2)
    assert forecast.dialogues(KeptTarget(50, 250)) == 152  # 50 / 0.33 = 151.5
    assert forecast.line(KeptTarget(50, 250)) == (
        "Forecast: about 152 dialogues for 50 kept (33% of 100 were kept in 2 runs of japan by these models); at most"
        " 250 are played"
    )
    assert forecast.line(KeptTarget(50, 100)).endswith("at most 100 are played first, too few at that share")
    assert Forecast("japan", 0, 0, 0).line(KeptTarget(50, 250)) == (
        "Forecast: 50 or more dialogues for 50 kept (no earlier run of japan by these models); at most 250 are played"
    )
    assert "(kept none of 12); at most" in Forecast("japan", 0, 12, 1).line(KeptTarget(50, 250))


def test_once_a_dialogue_is_kept_the_run_forecasts_itself() -> None:
    target = KeptTarget(10, 50)
    assert target.left(0, 0, 0.5) == 20
    assert target.left(0, 8, None) is None
    assert target.left(4, 16, 0.5) == 24  # 6 more at 4 of 16
    assert [target.lacking(4, 16), target.lacking(4, 48), target.lacking(4, 50), target.lacking(10, 30)] == [6, 2, 0, 0]


def test_the_forecast_is_told_before_the_start() -> None:
    notes: list[str] = []
    for _ in range(2):
        planned = plan(config(kept=4, new=True))
        run(planned, lambda event: notes.append(event.text) if isinstance(event, Note) else None)
    told = [note for note in notes if note.startswith("Forecast")]
    assert told[0].startswith("Forecast: 4 or more dialogues")
    assert "were kept in 1 run of japan by these models); at most 20 are played" in told[1]


def test_the_plan_bounds_the_costs_by_the_most_dialogues(here: Path) -> None:
    shown = last_json(clca(here, "generate", "--culture", "japan", "--kept", "30", "--plan", "--json").stdout)
    assert (shown["requested"], shown["most"], shown["expected"]) == (30, 150, None)
    assert shown["tasks"]["judge"]["requests"] == 150
    assert shown["tasks"]["adapt"]["requests"] < 150


def test_runs_keep_their_identity_and_a_number_of_kept_ones_is_another_run() -> None:
    ordinary, kept, more = (plan(config(**fields)).runs[0].inputs for fields in ({}, {"kept": 2}, {"kept": 3}))
    assert "kept" not in ordinary
    assert "kept_attempts" not in {**ordinary, **kept}
    assert (kept["kept"], more["kept"]) == (2, 3)


def test_of_runs_that_begin_alike_the_one_that_keeps_more_covers_the_other() -> None:
    two, three = info_of(samples=2, kept=2), info_of(samples=2, kept=3)
    assert covers(three, two)
    assert not covers(two, three)
    assert not covers(info_of(samples=3, kept=3), two)
    ordinary = info_of(samples=2)
    assert not covers(ordinary, two)
    assert not covers(two, ordinary)
