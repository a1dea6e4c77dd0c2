"""The sampling temperature of the role-play: the one that is set, else that of each model's own generation config.

The papers give only top_p; the code behind CLCA leaves the temperature to the model's `generation_config.json`. Only
what is the same on every machine counts: a model of the catalogue, or in a local folder. It must not depend on what has
been downloaded meanwhile, or a run could not be resumed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from clca.bounded_json import parse_json
from clca.content.lookup import Content
from clca.generation.config import GenerateConfig
from clca.generation.teachers import IN_PROCESS, addresses
from clca.inference.protocol import Role
from clca.models import ModelCatalogue
from clca.records import Record
from clca.safe_open import read_json

FILE = "generation_config.json"
FALLBACK = 1.0  # where no generation config is known: what the model says, neither sharpened nor flattened
PLAYERS: tuple[Role, Role] = ("teacher", "partner")
"""The role that plays each side."""


class Temperature(Record):
    """A sampling temperature, and where it comes from."""

    value: float
    source: str


def role_play_temperatures(config: GenerateConfig, content: Content) -> dict[Role, Temperature]:
    """The temperature of each side of the role-play."""
    models = ModelCatalogue(content)
    return {
        role: Temperature(value=config.temperature, source="--temperature")
        if config.temperature is not None
        else _own(addresses(config, {})[role].model, models)
        for role in PLAYERS
    }


def _own(model: str, models: ModelCatalogue) -> Temperature:
    """The temperature of a model's own generation config."""
    if model in IN_PROCESS:
        return Temperature(value=FALLBACK, source="the rehearsal does not sample by it")
    known = models.find(model)
    if known is not None:
        if known.temperature is None:
            return Temperature(value=FALLBACK, source=f"{known.hub} sets none in its {FILE}")
        return Temperature(value=known.temperature, source=f"{FILE} of {known.hub}")
    folder = Path(os.path.expanduser(model))
    own = _read(folder / FILE)
    if own is not None:
        return Temperature(value=own, source=f"{FILE} of {folder.resolve().name}")
    return Temperature(value=FALLBACK, source=f"no {FILE} of {model} is known")


def _read(file: Path) -> float | None:
    try:
        value = parse_json(read_json(file, within=file.parent)).get("temperature")
    except (OSError, ValueError, AttributeError):
        return None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 2 else None


def recorded_temperature(temperatures: Mapping[Role, Temperature]) -> float | list[float]:
    """What decides the records of a run: one number where both sides have the same, as earlier versions had."""
    values = [temperatures[role].value for role in PLAYERS]
    return values[0] if len(set(values)) == 1 else values
