"""What all records share: the base class and the types of their fields."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


class Record(BaseModel):
    """A frozen value that refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=80)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]
OptionalLine = Annotated[str, StringConstraints(strip_whitespace=True, max_length=400)]
"""A line, or "" where it is not known."""
Licence = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]
"""The licence under which what was imported is published; "" where nobody said."""


def _speakable(name: str) -> str:
    if not name.isprintable() or ":" in name:
        raise ValueError("a name is one line without a colon, since transcripts put one after it")
    return name


PersonName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), AfterValidator(_speakable)
]
Number = Annotated[int, Field(ge=0, lt=2**53)]
"""A whole number that all programs read alike: JSON's of JavaScript end there, and those of columns soon after."""
Gender = Literal["female", "male", "other"]
FirstOrSecond = Literal["first", "second"]
"""One of the two participants of a scenario."""
Relationship = Literal["stranger", "acquaintance", "neighbour", "colleague", "friend", "partner", "family"]
