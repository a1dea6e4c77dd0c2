"""Evaluations that replicas answer, which run on this machine and not on the nodes of a cluster."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from clca.cluster.messages import Planned, Share, Up
from clca.cluster.servers import ClusterServers
from clca.content.lookup import Content
from clca.evaluation.prediction_dir import PREDICTIONS
from clca.inference.vllm import server
from clca.inference.vllm.manager import ServerManager, VllmConfig
from clca.models.student import Student
from clca.stages import resolve_config, stage
from tests.cluster.labeller import Labeller
from tests.evaluation.wvs.test_run import adapter
from tests.inference.vllm.commands import left
from tests.vllm.servers import free_port


@pytest.fixture
def labeller(tmp_path: Path, cache_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Labeller]:
    """What replicas run: two are started, or as many as are asked for, where a supervisor would start them."""
    labeller = Labeller(tmp_path / "labeller")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_home))
    monkeypatch.setattr(server, "POLL_INTERVAL", 0.05)
    monkeypatch.setattr(ClusterServers, "require_ray", lambda self: None)
    with ExitStack() as stack:

        def spawn(self: Any, models: tuple[str, ...], *, look: bool = False) -> None:
            self._models, count = models, self._most or 2
            self._planned = Planned((), (Share("here", models[0]),) * count)
            for number in range(count):
                config = VllmConfig(tmp_path / "logs", None, self._settings.executable, self._settings.extra_arguments)
                port = free_port()
                manager = ServerManager(config, Content(), os.environ, host="127.0.0.1", port=port, key=self.token)
                stack.enter_context(manager).start(models)
                self._take(Up(number, models[0], manager[models[0]].url, "here"))

        monkeypatch.setattr(ClusterServers, "_spawn", spawn)
        yield labeller
    assert left(labeller.command) == []


def test_groups_spread_over_replicas_with_adapters_and_the_predictions_are_those_of_one(
    labeller: Labeller, tiny_student: Student
) -> None:
    adapter(tiny_student, "one", "japan", bits=4)

    def evaluated(**fields: Any) -> list[str]:
        fixed = {"cluster": "head:6379", "vllm": str(labeller.command), "mode": "generate", "new": True}
        normad = stage("eval-normad")
        config = resolve_config(normad.config_type, {**fixed, **fields}, {}, None)
        result = normad.run(normad.plan(config, None), lambda event: None)
        info = json.loads((result.folder / "evaluation.json").read_text())
        assert (info["inputs"]["server"], info["inputs"]["bits"], info["server"]) == ("vllm", 16, None)
        assert any(text.startswith("Adapters were trained on weights of 4 bits") for text in result.caveats)
        return sorted((result.folder / PREDICTIONS).read_text().splitlines())

    several = evaluated()
    replicas_of = defaultdict(set)
    for request in labeller.asked():
        replicas_of[request.session].add(request.replica)
    assert {request.model for request in labeller.asked()} == {tiny_student.source, "adapters/japan/one"}
    assert all(len(replicas) == 1 for replicas in replicas_of.values()), "a session stays at one replica"
    assert len(set.union(*replicas_of.values())) == 2
    assert several == evaluated(replicas=1) != []
