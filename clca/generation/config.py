"""What a generation run is asked to do, put together from four layers.

Precedence: command line, then environment (`CLCA_SAMPLES=3`), then `[generate]` in the
workspace's `clca.toml`, then the defaults below. Keys are the command line's, with `_` for `-`.
Secrets are no settings: keys come from the environment at the moment of use and are kept nowhere.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from clca.content.lookup import CONFIG
from clca.content.parsing import suggestion, validation_message
from clca.errors import SettingsError
from clca.inference.memory import LENGTH
from clca.inference.vllm.manager import VllmConfig
from clca.records import Confidence, Label
from clca.urls import check_url

FIXED_TOKENS, TURN_TOKENS = 4_000, 510  # of the longest prompt without its dialogue, and of a turn at its limit
PREFIX = "CLCA_"
SECRETS = {"CLCA_API_KEY", "CLCA_PARTNER_API_KEY", "CLCA_JUDGE_API_KEY"}
REHEARSAL = "rehearsal"


def _listed(value: Any) -> Any:
    return [part for part in value.replace(",", " ").split() if part] if isinstance(value, str) else value


def _count_or_file(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.strip().lstrip("-").isdigit() else value


def _once(urls: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(urls))


Urls = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_once)]


class GenerateConfig(BaseModel):
    """Settings of `clca generate`; `clca generate --help` says what each is for.

    A model without a server's address is served by a vLLM that is started for it: `vllm` is that
    command, where it is not on the PATH. `quantization` is how vLLM holds the weights; of a server
    that runs already it is only noted, for it decides the records.

    Where the papers are silent: `temperature` (they sample, and give only top_p) is 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    teacher: str = REHEARSAL
    partner: str | None = None
    judge: str | None = None
    base_url: Urls = ()
    partner_base_url: str | None = None
    judge_base_url: str | None = None
    quantization: Literal["fp8"] | None = None
    vllm: str | None = None
    vllm_args: str = ""
    start_timeout: Annotated[float, Field(gt=0)] = 3600.0
    scenarios: Annotated[int | Path | None, BeforeValidator(_count_or_file)] = None
    norms: Annotated[int, Field(ge=0)] = 0
    samples: Annotated[int, Field(ge=1, le=1000)] = 2
    exchanges: Annotated[int, Field(ge=1, le=100)] = 10
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 42
    temperature: Annotated[float, Field(ge=0, le=2)] = 1.0
    top_p: Annotated[float, Field(gt=0, le=1)] = 0.7
    discard: Annotated[tuple[Label, ...], BeforeValidator(_listed)] = ("quality", "meta")
    discard_confidence: Confidence = "very confident"
    asks: Annotated[int, Field(ge=1, le=20)] = 3
    concurrency: Annotated[int, Field(ge=1, le=100_000)] = 64
    tries: Annotated[int, Field(ge=1, le=50)] = 5
    timeout: Annotated[float, Field(gt=0)] = 120.0
    out: Path = Path("generated")

    @field_validator("base_url", "partner_base_url", "judge_base_url")
    @classmethod
    def _is_url(cls, value: Any) -> Any:
        for url in (value,) if isinstance(value, str) else value or ():
            check_url(url)
        return value

    @field_validator("teacher", "partner", "judge", "out", "scenarios")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        if isinstance(value, str | Path):
            text = str(value)
            if not text.strip() or not text.isprintable():
                raise ValueError(f"not a name: {text!a}")
        return value

    @field_validator("scenarios")
    @classmethod
    def _some(cls, value: Any) -> Any:
        if isinstance(value, int) and value < 1:
            raise ValueError("needs at least 1")
        return value

    @field_validator("out", "scenarios")
    @classmethod
    def _at_home(cls, value: Any) -> Any:
        try:
            return value.expanduser() if isinstance(value, Path) else value
        except RuntimeError:
            raise ValueError(f"no home folder for {str(value)!r}") from None

    @model_validator(mode="after")
    def _servers(self) -> Self:
        roles = (
            ("teacher", self.teacher, self.base_url),
            ("partner", self.partner, self.partner_base_url),
            ("judge", self.judge, self.judge_base_url),
        )
        named = {role: name or self.teacher for role, name, _ in roles}
        if self.quantization and set(named.values()) == {REHEARSAL}:
            raise ValueError("--quantization is given, but not of which model: add --teacher NAME")
        for role, _, own in roles:
            flag = "--base-url" if role == "teacher" else f"--{role}-base-url"
            # A server that nobody asks is a forgotten model name, unless the rehearsal was asked for by name.
            idle = all(name == REHEARSAL for name in named.values()) if role == "teacher" else named[role] == REHEARSAL
            if own and idle and not {role, "teacher"} & self.model_fields_set:
                raise ValueError(f"{flag} is given, but not which model there is the {role}: add --{role} NAME")
        return self


