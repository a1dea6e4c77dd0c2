"""Which replica a dialogue asks, and what becomes of replicas that fail. The clock is the test's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clca.inference.load_balancer import FAULTS_IN_A_ROW, LONGEST_REST, SHORTEST_REST, Replica, Replicas

URLS = ("http://a/v1", "http://b/v1/", "http://c/v1")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def some(clock: Clock, number: int = 2, remember: int = 100) -> Replicas:
    return Replicas(URLS[:number], "m", remember=remember, clock=clock)


def lose(replicas: Replicas, *lost: Replica) -> None:
    for replica in lost:
        replicas.failed(replica, gone=True)


def moves(replicas: Replicas, to: Replica) -> list[int]:
    """Those of ten new owners that are given this replica."""
    return [number for number in range(10) if replicas.of(f"new-{number}-at-{replicas._clock()}") is to]


def test_urls_lose_their_last_slash(clock: Clock) -> None:
    assert [one.url for one in some(clock, 3).all] == ["http://a/v1", "http://b/v1", "http://c/v1"]


def test_an_owner_stays_where_it_is(clock: Clock) -> None:
    replicas = some(clock)
    place = replicas.of("dialogue")
    place.in_flight, place.requests = 50, 1000
    assert replicas.of("dialogue") is place
    assert replicas.of("another") is not place


def test_a_new_owner_goes_to_the_least_busy_then_to_the_least_used(clock: Clock) -> None:
    replicas = some(clock, 3)
    a, b, c = replicas.all
    a.in_flight, b.in_flight, c.in_flight = 2, 1, 3
    assert replicas.of("one") is b
    a.in_flight = b.in_flight = c.in_flight = 1
    a.requests, b.requests, c.requests = 9, 8, 7
    assert replicas.of("two") is c


def test_one_that_is_gone_is_left_at_once(clock: Clock) -> None:
    replicas = some(clock)
    lost = replicas.of("dialogue")
    lose(replicas, lost)
    assert (lost.up, lost.losses, replicas.any_up) == (False, 1, True)
    assert replicas.of("dialogue") is not lost


def test_one_that_only_fails_is_given_some_patience(clock: Clock) -> None:
    replicas = some(clock)
    place = replicas.of("dialogue")
    for _ in range(FAULTS_IN_A_ROW - 1):
        replicas.failed(place, gone=False)
        assert replicas.of("dialogue") is place
    replicas.failed(place, gone=False)
    assert replicas.of("dialogue") is not place


def test_a_success_ends_the_row_of_faults(clock: Clock) -> None:
    replicas = some(clock)
    place = replicas.of("dialogue")
    for _ in range(3 * FAULTS_IN_A_ROW):
        replicas.failed(place, gone=False)
        replicas.worked(place)
    assert (place.up, place.losses) == (True, 0)


def test_an_owner_that_moved_does_not_come_back(clock: Clock) -> None:
    replicas = some(clock)
    first = replicas.of("dialogue")
    lose(replicas, first)
    second = replicas.of("dialogue")
    replicas.worked(first)
    assert replicas.of("dialogue") is second


def test_nobody_asks_one_that_rests(clock: Clock) -> None:
    replicas = some(clock)
    lose(replicas, replicas.all[0])
    clock.now += SHORTEST_REST - 0.01
    assert moves(replicas, replicas.all[0]) == []


def test_after_its_rest_one_request_tries_it_and_the_others_wait_for_the_verdict(clock: Clock) -> None:
    replicas = some(clock)
    lost = replicas.all[0]
    lose(replicas, lost)
    clock.now += SHORTEST_REST
    assert moves(replicas, lost) == [0]
    clock.now += 100 * LONGEST_REST
    assert moves(replicas, lost) == [], "the trial may take as long as a request does"


def test_the_owner_of_a_trial_asks_its_other_questions_elsewhere_meanwhile(clock: Clock) -> None:
    replicas = some(clock)
    lost = replicas.all[0]
    lose(replicas, lost)
    clock.now += SHORTEST_REST
    assert replicas.of("dialogue") is lost
    assert replicas.of("dialogue") is replicas.all[1]


def test_one_that_passes_its_trial_is_used_again(clock: Clock) -> None:
    replicas = some(clock)
    lost, other = replicas.all
    lose(replicas, lost)
    other.requests = 100
    clock.now += SHORTEST_REST
    replicas.worked(replicas.of("trial"))
    assert (lost.up, lost.losses, lost.rest) == (True, 1, SHORTEST_REST)
    assert moves(replicas, lost) == list(range(10))


def test_a_trial_that_decides_nothing_is_followed_by_another_after_a_rest(clock: Clock) -> None:
    replicas = some(clock)
    lost = replicas.all[0]
    lose(replicas, lost)
    clock.now += SHORTEST_REST
    replicas.undecided(replicas.of("trial"))
    assert not lost.up
    clock.now += 0.1
    assert moves(replicas, lost) == []
    clock.now += SHORTEST_REST
    assert moves(replicas, lost) == [0]


def test_the_rest_doubles_with_each_trial_that_fails_up_to_a_bound(clock: Clock) -> None:
    replicas = some(clock)
    lost = replicas.all[0]
    lose(replicas, lost)
    rests = []
    for number in range(8):
        rests.append(lost.rest)
        clock.now += lost.rest
        assert replicas.of(f"trial-{number}") is lost
        lose(replicas, lost)
    assert rests == [2, 4, 8, 16, 32, 60, 60, 60]
    assert lost.losses == 1, "it went down once"


def test_late_news_of_a_known_loss_change_nothing(clock: Clock) -> None:
    replicas = some(clock)
    lost = replicas.all[0]
    lose(replicas, lost)
    until = lost.down_until
    clock.now += 1
    for _ in range(20):
        replicas.failed(lost, gone=True)
        replicas.failed(lost, gone=False)
    assert (lost.rest, lost.down_until, lost.losses) == (SHORTEST_REST, until, 1)


def test_when_all_are_down_the_one_whose_rest_ends_first_is_asked(clock: Clock) -> None:
    replicas = some(clock, 3)
    a, b, c = replicas.all
    for replica in (b, a, c):
        lose(replicas, replica)
        clock.now += 0.1
    assert not replicas.any_up
    assert replicas.of("dialogue") is b


def test_a_single_server_that_fails_is_asked_all_the_same(clock: Clock) -> None:
    replicas = some(clock, 1)
    lose(replicas, replicas.all[0])
    assert replicas.of("dialogue") is replicas.all[0]


def test_the_owner_that_was_not_heard_of_for_the_longest_time_is_forgotten_first(clock: Clock) -> None:
    replicas = some(clock, remember=2)
    a, b = replicas.all
    a.requests, b.requests = 0, 1
    assert replicas.of("first") is a
    assert replicas.of("second") is a
    assert replicas.of("first") is a
    assert replicas.of("third") is a, "which puts `second` out"
    a.requests = 2
    assert replicas.of("first") is a
    assert replicas.of("second") is b


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
    replicas = some(clock, number, remember)
    asked: list[Replica] = []
    place: dict[float, Replica] = {}
    for event, value in events:
        if event == "ask":
            up, waits = {one.url for one in replicas.all if one.up}, {one.url for one in replicas.all if one.on_trial}
            known = place.get(value)
            chosen = replicas.of(str(value))
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
                replicas.worked(replica)
                assert replica.up
            elif event == "undecided":
                replicas.undecided(replica)
            else:
                replicas.failed(replica, gone=event == "gone")
                assert event != "gone" or not replica.up
        assert all(SHORTEST_REST <= one.rest <= LONGEST_REST for one in replicas.all)
        assert all(one.up or one.losses for one in replicas.all)
        assert len(replicas._places) <= remember
