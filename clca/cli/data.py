"""`clca data`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

IMPORT_EXAMPLES = """
Examples:

  clca data import-wvs WVS_Cross-National_Wave_7_csv_v6_0.csv

  clca data import-wvs full_demographic_qa.tsv full_value_qa.tsv

  clca data import-wvs japan.csv uk.csv.gz --out data/two

The official file of wave 7, the tables of WorldValuesBench, and slices of either (some items, some countries).
Files may be separated by commas, semicolons or tabs, and gzipped; codes below 0 are missing answers.
"""

app = typer.Typer(help="Data from elsewhere: respondents of the World Values Survey.", no_args_is_help=True)


@app.command("import-wvs", epilog=IMPORT_EXAMPLES)
def import_wvs(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Survey files, in any order.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for respondents.parquet. (default data/wvs in the workspace)", show_default=False),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="What was found, as one JSON object.")] = False,
) -> None:
    """Import respondents of the World Values Survey, wave 7, and say what is there and what is missing."""
    from clca.cli import import_report

    import_report.import_wvs([file.expanduser() for file in files], out.expanduser() if out else None, as_json=json)
