from __future__ import annotations

import doctest
from random import Random

import pytest

from clca.quality import duplicates
from clca.quality.duplicates import Cluster, NearDuplicates, bands, jaccard
from clca.tokens import shingles, tokens

pytest.importorskip("rensa")

WORDS = [f"word{number}" for number in range(3000)]


def test_doctests() -> None:
    assert doctest.testmod(duplicates).failed == 0


def found(texts: list[list[str]], threshold: float = 0.6) -> list[Cluster]:
    with NearDuplicates(threshold) as index:
        for text in texts:
            index.add(text)
        return index.clusters(texts.__getitem__)


def changed(text: list[str], share: float, random: Random) -> list[str]:
    return [random.choice(WORDS) if random.random() < share else word for word in text]


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.6, 0.8, 0.95])
def test_bands_find_what_is_at_the_threshold(threshold: float) -> None:
    count, rows = bands(threshold)
    assert count * rows <= 128
    assert 1 - (1 - threshold**rows) ** count >= 0.98


def test_planted_duplicates_are_found_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """40 near-copies among 600 texts: each pair is above the threshold by the exact index, and no other is near it."""
    monkeypatch.setattr(duplicates, "BATCH", 64)
    random = Random(1)
    texts = [random.choices(WORDS, k=120) for _ in range(600)]
    planted = {}
    for number in range(40):
        copy = changed(texts[number], 0.04, random)
        assert jaccard(shingles(texts[number]), shingles(copy)) > 0.6
        planted[number] = len(texts)
        texts.append(copy)
    clusters = found(texts)
    assert [cluster.members for cluster in clusters] == list(planted.items())
    assert all(0.6 <= cluster.lowest < 1 for cluster in clusters)


def test_a_pair_below_the_threshold_is_a_candidate_and_is_refused() -> None:
    """Texts that share 7 of 13 shingles: an index of 0.54."""
    first, second = "a b c d e f g h i j k l", "a b c d e f g h i x y z"
    texts = [tokens(first), tokens(second)]
    assert jaccard(*map(shingles, texts)) == pytest.approx(7 / 13)
    assert found(texts, 0.6) == []
    assert found(texts, 0.5) == [Cluster((0, 1), pytest.approx(7 / 13))]


def test_copies_make_one_cluster_however_many_there_are() -> None:
    texts = [tokens("the same old story is told again")] * 300
    assert found(texts) == [Cluster(tuple(range(300)), 1.0)]


def test_characters_are_compared_where_there_are_no_spaces() -> None:
    text = "お母さんは毎朝六時に起きて家族のために朝ごはんを作っています。今日は魚と味噌汁です。"
    texts = [
        tokens(text),
        tokens(text.replace("六時", "七時")),
        tokens("全く別の話をしましょう。明日の天気はどうですか。"),
    ]
    assert [cluster.members for cluster in found(texts)] == [(0, 1)]


def test_texts_without_words_are_no_duplicates() -> None:
    assert found([[], [], ["yes"], ["yes"]]) == [Cluster((2, 3), 1.0)]
    assert found([]) == []
