"""The pages of commands and of files, made from the command line and the models whenever the manual is built."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from clca import schema_index
from clca.cli import COMMANDS, load_command
from clca.stages import STAGES

TYPES = {"str": "TEXT", "int": "NUMBER", "float": "NUMBER", "Path": "PATH"}


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Put the generated part behind the text of the two pages."""
    made = {"commands.md": commands, "files.md": files}.get(page.file.src_uri)
    return f"{markdown}\n{made()}" if made else markdown


# ---------------------------------------------------------------- commands


def commands() -> str:
    """A section for each command, in the order of `clca --help`."""
    return "\n".join(part for name, entry in COMMANDS.items() for part in command(name, entry.summary))


def command(name: str, summary: str) -> Iterator[str]:
    loaded = load_command(name)
    yield f"## clca {name}\n\n{summary}\n"
    if subcommands := getattr(loaded, "commands", None):
        for word, subcommand in subcommands.items():
            yield f"### clca {name} {word}\n"
            yield from usage(f"clca {name} {word}", subcommand)
    else:
        yield from usage(f"clca {name}", loaded)


def usage(path: str, command: Any) -> Iterator[str]:
    """What the help of a command says: its text, arguments, options by panel, examples."""
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    words = [path, *map(metavar, arguments), "[OPTIONS]"]
    context = command.make_context(path, [], resilient_parsing=True)
    yield f"```text\n{' '.join(words)}\n```\n\n{command.help or ''}\n"
    panels: dict[str, list[Any]] = {}
    for parameter in command.params:
        panels.setdefault(getattr(parameter, "rich_help_panel", None) or "", []).append(parameter)
    for panel, parameters in panels.items():
        yield f"\n| {cell(panel) or 'Arguments and options'} | |\n|---|---|"
        yield from (f"| {names(parameter, context)} | {cell(parameter.help)} |" for parameter in parameters)
    if command.epilog:
        examples = [line.strip() for line in command.epilog.splitlines() if line.strip().startswith("clca ")]
        yield "\nExamples:\n\n```text\n" + "\n".join(examples) + "\n```\n"


def metavar(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required or name.startswith("[") else f"[{name}]"


def names(parameter: Any, context: Any) -> str:
    """An argument, or the flags of an option with their value."""
    if parameter.param_type_name == "argument":
        return code(metavar(parameter))
    kind = re.sub(r"^<(?:list\[)?(.*?)\]?>$", r"\1", parameter.display_type(context))
    value = "" if parameter.is_flag else f" {parameter.metavar or TYPES.get(kind, kind.upper())}"
    return ", ".join(code(flag + value) for flag in (*parameter.opts, *parameter.secondary_opts))


# ---------------------------------------------------------------- files


def files() -> str:
    """A section for each file, and one for the result of each stage."""
    parts = [part for name in schema_index.FILES for part in schema(name, f"`{name}`")]
    parts.append("## What `--json` prints\n")
    parts += [part for stage in STAGES for part in schema(f"{stage}{schema_index.RESULT}", f"`clca {stage}`", level=3)]
    return "\n".join(parts)


def schema(name: str, title: str, level: int = 2) -> Iterator[str]:
    whole = schema_index.schema_of(name)
    yield f"{'#' * level} {title}\n"
    parts = whole.get("$defs", {})
    if "properties" in whole:
        yield from fields(whole)
    for title, part in parts.items():
        if "properties" in part:
            yield f"\n**{title}**\n"
            yield from fields(part)
    yield ""


def fields(part: dict[str, Any]) -> Iterator[str]:
    if part.get("description"):
        yield f"{part['description']}\n"
    yield "| field | holds | |\n|---|---|---|"
    required = part.get("required", ())
    for name, field in part["properties"].items():
        default = "" if name in required or "default" not in field else f" (default `{field['default']}`)"
        yield f"| `{name}` | {cell(kind(field))} | {cell(field.get('description', '') + default)} |"


def kind(field: dict[str, Any]) -> str:
    """The type of a field in a few words."""
    if "$ref" in field:
        return field["$ref"].rpartition("/")[2]
    if choices := field.get("enum", [field["const"]] if "const" in field else []):
        return ", ".join(str(choice) for choice in choices)
    if options := field.get("anyOf", field.get("oneOf")):
        return " or ".join(dict.fromkeys(kind(option) for option in options))
    if field.get("type") == "array":
        inner = field.get("items") or next(iter(field.get("prefixItems", ())), {})
        return f"list of {kind(inner)}"
    if field.get("type") == "object":
        values = field.get("additionalProperties")
        return f"object of {kind(values)}" if isinstance(values, dict) else "object"
    return str(field.get("type", "anything"))


def code(text: str) -> str:
    """A name as a cell of a table; a bar in a code span would end the cell."""
    return f"<code>{html.escape(text).replace('|', '&#124;')}</code>"


def cell(text: str | None) -> str:
    """A text as a cell of a table: on one line, no bar, no markup of the screen."""
    return re.sub(r"\s+", " ", text or "").strip().replace("|", "&#124;").replace("<", "&lt;")
