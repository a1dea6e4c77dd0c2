"""What the commands of evaluations refuse alike."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import get_args

from clca.content.parsing import suggestion
from clca.errors import SettingsError
from clca.inference.prompt_format import Mode
from clca.urls import check_url

MODES, BITS = get_args(Mode), (4, 8, 16)

ALWAYS = ("numpy", "pyarrow")
HERE = ("torch", "transformers", "peft", "accelerate")


def check_known(flag: str, values: Sequence[object], known: Sequence[object]) -> None:
    """Refuse a value of a flag that is none of a closed list."""
    for value in values:
        if value not in known:
            hint = suggestion(str(value), map(str, known)) or f"; there are {', '.join(map(str, known))}"
            raise SettingsError(f"{flag} {value}: is not known{hint}")


def check_asked(student: str | None, base_url: str | None, mode: str | None, bits: int | None, seed: int) -> None:
    """Refuse what no student can be asked with."""
    check_known("--mode", [mode] if mode else [], MODES)
    check_known("--bits", [bits] if bits else [], BITS)
    if not 0 <= seed < 2**31:
        raise SettingsError(f"--seed {seed}: has to be from 0 to {2**31 - 1}")
    if student is not None and not student.strip():
        raise SettingsError("--student: is empty; give an alias (clca models list), a hub id, a folder, or tiny")
    if base_url is not None:
        try:
            check_url(base_url)
        except ValueError as error:
            raise SettingsError(f"--base-url: {error}") from None
        if bits is not None:
            raise SettingsError("--bits: the server has decided how it holds the weights; leave it out")


def require_libraries(*, server: bool) -> None:
    """Refuse to begin without what an evaluation needs; with a server, the model's libraries are not."""
    require(ALWAYS if server else (*ALWAYS, *HERE), "an evaluation needs")


def require(names: Sequence[str], what: str) -> None:
    """Refuse to begin without these libraries; `what` says who needs them."""
    lacking = [name for name in names if find_spec(name) is None]
    if lacking:
        raise SettingsError(
            f"{what} {', '.join(lacking)}, not installed here: pip install '.[eval]' where clca's source is"
        )
