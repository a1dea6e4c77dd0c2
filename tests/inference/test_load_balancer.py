"""Which replica a dialogue asks, and what becomes of replicas that fail. The clock is the test's."""

from __future__ import annotations

from random import Random
from statistics import median_low

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.inference.load_balancer import (
    COMPARE_EVERY,
    LEAST_QUEUE,
    LEAST_SLOW,
    MAX_FAILURES,
    MAX_REST,
    MAX_SLOW_REST,
    MIN_REST,
    SLOW_FACTOR,
    SLOW_REST,
    LoadBalancer,
    Replica,
)

URLS = ("http://a/v1", "http://b/v1/", "http://c/v1")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def some(clock: Clock, number: int = 2, remember: int = 100) -> LoadBalancer:
    return LoadBalancer(URLS[:number], "m", max_owners=remember, clock=clock)


def lose(balancer: LoadBalancer, *lost: Replica) -> None:
    for replica in lost:
        balancer.failed(replica, gone=True)


def moves(balancer: LoadBalancer, to: Replica) -> list[int]:
    """Those of ten new owners that are given this replica."""
    return [number for number in range(10) if balancer.replica_for(f"new-{number}-at-{balancer.clock()}") is to]


def test_urls_lose_their_last_slash(clock: Clock) -> None:
    assert [one.url for one in some(clock, 3).replicas] == ["http://a/v1", "http://b/v1", "http://c/v1"]


def test_an_owner_stays_where_it_is(clock: Clock) -> None:
    balancer = some(clock)
    place = balancer.replica_for("dialogue")
    place.in_flight, place.requests = 50, 1000
    assert balancer.replica_for("dialogue") is place
    assert balancer.replica_for("another") is not place


def test_a_new_owner_goes_to_the_least_busy_then_to_the_least_used(clock: Clock) -> None:
    balancer = some(clock, 3)
    a, b, c = balancer.replicas
    a.in_flight, b.in_flight, c.in_flight = 2, 1, 3
    assert balancer.replica_for("one") is b
    a.in_flight = b.in_flight = c.in_flight = 1
    a.requests, b.requests, c.requests = 9, 8, 7
    assert balancer.replica_for("two") is c


def test_one_that_is_gone_is_left_at_once(clock: Clock) -> None:
    balancer = some(clock)
    lost = balancer.replica_for("dialogue")
    lose(balancer, lost)
    assert (lost.up, lost.losses, balancer.any_up) == (False, 1, True)
    assert balancer.replica_for("dialogue") is not lost


def test_one_that_only_fails_is_given_some_patience(clock: Clock) -> None:
    balancer = some(clock)
    place = balancer.replica_for("dialogue")
    for _ in range(MAX_FAILURES - 1):
        balancer.failed(place, gone=False)
        assert balancer.replica_for("dialogue") is place
    balancer.failed(place, gone=False)
    assert balancer.replica_for("dialogue") is not place


def test_a_success_ends_the_row_of_faults(clock: Clock) -> None:
    balancer = some(clock)
    place = balancer.replica_for("dialogue")
    for _ in range(3 * MAX_FAILURES):
        balancer.failed(place, gone=False)
        balancer.succeeded(place)
    assert (place.up, place.losses) == (True, 0)


def test_an_owner_that_moved_does_not_come_back(clock: Clock) -> None:
    balancer = some(clock)
    first = balancer.replica_for("dialogue")
    lose(balancer, first)
    second = balancer.replica_for("dialogue")
    balancer.succeeded(first)
    assert balancer.replica_for("dialogue") is second


def test_nobody_asks_one_that_rests(clock: Clock) -> None:
    balancer = some(clock)
    lose(balancer, balancer.replicas[0])
    clock.now += MIN_REST - 0.01
    assert moves(balancer, balancer.replicas[0]) == []


def test_after_its_rest_one_request_tries_it_and_the_others_wait_for_the_verdict(clock: Clock) -> None:
    balancer = some(clock)
    lost = balancer.replicas[0]
    lose(balancer, lost)
    clock.now += MIN_REST
    assert moves(balancer, lost) == [0]
    clock.now += 100 * MAX_REST
    assert moves(balancer, lost) == [], "the trial may take as long as a request does"


