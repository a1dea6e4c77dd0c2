"""Evaluations on the replicas of a real Ray cluster, on whose nodes a labeller stands in for vLLM."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clca.evaluation.prediction_dir import PREDICTIONS
from clca.models.student import Student
from tests.cli.evaluation_folder import Desk
from tests.cli_process import last_json, start
from tests.cluster.generate_folder import PATIENCE, wait_until
from tests.cluster.labeller import Labeller
from tests.cluster.nodes import Nodes, ray_cluster
from tests.evaluation.trained_adapters import ALWAYS, offense_adapters
from tests.inference.vllm.commands import left

pytest.importorskip("ray")
pytestmark = pytest.mark.slow  # the gate has an evaluation on replicas that Ray did not start

EVALUATIONS = {
    "eval-offense": ("--mode", "generate"),
    "eval-wvs": ("-c", "turkey", "--mode", "generate", "-n", "6"),
    "eval-mmlu": ("--mode", "generate", "--data", "demo"),
    "eval-normad": ("--mode", "generate"),
}


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A head and another node, with room for two replicas each."""
    with ray_cluster(tmp_path_factory.mktemp("cache"), 2, 2) as nodes:
        yield nodes


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, tiny_student: Student, session_folder: Path) -> Desk:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    offense_adapters(tiny_student, session_folder, desk.folder / "adapters")
    return desk


@pytest.fixture(scope="module")
def labeller(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Labeller:
    labeller = Labeller(tmp_path_factory.mktemp("labeller"))
    desk.env["CLCA_VLLM"] = str(labeller.command)
    return labeller


def predictions(desk: Desk, evaluated: dict[str, Any]) -> list[str]:
    return sorted((desk.folder / evaluated["evaluation"] / PREDICTIONS).read_text().splitlines())


def with_all_replicas(desk: Desk, nodes: Nodes, labeller: Labeller, *words: str) -> dict[str, Any]:
    """What a command says at its end, which asks nothing before all four replicas are up."""
    before = len(nodes.logs())
    labeller.hold.touch()
    process = start(desk.folder, *words, **desk.env)
    wait_until(lambda: len(nodes.logs()) == before + 4)
    time.sleep(3)  # until the command has heard of them
    labeller.hold.unlink()
    stdout, stderr = process.communicate(PATIENCE)
    assert process.returncode == 0, stderr
    return last_json(stdout)


@pytest.mark.parametrize("command", EVALUATIONS)
def test_sheets_spread_over_replicas_with_adapters_and_the_predictions_are_those_of_one(
    desk: Desk, nodes: Nodes, labeller: Labeller, command: str
) -> None:
    words = (command, *EVALUATIONS[command], "--cluster", nodes.address)
    labeller.forget()
    several = with_all_replicas(desk, nodes, labeller, *words, "--new", "--json")
    asked = labeller.asked()
    alone = desk.json(*words, "--replicas", "1", "--new")
    assert predictions(desk, several) == predictions(desk, alone) != []
    assert several["evaluation"] + "-2" == alone["evaluation"], "where they are answered decides nothing"

    replicas_of = defaultdict(set)
    for request in asked:
        replicas_of[request.session].add(request.replica)
    assert all(len(replicas) == 1 for replicas in replicas_of.values()), "a sheet stays at one replica"
    assert len({request.replica for request in asked}) == min(4, len(replicas_of))
    adapters = {f"adapters/{culture}/always" for culture in ALWAYS}
    models = {request.model for request in asked}
    assert adapters <= models if command == "eval-offense" else adapters & models
    assert left(labeller.command) == [], "and no vLLM is left"

    info = json.loads((desk.folder / several["evaluation"] / "evaluation.json").read_text())
    assert (info["inputs"]["server"], info["inputs"]["bits"], info["server"]) == ("vllm", 16, None)


def test_the_plan_says_which_replicas_have_room_and_starts_none(desk: Desk, nodes: Nodes, labeller: Labeller) -> None:
    labeller.forget()
    shown = desk.run("eval-normad", "--cluster", nodes.address, "--plan")
    assert shown.returncode == 0, shown.stderr
    assert " ".join(shown.stdout.split()).count("0 GPUs, 2 CPUs): 2 of") == 2
    assert labeller.asked() == []


def test_an_address_without_a_cluster_is_refused(desk: Desk) -> None:
    refused = desk.run("eval-normad", "--cluster", "127.0.0.1:1", "--new")
    assert refused.returncode == 2
    message = "clca: --cluster 127.0.0.1:1: no Ray cluster at 127.0.0.1:1 can be used"
    assert refused.stderr.splitlines()[-1].startswith(message)
