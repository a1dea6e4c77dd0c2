"""clca: dialogues between people of a culture, for training language models and measuring how well they learned it.

>>> import clca
>>> clca.cultures()[:2]
['argentina', 'bangladesh']

Every command of the command line is a function here (`clca.api`); `clca.metrics` has the measures as pure functions.
"""

from clca.api import (
    audit_judge,
    compare,
    cultures,
    eval_cspec,
    eval_mmlu,
    eval_normad,
    eval_offense,
    eval_wvs,
    export,
    generate,
    inspect,
    stats,
    train,
)

__all__ = [
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
    "stats",
    "train",
]
__version__ = "0.1.0"
