"""Command-line options made from the fields of a configuration."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from clca.content.config import Option, StageConfig
from clca.content.lookup import find_workspace
from clca.stages import origins_named, resolve_config

SCREEN = "On screen"
Plan = Annotated[bool, typer.Option("--plan", help="Show what it would do and cost, and stop.", rich_help_panel=SCREEN)]
New = Annotated[bool, typer.Option("--new", help="Start over even if the same already exists.", rich_help_panel=SCREEN)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.", rich_help_panel=SCREEN)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object last.", rich_help_panel=SCREEN)]


def with_flags(*config_types: type[StageConfig], fields: Sequence[str] = ()) -> Callable[[Callable[..., Any]], Any]:
    """Give a command the fields of configurations, or only those named, as options.

    The command `body(flags, *, quiet, ...)` gets what was given by field name, and declares only what is its own as
    keyword-only options.
    """

    def decorate(body: Callable[..., Any]) -> Callable[..., Any]:
        options = {
            name: _parameter(name, field, option)
            for config_type in config_types
            for name, field, option in config_type.options()
            if option and not option.hidden and (not fields or name in fields)
        }
        signature = inspect.signature(body, eval_str=True)
        own = [parameter for parameter in signature.parameters.values() if parameter.kind is parameter.KEYWORD_ONLY]
        parameters = [*options.values(), *own]

        def command(**values: Any) -> Any:
            flags = {name: _value(values.pop(name)) for name in options}
            return body({name: value for name, value in flags.items() if value is not None}, **values)

        command.__name__, command.__doc__ = body.__name__, body.__doc__
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return command

    return decorate


def configured(config_type: type[StageConfig], fields: Sequence[str] = ()) -> Callable[[Callable[..., Any]], Any]:
    """Give a command the fields of a configuration, or only those named, as options.

    The command `body(config, workspace, *, plan, quiet, ...)` declares only what is its own as keyword-only options;
    the configuration is resolved from all its layers before the body runs.
    """

    def decorate(body: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(body)
        def resolved(flags: dict[str, Any], **values: Any) -> Any:
            workspace = find_workspace()
            config = resolve_config(config_type, flags, os.environ, workspace)
            with origins_named(config_type, flags, os.environ, workspace):
                return body(config, workspace, **values)

        return with_flags(config_type, fields=fields)(resolved)  # type: ignore[no-any-return]

    return decorate


def _value(value: Any) -> Any:
    """What was given, or None: Typer has an empty list for an option that was not repeated."""
    return (tuple(value) or None) if isinstance(value, list) else value


def _parameter(name: str, field: FieldInfo, option: Option) -> inspect.Parameter:
    kind, metavar = _kind(field)
    help_text = field.description or ""
    if not field.is_required() and kind is not bool and (default := option.default or _shown(field.default)):
        help_text += f" (default {default})"
    metavar = option.metavar or metavar
    declared: Any
    if option.argument:
        declared = typer.Argument(help=help_text, metavar=metavar or None, show_default=False)
    else:
        flags = [f"--{(option.name or name).replace('_', '-')}"]
        if kind is bool and field.default is True:
            flags[0] += f"/{flags[0].replace('--', '--no-', 1)}"
        flags += [f"--{alias.replace('_', '-')}" for alias in option.aliases]
        flags += [option.short] if option.short else []
        declared = typer.Option(
            *flags,
            help=help_text,
            metavar=metavar or None,
            rich_help_panel=option.panel or None,
            show_default=False,
        )
    annotation: Any = Union[kind, None]  # noqa: UP007  # what is required may come from another layer
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, annotation=Annotated[annotation, declared], default=None
    )


def _kind(field: FieldInfo) -> tuple[Any, str]:
    """The type that Typer parses, and a metavar where the type says too little."""
    kinds = _members(field.annotation)
    if get_origin(kinds[0]) is tuple:
        inner = _members(get_args(kinds[0])[0])
        return list[str], _choices(inner)
    if choices := _choices(kinds):
        numbers = all(isinstance(choice, int) for kind in kinds for choice in get_args(kind))
        return (int if numbers else str), choices
    if len(kinds) == 1 and kinds[0] in (bool, int, float):
        return kinds[0], ""
    if kinds == [Path]:
        return str, "PATH"  # an empty text must not become the current folder
    return str, ""


def _members(annotation: Any) -> list[Any]:
    """The types of a union without None, `Annotated` taken off."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [member for part in get_args(annotation) if part is not NoneType for member in _members(part)]
    return [annotation]


def _choices(kinds: list[Any]) -> str:
    if kinds and all(get_origin(kind) is Literal for kind in kinds):
        return "|".join(str(choice) for kind in kinds for choice in get_args(kind))
    return ""


def _shown(default: Any) -> str:
    if default is None or default == () or default == "" or isinstance(default, bool):
        return ""
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