def test_the_owner_of_a_trial_asks_its_other_questions_elsewhere_meanwhile(clock: Clock) -> None:
    balancer = some(clock)
    lost = balancer.replicas[0]
    lose(balancer, lost)
    clock.now += MIN_REST
    assert balancer.replica_for("dialogue") is lost
    assert balancer.replica_for("dialogue") is balancer.replicas[1]


def test_one_that_passes_its_trial_is_used_again(clock: Clock) -> None:
    balancer = some(clock)
    lost, other = balancer.replicas
    lose(balancer, lost)
    other.requests = 100
    clock.now += MIN_REST
    balancer.succeeded(balancer.replica_for("trial"))
    assert (lost.up, lost.losses, lost.rest) == (True, 1, MIN_REST)
    assert moves(balancer, lost) == list(range(10))


def test_a_trial_that_decides_nothing_is_followed_by_another_after_a_rest(clock: Clock) -> None:
    balancer = some(clock)
    lost = balancer.replicas[0]
    lose(balancer, lost)
    clock.now += MIN_REST
    balancer.end_trial(balancer.replica_for("trial"))
    assert not lost.up
    clock.now += 0.1
    assert moves(balancer, lost) == []
    clock.now += MIN_REST
    assert moves(balancer, lost) == [0]


def test_the_rest_doubles_with_each_trial_that_fails_up_to_a_bound(clock: Clock) -> None:
    balancer = some(clock)
    lost = balancer.replicas[0]
    lose(balancer, lost)
    rests = []
    for number in range(8):
        rests.append(lost.rest)
        clock.now += lost.rest
        assert balancer.replica_for(f"trial-{number}") is lost
        lose(balancer, lost)
    assert rests == [2, 4, 8, 16, 32, 60, 60, 60]
    assert lost.losses == 1, "it went down once"


def test_late_news_of_a_known_loss_change_nothing(clock: Clock) -> None:
    balancer = some(clock)
    lost = balancer.replicas[0]
    lose(balancer, lost)
    until = lost.down_until
    clock.now += 1
    for _ in range(20):
        balancer.failed(lost, gone=True)
        balancer.failed(lost, gone=False)
    assert (lost.rest, lost.down_until, lost.losses) == (MIN_REST, until, 1)


def test_when_all_are_down_the_one_whose_rest_ends_first_is_asked(clock: Clock) -> None:
    balancer = some(clock, 3)
    a, b, c = balancer.replicas
    for replica in (b, a, c):
        lose(balancer, replica)
        clock.now += 0.1
    assert not balancer.any_up
    assert balancer.replica_for("dialogue") is b


def test_a_single_server_that_fails_is_asked_all_the_same(clock: Clock) -> None:
    balancer = some(clock, 1)
    lose(balancer, balancer.replicas[0])
    assert balancer.replica_for("dialogue") is balancer.replicas[0]


def test_the_owner_that_was_not_heard_of_for_the_longest_time_is_forgotten_first(clock: Clock) -> None:
    balancer = some(clock, remember=2)
    a, b = balancer.replicas
    a.requests, b.requests = 0, 1
    assert balancer.replica_for("first") is a
    assert balancer.replica_for("second") is a
    assert balancer.replica_for("first") is a
    assert balancer.replica_for("third") is a, "which puts `second` out"
    a.requests = 2
    assert balancer.replica_for("first") is a
    assert balancer.replica_for("second") is b


# ---------------------------------------------------------------- replicas that are slow


def answers(replica: Replica, clock: Clock, seconds: float, number: int = 100) -> None:
    """That many requests that the replica answers after so many seconds each; the clock stands still."""
    for _ in range(number):
        replica.begin(clock.now - seconds)
        replica.end(clock.now - seconds, clock.now, answered=True)


def queue(replica: Replica, clock: Clock, number: int, age: float = 0.0) -> None:
    for _ in range(number):
        replica.begin(clock.now - age)


