"""What the command line asks of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from clca.errors import SettingsError
from clca.evaluation.validation import check_asked, check_known
from clca.records import Method, Order

Layout = Literal["chat", "text", "bare"]
"""`bare` is `text` with nothing before the question, as survey pairs are taught: one answer stands for all."""

METHODS: tuple[Method, ...] = get_args(Method)
ORDERS: tuple[Order, ...] = get_args(Order)
LAYOUTS = get_args(Layout)


@dataclass(frozen=True, slots=True)
class WvsConfig:
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


def check(asked: WvsConfig) -> None:
    """Refuse values that no evaluation can be asked for with."""
    check_asked(asked.student, asked.base_url, asked.mode, asked.bits, asked.seed)
    check_known("--method", asked.methods, METHODS)
    check_known("--order", asked.orders, ORDERS)
    check_known("--format", [asked.layout] if asked.layout else [], LAYOUTS)
    if asked.respondents is not None and asked.respondents < 1:
        raise SettingsError(f"--respondents {asked.respondents}: has to be 1 or more")
    if asked.until_ci is not None and not 0 < asked.until_ci < 1:
        raise SettingsError(f"--until-ci {asked.until_ci}: has to be between 0 and 1, as in --until-ci 0.005")
