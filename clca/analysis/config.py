"""The configuration of `clca map`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from clca.content.config import Option, StageConfig, split_each, split_each_name, split_names

LIBRARIES = ("matplotlib", "numpy", "scipy", "sklearn", "umap")
"""What the stage needs, which the extra `map` brings."""

Source = Literal["wvs", "wvs-translated", "culturellm", "wiki", "normad", "dialogues"]
Method = Literal["umap", "tsne"]

FILES: dict[Source, str] = {
    "wvs-translated": "translation",
    "culturellm": "culturellm",
    "wiki": "wiki",
    "normad": "normad",
}
"""The sources that are read from a file of the user's, and its field."""

WHAT, FROM, HOW = "What to map", "Files", "How"


class MapConfig(StageConfig):
    """Which texts of which cultures are mapped, and how."""

    stage: ClassVar[str] = "map"

    source: Annotated[
        tuple[Source, ...],
        BeforeValidator(split_each),
        Field(min_length=1, description="What to map, as `clca train` makes it; each source has a map of its own."),
        Option(argument=True, metavar="SOURCE..."),
    ]
    culture: Annotated[
        tuple[str, ...],
        BeforeValidator(split_each_name),
        Field(description="Cultures by name, country or ISO code, two or more, as in japan,uk; repeatable."),
        Option(WHAT, short="-c", default="those of --run"),
    ] = ()
    run: Annotated[
        tuple[str, ...],
        BeforeValidator(split_names),
        Field(description="Run for dialogues: folder, name, pattern of folders, or culture; repeatable."),
        Option(WHAT, metavar="RUN", default="the newest of each culture"),
    ] = ()
    sample: Annotated[
        int,
        Field(ge=2, le=5000, description="Most texts of a culture in a map; of each culture as many are drawn."),
        Option(WHAT, metavar="N"),
    ] = 500
    wiki: Annotated[
        Path | None,
        Field(description="Text files or JSONL of pages, for wiki; {culture} stands for the culture's id."),
        Option(FROM, metavar="PATH"),
    ] = None
    normad: Annotated[Path | None, Field(description="NormAd's CSV, for normad."), Option(FROM, metavar="PATH")] = None
    translation: Annotated[
        Path | None,
        Field(description="Survey items in other words, {culture}.yaml, for wvs-translated."),
        Option(FROM, metavar="PATH"),
    ] = None
    culturellm: Annotated[
        Path | None,
        Field(description="What `clca data import-culturellm` wrote, {culture}.jsonl, for culturellm."),
        Option(FROM, metavar="PATH"),
    ] = None
    generated: Annotated[
        Path, Field(description="Folder of the runs."), Option(follows="generate.out", hidden=True)
    ] = Path("generated")
    embedder: Annotated[
        str,
        Field(description="What makes vectors of texts: use, or sentence-transformers:MODEL."),
        Option(HOW, metavar="NAME"),
    ] = "use"
    method: Annotated[
        tuple[Method, ...],
        BeforeValidator(split_each),
        Field(min_length=1, description="How vectors are laid out in two dimensions; repeatable."),
        Option(HOW, default="both"),
    ] = ("umap", "tsne")
    neighbours: Annotated[
        int, Field(ge=1, le=100, description="Nearest texts of each that purity is measured on."), Option(HOW)
    ] = 10
    permutations: Annotated[
        int, Field(ge=19, le=100_000, description="Permutations of cultures that purity is tested with."), Option(HOW)
    ] = 999
    out: Annotated[Path, Field(description="Folder of the maps."), Option(HOW)] = Path("maps")
    seed: Annotated[
        int, Field(ge=0, lt=2**31, description="Seed of samples, layouts and permutations."), Option(HOW)
    ] = 42

    @model_validator(mode="after")
    def _every_file_has_its_source(self) -> MapConfig:
        for source, name in FILES.items():
            given = getattr(self, name) is not None
            if given and source not in self.source:
                raise ValueError(f"--{name} is for the source {source}: name it, or leave --{name} out")
            if not given and source in self.source:
                raise ValueError(f"the source {source} needs a file: give --{name} PATH")
        if self.run and "dialogues" not in self.source:
            raise ValueError("--run is for the source dialogues: name it, or leave --run out")
        return self
