"""The maps on one page: texts are embedded, laid out and drawn, and how far cultures separate is measured."""

from __future__ import annotations

import json

import numpy as np

from clca.analysis.caveats import caveats
from clca.analysis.config import Method
from clca.analysis.draw import Draw
from clca.analysis.folder import INPUTS, MAP, POINTS, finished_result, require_own
from clca.analysis.measure import projection_silhouette, separability, source_map
from clca.analysis.picture import METHODS, picture
from clca.analysis.plan import MapPlan
from clca.analysis.points import points_csv
from clca.analysis.projection import PACKAGES, layout, settings_of
from clca.analysis.result import MapResult, Projection, SourceMap
from clca.analysis.vectors import file_of, vectors_of
from clca.errors import StoreError
from clca.evaluation.arrays import Floats
from clca.progress import Note, Progress, ProgressCallback, ignore
from clca.quality.embedding import Embedder, load_embedder
from clca.storage.lock import folder_lock
from clca.storage.output_files import write_output
from clca.storage.provenance import versions

Layouts = list[tuple[Draw, Method, Floats]]


def run(plan: MapPlan, progress: ProgressCallback = ignore) -> MapResult:
    """Map the texts of a plan, or find the maps of an earlier command with the same texts and settings.

    Embeddings are kept source by source: the same command goes on from there. Raises `SettingsError` for an embedder
    that cannot be loaded, `StoreError` for a folder that cannot be written, or holds files of others.
    """
    finished = finished_result(plan)
    if finished is not None:
        progress(Note(f"{plan.folder} holds these maps already."))
        return finished
    try:
        plan.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot write to {plan.folder}: {error.strerror}; give --out another folder") from None
    require_own(plan)
    with folder_lock(plan.folder):
        write_output(plan.folder, {INPUTS: _json({"fingerprint": plan.digest, **plan.inputs})})
        embedder = load_embedder(plan.config.embedder)
        assert embedder is not None  # the plan refuses a map without one
        layouts: Layouts = []
        sources = tuple(_source_map(plan, drawn, embedder, layouts, progress) for drawn in plan.draws)
        write_output(plan.folder, {POINTS: points_csv(layouts)})
        result = MapResult(
            folder=plan.folder,
            embedder=embedder.name,
            cultures=plan.names,
            sources=sources,
            points=POINTS,
            run_fingerprints={str(run.folder): str(run.data.get("fingerprint", "")) for run in plan.runs},
            rehearsal=plan.rehearsal,
            sample=plan.config.sample,
            seed=plan.config.seed,
            versions=versions(PACKAGES),
            caveats=tuple(caveats(plan, embedder.reads)),
            selection=plan.selection,
        )
        stored = result.model_dump(mode="json", exclude={"folder", "selection"})
        write_output(plan.folder, {MAP: _json(stored)})
    return result


def _source_map(
    plan: MapPlan, drawn: Draw, embedder: Embedder, layouts: Layouts, progress: ProgressCallback
) -> SourceMap:
    """Embed, measure, lay out and draw a source; its layouts are appended to `layouts`."""
    config, total = plan.config, len(drawn.distinct)
    distinct = vectors_of(
        drawn,
        plan.folder,
        embedder,
        lambda done: progress(Progress(done, total, f"embedded texts of {drawn.source}")),
    )
    vectors = distinct[np.array(drawn.places)]
    scores = separability(
        drawn, vectors, neighbours=config.neighbours, permutations=config.permutations, seed=config.seed
    )
    projections: list[tuple[Projection, Floats]] = []
    for method in dict.fromkeys(config.method):
        progress(Note(f"Laying out {total:,} texts of {drawn.source} by {METHODS[method]}."))
        places = layout(distinct, method, config.seed)
        layouts.append((drawn, method, places))
        record = Projection(
            method=method, settings=settings_of(method, total), silhouette=projection_silhouette(drawn, places)
        )
        projections.append((record, places))
    made = picture(
        drawn,
        projections,
        scores,
        embedder=embedder.name,
        names=plan.names,
        rehearsal=plan.rehearsal and drawn.source == "dialogues",
    )
    files = {f"map-{drawn.source}.{form}": data for form, data in made.items()}
    write_output(plan.folder, files)
    return source_map(drawn, scores, [record for record, _ in projections], file_of(drawn), tuple(files))


def _json(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
