"""Settings as `run.json` holds them: without secrets, under the names that runs on disk have for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clca.culture.catalogue import AND
from clca.errors import SettingsError
from clca.generation.config import GenerateConfig
from clca.storage.run_index import RunInfo
from clca.urls import without_credentials

RECORDED_KEYS = {"max_exchanges": "exchanges", "max_reply_attempts": "asks", "max_http_attempts": "tries"}
"""Keys of `run.json` and of the fingerprint for fields that were renamed since, so that runs keep their identity."""

SETTING_NAMES = {recorded_key: name for name, recorded_key in RECORDED_KEYS.items()}
"""Today's names of the settings that are recorded under other keys."""


EXECUTION_FIELDS = frozenset(
    {
        "calibrate",
        "concurrency",
        "keep_requests",
        "kept_attempts",
        "max_http_attempts",
        "timeout",
        "out",
        "new",
        "base_url",
        "partner_base_url",
        "judge_base_url",
        "localiser_base_url",
        "cluster",
        "replicas",
        "replica_cpus",
        "vllm",
        "vllm_args",
        "start_timeout",
    }
)
"""Fields that decide how fast a run is and where its files are, but not what its records say."""


def recorded_settings(config: GenerateConfig) -> dict[str, Any]:
    """The settings as `run.json` holds them: without secrets, and without what the command alone knows."""
    # vllm is a path of this machine; what a run.json says of a cluster is not followed, since it may be a stranger's.
    here = {"culture", "new", "vllm", "cluster", "replicas", "replica_cpus"}
    settings = config.model_dump(mode="json", exclude=here)
    settings["base_url"] = [without_credentials(url) for url in settings["base_url"]]
    for key in ("partner_base_url", "judge_base_url", "localiser_base_url"):
        settings[key] = without_credentials(settings[key]) if settings[key] else None
    return recorded(settings)


def recorded(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The same settings under the names that runs on disk know."""
    return {RECORDED_KEYS.get(key, key): value for key, value in settings.items()}


def config_of(run: RunInfo) -> GenerateConfig:
    """The configuration that a run was made with. Raises `SettingsError` for a damaged `run.json`."""
    try:
        settings = {SETTING_NAMES.get(key, key): value for key, value in run.data["settings"].items()}
        return GenerateConfig.model_validate({**settings, "culture": (str(run.data["culture"]).split(AND)[0],)})
    except (KeyError, AttributeError, ValueError) as error:
        raise SettingsError(f"{run.folder / 'run.json'} does not hold the settings of a run: {error}") from None
