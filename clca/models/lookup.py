"""A model by the name that a user gives: an alias, a hub id or a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from clca.content.parsing import suggestion
from clca.errors import NotFoundError, SettingsError
from clca.models import hub
from clca.models.catalogue import ModelCatalogue
from clca.models.hf_config import read_model_folder
from clca.models.info import ModelInfo

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)


def find_model(name: str, models: ModelCatalogue, environment: Mapping[str, str]) -> ModelInfo | None:
    """The facts about the model of an alias, a hub id or a local folder; None for a hub id without known facts.

    A hub id that is not in the catalogue is looked up in the local cache, then on the hub. Raises `NotFoundError` for
    an unknown name, `SettingsError` for a folder without a whole model, for a hub id that is also a folder here, and
    for a gated model without access.
    """
    model = models.find(name)
    if model is not None:
        if not model.local:
            require_no_folder(model.hub)
        return model
    folder = Path(os.path.expanduser(name))
    if folder.is_dir():
        if _HUB_ID.fullmatch(name):
            require_no_folder(name)
        return read_model_folder(folder)
    if name.startswith(("/", "./", "../", "~")):
        raise NotFoundError(f"no folder {name!r}")
    if not _HUB_ID.fullmatch(name):
        raise NotFoundError(
            f"unknown model {name!r}{suggestion(name, models.names())} (clca models list shows all;"
            " hub ids look like org/name; a local folder like ./name)"
        )
    return hub.read_cached_model(name, environment) or hub.fetch_model(name, environment)


def require_no_folder(hub_id: str) -> None:
    """Refuse a hub id where a folder of that name is in the working directory: libraries would read that one unseen.

    The folder may have come with a stranger's workspace. Raises `SettingsError`.
    """
    if not os.path.isabs(hub_id) and os.path.lexists(hub_id):
        raise SettingsError(
            f"{hub_id} is a folder here, which would be read in the place of what the hub has by this name: give"
            f" ./{hub_id} for the folder, or work in another one"
        )


def require_access(model: ModelInfo, environment: Mapping[str, str]) -> None:
    """Raise `SettingsError` for a gated model that is neither cached nor can be downloaded, for lack of a token."""
    if model.gated and not hub.has_token(environment) and hub.cached_snapshot(model.hub, environment) is None:
        hub.refuse_gated(model.hub, environment)
