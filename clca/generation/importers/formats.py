"""The formats that can be imported, and which of them a file has."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from clca.errors import ContentError, NotFoundError, SettingsError
from clca.generation.importers import clca_scenarios, culture_atlas, normad, own, social_chemistry, sotopia
from clca.generation.importers.audit import Kind
from clca.generation.importers.context import ImportContext
from clca.generation.importers.outcome import Outcome
from clca.generation.importers.sources import REDIS, Source

AUTO = "auto"
_KEY = re.compile(r'"([\w-]{1,60})\\*"\s*:')


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file: its text, the keys of its JSON, and its first line as columns."""

    text: str
    keys: frozenset[str]
    columns: frozenset[str]

    @property
    def is_redis(self) -> bool:
        """Whether it is that of a binary dump of Redis."""
        return self.text == REDIS.decode()

    @classmethod
    def of(cls, text: str) -> Head:
        """The head of a text. Only one that begins as JSON or HTML does has no columns."""
        begins = text.lstrip()[:1]
        keys = frozenset(_KEY.findall(text)) if begins in "[{" else frozenset[str]()
        columns: set[str] = set()
        if begins not in "[{<":
            line = text.lstrip().splitlines()[0]
            for delimiter in "\t,":
                columns |= {cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), ())}
        return cls(text, keys, frozenset(columns))


@dataclass(frozen=True, slots=True)
class Format:
    """A format of `kind`: `read` gives what becomes of each row, `claims` says whether a file has it.

    `passes` is how often the files are read; `note` is what a user should know of its records.
    """

    name: str
    kind: Kind
    about: str
    claims: Callable[[Head], bool]
    read: Callable[[Sequence[Source], ImportContext], Iterator[Outcome]]
    passes: int = 1
    note: str = ""


FORMATS = (
    Format(
        "own",
        "scenarios",
        "JSONL of ours: scenarios/README.md",
        lambda head: head.keys >= {"setting", "participants"},
        own.read_scenarios,
    ),
    Format(
        "clca",
        "scenarios",
        "JSONL of the CLCA paper's authors",
        lambda head: head.keys >= {"person1", "person2"},
        clca_scenarios.read,
    ),
    Format(
        "sotopia",
        "scenarios",
        "SOTOPIA's environment and agent profiles, as JSON, JSONL or a dump of Redis",
        lambda head: head.is_redis or bool(head.keys & {"agent_goals", "first_name", "agent_1_id", "agent_ids"}),
        sotopia.read,
        passes=2,
    ),
    Format(
        "own",
        "norms",
        "JSONL of ours: scenarios/README.md",
        lambda head: head.keys >= {"scope", "text"},
        own.read_norms,
    ),
    Format(
        "social-chemistry",
        "norms",
        "Social Chemistry 101's TSV",
        lambda head: head.columns >= {"rot", "rot-id"},
        social_chemistry.read,
    ),
    Format(
        "normad",
        "norms",
        "NormAd's CSV",
        lambda head: head.columns >= {"Country", "Rule-of-Thumb"},
        normad.read,
        note="clca eval-normad asks about these norms: it does not measure what is trained on them.",
    ),
    Format(
        "culture-atlas",
        "norms",
        "pages of the Cultural Atlas, saved as HTML or JSON",
        lambda head: head.text.lstrip()[:1] == "<" or head.keys >= {"country", "content"},
        culture_atlas.read,
        note="NormAd's norms are from such pages: clca eval-normad does not measure what is trained on them.",
    ),
)


def names(kind: Kind) -> tuple[str, ...]:
    """The names of the formats of a kind."""
    return tuple(entry.name for entry in FORMATS if entry.kind == kind)


def detect(sources: Sequence[Source], kind: Kind, name: str) -> Format:
    """The format of that name, or for `auto` the one that all files have.

    Raises `NotFoundError` for an unknown name, `ContentError` for a file of no known format, or an empty one,
    `SettingsError` for files of several formats.
    """
    formats = {entry.name: entry for entry in FORMATS if entry.kind == kind}
    heads = [(source, source.head()) for source in sources]  # which also refuses other encodings
    if name != AUTO:
        if name not in formats:
            raise NotFoundError(f"--format {name}: no such format of {kind}; there are {', '.join((AUTO, *formats))}")
        return formats[name]
    found: dict[str, Source] = {}
    for source, text in heads:
        head = Head.of(text)
        entry = next((entry for entry in FORMATS if entry.kind == kind and entry.claims(head)), None)
        if entry is None:
            other = next((entry for entry in FORMATS if entry.claims(head)), None)
            hint = f"it looks like {other.about}: clca data import-{other.kind}" if other else "say with --format"
            raise ContentError(str(source.path), None, f"has no known format of {kind} ({', '.join(formats)}); {hint}")
        found.setdefault(entry.name, source)
    if len(found) > 1:
        told = " and ".join(f"{source.path} is {format_name}" for format_name, source in found.items())
        raise SettingsError(f"{told}: import one format at a time")
    return formats[next(iter(found))]
