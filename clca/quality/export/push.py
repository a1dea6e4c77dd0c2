"""An export on the Hugging Face hub. The token is the hub library's own matter: it is neither read nor written here."""

from __future__ import annotations

import os
from pathlib import Path

from clca.errors import SettingsError, StoreError
from clca.printable import one_line


def require_token() -> None:
    """Raise `SettingsError` where the hub's library has no token, or may not ask the hub."""
    from huggingface_hub import constants, get_token

    if constants.HF_HUB_OFFLINE:
        raise SettingsError("--push needs the hub, and HF_HUB_OFFLINE keeps everything off it: unset it")
    if not get_token():
        raise SettingsError(
            "--push needs your token of the Hugging Face hub: set HF_TOKEN, or log in with `hf auth login`"
        )


def push(folder: Path, repository: str, *, public: bool) -> str:
    """Upload the files of a folder as one commit to a dataset, which is made if it is missing; returns its address.

    Raises `StoreError` where the hub refuses; the folder stays.
    """
    from huggingface_hub import HfApi, get_token

    try:
        api = HfApi()
        url = api.create_repo(repository, repo_type="dataset", private=not public, exist_ok=True)
        api.upload_folder(
            repo_id=repository, repo_type="dataset", folder_path=str(folder), commit_message="Export of clca"
        )
    except Exception as error:  # the libraries below it have errors of many kinds, all of them the hub's answer
        fault = str(error).strip() or type(error).__name__
        for token in filter(None, (get_token(), os.environ.get("HF_TOKEN"))):
            fault = fault.replace(token, "***")
        raise StoreError(
            f"the hub did not take {repository} ({one_line(' '.join(fault.split()))}); {folder} is complete: repeat the"
            " command when the token may write there"
        ) from None
    return str(url)