def test_the_pace_of_a_replica_is_that_of_its_last_requests_or_the_age_of_its_queue(clock: Clock) -> None:
    replica = some(clock).replicas[0]
    assert replica.pace(clock.now) == 0
    answers(replica, clock, 2.0)
    assert replica.pace(clock.now) == pytest.approx(2.0)
    queue(replica, clock, 3)
    clock.now += 1.0
    assert replica.pace(clock.now) == pytest.approx(2.0), "a queue younger than its requests take"
    queue(replica, clock, 1)
    clock.now += 3.0
    assert replica.pace(clock.now) == pytest.approx((4.0 * 3 + 3.0) / 4), "the mean age"
    replica.begin(clock.now)
    replica.end(clock.now, clock.now, answered=False)
    assert replica.seconds == pytest.approx(2.0), "a request that failed tells nothing"


def test_a_replica_whose_queue_is_older_by_the_factor_loses_its_owners(clock: Clock) -> None:
    balancer = some(clock, 3)
    slow, b, c = balancer.replicas
    assert balancer.replica_for("dialogue") is slow
    answers(b, clock, 2.0)
    answers(c, clock, 2.0)
    queue(slow, clock, LEAST_QUEUE, age=2.0 * SLOW_FACTOR)
    assert balancer.replica_for("dialogue") is slow, "as old as the factor says is not slow yet"
    clock.now += COMPARE_EVERY
    assert balancer.replica_for("dialogue") in (b, c)
    assert (slow.slowdowns, slow.up, slow.losses) == (1, True, 0)
    assert moves(balancer, slow) == [], "nor does a new one get it, though it has less in flight"
    clock.now += SLOW_REST
    for _ in range(LEAST_QUEUE):
        slow.end(clock.now, clock.now, answered=True)
    assert moves(balancer, slow), "after a rest new ones do"


@pytest.mark.parametrize(
    ("requests", "age", "why"),
    [
        (LEAST_QUEUE - 1, 100.0, "a few may just be long ones"),
        (LEAST_QUEUE, 0.9, "a fast one is not slow, however fast the others are"),
    ],
)
def test_not_every_old_queue_makes_a_replica_slow(clock: Clock, requests: int, age: float, why: str) -> None:
    balancer = some(clock)
    place, other = balancer.replicas
    assert balancer.replica_for("dialogue") is place
    answers(other, clock, 0.01)
    queue(place, clock, requests, age)
    assert balancer.replica_for("dialogue") is place, why


@pytest.mark.parametrize("number", [2, 3, 4, 7])
def test_a_replica_is_compared_with_the_lower_median_of_the_others(clock: Clock, number: int) -> None:
    random = Random(number)
    for _ in range(50):
        balancer = LoadBalancer([f"http://{name}/v1" for name in range(number)], "m", clock=clock)
        paces = [random.choice([0.5, 2.0, 2.0, 9.0, 40.0]) for _ in balancer.replicas]
        for replica, pace in zip(balancer.replicas, paces, strict=True):
            answers(replica, clock, pace)
            queue(replica, clock, LEAST_QUEUE)
        balancer.replica_for("dialogue")
        for index, (replica, pace) in enumerate(zip(balancer.replicas, paces, strict=True)):
            others = median_low(paces[:index] + paces[index + 1 :])
            assert replica.slowdowns == (pace > max(LEAST_SLOW, SLOW_FACTOR * others)), (paces, index)


def test_one_that_is_alone_is_not_slow(clock: Clock) -> None:
    balancer = some(clock)
    place, other = balancer.replicas
    answers(other, clock, 0.1)
    assert balancer.replica_for("dialogue") is place
    lose(balancer, other)
    queue(place, clock, LEAST_QUEUE, 100.0)
    assert balancer.replica_for("dialogue") is place


