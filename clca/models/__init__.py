"""Language models: facts about each by alias, hub id or folder; students, their loading, adapters, chat templates."""

from clca.models.catalogue import ModelCatalogue
from clca.models.hub import cached_snapshot, has_token
from clca.models.info import ModelInfo, cache_bytes_per_token
from clca.models.lookup import find_model, require_access

__all__ = [
    "ModelCatalogue",
    "ModelInfo",
    "cache_bytes_per_token",
    "cached_snapshot",
    "find_model",
    "has_token",
    "require_access",
]
