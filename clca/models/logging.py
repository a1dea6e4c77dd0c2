"""Silences progress bars and logs of the training libraries; `clca` shows what matters itself."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

LIBRARIES = ("torch", "transformers", "peft", "trl", "bitsandbytes", "accelerate", "datasets")
"""The libraries of the extra `train`."""

UNTRUE_WARNINGS = ("Could not find a config file in", "Unable to fetch remote file due to the following error")
"""How PEFT's warnings begin that it cannot tell whether a vocabulary was resized, which `clca` never does.

Each checkpoint of a model of the hub would warn where the hub cannot be reached.
"""


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Show no progress bars and only errors of the libraries during the block.

    `datasets` may be missing: evaluations do not need it.
    """
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars
    from transformers.utils import logging as transformers_logging

    loggers = [logging.getLogger(name) for name in (*LIBRARIES, "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    bars = [
        (transformers_logging.is_progress_bar_enabled(), transformers_logging.enable_progress_bar),
        (not are_progress_bars_disabled(), enable_progress_bars),
    ]
    if find_spec("datasets") is not None:
        import datasets

        bars.append((datasets.is_progress_bar_enabled(), datasets.enable_progress_bars))
        datasets.disable_progress_bars()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    transformers_logging.disable_progress_bar()
    disable_progress_bars()
    try:
        with warnings.catch_warnings():
            for message in UNTRUE_WARNINGS:
                warnings.filterwarnings("ignore", message)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        for was_enabled, enable in bars:
            if was_enabled:
                enable()
