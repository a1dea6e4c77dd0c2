"""Dialogues that are much alike: near-duplicates by their words, and by meaning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import Field

from clca.quality.dialogue_reader import DialogueReader
from clca.quality.duplicates import NearDuplicates
from clca.quality.embedding import Vectors, similar
from clca.quality.sample import Sampled
from clca.quality.stats.sides import Side, SideRun
from clca.records import Record
from clca.tokens import tokens
from clca.transcript import text_of

SHOWN = 20  # clusters and pairs that are listed
MEMBERS = 5  # dialogues of a cluster that are listed


class ClusterShown(Record):
    """Near-duplicates: how many, the first of them as `run:id`, and the least Jaccard index that joined them."""

    size: int
    dialogues: tuple[str, ...]
    jaccard: float


class NearDuplicateStats(Record):
    """Dialogues whose words are nearly those of another."""

    threshold: float = Field(description="Least Jaccard index of runs of three words, or five characters.")
    clusters: int
    repeats: dict[Side, int] = Field(description="Dialogues of each side but for the first of each cluster.")
    copies: int = Field(description="Clusters of dialogues that share all runs of words.")
    of_one_scenario: int = Field(description="Clusters within one scenario.")
    shared: int = Field(description="Dialogues of the second side that are in a cluster with one of the first.")
    largest: tuple[ClusterShown, ...]
    skipped: int = Field(description="Comparisons left out, since very many unlike dialogues share parts.")


class PairShown(Record):
    """Two dialogues, as ids, and the cosine of their vectors."""

    first: str
    second: str
    cosine: float


class MeaningStats(Record):
    """Dialogues of the sample that mean nearly what another of it means."""

    embedder: str
    threshold: float = Field(description="Least cosine.")
    repeats: int = Field(description="Dialogues of the sample that are like one before them.")
    pairs: tuple[PairShown, ...]


def near_duplicates(index: NearDuplicates, reader: DialogueReader, runs: Sequence[SideRun]) -> NearDuplicateStats:
    """The clusters of all dialogues that were read. Raises `StoreError` where a file has changed meanwhile."""
    clusters = index.clusters(lambda number: tokens(text_of(reader.read(number))))
    repeats = Counter[Side]()
    copies = of_one_scenario = shared = 0
    shown = []
    largest = {id(cluster) for cluster in sorted(clusters, key=lambda own: -len(own.members))[:SHOWN]}
    for cluster in clusters:
        sides = Counter(runs[reader.place_of(number)].side for number in cluster.members)
        repeats.update({side: count - 1 for side, count in sides.items()})
        shared += sides["second"] if sides["first"] else 0
        copies += cluster.lowest == 1.0
        of_one_scenario += _of_one_scenario(cluster.members, reader)
        if id(cluster) in largest:
            names = tuple(_name(number, reader, runs) for number in cluster.members[:MEMBERS])
            shown.append(ClusterShown(size=len(cluster.members), dialogues=names, jaccard=round(cluster.lowest, 4)))
    return NearDuplicateStats(
        threshold=index.threshold,
        clusters=len(clusters),
        repeats=dict(repeats),
        copies=copies,
        of_one_scenario=of_one_scenario,
        shared=shared,
        largest=tuple(sorted(shown, key=lambda own: -own.size)),
        skipped=index.skipped,
    )


def alike_in_meaning(sample: Sequence[Sampled], vectors: Vectors, embedder: str, threshold: float) -> MeaningStats:
    """The dialogues of a sample that mean nearly the same; `vectors` [n, d] are theirs."""
    pairs = similar(vectors, threshold)
    nearest = sorted(pairs, key=lambda pair: -pair[2])[:SHOWN]
    shown = tuple(PairShown(first=sample[a].id, second=sample[b].id, cosine=cosine) for a, b, cosine in nearest)
    return MeaningStats(embedder=embedder, threshold=threshold, repeats=len(pairs), pairs=shown)


def _name(number: int, reader: DialogueReader, runs: Sequence[SideRun]) -> str:
    return f"{runs[reader.place_of(number)].info.name}:{reader.read(number).id}"


def _of_one_scenario(members: Sequence[int], reader: DialogueReader) -> bool:
    first = reader.read(members[0]).scenario.id
    return all(reader.read(number).scenario.id == first for number in members[1:])
