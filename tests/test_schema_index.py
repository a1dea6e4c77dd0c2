from __future__ import annotations

from pathlib import Path

import pytest

from clca.errors import NotFoundError
from clca.schema_index import names, schema_of
from clca.training.result import AdapterResult, TrainingResult


@pytest.mark.parametrize("name", names())
def test_every_name_has_a_schema_whose_fields_are_described_or_typed(name: str) -> None:
    schema = schema_of(name)
    for shape in schema.get("anyOf", [schema]):
        properties = schema["$defs"][shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape
        assert properties["type"] == "object"
        assert properties["properties"]


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(NotFoundError, match=r"no schema 'eval-cspek'; did you mean eval-cspec"):
        schema_of("eval-cspek")


@pytest.mark.parametrize("stage", ["generate", "train", "eval-cspec"])
def test_a_result_that_prints_its_only_part_has_both_shapes(stage: str) -> None:
    assert len(schema_of(f"{stage}.result")["anyOf"]) == 2


def test_what_is_printed_of_one_part_keeps_to_the_schema() -> None:
    adapter = AdapterResult(
        adapter=Path("a"), examples=1, steps=1, loss=1.0, eval_loss=None, seconds=1.0, rows=1, tokens_per_second=1.0
    )
    printed = TrainingResult(adapters=(adapter,), rehearsal=False).json_object()
    definition = schema_of("train.result")["$defs"]["AdapterResult"]
    assert set(definition["required"]) <= printed.keys() <= definition["properties"].keys()
