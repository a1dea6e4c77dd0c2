from __future__ import annotations

import pytest

from clca.errors import NotFoundError
from clca.schema_index import names, schema_of


@pytest.mark.parametrize("name", names())
def test_every_name_has_a_schema_whose_fields_are_described_or_typed(name: str) -> None:
    schema = schema_of(name)
    assert schema["type"] == "object"
    assert schema["properties"]


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(NotFoundError, match=r"no schema 'eval-cspek'; did you mean eval-cspec"):
        schema_of("eval-cspek")
