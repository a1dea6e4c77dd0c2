"""Options that all evaluations have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WHAT, HOW, SCREEN = "What to evaluate", "How it is answered", "On screen"
EVALUATIONS = Path("evaluations")

Student = Annotated[
    str | None,
    typer.Option(
        "--student",
        "-s",
        help="Model to evaluate: an alias (clca models list), a hub id, a local folder, or tiny. (default the"
        " adapters', else tiny)",
        rich_help_panel=WHAT,
    ),
]
Bits = Annotated[
    int | None,
    typer.Option(
        help="Hold the weights in 4, 8 or 16 bits. (default the adapters'; 16 without one, and for tiny)",
        rich_help_panel=HOW,
    ),
]
BaseUrl = Annotated[str | None, typer.Option(help="Ask an OpenAI-compatible server there.", rich_help_panel=HOW)]
Out = Annotated[Path, typer.Option(help="Folder of the evaluations.", rich_help_panel=HOW)]
New = Annotated[
    bool, typer.Option("--new", help="Evaluate anew even if this exists or was begun.", rich_help_panel=HOW)
]
Plan = Annotated[bool, typer.Option("--plan", help="Show prompts, tokens and time; stop.", rich_help_panel=SCREEN)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no tables.", rich_help_panel=SCREEN)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object last.", rich_help_panel=SCREEN)]
