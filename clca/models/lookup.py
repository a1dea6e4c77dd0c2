"""A model by whatever a user calls it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from clca.content.parsing import suggestion
from clca.errors import NotFoundError
from clca.models import hub
from clca.models.catalogue import ModelCatalogue
from clca.models.hf_config import read_folder
from clca.models.info import ModelInfo

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


def find_model(name: str, models: ModelCatalogue, environment: Mapping[str, str]) -> ModelInfo | None:
    """The model of an alias, a hub id or a local folder; None for a hub id of which nothing can be learned.

    A hub id that the catalogue does not hold is looked for in the local cache, then on the hub.
    """
    found = models.find(name)
    if found is not None:
        return found
    folder = Path(os.path.expanduser(name))
    if folder.is_dir():
        return read_folder(folder)
    if name.startswith(("/", "./", "../", "~")):
        raise NotFoundError(f"no folder {name!r}")
    if not _HUB_ID.fullmatch(name):
        raise NotFoundError(
            f"unknown model {name!r}{suggestion(name, models.names())} (clca models list shows all;"
            " hub ids look like org/name; a local folder like ./name)"
        )
    return hub.read_cached(name, environment) or hub.ask(name, environment)


def require_access(model: ModelInfo, environment: Mapping[str, str]) -> None:
    """Refuse a gated model that is not in the local cache when no token is there to fetch it with."""
    if model.gated and not hub.has_token(environment) and hub.cached_snapshot(model.hub, environment) is None:
        hub.refuse(model.hub, environment)
