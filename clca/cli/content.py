"""`clca init` and `clca content`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clca.cli.paths import expanded

INIT_EXAMPLES = """
Example:

  clca init study && cd study && clca content copy prompts/turn.j2
"""

app = typer.Typer(help="Content files: prompts, scenarios, personas, and where each comes from.", no_args_is_help=True)


def init(folder: Annotated[Path, typer.Argument(help="Folder to make into a workspace.")]) -> None:
    """Make a workspace: a folder with clca.toml, whose files override packaged content."""
    from clca.cli.views import content

    content.init(expanded(folder))


@app.command("list", epilog="Example:\n\n  clca content list 'prompts/*'")
def list_content(
    pattern: Annotated[str, typer.Argument(help="Glob over content paths.")] = "*",
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """List the content files in use, and whether each is from the workspace or the package."""
    from clca.cli.views import content

    content.list_content(pattern, as_json=json)


@app.command("show", epilog="Example:\n\n  clca content show prompts/turn.j2")
def show_content(path: Annotated[str, typer.Argument(help="Path of a content file.")]) -> None:
    """Print a content file that is in use."""
    from clca.cli.views import content

    content.show_content(path)


@app.command("copy", epilog="Example:\n\n  clca content copy prompts/turn.j2 personas/cultures/japan.yaml")
def copy_content(
    paths: Annotated[list[str], typer.Argument(help="Paths of packaged content files.")],
    force: Annotated[bool, typer.Option("--force", help="Replace files of the workspace.")] = False,
) -> None:
    """Copy packaged files into the workspace, to edit them there."""
    from clca.cli.views import content

    content.copy_content(paths, force=force)


@app.command("counts", epilog="Example:\n\n  clca content counts --json")
def count_content(json: Annotated[bool, typer.Option("--json", help="One JSON object per culture.")] = False) -> None:
    """Count the seed scenarios of each culture by relationship, power, opener, gender, age and situation."""
    from clca.cli.views import content

    content.count_content(as_json=json)


@app.command("check", epilog="Example:\n\n  clca content check")
def check_content(json: Annotated[bool, typer.Option("--json", help="One JSON object per error.")] = False) -> None:
    """Check every content file and clca.toml; each error names file, line and key."""
    from clca.cli.views import content

    raise typer.Exit(content.check_content(as_json=json))


REVIEW_EXAMPLES = """
Examples:

  clca content review japan > japan.md

  clca content review mexico --out mexico.json --json
"""


@app.command("review", epilog=REVIEW_EXAMPLES)
def review_content(
    culture: Annotated[str, typer.Argument(help="Name, country, ISO code or alias of a country.")],
    out: Annotated[Path | None, typer.Option("--out", help="New file for the sheet, instead of the screen.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The sheet as JSON instead of Markdown.")] = False,
) -> None:
    """Print a sheet on which native readers check what the profile of a culture says, line by line."""
    from clca.cli.views import review

    review.review(culture, expanded(out) if out else None, as_json=json)


REVIEW_ITEMS_EXAMPLES = """
Examples:

  clca content review-items greece > greek.md

  clca content review-items de --out german.json --json

By the code of a language (ar, bn, de, el, es, ja, ko, pt, tr, zh), or by a culture that speaks it.
"""


@app.command("review-items", epilog=REVIEW_ITEMS_EXAMPLES)
def review_items(
    name: Annotated[str, typer.Argument(help="Code of a language, or a culture that speaks it.")],
    out: Annotated[Path | None, typer.Option("--out", help="New file for the sheet, instead of the screen.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The sheet as JSON instead of Markdown.")] = False,
) -> None:
    """Print a sheet on which native readers check the survey in their language: items, persona and prompts."""
    from clca.cli.views import item_review

    item_review.review_items(name, expanded(out) if out else None, as_json=json)
