"""The Hugging Face hub: the local cache, and the facts about a model. No weights are downloaded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import NoReturn

from clca.errors import NotFoundError, SettingsError
from clca.models.hf_config import CONFIG, listed_weights, model_from_config, read_config, weight_files
from clca.models.info import ModelInfo

TIMEOUT = 10.0  # seconds per request
REMEMBERED = 60.0  # seconds for which it is remembered whether the hub can be reached
_reached: dict[str, tuple[float, bool]] = {}


def cached_snapshot(hub_id: str, environment: Mapping[str, str]) -> Path | None:
    """The folder of a model's complete snapshot in the local cache, that of `main` first, or None."""
    repository = cache_folder(environment) / f"models--{hub_id.replace('/', '--')}"
    snapshots = repository / "snapshots"
    if not snapshots.is_dir():
        return None
    main = repository / "refs" / "main"
    first = main.read_text(encoding="utf-8").strip() if main.is_file() else ""
    for folder in sorted(snapshots.iterdir(), key=lambda snapshot: (snapshot.name != first, snapshot.name)):
        if (folder / CONFIG).is_file() and _is_complete(folder):
            return folder
    return None


def read_cached_model(hub_id: str, environment: Mapping[str, str]) -> ModelInfo | None:
    """The facts about a model in the local cache, or None without a complete snapshot."""
    folder = cached_snapshot(hub_id, environment)
    if folder is None:
        return None
    weights = weight_files({file.name: file.stat().st_size for file in folder.iterdir() if file.is_file()})
    return model_from_config(hub_id, hub_id, read_config(folder / CONFIG), weights)


def has_token(environment: Mapping[str, str]) -> bool:
    """Whether this machine has a token for the hub."""
    return bool(token(environment))


def offline(environment: Mapping[str, str]) -> bool:
    """Whether HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE forbids requests to the hub."""
    setting = environment.get("HF_HUB_OFFLINE") or environment.get("TRANSFORMERS_OFFLINE") or ""
    return setting.strip().upper() in ("1", "ON", "YES", "TRUE")


def endpoint_of(environment: Mapping[str, str]) -> str:
    """The address of the hub."""
    return environment.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"


def is_reachable(environment: Mapping[str, str]) -> bool:
    """Whether the hub answers, as asked once a minute: the libraries try each file five times before they give up."""
    if offline(environment):
        return False
    endpoint = endpoint_of(environment)
    asked, reached = _reached.get(endpoint, (0.0, False))
    if endpoint not in _reached or monotonic() - asked > REMEMBERED:
        from huggingface_hub import get_session

        try:
            get_session().head(endpoint, timeout=TIMEOUT)
            reached = True
        except Exception:  # no network: the exception depends on the client's HTTP library
            reached = False
        _reached[endpoint] = monotonic(), reached
    return reached


def is_out_of_reach(source: str, environment: Mapping[str, str]) -> bool:
    """Whether the files of a model are to be looked for in the cache alone: it is on the hub, which does not answer."""
    return not os.path.exists(source) and not is_reachable(environment)


def fetch_model(hub_id: str, environment: Mapping[str, str]) -> ModelInfo | None:
    """The facts about a model on the hub, or None if the hub cannot be reached or the model has no decoder's shape.

    Raises `NotFoundError` for an unknown model, `SettingsError` for a gated one or one without weights.
    """
    if offline(environment):
        return None
    try:
        from huggingface_hub import HfApi, hf_hub_download
        from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError
    except ImportError:
        return None
    endpoint = endpoint_of(environment)
    secret: str | bool = token(environment) or False
    try:
        info = HfApi(endpoint=endpoint, token=secret).model_info(hub_id, files_metadata=True, timeout=TIMEOUT)
        config = hf_hub_download(
            hub_id,
            CONFIG,
            cache_dir=cache_folder(environment),
            endpoint=endpoint,
            token=secret,
            etag_timeout=TIMEOUT,
        )
    except GatedRepoError:
        refuse_gated(hub_id, environment)
    except RepositoryNotFoundError:
        _refuse_unknown(hub_id)
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else None
        if status == 403:
            refuse_gated(hub_id, environment)
        if status == 401:  # the hub's status for unknown models without a login
            _refuse_unknown(hub_id)
        return None
    except Exception:  # no network: the exception depends on the client's HTTP library; vLLM will report it
        return None
    weights = weight_files({file.rfilename: file.size or 0 for file in info.siblings or ()})
    if not weights:
        raise SettingsError(f"{hub_id} has neither *.safetensors nor *.bin on the hub: vLLM cannot load it")
    card = info.card_data
    licence = str(card.get("license_name") or card.get("license") or "unknown") if card else "unknown"
    return model_from_config(
        hub_id, hub_id, read_config(Path(config)), weights, licence=licence, gated=bool(info.gated)
    )


def refuse_gated(hub_id: str, environment: Mapping[str, str]) -> NoReturn:
    """Raise `SettingsError` that says how to get access to a gated model."""
    login = "then `hf auth login` or set HF_TOKEN"
    if has_token(environment):
        login = "the token in use has no access, or has expired (`hf auth login` sets another)"
    raise SettingsError(f"{hub_id} is gated: accept its licence at https://huggingface.co/{hub_id}; {login}")


def _refuse_unknown(hub_id: str) -> NoReturn:
    raise NotFoundError(
        f"no model {hub_id!r} on the hub, or a private one: check the spelling at https://huggingface.co/{hub_id};"
        " for a private one `hf auth login` or set HF_TOKEN"
    ) from None


def _is_complete(folder: Path) -> bool:
    try:
        listed = listed_weights(folder)
    except SettingsError:
        return False  # the index itself is incomplete
    if listed is not None:
        return all((folder / name).is_file() for name in listed)
    return bool(weight_files({file.name: 1 for file in folder.iterdir() if file.is_file()}))


def _home(environment: Mapping[str, str]) -> Path:
    if home := environment.get("HF_HOME"):
        return Path(os.path.expanduser(home))
    cache = environment.get("XDG_CACHE_HOME")
    return Path(os.path.expanduser(cache or _user(environment) / ".cache")) / "huggingface"


def _user(environment: Mapping[str, str]) -> Path:
    return Path(os.path.expanduser(environment.get("HOME") or "~"))


def cache_folder(environment: Mapping[str, str]) -> Path:
    """The folder of the hub's cache, by the variables that the hub's own library heeds."""
    folder = environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE")
    return Path(os.path.expanduser(folder)) if folder else _home(environment) / "hub"


def token(environment: Mapping[str, str]) -> str | None:
    """The token, which is passed to the hub's own client only."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if secret := environment.get(name, "").strip():
            return secret
    path = environment.get("HF_TOKEN_PATH")
    file = Path(os.path.expanduser(path)) if path else _home(environment) / "token"
    try:
        return file.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None
