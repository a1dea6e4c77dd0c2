"""What several people say of the dialogues of a run, and how far they agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from clca.quality.rate import Rate, kappa, wilson
from clca.storage.reviews import Reviews, status_of

MOST = 12  # reviewers who are compared, those who judged the most


@dataclass(frozen=True, slots=True)
class ReviewerCounts:
    """How many dialogues a person accepted, rejected and commented on."""

    name: str
    accepted: int
    rejected: int
    commented: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people on the dialogues that both judged: how often alike, and Cohen's kappa, None where it is undefined."""

    first: str
    second: str
    alike: Rate
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """All who reviewed a run, the busiest first; `statuses` counts dialogues by what their reviews come to."""

    reviewers: tuple[ReviewerCounts, ...]
    pairs: tuple[Pair, ...]
    statuses: dict[str, int]


def agreement(reviews: Reviews) -> Agreement:
    """The agreement of the reviewers of a run.

    >>> from clca.storage.reviews import Review
    >>> def said(who: str, *verdicts: str): return {f"d{n}": (who, v) for n, v in enumerate(verdicts)}
    >>> by = [said("ana", "accepted", "rejected", "accepted"), said("bo", "accepted", "rejected", "rejected")]
    >>> def review(id, who, verdict): return Review(id=id, reviewer=who, time="", verdict=verdict)
    >>> agreed = agreement({id: {own[id][0]: review(id, *own[id]) for own in by} for id in by[0]})
    >>> [(pair.first, pair.second, pair.alike.hits, pair.alike.of, round(pair.kappa, 2)) for pair in agreed.pairs]
    [('ana', 'bo', 2, 3, 0.4)]
    >>> agreed.statuses
    {'accepted': 1, 'rejected': 2}
    """
    verdicts: dict[str, dict[str, str]] = {}
    comments: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    for dialogue, own in reviews.items():
        statuses[status_of(own.values())] += 1
        for name, review in own.items():
            of_reviewer = verdicts.setdefault(name, {})
            if review.verdict:
                of_reviewer[dialogue] = review.verdict
            comments[name] += bool(review.comment)
    ordered = sorted(verdicts, key=lambda name: (-len(verdicts[name]), name))
    counts = {name: Counter(verdicts[name].values()) for name in ordered}
    return Agreement(
        reviewers=tuple(
            ReviewerCounts(name, counts[name]["accepted"], counts[name]["rejected"], comments[name]) for name in ordered
        ),
        pairs=tuple(_pairs({name: verdicts[name] for name in ordered[:MOST]})),
        statuses={status: statuses[status] for status in ("accepted", "rejected") if statuses[status]},
    )


def _pairs(verdicts: dict[str, dict[str, str]]) -> Iterator[Pair]:
    for first, second in combinations(verdicts, 2):
        one, other = verdicts[first], verdicts[second]
        table = Counter((one[id] == "accepted", other[id] == "accepted") for id in one.keys() & other.keys())
        both, neither = table[True, True], table[False, False]
        if of := table.total():
            value = kappa(both, table[True, False], table[False, True], neither)
            yield Pair(first, second, wilson(both + neither, of), value)
