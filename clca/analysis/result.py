"""The result of `clca map`: what `--json` prints, and `map.json` holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from clca.analysis.config import Method, Source
from clca.records import Record
from clca.storage.selection import Selection


class Separability(Record):
    """How far cultures separate among the embeddings themselves, by cosine."""

    silhouette: float = Field(description="Mean silhouette of all texts, in [-1, 1]; 0 is none.")
    silhouettes: dict[str, float] = Field(description="The mean of each culture's texts.")
    neighbours: int = Field(description="Nearest texts of each that purity is measured on.")
    purity: float = Field(description="Share of the nearest texts that are of the same culture.")
    chance: float = Field(description="The purity of cultures given out at random.")
    p: float = Field(description="Share of permutations of cultures whose purity is as high, the given one among them.")
    permutations: int
    shares: dict[str, dict[str, float]] = Field(description="Of each culture's nearest texts, the share of each other.")


class Projection(Record):
    """The layout of a source's texts in two dimensions; each point is a line of points.csv."""

    method: Method
    settings: dict[str, float | int | str]
    silhouette: float = Field(description="Of the points of the projection, by Euclidean distance.")


class SourceMap(Record):
    """The map of a source, and how far its cultures separate."""

    source: Source
    read: dict[str, int] = Field(description="Texts of each culture that were read.")
    taken: int = Field(description="Texts of each culture that were drawn.")
    distinct: int = Field(description="Different texts among those drawn.")
    shared: int = Field(description="Different texts that several cultures have.")
    dropped: dict[str, int] = Field(description="What was read and not taken, by reason.")
    separability: Separability
    projections: tuple[Projection, ...]
    vectors: str = Field(description="File of the embeddings [distinct, d], in the order of points.csv's column text.")
    pictures: tuple[str, ...] = Field(description="Files of the picture, by form.")


class MapResult(Record):
    """Maps of data sources, and how far cultures separate in each."""

    folder: Path = Field(serialization_alias="map", description="Folder of the maps.")
    embedder: str = Field(description="The model that made the embeddings.")
    cultures: dict[str, str] = Field(description="Names of the cultures, by id.")
    sources: tuple[SourceMap, ...]
    points: str = Field(description="File of all points: source, culture, id, text, method, x, y.")
    run_fingerprints: dict[str, str] = Field(
        default={}, description="Fingerprint of each run whose dialogues are mapped, by its folder."
    )
    rehearsal: bool = Field(description="Whether any dialogue was played by the embedded simulator.")
    sample: int
    seed: int
    versions: dict[str, str] = Field(description="Of the libraries that the layouts depend on.")
    caveats: tuple[str, ...]
    selection: tuple[Selection, ...] = Field(default=(), description="Which runs were meant by the names given.")

    @property
    def files(self) -> tuple[str, ...]:
        """The names of all files but map.json."""
        own = (name for entry in self.sources for name in (entry.vectors, *entry.pictures))
        return (self.points, *own)

    def json_object(self) -> dict[str, Any]:
        """What `--json` prints."""
        return self.model_dump(mode="json", by_alias=True)
