"""What the command line asks of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

from clca.documents import suggestion
from clca.errors import SettingsError
from clca.evaluation.predictors.formats import Mode
from clca.records import Method, Order
from clca.settings import check_url

Layout = Literal["chat", "text", "bare"]
"""`bare` is `text` with nothing before the question, as survey pairs are taught: one answer stands for all."""

METHODS: tuple[Method, ...] = get_args(Method)
ORDERS: tuple[Order, ...] = get_args(Order)
MODES, LAYOUTS, BITS = get_args(Mode), get_args(Layout), (4, 8, 16)

ALWAYS = ("numpy", "pyarrow")
HERE = ("torch", "transformers", "peft", "accelerate")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for; None and () stand for what depends on the rest."""

    cultures: tuple[str, ...] = ()
    student: str | None = None
    adapters: tuple[str, ...] = ()
    base_url: str | None = None
    methods: tuple[str, ...] = ()
    mode: str | None = None
    language: str = "en"
    respondents: int | None = None
    items: str | None = None
    orders: tuple[str, ...] = ()
    layout: str | None = None
    bits: int | None = None
    weights: bool = False
    data: Path | None = None
    seed: int = 42
    until_ci: float | None = None
    out: Path = Path("evaluations")
    new: bool = False


def check(asked: Asked) -> None:
    """Refuse values that no evaluation can be asked for with."""
    closed: tuple[tuple[str, Sequence[object], Sequence[object]], ...] = (
        ("--method", asked.methods, METHODS),
        ("--mode", [asked.mode] if asked.mode else [], MODES),
        ("--order", asked.orders, ORDERS),
        ("--format", [asked.layout] if asked.layout else [], LAYOUTS),
        ("--bits", [asked.bits] if asked.bits else [], BITS),
    )
    for flag, values, known in closed:
        for value in values:
            if value not in known:
                hint = suggestion(str(value), map(str, known)) or f"; there are {', '.join(map(str, known))}"
                raise SettingsError(f"{flag} {value}: is not known{hint}")
    if asked.respondents is not None and asked.respondents < 1:
        raise SettingsError(f"--respondents {asked.respondents}: has to be 1 or more")
    if asked.until_ci is not None and not 0 < asked.until_ci < 1:
        raise SettingsError(f"--until-ci {asked.until_ci}: has to be between 0 and 1, as in --until-ci 0.005")
    if not 0 <= asked.seed < 2**31:
        raise SettingsError(f"--seed {asked.seed}: has to be from 0 to {2**31 - 1}")
    if asked.student is not None and not asked.student.strip():
        raise SettingsError("--student: is empty; give an alias (clca models list), a hub id, a folder, or tiny")
    if asked.base_url is not None:
        try:
            check_url(asked.base_url)
        except ValueError as error:
            raise SettingsError(f"--base-url: {error}") from None
        if asked.bits is not None:
            raise SettingsError("--bits: the server has decided how it holds the weights; leave it out")


def require_libraries(*, server: bool) -> None:
    """Refuse to begin without what an evaluation needs; with a server, the model's libraries are not."""
    lacking = [name for name in (ALWAYS if server else (*ALWAYS, *HERE)) if find_spec(name) is None]
    if lacking:
        names = ", ".join(lacking)
        raise SettingsError(
            f"an evaluation needs {names}, not installed here: pip install '.[eval]' where clca's source is"
        )
