"""clca: dialogues between people of a culture, for training language models and measuring how well they learned it.

>>> import clca
>>> clca.cultures()[:2]
['argentina', 'bangladesh']

Every command of the command line is a function here (`clca.api`, `clca.api_dialogues`); `clca.metrics` has the measures
as pure functions.
`clca.Client(url)` has the same functions, carried out by a service (`clca serve`).
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from clca.api import (
    compare,
    cultures,
    eval_cspec,
    eval_mmlu,
    eval_normad,
    eval_offense,
    eval_wvs,
    generate,
    map,
    report,
    study,
    trace,
    train,
)
from clca.api_dialogues import audit_judge, export, inspect, stats

if TYPE_CHECKING:
    from clca.client import Client

__all__ = [
    "Client",
    "audit_judge",
    "compare",
    "cultures",
    "eval_cspec",
    "eval_mmlu",
    "eval_normad",
    "eval_offense",
    "eval_wvs",
    "export",
    "generate",
    "inspect",
    "map",
    "report",
    "stats",
    "study",
    "trace",
    "train",
]
__version__ = "0.1.0"


class _Package(ModuleType):
    """A room that is called as its function, such as `clca.study`, does not take the function's place."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (isinstance(value, ModuleType) and name in __all__):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name == "Client":
        from clca.client import Client

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
