"""The plan of a cluster: replicas by figures, and times that can be worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clca.errors import ClcaError, NotFoundError, SettingsError, TeacherError
from clca.generation.cluster_figures import ClusterFigures
from clca.generation.cluster_plan import ClusterPlan, cluster_plan
from clca.generation.config import GenerateConfig
from tests.cli_process import Stub, clca, only_run

SIZE = {"culture": ("japan",), "scenarios": 4, "samples": 2, "max_exchanges": 1, "cluster": "auto"}
EVEN = {"spread": 0.0, "start_seconds": 10.0, "client_ms": 0.0}
NODES = {"nodes": 3, "gpus_per_node": 8, "gpu_memory": 80.0}


def planned(settings: dict[str, Any], **figures: Any) -> ClusterPlan:
    config = GenerateConfig(**{**SIZE, "teacher": "some-model", **settings})
    return cluster_plan(config, ClusterFigures(**{**EVEN, **figures}), None)


def test_with_slots_for_all_the_time_is_that_of_the_chain_of_requests() -> None:
    plan = planned({}, anywhere=2, latency=3.0)
    (trial,) = plan.trials
    # The adaptation, two turns, the judgement, the verdict on it, and the intents.
    assert trial.makespan == 10 + 6 * 3
    assert (trial.dialogues, trial.requests) == (8, plan.estimate.requests)
    assert plan.replicas == {"some-model": 2}
    assert plan.cluster is not None
    assert plan.cluster.up_at == (10, 10)
    assert plan.bounds is not None
    assert plan.bounds.dialogues == 6 * 3


def test_a_single_slot_takes_the_time_of_all_requests() -> None:
    plan = planned({"concurrency": 1}, anywhere=1, slots=1, latency=3.0)
    assert plan.trials[0].makespan == pytest.approx(10 + 3 * plan.estimate.requests)
    assert plan.bounds is not None
    assert plan.bounds.replicas == pytest.approx(3 * plan.estimate.requests)
    plan = planned({"concurrency": 1}, anywhere=1, slots=1, tokens_per_second=50.0)
    assert plan.trials[0].makespan == pytest.approx(10 + plan.estimate.completion_tokens / 50)


def test_so_many_dialogues_are_asked_in_proportion() -> None:
    few, many = (planned({}, anywhere=4, latency=1.0, dialogues=number) for number in (8, 80))
    assert many.estimate.dialogues == many.trials[0].dialogues == 80
    assert many.trials[0].requests == many.estimate.requests == 10 * few.estimate.requests


def test_a_described_cluster_has_the_replicas_that_its_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clca.cluster.servers.find_spec", lambda _: None)  # Ray is not needed
    large = {"teacher": "llama-3.1-70b"}
    plan = planned(large, **NODES)
    assert plan.replicas == {"llama-3.1-70b": 6}
    assert plan.placed is not None
    assert {room.gpus for node in plan.placed.nodes for room in node.rooms} == {4}
    assert (plan.trials, plan.cluster) == ((), None)
    assert "--tokens-per-second" in plan.not_simulated
    assert planned({**large, "replicas": 2}, **NODES).replicas == {"llama-3.1-70b": 2}

    timed = planned(large, **NODES, latency=1.0).cluster
    assert timed is not None
    assert sorted(timed.up_at) == [10, 10, 10, 20, 20, 20], "the first of each node starts alone"


def test_several_models_are_placed_and_not_simulated() -> None:
    plan = planned({"teacher": "llama-3.1-70b", "judge": "qwen2.5-7b"}, **NODES, latency=1.0)
    assert set(plan.replicas) == {"llama-3.1-70b", "qwen2.5-7b"}
    assert plan.trials == ()
    assert "replicas of one model alone" in plan.not_simulated
    crowded = planned({"teacher": "llama-3.1-70b", "judge": "qwen2.5-7b"}, nodes=1, gpus_per_node=4, gpu_memory=80.0)
    assert crowded.replicas == {"llama-3.1-70b": 1, "qwen2.5-7b": 0}, "one without room is not forgotten"


@pytest.mark.parametrize(
    ("settings", "figures", "error", "message"),
    [
        ({"teacher": "llama-3.1-70b"}, {"nodes": 1, "gpus_per_node": 1}, TeacherError, "(1 GPUs of 80 GiB): it needs "),
        ({"teacher": "lama"}, {"nodes": 2}, NotFoundError, "unknown model 'lama'"),
        ({}, {"anywhere": 2, "latency": 1.0, "tokens_per_second": 9.0}, SettingsError, "exclude each other"),
        ({}, {"anywhere": 2, "measured": Path("nowhere")}, NotFoundError, "nowhere is not a run"),
        ({"base_url": ("http://h:1/v1",)}, {"anywhere": 2}, SettingsError, "every model has a server of its own"),
    ],
)
def test_what_cannot_be_planned_is_refused(
    settings: dict[str, Any], figures: dict[str, Any], error: type[ClcaError], message: str
) -> None:
    with pytest.raises(error) as caught:
        planned(settings, **figures)
    assert message in caught.value.message
    assert "\n" not in caught.value.message


def test_a_run_shows_its_pace_and_the_simulation_asks_as_much_as_the_run(tmp_path: Path) -> None:
    command = ("generate", "--culture", "japan", "--scenarios", "4", "--exchanges", "1", "--teacher", "stub")
    with Stub("--latency", "0.02", "--bad", "0.3") as stub:
        done = clca(tmp_path, *command, "--concurrency", "4", "--base-url", stub.url)
        assert done.returncode == 0, done.stderr
        asked = stub.stats()["requests"]
    like_it = {"teacher": "stub", "concurrency": 4}
    plan = planned(like_it, anywhere=1, measured=only_run(tmp_path), trials=40)
    assert plan.pace is not None
    assert (plan.pace.slots, plan.pace.turns) == (4, 2)
    assert plan.pace.kept is not None
    assert 0 < plan.pace.kept < 1
    assert sum(trial.requests for trial in plan.trials) / 40 == pytest.approx(asked, rel=0.1)
    full = planned(like_it, anywhere=1, latency=1.0)
    assert full.trials[0].requests == full.estimate.requests > asked
