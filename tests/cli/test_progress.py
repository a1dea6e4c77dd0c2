"""Rates and the time left on the progress lines, on fast machines and on slow ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clca.cli.views import evaluation, generation
from clca.cli.views.progress import rate
from clca.evaluation.progress import EvaluationProgress
from clca.generation.kept_target import KeptTarget
from clca.generation.progress import GenerationProgress

SLOW = GenerationProgress(
    done=3,
    total=12,
    unit="dialogues",
    culture="japan",
    kept=2,
    discarded=1,
    failed=0,
    under_way=4,
    in_flight=2,
    requests_per_second=0.38,
    tokens_per_second=6.27,
    cached=0,
    throughput=None,
    servers_down=(),
    seconds_left=1500.0,
)


@pytest.mark.parametrize(
    ("per_second", "shown"),
    [
        (1234.5, "1,234 tokens/s"),
        (10.2, "10 tokens/s"),
        (2.34, "2.3 tokens/s"),
        (1.0, "1.0 tokens/s"),
        (0.385, "23 tokens/min"),
        (0.02, "1.2 tokens/min"),
        (0.001, "3.6 tokens/h"),
        (0.0, "0 tokens/s"),
    ],
)
def test_a_rate_never_rounds_to_nothing(per_second: float, shown: str) -> None:
    assert rate(per_second, "tokens") == shown


def test_a_generation_on_a_slow_server_shows_its_pace_and_the_time_left() -> None:
    line = generation.progress_line(SLOW)
    assert "23 requests/min · 6.3 tokens/s · about 25 min left" in line
    assert "left" not in generation.progress_line(replace(SLOW, seconds_left=None)), "before the first dialogue"


def test_a_generation_until_so_many_are_kept_shows_how_many_more_it_takes() -> None:
    target = replace(SLOW, done=2, total=50, target=KeptTarget(50, 250), played=6, dialogues_left=144)
    line = generation.progress_line(target)
    assert line.startswith("japan kept 2/50 · played 6, about 144 more · discarded 1 · failed 0")
    unknown = generation.progress_line(replace(target, dialogues_left=None))
    assert unknown.startswith("japan kept 2/50 · played 6 of at most 250")
    beyond = generation.progress_line(replace(target, dialogues_left=245))
    assert "about 245 more, beyond the bound of 250" in beyond


def test_an_evaluation_on_a_slow_server_shows_its_pace_and_the_time_left() -> None:
    event = EvaluationProgress(done=1, total=4, unit="request groups", answered=6, pending=18, seconds=60.0)
    assert evaluation.progress_line(event) == "1 of 4 request groups · 6.0 prompts/min · about 3 min left"
