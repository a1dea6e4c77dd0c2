"""The result of `clca trace`: what `--json` prints."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from clca.records import Record
from clca.report.lineage.graph import Graph, Node
from clca.report.lineage.origins import Origin


class TraceResult(Record):
    """A graph of what something was made from, and of what was made of it."""

    target: str = Field(description="What was asked for.")
    start: str = Field(description="Id of the node that it is.")
    graph: Graph
    back: tuple[str, ...] = Field(description="Ids of what it was made from, nearest first.")
    forward: tuple[str, ...] = Field(description="Ids of what was made of it, nearest first.")
    origin: Origin
    unread: tuple[str, ...] = Field(description="What could not be read on the way, a line each.")

    def json_object(self) -> dict[str, Any]:
        """What `--json` prints."""
        return self.model_dump(mode="json")

    @property
    def nodes(self) -> dict[str, Node]:
        """The nodes by their ids."""
        return self.graph.by_id()
