"""The result of `clca compare`: what `--json` prints."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, computed_field

from clca.evaluation.wvs.comparison import Comparison
from clca.records import Method, Order, Record
from clca.storage.selection import Selection


class MethodComparison(Comparison):
    """A method of the first evaluation compared with one of the second, in one culture or on average."""

    methods: tuple[Method, Method]
    order: Order


class CompareResult(Record):
    """The comparisons of two evaluations, by their folders; `rehearsals` are those whose scores mean nothing."""

    first: Path
    second: Path
    rehearsals: tuple[Path, ...] = Field(exclude=True)
    comparisons: tuple[MethodComparison, ...]
    selection: tuple[Selection, ...] = Field(
        default=(), description="Which evaluations were meant by the names given, and what else there was."
    )
    taught: tuple[dict[str, str], ...] = Field(
        default=(), description="Recipe and mixture of each adapter, of the first and of the second evaluation."
    )
    items_versions: tuple[dict[str, int], ...] = Field(
        default=(), description="Version of the items by language, of the first and of the second evaluation."
    )

    asked: tuple[dict[str, str], ...] = Field(
        default=(), description="Scoring, mode and format of the first and of the second evaluation."
    )

    @property
    def notes(self) -> tuple[str, ...]:
        """What has to be known to read all comparisons."""
        return (*self._other_wordings(), *self._other_instruments())

    def _other_instruments(self) -> tuple[str, ...]:
        if len(self.asked) < 2:
            return ()
        first, second = self.asked
        differing = [key for key in first if key in second and first[key] != second[key]]
        if not differing:
            return ()
        listed = "; ".join(f"{key} {first[key]} against {second[key]}" for key in differing)
        return (f"They were asked or read in other ways ({listed}), from which differences may come.",)

    def _other_wordings(self) -> tuple[str, ...]:
        if len({tuple(sorted(versions.items())) for versions in self.items_versions}) < 2:
            return ()
        asked = "; ".join(
            f"{side} was asked {', '.join(f'version {version} ({language})' for language, version in versions.items())}"
            for side, versions in zip(("the first", "the second"), self.items_versions, strict=True)
        )
        return (f"The items are worded in other ways: {asked}.",)

    @computed_field(description="Whether either is a rehearsal, whose scores mean nothing.")  # type: ignore[prop-decorator]
    @property
    def rehearsal(self) -> bool:
        """Whether either evaluation is a rehearsal."""
        return bool(self.rehearsals)
