"""A whole model into which an adapter was merged: its folder keeps a copy of the adapter's `adapter.json`."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from clca.content.parsing import validation_message
from clca.errors import ContentError, StoreError
from clca.models.adapter_info import AdapterInfo
from clca.safe_open import read_json
from clca.storage.json_records import decode_record

MERGED = "merged.json"


def read_merged(folder: Path) -> AdapterInfo | None:
    """What the adapter was that was merged into the model of a folder; None for any other folder, and for a hub id.

    Raises `ContentError` for a damaged record, `StoreError` for one that cannot be read.
    """
    file = folder / MERGED
    try:
        return decode_record(AdapterInfo, read_json(file, within=folder))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"cannot read {file}: {error.strerror}") from None
    except ValidationError as error:
        raise ContentError(str(file), None, validation_message(error, AdapterInfo)) from None
