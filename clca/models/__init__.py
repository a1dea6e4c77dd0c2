"""Language models: what is known of each, by alias, hub id or local folder, without any of its weights."""

from clca.models.catalogue import Models
from clca.models.hub import cached, token
from clca.models.lookup import known, require_access
from clca.models.model import Model, cache_bytes_per_token

__all__ = ["Model", "Models", "cache_bytes_per_token", "cached", "known", "require_access", "token"]
