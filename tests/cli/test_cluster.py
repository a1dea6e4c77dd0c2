"""`clca cluster plan` on the screen; what it plans is in `tests/generation/test_cluster_plan.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli_process import clca, last_json

RUN = ("cluster", "plan", "--culture", "japan", "--scenarios", "4", "--exchanges", "1", "--teacher", "some-model")


def test_the_answer_is_a_line(tmp_path: Path) -> None:
    size = ("--dialogues", "200", "--replicas", "8", "--concurrency", "64", "--latency", "8")
    done = clca(tmp_path, *RUN, *size, "--failures-per-hour", "20", "--trials", "2")
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "8 replicas of some-model, each on a node of its own 200 dialogues of 1 culture: at most " in text
    assert "200 dialogues on 8 replicas of some-model would take " in text
    assert " in 2 trials) Beside the start no less than " in text
    assert "Replicas lost: " in text
    assert "--concurrency 64 leaves some of the 1,024 slots idle" in text


def test_json_has_all_of_it(tmp_path: Path) -> None:
    nodes = ("--teacher", "llama-3.1-70b", "--nodes", "2", "--tokens-per-second", "1000", "--trials", "1")
    done = clca(tmp_path, *RUN[:-2], *nodes, "--json")
    assert done.returncode == 0, done.stderr
    plan = last_json(done.stdout)
    assert plan["replicas"] == {"llama-3.1-70b": 4}
    assert plan["trials"][0]["requests"] == plan["estimate"]["requests"]
    assert not (tmp_path / "generated").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "no cluster: look at one (--cluster auto), describe one"),
        (("--nodes", "2", "--cluster", "auto"), "--cluster is looked at, --nodes describes another"),
        (("--replicas", "2", "--gpu-memory", "40"), "--gpus-per-node and --gpu-memory describe nodes: add --nodes"),
        (("--replicas", "2", "--spread", "0"), "--spread needs a pace: add --tokens-per-second, --latency or"),
    ],
)
def test_a_cluster_has_to_be_told(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    done = clca(tmp_path, *RUN, *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow  # starts Ray
def test_replicas_do_not_hide_the_cluster_of_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "clca.toml").write_text('[generate]\ncluster = "auto"\n')
    done = clca(tmp_path, *RUN, "--replicas", "2")
    assert done.returncode == 2
    assert "no Ray cluster on this machine" in done.stderr
