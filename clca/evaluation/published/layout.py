"""The layout of the published tables in `eval/published.yaml`: rows, columns, and what a run needs for each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from clca.records import Line, Record, Slug

Pick = dict[str, Line]
"""What a printed number has by the columns of its file; a `setting` that is not picked is empty there."""


def _listed(value: Any) -> Any:
    """The values of a setting that will do, as texts: YAML may give one of them, or a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | list):
        return value
    return [str(entry) for entry in (value if isinstance(value, list) else [value])]


Needs = dict[str, Annotated[tuple[Line, ...], BeforeValidator(_listed), Field(min_length=1)]]
"""The values of each setting of a run that will do."""


class SharedNeeds(Record):
    """Needs that several tables share; `source` says where they are taken from."""

    source: Line
    needs: Needs


class Numbers(Record):
    """What numbers of a `file` have in common, and what a run needs for them."""

    file: str = ""
    pick: Pick = Field(default_factory=dict)
    settings: tuple[Line, ...] = ()
    needs: Needs = Field(default_factory=dict)


class Part(Numbers):
    """A row or a column. `file` is that of a column whose table has none.

    Numbers have `places` decimals, but whole ones of a `counted` part none; `signed` ones have a plus, too.
    """

    label: Line
    group: str = ""
    places: Annotated[int, Field(ge=0, le=6)] = 4
    counted: bool = False
    signed: bool = False


class TableLayout(Numbers):
    """A published table. One without results of its own says `elsewhere` it stands."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    paper: Literal["CLCA", "S2N"]
    title: Line
    shown_by: Line = ""
    elsewhere: str = ""
    corner: Line = "Model"
    columns: tuple[Part, ...] = ()
    rows: tuple[Part, ...] = ()
    captions: tuple[Part, ...] = ()
    notes: tuple[Line, ...] = ()

    @model_validator(mode="after")
    def _has_rows_or_stands_elsewhere(self) -> TableLayout:
        if bool(self.elsewhere) == bool(self.rows and self.columns):
            raise ValueError(f"{self.id}: give rows and columns, or say elsewhere where it stands")
        return self


class LayoutFile(Record):
    """The content of `eval/published.yaml`; `settings` are the shared needs by name."""

    settings: dict[Slug, SharedNeeds]
    tables: tuple[TableLayout, ...]
