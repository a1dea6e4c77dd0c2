"""Records that may hold paths, as JSON: a path may be no UTF-8, and is read back as it was."""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import BaseModel

from clca.bounded_json import parse_json
from clca.storage.atomic import encoded

M = TypeVar("M", bound=BaseModel)


def encode_record(record: BaseModel, indent: int | None = None) -> bytes:
    """The record as JSON in UTF-8; bytes of a path that are no UTF-8 stand in it as `\\udcXX`."""
    return encoded(json.dumps(record.model_dump(mode="json"), ensure_ascii=False, indent=indent) + "\n")


def decode_record(model: type[M], data: bytes) -> M:
    """The record in JSON as `encode_record` writes it. Raises `ValidationError`."""
    if b"\\ud" in data:  # Pydantic's own parser refuses half of a pair
        try:
            return model.model_validate(parse_json(data))
        except ValueError:
            pass
    return model.model_validate_json(data)
