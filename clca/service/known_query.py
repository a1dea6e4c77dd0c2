"""The query of an address: a name that its route does not know would narrow nothing down, and is refused."""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException, Request
from pydantic import BaseModel

from clca.content.parsing import suggestion
from clca.printable import one_line
from clca.words import beginning

LONGEST = 80  # characters of a name


def require_known_query(request: Request) -> None:
    """Refuse a name that the route of a request does not take: with it a list would seem to be narrowed down."""
    known = query_names(request.scope["route"]) if request.query_params else frozenset[str]()
    for name in request.query_params:
        if name not in known:
            shown, hint = beginning(one_line(name), LONGEST), suggestion(name[:LONGEST], known)
            raise HTTPException(422, f"{shown}: this address takes no such parameter{hint}")


def query_names(route: Any) -> frozenset[str]:
    """The names that a route and its dependencies take."""
    names, dependants = set[str](), [route.dependant]
    while dependants:
        dependant = dependants.pop()
        dependants += dependant.dependencies
        for field in dependant.query_params:
            annotation = field.field_info.annotation
            is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
            names.update(annotation.model_fields if is_model else (field.alias,))
    return frozenset(names)
