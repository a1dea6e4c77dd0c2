"""The simulation of a run, worked out by hand. A link is one request of two seconds unless it says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from clca.cluster.described_nodes import up_times
from clca.cluster.simulation import SimulatedCluster, Trial, quantile, simulate
from clca.cluster.workload import Link, Workload

LINK = Link((2.0,))


def cluster(replicas: int = 1, slots: int = 1, concurrency: int = 1, **figures: Any) -> SimulatedCluster:
    return SimulatedCluster((0.0,) * replicas, slots, concurrency, **figures)


def dialogues(count: int, *links: Link, samples: int = 1, **opening: Any) -> Workload:
    return Workload(count, samples, lambda _: links, **opening)


def trial(of: SimulatedCluster, *runs: Workload, seed: int = 1) -> Trial:
    return simulate(of, runs, seed)


def test_one_slot_works_through_one_request_after_another() -> None:
    outcome = trial(cluster(), dialogues(3, LINK, LINK))
    assert (outcome.makespan, outcome.dialogues, outcome.requests) == (12.0, 3, 6)
    assert (outcome.slot_seconds, outcome.utilisation) == (12.0, 1.0)
    assert (outcome.request_p50, outcome.request_p95) == (2.0, 2.0), "each is sent when the one before is answered"


def test_replicas_share_the_dialogues_evenly() -> None:
    outcome = trial(cluster(4, concurrency=4), dialogues(4, LINK, LINK, LINK))
    assert (outcome.makespan, outcome.utilisation) == (6.0, 1.0)
    assert trial(cluster(4, slots=2, concurrency=8), dialogues(8, LINK, LINK, LINK)).makespan == 6.0


def test_slots_that_concurrency_does_not_fill_are_idle() -> None:
    outcome = trial(cluster(2, slots=2, concurrency=1), dialogues(2, LINK))
    assert (outcome.makespan, outcome.utilisation) == (4.0, 0.25)


def test_requests_wait_at_a_replica_whose_slots_are_taken() -> None:
    outcome = trial(cluster(concurrency=2), dialogues(2, LINK))
    assert (outcome.makespan, outcome.request_p50, outcome.request_p95) == (4.0, 2.0, 4.0)


def test_a_dialogue_stays_at_its_replica() -> None:
    """Two at the first replica take eight seconds there, while the second one is idle after four."""
    assert trial(cluster(2, concurrency=3), dialogues(3, LINK, LINK)).makespan == 8.0


def test_the_dialogues_of_a_scenario_wait_for_what_they_share() -> None:
    opened = dialogues(3, LINK, samples=2, opened=1, opening=Link((1.0,)))
    outcome = trial(cluster(slots=4, concurrency=4), opened)
    assert (outcome.makespan, outcome.requests) == (3.0, 4), "the second scenario has no request of its own"


def test_requests_of_a_link_are_sent_at_once() -> None:
    outcome = trial(cluster(slots=2, concurrency=4), dialogues(1, Link((1.0, 3.0, 1.0)), LINK))
    assert outcome.makespan == 5.0, "the longest takes three, and the other two one after the other"


@pytest.mark.parametrize(("late", "median"), [(True, 6.0), (False, 5.0)])
def test_late_links_go_behind_the_requests_of_all_others(late: bool, median: float) -> None:
    chains: list[Sequence[Link]] = [(LINK, Link((1.0,), late)), (LINK,), (LINK,)]
    drawn = iter(chains)
    outcome = trial(cluster(), Workload(3, 1, lambda _: next(drawn)))
    assert (outcome.makespan, outcome.dialogue_p50) == (7.0, median)


def test_twice_as_many_dialogues_are_under_way_as_requests_and_one_more() -> None:
    outcome = trial(cluster(), dialogues(5, LINK))
    assert (outcome.dialogue_p50, outcome.dialogue_p95) == (6.0, 6.0), "2, 4, 6, then 6 each since they began later"


def test_the_client_is_a_bound() -> None:
    assert trial(cluster(slots=100, concurrency=100, client_seconds=0.5), dialogues(10, LINK)).makespan == 7.0


def test_runs_follow_one_another() -> None:
    assert trial(cluster(2, concurrency=2), dialogues(1, LINK), dialogues(1, LINK)).makespan == 4.0


def test_a_run_begins_with_the_first_replica_that_is_up() -> None:
    late = SimulatedCluster((9.0, 5.0), 1, 1)
    assert trial(late, dialogues(1, LINK)).makespan == 7.0
    both = SimulatedCluster((5.0, 6.0), 1, 2)
    assert trial(both, dialogues(3, LINK)).makespan == 9.0, "two were sent to the first one, the third to the other"


def fail_at(monkeypatch: pytest.MonkeyPatch, *times: float) -> None:
    """The replicas are lost so many seconds after their starts, in the order of these."""
    drawn = iter(times)
    monkeypatch.setattr(Random, "expovariate", lambda *_: next(drawn))


def test_what_the_only_replica_held_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_at(monkeypatch, 3.0, 1000.0)
    outcome = trial(cluster(failures_per_hour=1, restart_seconds=5), dialogues(1, LINK, LINK))
    assert outcome.makespan == 10.0, "2 + 1 in vain + 5 + 2"
    assert (outcome.failures, outcome.repeated, outcome.requests, outcome.slot_seconds) == (1, 1, 2, 4.0)


def test_what_a_lost_replica_held_is_asked_again_at_another(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_at(monkeypatch, 3.0, 1000.0)
    outcome = trial(cluster(2, failures_per_hour=1, restart_seconds=500), dialogues(1, LINK, LINK, LINK))
    assert (outcome.makespan, outcome.failures, outcome.repeated) == (7.0, 1, 1), "2 + 1 in vain + 2 + 2"


def test_a_replica_that_is_back_gets_new_dialogues(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_at(monkeypatch, 1.0, 1000.0, 1000.0)
    outcome = trial(cluster(2, concurrency=2, failures_per_hour=1, restart_seconds=3), dialogues(4, LINK))
    # The second answers its own until 2, then the one that was lost until 4; by then the first is back for the fourth.
    assert (outcome.makespan, outcome.repeated) == (6.0, 1)


def test_the_same_seed_gives_the_same_trial_and_times_keep_their_mean() -> None:
    random = cluster(4, slots=8, concurrency=32, spread=0.5, failures_per_hour=20, restart_seconds=30)
    runs = dialogues(500, LINK, LINK, LINK)
    first = trial(random, runs)
    assert trial(random, runs) == first
    assert trial(random, runs, seed=2) != first
    assert first.slot_seconds / first.requests == pytest.approx(2.0, rel=0.05)
    assert first.requests == 1500, "nothing is lost"


def test_replicas_are_lost_as_often_as_is_said() -> None:
    flaky = cluster(10, slots=4, concurrency=40, failures_per_hour=2, restart_seconds=60)
    outcome = trial(flaky, dialogues(5_000, Link((120.0,))))
    lived = outcome.makespan / 3600 * 10
    assert outcome.failures == pytest.approx(2 * lived, rel=0.25)
    assert outcome.makespan >= 5_000 * 120 / 40


def test_the_first_replica_of_a_node_starts_alone() -> None:
    assert list(up_times([3, 1], 10.0)) == [10.0, 20.0, 21.0, 10.0]


def test_quantiles_are_values_that_occur() -> None:
    assert [quantile([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.5, 0.51, 1.0)] == [1.0, 2.0, 3.0, 4.0]
    assert quantile([], 0.5) == 0.0
