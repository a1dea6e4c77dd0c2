"""Libraries that an evaluation needs, checked before anything else."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from clca.errors import SettingsError

ALWAYS = ("numpy", "pyarrow")
LOCAL = ("torch", "transformers", "peft", "accelerate")


def require_libraries(*, server: bool) -> None:
    """Check for the libraries of an evaluation; a model on a `server` needs none of the model's.

    Raises `SettingsError` with the command that installs them.
    """
    require(ALWAYS if server else (*ALWAYS, *LOCAL), "an evaluation needs")


def require(names: Sequence[str], purpose: str, extra: str = "eval") -> None:
    """Check that these libraries, which an extra brings, are installed; `purpose` begins the message.

    Raises `SettingsError`.
    """
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise SettingsError(
            f"{purpose} {', '.join(missing)}, not installed here: pip install '.[{extra}]' in clca's source folder"
        )
