"""`clca map`."""

from __future__ import annotations

from pathlib import Path

from clca.analysis.config import LIBRARIES, MapConfig
from clca.cli.options import Json, Plan, Quiet, configured

EXAMPLES = """
Examples:

  clca map wvs -c ara,ben,zho,eng,deu,ell,kor,por,spa,tur      S2N's figure 1

  clca map wiki normad -c deu,spa,tur --wiki 'wiki/{culture}.txt' --normad normad.csv      its figures 4 and 5

  clca map dialogues -c uk,china,germany,mexico,japan          the newest run of each

  clca map dialogues --run 'generated/*/*' --embedder sentence-transformers:sentence-transformers/LaBSE

Exit codes: 0 done, 2 bad input or unusable folder, 130 interrupted. The same command goes on.
"""


@configured(MapConfig)
def map_sources(
    config: MapConfig, workspace: Path | None, *, plan: Plan = False, quiet: Quiet = False, json: Json = False
) -> None:
    """Map the texts of cultures by their embeddings, and measure how far cultures separate in each data source."""
    from clca.cli.views import maps
    from clca.evaluation.validation import require

    require(LIBRARIES, "clca map needs", extra="map")
    maps.show_maps(config, workspace, plan_only=plan, quiet=quiet, as_json=json)
