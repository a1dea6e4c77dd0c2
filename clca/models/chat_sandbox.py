"""The text that a model's chat template makes of a conversation: as transformers renders it, within our own bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser

from clca.content.sandbox import Sandbox, render
from clca.content.template_bounds import json_text


class _Generation(Extension):
    """Reads `{% generation %}` as the text within it."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja2 declares it

    def parse(self, parser: Parser) -> nodes.Node:
        """The node of the tag."""
        line = next(parser.stream).lineno
        return nodes.Scope(parser.parse_statements(("name:endgeneration",), drop_needle=True)).set_lineno(line)


def load_chat_template(text: str, strftime_now: Callable[[str], str]) -> jinja2.Template:
    """The compiled template, which calls `strftime_now` for the date. Raises `jinja2.TemplateSyntaxError`."""
    functions = {"raise_exception": _raise_exception, "strftime_now": strftime_now}
    return Sandbox(functions, {"tojson": _json}, extensions=[_Generation, loopcontrols]).load(text, "chat template")


def render_chat(template: jinja2.Template, variables: Mapping[str, Any]) -> str:
    """The text of a conversation. Raises whatever a template can: see `TEMPLATE_ERRORS`."""
    return render(template.root_render_func, template, variables)


def _raise_exception(message: str) -> None:
    raise jinja2.TemplateError(message)


def _json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """As transformers has it, for chats alone: no HTML, and no mark of a language other than ASCII is escaped."""
    return json_text(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
