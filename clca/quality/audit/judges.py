"""The judges of an audit: their models and servers, from the runs or from the command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clca.content.config_layers import resolve
from clca.errors import SettingsError
from clca.generation.config import GenerateConfig
from clca.generation.recorded_settings import config_of
from clca.generation.roles import REHEARSAL
from clca.inference.protocol import Role
from clca.quality.audit.config import AuditConfig
from clca.storage.run_index import RunInfo

FIRST: Role = "judge"
SECOND: Role = "partner"
"""The role that stands for the second judge, so that it has an address and a key of its own."""


def roles(config: AuditConfig) -> tuple[Role, ...]:
    """The roles that are asked."""
    return (FIRST, SECOND) if config.second_judge else (FIRST,)


def judge_name(run: RunInfo) -> str:
    """The judge of a run, by the name that it was given. Raises `SettingsError` for a damaged `run.json`."""
    config = config_of(run)
    return config.judge or config.teacher


def is_own(config: AuditConfig, runs: Sequence[RunInfo]) -> bool:
    """Whether the judge of the audit is the one that judged the runs."""
    return config.judge is None or all(judge_name(run) == config.judge for run in runs)


def generation_config(config: AuditConfig, runs: Sequence[RunInfo]) -> GenerateConfig:
    """The settings by which the judges are reached: models, servers, patience.

    Raises `SettingsError` where runs have different judges and none is named.
    """
    names = list(dict.fromkeys(map(judge_name, runs)))
    if config.judge is None and len(names) > 1:
        raise SettingsError(
            f"the runs have different judges ({', '.join(names)}): audit them one by one, or say --judge"
        )
    judge = config.judge or names[0]
    recorded = config_of(runs[0])
    urls, judge_url = (recorded.base_url, recorded.judge_base_url) if is_own(config, runs) else ((), None)
    _refuse_unused_servers(config, judge)
    settings: dict[str, Any] = {
        "culture": recorded.culture,
        "teacher": judge,
        "partner": config.second_judge,
        "base_url": urls if judge_url is None and config.judge_base_url is None else (),
        "judge_base_url": config.judge_base_url or judge_url,
        "partner_base_url": config.second_judge_base_url,
        "out": config.audits,
        "max_exchanges": recorded.max_exchanges,
        "max_reply_attempts": recorded.max_reply_attempts,
        "quantization": recorded.quantization if is_own(config, runs) and judge != REHEARSAL else None,
    }
    same = ("concurrency", "timeout", "start_timeout", "vllm", "vllm_args")
    settings |= {name: getattr(config, name) for name in same}
    if settings["judge_base_url"]:
        settings["judge"] = judge
    return resolve(GenerateConfig, {name: value for name, value in settings.items() if value is not None}, {}, None)


def _refuse_unused_servers(config: AuditConfig, judge: str) -> None:
    for flag, name, url in (
        ("--judge-base-url", judge, config.judge_base_url),
        ("--second-judge-base-url", config.second_judge, config.second_judge_base_url),
    ):
        if url and name == REHEARSAL:
            model = flag.removesuffix("-base-url")
            raise SettingsError(f"{flag}: the rehearsal needs no server; name the model at it with {model} NAME")
