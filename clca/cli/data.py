"""`clca data`: data from their own homes, and imports of respondents, test sets, training data, scenarios and norms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clca.cli.paths import expanded

IMPORT_EXAMPLES = """
Examples:

  clca data import-wvs WVS_Cross-National_Wave_7_csv_v6_0.csv

  clca data import-wvs full_demographic_qa.tsv full_value_qa.tsv

  clca data import-wvs japan.csv uk.csv.gz --out data/two

The official file of wave 7, the tables of WorldValuesBench, and slices of either (some items, some countries).
Files may be separated by commas, semicolons or tabs, and gzipped; codes below 0 are missing answers.
"""

OFFENSE_EXAMPLES = """
Examples:

  clca data import-offense CultureLLM

  clca data import-offense posts --mapping posts.yaml --out data/posts --strict

Without --mapping, the command looks for the public test files behind S2N (clca content show
eval/offense/public.yaml). A mapping of your own lists files (JSONL, JSON, CSV, TSV) with their culture, task, type and
fields:
clca content show eval/offense/README.md
"""

CULTURELLM_EXAMPLES = """
Examples:

  clca data import-culturellm CultureLLM

  clca data import-culturellm CultureLLM/data --out data/culturellm

The folder is CultureLLM's own, or its folder data, with WVQ.jsonl, the new_WVQ files and each language's Finetune.
"""

SCENARIOS_EXAMPLES = """
Examples:

  clca data import-scenarios environments.json agents.json

  clca data import-scenarios dump.rdb --license CC-BY-SA-4.0

  clca data import-scenarios germany.jsonl japan.jsonl --format clca --out data/scenarios/paper

Formats: own (JSONL of ours), clca (JSONL of the CLCA paper's authors), sotopia (environment and agent profiles as JSON,
JSONL or a dump of Redis). Each rejected row stands with its line, field and reason in findings.jsonl beside the
scenarios. What a format lacks and how it is filled in: clca content show scenarios/README.md
"""

NORMS_EXAMPLES = """
Examples:

  clca data import-norms social-chem-101.v1.0.tsv --culture usa

  clca data import-norms normad_etiquette_final_data.csv

  clca data import-norms japan-etiquette.html mexico-etiquette.html --license "SBS, terms of use"

Formats: own (JSONL of ours), social-chemistry (TSV), normad (CSV), culture-atlas (pages saved as HTML or JSON). Each
rejected row stands with its line, field and reason in findings.jsonl beside the norms. What a format lacks stays open,
and the teacher chooses it: clca content show scenarios/README.md
"""

FETCH_EXAMPLES = """
Examples:

  clca data fetch                    what can be fetched: size, licence, and whether it is here

  clca data fetch wiki --contact me@university.example

  clca data fetch normad

  clca data fetch wvs                where to get what may not be passed on

What is here already is not fetched again, and what was broken off goes on; --new takes the newest. Beside the files
SOURCE.json has licence, citation, and each file's address and SHA-256.
Exit codes: 0 it is here, 1 its home cannot be reached, does not have it, or asks a person to fetch it, 2 bad input.
"""

app = typer.Typer(
    help="Data from elsewhere: survey respondents, test sets, survey pairs to train on, scenarios and norms.",
    no_args_is_help=True,
)

FormatName = Annotated[
    str, typer.Option("--format", metavar="NAME", help="Format of the files, or auto for that of their content.")
]
License = Annotated[
    str | None,
    typer.Option(help="Licence of the files, which each record bears.", show_default=False, metavar="NAME"),
]


@app.command("fetch", epilog=FETCH_EXAMPLES)
def fetch(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="What to fetch; without it, what there is.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the files. (default that of the list, in the workspace)", show_default=False),
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Fetch the newest, also where an earlier one is here.")] = False,
    contact: Annotated[
        str,
        typer.Option(help="E-mail or page that the owners of a server may write to; Wikipedia asks for one."),
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Show it as one JSON object.")] = False,
) -> None:
    """Bring data from their own home, with licence, citation and checksums beside them."""
    from clca.cli.views import fetching

    if name is None:
        fetching.show_sources(as_json=json)
        return
    folder = expanded(out) if out else None
    raise typer.Exit(fetching.fetch_source(name, folder, new=new, contact=contact, quiet=quiet, as_json=json))


@app.command("import-wvs", epilog=IMPORT_EXAMPLES)
def import_wvs(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Survey files, in any order.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for respondents.parquet. (default data/wvs in the workspace)", show_default=False),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Show the findings as one JSON object.")] = False,
) -> None:
    """Import respondents of the World Values Survey, wave 7, and show which answers are present and missing."""
    from clca.cli.views import wvs_import

    wvs_import.import_wvs([expanded(file) for file in files], expanded(out) if out else None, as_json=json)


@app.command("import-offense", epilog=OFFENSE_EXAMPLES)
def import_offense(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that holds the test files.")],
    mapping: Annotated[
        Path | None,
        typer.Option(help="YAML file that describes the files. (default the public ones)", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the test sets. (default data/offense in the workspace)", show_default=False),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Import nothing if there is any finding.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Show the findings as one JSON object.")] = False,
) -> None:
    """Import labelled test sets, and show the faults found in them."""
    from clca.cli.views import offense_import

    mapping, out = (expanded(path) if path else None for path in (mapping, out))
    offense_import.import_offense(expanded(folder), mapping, out, strict=strict, as_json=json)


@app.command("import-culturellm", epilog=CULTURELLM_EXAMPLES)
def import_culturellm(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="CultureLLM's folder, or its folder data.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the files. (default data/culturellm in the workspace)", show_default=False),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Show the findings as one JSON object.")] = False,
) -> None:
    """Import the survey questions and answers that S2N trains on, and show the faults found in them."""
    from clca.cli.views import culturellm_import

    culturellm_import.import_culturellm(expanded(folder), expanded(out) if out else None, as_json=json)


@app.command("import-scenarios", epilog=SCENARIOS_EXAMPLES)
def import_scenarios(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of one data set, in any order.")],
    format: FormatName = "auto",
    license: License = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for scenarios.jsonl. (default data/scenarios/FORMAT in the workspace)", show_default=False
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Show the findings as one JSON object.")] = False,
) -> None:
    """Import scenarios for `clca generate --scenarios FILE`, and show what became of each row."""
    from clca.cli.views import records_import

    paths, folder = [expanded(file) for file in files], expanded(out) if out else None
    records_import.import_files("scenarios", paths, format, folder, license=license, quiet=quiet, as_json=json)


@app.command("import-norms", epilog=NORMS_EXAMPLES)
def import_norms(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of one data set, in any order.")],
    format: FormatName = "auto",
    culture: Annotated[
        list[str] | None,
        typer.Option(
            "--culture",
            "-c",
            metavar="NAME",
            help="Culture in which norms hold that name none, or general; repeatable.",
            show_default=False,
        ),
    ] = None,
    license: License = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for norms.jsonl. (default data/norms/FORMAT in the workspace)", show_default=False),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Show the findings as one JSON object.")] = False,
) -> None:
    """Import norms for `clca generate --norms N --norm-file FILE`, and show what became of each row."""
    from clca.cli.views import records_import

    paths, folder = [expanded(file) for file in files], expanded(out) if out else None
    records_import.import_files(
        "norms", paths, format, folder, cultures=culture or (), license=license, quiet=quiet, as_json=json
    )