def test_the_rest_of_one_that_stays_slow_doubles_up_to_a_bound(clock: Clock) -> None:
    balancer = some(clock)
    slow, other = balancer.replicas
    rests = []
    for number in range(7):
        answers(other, clock, 1.0)
        queue(slow, clock, LEAST_QUEUE, 60.0)
        balancer.replica_for(f"dialogue-{number}")
        rests.append(slow.slow_rest)
        clock.now = slow.slow_until
        for _ in range(LEAST_QUEUE):
            slow.end(clock.now, clock.now, answered=True)
        slow.seconds = None
    assert rests == [SLOW_REST, 30, 60, 120, MAX_SLOW_REST, MAX_SLOW_REST, MAX_SLOW_REST]
    clock.now += 2 * MAX_SLOW_REST
    queue(slow, clock, LEAST_QUEUE, 60.0)
    balancer.replica_for("another")
    assert slow.slow_rest == SLOW_REST, "it was fast for a long time"


def test_what_a_slow_one_answers_in_its_rest_does_not_make_it_slow_again(clock: Clock) -> None:
    balancer = some(clock)
    slow, other = balancer.replicas
    answers(other, clock, 1.0)
    began = clock.now - 60.0
    queue(slow, clock, LEAST_QUEUE, 60.0)
    balancer.replica_for("dialogue")
    for _ in range(LEAST_QUEUE):
        slow.end(began, clock.now, answered=True)
    clock.now = slow.slow_until
    queue(slow, clock, LEAST_QUEUE)
    balancer.replica_for("another")
    assert (slow.slowdowns, slow.seconds) == (1, None), "it is measured anew"


# ---------------------------------------------------------------- replicas that come and go


def test_one_that_is_added_is_used_by_new_owners_only(clock: Clock) -> None:
    balancer = some(clock)
    place = balancer.replica_for("dialogue")
    balancer.replicas[1].requests = place.requests = 5
    added = Replica("http://new/v1", "m")
    balancer.add(added)
    assert balancer.replica_for("dialogue") is place
    assert moves(balancer, added) == list(range(10))


def test_one_that_is_removed_is_left_at_once_and_stays_away(clock: Clock) -> None:
    balancer = some(clock)
    removed, other = balancer.replicas
    assert balancer.replica_for("dialogue") is removed
    balancer.remove(removed)
    assert balancer.replica_for("dialogue") is other
    balancer.succeeded(removed)
    clock.now += MAX_REST
    assert (balancer.replicas, removed.up) == ([other], False)


def test_the_last_one_is_not_removed_but_down(clock: Clock) -> None:
    balancer = some(clock, 1)
    last = balancer.replicas[0]
    balancer.remove(last)
    assert (balancer.replicas, last.up) == ([last], False)


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, 5)),
        st.tuples(st.sampled_from(("worked", "gone", "failed", "undecided")), st.integers(0, 20)),
        st.tuples(st.just("pass"), st.sampled_from((0.5, 3.0, 70.0))),
    ),
    max_size=60,
)


@given(EVENTS, st.integers(1, 3), st.integers(1, 6))
def test_whatever_happens_requests_go_to_servers_that_can_take_them(
    events: list[tuple[str, float]], number: int, remember: int
) -> None:
    clock = Clock()
    balancer = some(clock, number, remember)
    asked: list[Replica] = []
    place: dict[float, Replica] = {}
    for event, value in events:
        if event == "ask":
            up, waits = (
                {one.url for one in balancer.replicas if one.up},
                {one.url for one in balancer.replicas if one.on_trial},
            )
            known = place.get(value)
            chosen = balancer.replica_for(str(value))
            if up:
                on_trial = chosen.on_trial and chosen.url not in waits
                assert chosen.url in up or on_trial, "one that is up, or a trial that begins"
            if known is not None and known.up and remember == 6:
                assert chosen is known, "an owner keeps a place that is up"
            place[value] = chosen
            asked.append(chosen)
        elif event == "pass":
            clock.now += value
        elif asked:
            replica = asked.pop(int(value) % len(asked))
            if event == "worked":
                balancer.succeeded(replica)
                assert replica.up
            elif event == "undecided":
                balancer.end_trial(replica)
            else:
                balancer.failed(replica, gone=event == "gone")
                assert event != "gone" or not replica.up
        assert all(MIN_REST <= one.rest <= MAX_REST for one in balancer.replicas)
        assert all(one.up or one.losses for one in balancer.replicas)
        assert len(balancer._by_owner) <= remember