def vllm_config(config: GenerateConfig) -> VllmConfig:
    """How a vLLM server is started for this generation."""
    return VllmConfig(
        log_dir=config.out / "logs",
        quantization=config.quantization,
        executable=config.vllm,
        extra_arguments=config.vllm_args,
        start_timeout=config.start_timeout,
        max_model_len=max(LENGTH, FIXED_TOKENS + 2 * config.exchanges * TURN_TOKENS),
    )


# Settings that decide how fast a run goes and where it lies, but not what its records say.
INERT = {
    "concurrency",
    "tries",
    "timeout",
    "out",
    "base_url",
    "partner_base_url",
    "judge_base_url",
    "vllm",
    "vllm_args",
    "start_timeout",
}


def resolve(flags: Mapping[str, Any], environment: Mapping[str, str], workspace: Path | None) -> GenerateConfig:
    """Merge the layers; an unset flag is None. The error names the layer that holds the fault."""
    values: dict[str, Any] = {}
    origin: dict[str, str] = {}
    layers = (
        (_from_toml(workspace), lambda key: f"{CONFIG}: generate.{key}"),
        (_from_environment(environment), lambda key: PREFIX + key.upper()),
        ({k: v for k, v in flags.items() if v is not None and v != ()}, lambda key: "--" + key.replace("_", "-")),
    )
    for layer, named in layers:
        for key, value in layer.items():
            values[key], origin[key] = value, named(key)
    try:
        return GenerateConfig.model_validate(values)
    except ValidationError as error:
        fault = error.errors()[0]
        key = str(fault["loc"][0]) if fault["loc"] else ""
        if fault["type"] == "extra_forbidden":
            raise SettingsError(
                f"{origin[key]}: no such setting{suggestion(key, GenerateConfig.model_fields)}"
            ) from None
        message = validation_message(error) if key else fault["msg"].removeprefix("Value error, ")
        raise SettingsError(message.replace(key, origin[key], 1) if key in origin else message) from None


def _from_toml(workspace: Path | None) -> dict[str, Any]:
    if workspace is None:
        return {}
    file = workspace / CONFIG
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not TOML: {error}") from None
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error.strerror}") from None
    for table in data:
        if table in GenerateConfig.model_fields:
            raise SettingsError(f"{file}: {table}: belongs under [generate]")
        if table != "generate":
            raise SettingsError(f"{file}: {table}: unknown table{suggestion(table, ['generate'])}")
    section = data.get("generate", {})
    if not isinstance(section, dict):
        raise SettingsError(f"{file}: generate: must be a table")
    for key in ("scenarios", "out", "vllm"):  # paths in the file are relative to it
        if isinstance(section.get(key), str) and (key != "vllm" or "/" in section[key]):
            section[key] = str(workspace / section[key])
    return section


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for name, value in environment.items():
        if name.startswith(PREFIX) and name not in SECRETS:
            values[name.removeprefix(PREFIX).lower()] = value
    return values
