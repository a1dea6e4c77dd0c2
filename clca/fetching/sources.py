"""What can be fetched, from where and under which licence: `eval/sources.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, RootModel, StringConstraints, model_validator

from clca.content.lookup import Content
from clca.content.parsing import read_yaml, suggestion
from clca.errors import NotFoundError
from clca.records import Line, Record, Slug
from clca.safe_open import is_below
from clca.urls import check_url

PATH = "eval/sources.yaml"


def _url(value: str) -> str:
    check_url(value)
    return value


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Url = Annotated[str, StringConstraints(pattern=r"^\S+$", max_length=300), AfterValidator(_url)]
Repository = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$", max_length=140)]


class Source(Record):
    """A source by its name: `home` is the address that is asked, `folder` where its files go, `next` what uses them.

    `files` are paths in `repository` below `below`, in which `*` matches within one folder; `listed_in` is a mapping
    of `clca data import-offense` that lists them. `raw` is where GitHub has the files themselves. `steps` say how a
    person gets what may not be passed on.
    """

    kind: Literal["mediawiki", "github", "hub", "by-hand"]
    title: Text
    home: Url
    raw: Url | None = None
    repository: Repository | None = None
    below: str = ""
    files: tuple[Line, ...] = ()
    listed_in: Line | None = None
    size: Line
    licence: Text
    citation: Text
    folder: Line
    steps: tuple[Text, ...] = ()
    next: Text

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Source:
        if self.kind in ("github", "hub") and (self.repository is None or not (self.files or self.listed_in)):
            raise ValueError(f"a source of kind {self.kind} needs repository, and files or listed_in")
        if self.kind == "github" and self.raw is None:
            raise ValueError("a source of kind github needs raw")
        if self.kind == "by-hand" and not self.steps:
            raise ValueError("a source of kind by-hand needs steps")
        if not is_below(self.folder):
            raise ValueError("folder is no path below the workspace")
        return self


class _File(RootModel[Annotated[dict[Slug, Source], Field(min_length=1)]]):
    pass


def load_sources(content: Content) -> dict[str, Source]:
    """The sources by name. Raises `ContentError`."""
    return read_yaml(content.shown(PATH), content.text(PATH), _File).root


def find_source(name: str, content: Content) -> Source:
    """The source of a name. Raises `NotFoundError`."""
    sources = load_sources(content)
    if name not in sources:
        hint = suggestion(name, sources) or f"; there are {', '.join(sources)}"
        raise NotFoundError(f"no source {name!r}{hint}")
    return sources[name]
