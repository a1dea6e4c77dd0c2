"""The environment of HTML templates: every text of a file, a model or a person is escaped and inert."""

from __future__ import annotations

from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from clca.printable import printable
from clca.report.blocks import NOTHING


def make_environment(*packages: str) -> Environment:
    """The templates of packages; of those with the same name that of the first."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_inert,
    )
    environment.filters["cut"] = cut
    environment.globals["nothing"] = NOTHING
    return environment


def source(environment: Environment, name: str) -> str:
    """A file beside the templates as it stands, such as a style sheet."""
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


def cut(text: str, longest: int) -> str:
    """The text, or its beginning with how much is missing.

    >>> cut("abcdef", 4)
    'abcd … (2 more characters)'
    """
    return text if len(text) <= longest else f"{text[:longest]} … ({len(text) - longest:,} more characters)"


def _inert(value: Any) -> Any:
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
